import { z } from 'zod';

import { charge } from './charge.js';
import {
  amountMinor,
  idOf,
  instant,
  needsAttention,
  nextStep,
  reason,
  shownInstant,
  text,
  workflow,
} from './common.js';

export const RENEWAL_STATUSES = [
  'collecting',
  'paid',
  'past_due',
  'unpaid',
  'canceled',
  'written_off',
] as const;

export const newRenewal = z.strictObject({
  period_start: instant.optional().meta({
    description: 'Names the period; needed to bill ahead. By default the oldest due and unbilled.',
  }),
  amount_minor: amountMinor.optional(),
  description: text(500).optional(),
});

export const newRetry = z.strictObject({ reason });

export const renewal = z
  .object({
    id: idOf('rnw'),
    subscription: idOf('sub'),
    customer: idOf('cus'),
    status: z.enum(RENEWAL_STATUSES),
    amount_minor: z.int(),
    currency: z.string(),
    description: z.string().nullable(),
    period_start: shownInstant,
    period_end: shownInstant,
    due_at: shownInstant,
    paid_at: shownInstant.nullable(),
    needs_attention: needsAttention.nullable(),
    charges: z.array(charge),
    dunning_case: idOf('dnc').nullable(),
    next_step: nextStep.nullable(),
    workflow,
  })
  .meta({ id: 'Renewal' });
