/** The inbox: webhooks as received, and the charge that each is about. */
import type { Database } from './client.js';
import type { GatewayEvent } from './generated/client.js';

export type { GatewayEvent };

/** Webhooks that were stored and not yet passed on. Oldest first. */
export function listUndispatched(
  db: Database,
  receivedBefore: Date,
  limit: number,
): Promise<GatewayEvent[]> {
  return db.gatewayEvent.findMany({
    where: { dispatchedAt: null, receivedAt: { lt: receivedBefore } },
    orderBy: { receivedAt: 'asc' },
    take: limit,
  });
}

export async function markDispatched(db: Database, id: string): Promise<void> {
  const data = { dispatchedAt: new Date() };
  await db.gatewayEvent.updateMany({ where: { id, dispatchedAt: null }, data });
}
