/** Events: what apps are told. Each is written in the transaction of the fact it tells. */
import { newId } from './new-id.js';
import type { Database, Tx } from './client.js';

export interface NewEvent {
  readonly merchantId: string;
  readonly subscriptionId: string;
  /** Noun and past participle: "renewal.paid". */
  readonly type: string;
  readonly payload: object;
  readonly at: Date;
}

/** Numbers events without a gap per subscription. Called last in a transaction: the counter row is hot. */
export async function recordEvent(tx: Tx, event: NewEvent): Promise<void> {
  const { merchantId, subscriptionId, type, at } = event;
  const payload = JSON.stringify(event.payload);
  await tx.$executeRaw`
    with counted as (
      insert into event_sequence values (${subscriptionId}, 1)
      on conflict (subscription_id) do update set last = event_sequence.last + 1
      returning last)
    insert into event (id, merchant_id, subscription_id, sequence, type, payload, created_at)
    select ${newId('evt')}, ${merchantId}, ${subscriptionId}, last, ${type}, ${payload}::jsonb, ${at}
    from counted`;
}

export interface EventPage {
  readonly merchantId: string;
  readonly subscriptionId?: string | undefined;
  readonly type?: string | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
}

/** Oldest first, so that a poller passes on the last id it saw. */
export function listEvents(db: Database, page: EventPage) {
  return db.event.findMany({
    where: {
      merchantId: page.merchantId,
      ...(page.subscriptionId && { subscriptionId: page.subscriptionId }),
      ...(page.type && { type: page.type }),
      ...(page.after && { id: { gt: page.after } }),
    },
    orderBy: { id: 'asc' },
    take: page.limit,
  });
}

export function findEvent(db: Database, merchantId: string, id: string) {
  return db.event.findFirst({ where: { id, merchantId } });
}
