import { z } from 'zod';

import { DIFFERENCE_TYPES } from '../../domain/difference.js';
import {
  accountNamed,
  idOf,
  pageOf,
  reason,
  shownAccount,
  shownInstant,
  workflow,
} from './common.js';

export const reconciliationQuery = z.strictObject({
  ...pageOf('rcn'),
  gateway_account: accountNamed.optional(),
});

export const reconciliation = z
  .object({
    id: idOf('rcn'),
    gateway_account: shownAccount,
    status: z.enum(['running', 'done', 'failed']),
    why: z.string().nullable().meta({ description: 'Why it failed' }),
    from: shownInstant.meta({ description: 'What was compared moved from then' }),
    to: shownInstant.meta({ description: 'until then' }),
    movements: z.int().meta({ description: "Lines of the gateway's books in that time" }),
    found: z
      .object({ open: z.int(), needs_person: z.int(), healed: z.int(), resolved: z.int() })
      .meta({ description: 'Differences that it was the first to find, by what became of them' }),
    started_at: shownInstant,
    finished_at: shownInstant.nullable(),
  })
  .meta({ id: 'Reconciliation' });

export const started = z.object({ gateway_account: idOf('gwa'), workflow });

const type = z.enum(DIFFERENCE_TYPES);
const status = z.enum(['open', 'needs_person', 'healed', 'resolved']);

export const differenceQuery = z.strictObject({
  ...pageOf('dif'),
  type: type.optional(),
  status: status.optional(),
});

export const newDifferenceResolution = z.strictObject({
  action: z.enum(['accept', 'book', 'refund']).meta({
    description:
      '"accept": it may stay. "book": the payment becomes a surplus charge of its renewal. "refund": that, and it is ' +
      'given back.',
  }),
  reason,
});

const side = z
  .object({
    status: z.string(),
    amount_minor: z.int(),
    currency: z.string(),
    at: shownInstant.nullable(),
  })
  .nullable();

export const difference = z
  .object({
    id: idOf('dif'),
    reconciliation: idOf('rcn'),
    gateway_account: idOf('gwa'),
    type,
    object: z.enum(['charge', 'refund', 'dispute']),
    reference: z
      .string()
      .meta({ description: "The gateway's name of it, or ours where it has none" }),
    charge: idOf('chg')
      .nullable()
      .meta({ description: 'Of a duplicate: the charge that it doubles' }),
    refund: idOf('rfd').nullable(),
    dispute: idOf('dis').nullable(),
    renewal: idOf('rnw').nullable(),
    ours: side,
    theirs: side,
    status,
    why: z.string(),
    resolution: z
      .object({
        action: z.enum(['accept', 'book', 'refund']),
        reason: z.string(),
        actor: z.string(),
        charge: idOf('chg').nullable(),
        refund: idOf('rfd').nullable(),
      })
      .nullable(),
    found_at: shownInstant,
    closed_at: shownInstant.nullable(),
  })
  .meta({ id: 'Difference' });
