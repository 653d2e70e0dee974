import { z } from 'zod';

import { MOST_UPCOMING_DAYS, NOTICE_KINDS } from '../../domain/notice.js';
import { amountMinor, currency, words } from './common.js';

const limits = z
  .array(z.strictObject({ currency, amount_minor: amountMinor }))
  .max(200)
  .refine((all) => new Set(all.map((one) => one.currency)).size === all.length, {
    error: 'names a currency twice',
  })
  .meta({
    description:
      'Refunds of a charge that sum to more than this wait for the approval of a second API key. A currency that is not ' +
      'named has no limit.',
    example: [{ currency: 'EUR', amount_minor: 10_000 }],
  });
const surplus = z.enum(['hold', 'refund']).meta({
  description:
    'Money that nobody owed when it arrived: held for a person to decide, or given back at once',
});
const onDispute = z.enum(['keep', 'pause', 'cancel']).meta({
  description: 'What becomes of a subscription when a payment of it is disputed',
});

const address = z
  .email()
  .max(254)
  .regex(/^[\x21-\x7e]+$/, { error: 'must be an address in plain ASCII' })
  .meta({ example: 'billing@example.com' });
const oneLine = words(80).regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u, {
  error: 'must be one line of visible characters',
});
const noticeKinds = z
  .array(z.enum(NOTICE_KINDS))
  .max(NOTICE_KINDS.length)
  .meta({ description: 'What customers are told; of everything else they hear nothing' });
const upcomingDays = z.int().min(1).max(MOST_UPCOMING_DAYS).meta({
  description:
    'How many days before a period begins `renewal_upcoming` is sent. Periods that are not longer than that are not announced.',
});
const brand = oneLine.meta({ description: 'The name that customers know', example: 'Example' });

const newNotices = z.strictObject({
  from: address,
  reply_to: address.nullable().default(null),
  brand,
  kinds: noticeKinds.default([...NOTICE_KINDS]),
  upcoming_days: upcomingDays.default(7),
});
const notices = z.object({
  from: z.string(),
  reply_to: z.string().nullable(),
  brand: z.string(),
  kinds: noticeKinds,
  upcoming_days: upcomingDays,
});
const aboutNotices =
  'How customers are written to; null: they are not. Named, it is replaced whole.';

export const changedSettings = z.strictObject({
  refund_approval_above: limits.optional(),
  surplus: surplus.optional(),
  on_dispute: onDispute.optional(),
  notices: newNotices.nullable().optional().meta({ description: aboutNotices }),
});

export const settings = z
  .object({
    refund_approval_above: limits,
    surplus,
    on_dispute: onDispute,
    notices: notices.nullable().meta({ description: aboutNotices }),
  })
  .meta({ id: 'Settings' });
