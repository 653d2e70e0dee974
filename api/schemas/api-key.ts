import { z } from 'zod';

import { SCOPES } from '../deps.js';
import { idOf, shownInstant, text } from './common.js';

export const newApiKey = z.strictObject({
  name: text(100).meta({
    description: 'Shown as the actor of its commands',
    example: 'billing-app',
  }),
  mode: z.enum(['test', 'live']),
  scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
});

export const apiKey = z
  .object({
    id: idOf('key'),
    name: z.string(),
    mode: z.enum(['test', 'live']),
    scopes: z.array(z.string()),
    last4: z.string(),
    created_at: shownInstant,
    revoked_at: shownInstant.nullable(),
  })
  .meta({ id: 'ApiKey' });

export const createdApiKey = apiKey
  .extend({
    secret: z.string().nullable().meta({
      description: 'Shown in this answer only; null when the answer is replayed',
    }),
  })
  .meta({ id: 'CreatedApiKey' });
