import { z } from 'zod';

import { idOf, shownInstant } from './common.js';

export const event = z
  .object({
    id: idOf('evt'),
    subscription: idOf('sub'),
    sequence: z.int().meta({ description: 'Counts the events of one subscription, without a gap' }),
    type: z.string().meta({ example: 'renewal.paid' }),
    payload: z
      .record(z.string(), z.unknown())
      .meta({ description: 'What a webhook carries as `data`' }),
    created_at: shownInstant,
  })
  .meta({ id: 'Event' });
