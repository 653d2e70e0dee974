import { z } from 'zod';

import { idOf, workflow } from './common.js';

/** What a person asked of a run, as it was taken. */
export const command = z
  .object({
    id: idOf('cmd'),
    kind: z.enum(['retry', 'hold', 'write_off', 'resolution']),
    renewal: idOf('rnw'),
    charge: idOf('chg').optional().meta({ description: 'The charge that it decides' }),
    actor: z.string(),
    reason: z.string(),
    workflow,
  })
  .meta({ id: 'Command' });
