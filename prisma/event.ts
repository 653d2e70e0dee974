/** Events: what apps are told. Each is written in the transaction of the fact it tells. */
import { DomainError } from '../domain/errors.js';
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

const MOST_PLACED = 1_000;

/** Merchants with events that have no place yet. */
export async function listUnplaced(db: Tx, limit: number): Promise<string[]> {
  const rows = await db.$queryRaw<{ merchant_id: string }[]>`
    select distinct merchant_id from event where position is null limit ${limit}`;
  return rows.map(({ merchant_id }) => merchant_id);
}

/**
 * Gives a merchant's committed events their places, and each endpoint that wants one its delivery. One transaction at a
 * time does this for a merchant, so that places are given, and become visible, in their order. Answers how many.
 */
export function placeEvents(db: Database, merchantId: string): Promise<number> {
  return db.$transaction(async (tx) => {
    // A statement of its own: the next one must see what the last holder has committed.
    await tx.$executeRaw`select pg_advisory_xact_lock(hashtext('place events'), hashtext(${merchantId}))`;
    return place(tx, merchantId);
  });
}

/** As placeEvents, but who else is at it, or has an endpoint in hand, is left to it: a relay has others to serve. */
export function placeIfFree(db: Database, merchantId: string): Promise<number> {
  return db.$transaction(async (tx) => {
    await tx.$executeRaw`set local lock_timeout = '1s'`;
    const [lock] = await tx.$queryRaw<{ taken: boolean }[]>`
      select pg_try_advisory_xact_lock(hashtext('place events'), hashtext(${merchantId})) as taken`;
    return lock!.taken ? place(tx, merchantId) : 0;
  });
}

async function place(tx: Tx, merchantId: string): Promise<number> {
  const [placed] = await tx.$queryRaw<{ count: bigint }[]>`
    with unplaced as (
      -- Ids are made by several machines' clocks; the sequence is the order within a subscription.
      select id, sequence, max(id) over (partition by subscription_id order by sequence) as run
      from event where merchant_id = ${merchantId} and position is null),
    next as (
      select id, (select coalesce(max(position), 0) from event where merchant_id = ${merchantId})
        + row_number() over (order by run, sequence) as position
      from unplaced order by run, sequence limit ${MOST_PLACED}),
    listening as (
      -- One that is being removed is waited for.
      select id, event_types from webhook_endpoint
      where merchant_id = ${merchantId} and status <> 'disabled' for key share),
    placed as (
      update event set position = next.position from next where event.id = next.id
      returning event.id, event.merchant_id, event.subscription_id, event.sequence, event.type, event.position),
    owed as (
      insert into delivery (endpoint_id, event_id, merchant_id, subscription_id, sequence, position)
      select e.id, p.id, p.merchant_id, p.subscription_id, p.sequence, p.position
      from placed p join listening e on e.event_types && array['*', p.type, split_part(p.type, '.', 1) || '.*'])
    select count(*) from placed`;
  return Number(placed!.count);
}

/** Until none is left that was committed by now: who listens from now on hears of none of them, who did hears of all. */
export async function placeAllEvents(db: Database, merchantId: string): Promise<void> {
  while ((await placeEvents(db, merchantId)) === MOST_PLACED);
}

export interface EventPage {
  readonly merchantId: string;
  readonly subscriptionId?: string | undefined;
  readonly type?: string | undefined;
  readonly after?: string | undefined;
  /** Only events that an endpoint was sent and has, or has not, acknowledged. */
  readonly acknowledged?: boolean | undefined;
  readonly limit: number;
}

/** Oldest first, by place, so that a poller passes on the last id it saw and misses nothing. */
export async function listEvents(db: Tx, page: EventPage) {
  const { merchantId, subscriptionId, type, after, acknowledged } = page;
  const last = after === undefined ? 0n : await placeOf(db, merchantId, after);
  return db.event.findMany({
    where: {
      merchantId,
      position: { gt: last },
      ...(subscriptionId && { subscriptionId }),
      ...(type && { type }),
      ...(acknowledged !== undefined && {
        deliveries: {
          some: {
            acknowledgeBy: { not: null },
            acknowledgedAt: acknowledged ? { not: null } : null,
          },
        },
      }),
    },
    orderBy: { position: 'asc' },
    take: page.limit,
  });
}

/** An id that names nothing of this merchant's stands for the place where its time puts it. */
async function placeOf(db: Tx, merchantId: string, id: string): Promise<bigint> {
  const event = await db.event.findFirst({ where: { id, merchantId } });
  if (event?.position) return event.position;
  const before = { merchantId, id: { lt: id }, position: { not: null } };
  const { _max: last } = await db.event.aggregate({ where: before, _max: { position: true } });
  return last.position ?? 0n;
}

/** Before it has its place an event is not there yet. */
export function findEvent(db: Tx, merchantId: string, id: string) {
  return db.event.findFirst({ where: { id, merchantId, position: { not: null } } });
}

export async function requireEvent(db: Tx, merchantId: string, id: string) {
  const event = await findEvent(db, merchantId, id);
  if (!event) throw new DomainError('not_found', 'not_found', `There is no event ${id}`);
  return event;
}
