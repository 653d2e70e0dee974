import { z } from 'zod';

import { idOf, reason, shownInstant } from './common.js';

const id = z.union([idOf('rnw'), idOf('rfd'), idOf('dis'), idOf('whe')]);

export const attentionParams = z.strictObject({ id });
export const attentionQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  starting_after: id.optional().meta({ description: 'The last id of the page before' }),
});
export const newAcknowledgement = z.strictObject({ reason });

export const attention = z
  .object({
    object: z.enum(['renewal', 'refund', 'dispute', 'webhook_endpoint']),
    id: z.string(),
    renewal: idOf('rnw').nullable().meta({ description: 'Null for a webhook endpoint' }),
    status: z.string(),
    since: shownInstant,
    why: z.string(),
    next: z.string().meta({ description: 'What happens by itself, if anything does' }),
  })
  .meta({ id: 'Attention' });
