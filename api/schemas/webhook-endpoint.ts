import { z } from 'zod';

import { idOf, needsAttention, shownInstant, text } from './common.js';
import { EVENT_TYPES } from './event-types.js';

const NOUNS = new Set(Object.keys(EVENT_TYPES).map((type) => type.split('.')[0]!));

const typeNamed = z
  .string()
  .max(100)
  .refine((named) => named === '*' || named in EVENT_TYPES || isNoun(named), {
    error: 'must be an event type, such as renewal.paid, or refund.*, or *',
  })
  .meta({ example: 'renewal.*' });

function isNoun(named: string): boolean {
  return named.endsWith('.*') && NOUNS.has(named.slice(0, -2));
}

const acknowledgedTypes = z
  .array(typeNamed)
  .max(100)
  .meta({
    description:
      'Of these the app says that it has acted on them (`POST /v1/events/{id}/acknowledgements`) within an hour, or it is sent them again',
    example: ['service.suspended'],
  });

const url = text(2000).meta({ example: 'https://app.example/dunlin' });

const described = {
  description: text(200).nullable().optional(),
  event_types: z.array(typeNamed).min(1).max(100),
};

export const newEndpoint = z.strictObject({
  url,
  ...described,
  event_types: described.event_types.default(['*']),
  acknowledged_types: acknowledgedTypes.default([]),
});

export const changedEndpoint = z.strictObject({
  url: url.optional(),
  description: described.description,
  event_types: described.event_types.optional(),
  acknowledged_types: acknowledgedTypes.optional(),
  status: z.enum(['active', 'disabled']).optional().meta({
    description:
      '`active` sends what waits, in order. `disabled` sends nothing, and keeps nothing that is new',
  }),
});

export const endpoint = z
  .object({
    id: idOf('whe'),
    mode: z.enum(['test', 'live']).meta({ description: 'Of the API key that made it' }),
    url: z.string(),
    description: z.string().nullable(),
    event_types: z.array(z.string()),
    acknowledged_types: z.array(z.string()),
    status: z.enum(['active', 'failing', 'disabled']),
    previous_secret_until: shownInstant.nullable().meta({
      description: 'Until then the secret before this one signs too',
    }),
    needs_attention: needsAttention.nullable(),
    created_at: shownInstant,
  })
  .meta({ id: 'WebhookEndpoint' });

export const endpointWithSecret = endpoint.extend({
  secret: z.string().optional().meta({
    description: 'What signatures are verified with. Not in a replayed answer',
    example: 'whsec_…',
  }),
});

export const newRotation = z.strictObject({
  expires_in_hours: z
    .number()
    .min(0)
    .max(168)
    .default(24)
    .meta({ description: 'How long the old secret goes on signing beside the new one' }),
});

export const delivery = z
  .object({
    endpoint: idOf('whe'),
    event: idOf('evt'),
    status: z.enum(['pending', 'retrying', 'delivered', 'failed']).meta({
      description:
        '`pending`: it has its turn, or waits for an earlier event of its subscription. `retrying`: a try failed. ' +
        '`failed`: given up',
    }),
    attempts: z.int(),
    last_status: z.int().nullable().meta({ description: 'What the app answered last' }),
    last_error: z.string().nullable().meta({ description: 'Why the last try failed' }),
    delivered_at: shownInstant.nullable(),
    acknowledgement: z.enum(['not_needed', 'awaited', 'overdue', 'done']).meta({
      description:
        '`not_needed` also says not yet: it is awaited once it was delivered. `overdue`: it is sent again every hour, 24 times',
    }),
    acknowledged_at: shownInstant.nullable(),
  })
  .meta({ id: 'Delivery' });
