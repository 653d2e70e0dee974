import { z } from 'zod';

import { idOf, instant, pageOf, shownInstant, text } from './common.js';

const hash = z.string().meta({ example: 'f1d2…', description: 'SHA-256, in hexadecimal' });

export const auditEntry = z
  .object({
    id: idOf('aud'),
    at: shownInstant,
    actor_kind: z.enum(['api_key', 'operator', 'customer']).meta({
      description:
        'An API key, a person who spoke to the run through Temporal, or the customer by a link of theirs',
    }),
    actor: z
      .string()
      .meta({ description: "The key's name, whom the update named, or `the customer`" }),
    key: z.string().nullable().meta({ description: 'The id of the API key' }),
    action: z.string().meta({ example: 'POST /v1/charges/{id}/refunds' }),
    object: z.string().meta({ description: 'The id of what was made or changed' }),
    reason: z.string().nullable(),
    request_id: z.string().meta({ description: "The request's id, or the update's" }),
    idempotency_key: z.string().nullable(),
    command: z.string().nullable().meta({ description: 'The command that a run was given' }),
    before_hash: hash.nullable(),
    after_hash: hash.nullable(),
    seal: z
      .object({ seq: z.int(), hash, sealed_at: shownInstant })
      .nullable()
      .meta({ description: 'Its place in the chain; null until the next sweep' }),
  })
  .meta({ id: 'AuditEntry' });

export const auditQuery = z.strictObject({
  ...pageOf('aud'),
  object: text(200).optional(),
  actor: text(200).optional().meta({ description: 'Name or id of an API key, or a person' }),
  action: text(200).optional().meta({ example: 'update retryNow' }),
  from: instant.optional().meta({ description: 'Included' }),
  to: instant.optional().meta({ description: 'Not included' }),
});
