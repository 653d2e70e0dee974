import { z } from 'zod';

import { amountMinor, currency } from './common.js';

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

export const changedSettings = z.strictObject({
  refund_approval_above: limits.optional(),
  surplus: surplus.optional(),
  on_dispute: onDispute.optional(),
});

export const settings = z
  .object({ refund_approval_above: limits, surplus, on_dispute: onDispute })
  .meta({ id: 'Settings' });
