import type { z } from 'zod';

import type { ApiKey } from '../../prisma/api-key.js';
import type { apiKey } from '../schemas/api-key.js';

type Shown = z.infer<typeof apiKey>;

export function renderApiKey(row: ApiKey): Shown {
  return {
    id: row.id,
    name: row.name,
    mode: row.mode as Shown['mode'],
    scopes: row.scopes,
    last4: row.last4,
    created_at: row.createdAt.toISOString(),
    revoked_at: row.revokedAt?.toISOString() ?? null,
  };
}
