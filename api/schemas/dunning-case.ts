import { z } from 'zod';

import { idOf, instant, nextStep, reason, shownInstant, workflow } from './common.js';

export const CASE_STATUSES = ['open', 'recovered', 'unpaid', 'canceled'] as const;

export const newCaseRetry = z.strictObject({ reason });
export const newWriteOff = z.strictObject({ reason });
export const newHold = z.strictObject({
  until: instant
    .refine((until) => !(Date.parse(until) <= Date.now()), { error: 'must be in the future' })
    .meta({ description: 'Nothing is tried before then', example: '2026-12-01T09:00:00Z' }),
  reason,
});

export const dunningCase = z
  .object({
    id: idOf('dnc'),
    renewal: idOf('rnw'),
    subscription: idOf('sub'),
    number: z.int().meta({ description: 'Counts the cases of one renewal' }),
    status: z.enum(CASE_STATUSES),
    policy: z.object({ name: z.string(), version: z.int() }),
    stage: z.string().nullable(),
    stages_entered: z.array(z.object({ name: z.string(), at: z.string() })),
    opened_at: shownInstant,
    closed_at: shownInstant.nullable(),
    hold_until: shownInstant.nullable(),
    last_decline: z.object({ code: z.string(), class: z.string(), message: z.string() }),
    next_step: nextStep.nullable(),
    workflow,
  })
  .meta({ id: 'DunningCase' });
