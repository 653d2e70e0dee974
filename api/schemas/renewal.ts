import { z } from 'zod';

import {
  amountMinor,
  idOf,
  instant,
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

const decline = z.object({ code: z.string(), class: z.string(), message: z.string() });

export const charge = z
  .object({
    id: idOf('chg'),
    ordinal: z.int(),
    round: z
      .string()
      .meta({ description: 'The go at collecting it belongs to', example: 'retry 2' }),
    status: z.enum([
      'planned',
      'submitted',
      'pending',
      'unknown',
      'succeeded',
      'declined',
      'not_sent',
      'canceled',
    ]),
    gateway: z.string(),
    gateway_account: idOf('gwa'),
    payment_method: idOf('pm'),
    amount_minor: z.int(),
    currency: z.string(),
    decline: decline.nullable(),
    reason: z.string().nullable(),
    gateway_reference: z.string().nullable(),
    planned_at: shownInstant,
    first_sent_at: shownInstant.nullable(),
    settled_at: shownInstant.nullable(),
    surplus: z.boolean(),
    reversed_at: shownInstant.nullable(),
  })
  .meta({ id: 'Charge' });

const needsAttention = z
  .object({ since: z.string(), why: z.string(), next: z.string() })
  .meta({ description: 'Why a person must look, and what happens next by itself' });

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

/** What a person asked of a run, as it was taken. */
export const command = z
  .object({
    id: idOf('cmd'),
    kind: z.enum(['retry', 'hold', 'write_off']),
    renewal: idOf('rnw'),
    actor: z.string(),
    reason: z.string(),
    workflow,
  })
  .meta({ id: 'Command' });
