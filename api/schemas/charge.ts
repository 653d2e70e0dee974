import { z } from 'zod';

import { idOf, reason, shownAccount, shownInstant, text } from './common.js';

export const newResolution = z
  .strictObject({
    outcome: z.enum(['succeeded', 'not_sent']).meta({
      description:
        '"succeeded": the money was taken. "not_sent": it was not and never will be, so that it may be charged again.',
    }),
    reference: text(255).optional().meta({
      description: "The gateway's own name of the payment; required when it succeeded",
      example: 'pi_3MtwBwLkdIwHu7ix28a3tqPa',
    }),
    reason: reason.meta({ description: 'The evidence. It goes into the audit trail.' }),
  })
  .refine(({ outcome, reference }) => outcome !== 'succeeded' || reference !== undefined, {
    path: ['reference'],
    error: "is required: the gateway's own name of the payment",
  })
  .refine(({ outcome, reference }) => outcome === 'succeeded' || reference === undefined, {
    path: ['reference'],
    error: 'belongs to outcome: "succeeded"',
  });

const decline = z.object({ code: z.string(), class: z.string(), message: z.string() });

export const charge = z
  .object({
    id: idOf('chg'),
    renewal: idOf('rnw'),
    ordinal: z.int(),
    round: z.string().meta({
      description:
        'The go at collecting it belongs to: `first`, a retry, or the payment method that was given since',
      example: 'retry 2',
    }),
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
    gateway_account: shownAccount,
    payment_method: idOf('pm'),
    fallback: z.boolean().meta({ description: 'Another card or account than the chosen one' }),
    why: z.string().nullable().meta({ description: 'Why this method and this account' }),
    on_page: z.boolean().meta({ description: 'The customer completes it on a page' }),
    amount_minor: z.int(),
    currency: z.string(),
    decline: decline.nullable(),
    reason: z.string().nullable(),
    resolves_by: z.string().nullable().meta({
      description: 'Of an unknown charge: what will decide it',
    }),
    gateway_reference: z.string().nullable(),
    planned_at: shownInstant,
    send_at: shownInstant.nullable().meta({
      description: "Its turn in the queue of the account's sends, while it waits for that",
    }),
    first_sent_at: shownInstant.nullable(),
    settled_at: shownInstant.nullable(),
    surplus: z.boolean().meta({ description: 'Money that was not owed any more when it arrived' }),
    reversed_at: shownInstant.nullable().meta({ description: 'When the money went back' }),
  })
  .meta({ id: 'Charge' });
