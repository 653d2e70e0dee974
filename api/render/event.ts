import type { z } from 'zod';

import type { findEvent } from '../../prisma/event.js';
import type { event } from '../schemas/event.js';

type Row = NonNullable<Awaited<ReturnType<typeof findEvent>>>;

export function renderEvent(row: Row): z.infer<typeof event> {
  return {
    id: row.id,
    subscription: row.subscriptionId,
    sequence: Number(row.sequence),
    type: row.type,
    payload: row.payload as Record<string, unknown>,
    created_at: row.createdAt.toISOString(),
  };
}
