import type { z } from 'zod';

import type { Delivery } from '../../prisma/delivery.js';
import type { WebhookEndpoint } from '../../prisma/webhook-endpoint.js';
import type { delivery, endpoint } from '../schemas/webhook-endpoint.js';

type Shown = z.infer<typeof endpoint>;
type ShownDelivery = z.infer<typeof delivery>;

export function renderEndpoint(row: WebhookEndpoint): Shown {
  return {
    id: row.id,
    mode: row.mode as Shown['mode'],
    url: row.url,
    description: row.description,
    event_types: row.eventTypes,
    acknowledged_types: row.acknowledgedTypes,
    status: row.status as Shown['status'],
    previous_secret_until: row.previousUntil?.toISOString() ?? null,
    needs_attention: row.needsAttention as Shown['needs_attention'],
    created_at: row.createdAt.toISOString(),
  };
}

export function renderDelivery(row: Delivery): ShownDelivery {
  return {
    endpoint: row.endpointId,
    event: row.eventId,
    status: row.status as ShownDelivery['status'],
    attempts: row.attempts,
    last_status: row.lastStatus,
    last_error: row.lastError,
    delivered_at: row.deliveredAt?.toISOString() ?? null,
    acknowledgement: acknowledgementOf(row),
    acknowledged_at: row.acknowledgedAt?.toISOString() ?? null,
  };
}

function acknowledgementOf(row: Delivery): ShownDelivery['acknowledgement'] {
  if (row.acknowledgedAt) return 'done';
  if (!row.acknowledgeBy) return 'not_needed';
  return row.reminders > 0 || row.acknowledgeBy < new Date() ? 'overdue' : 'awaited';
}
