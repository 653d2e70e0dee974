/** Deliveries: one row for each event and endpoint. Those of one subscription stand in line, in their order. */
import type { DeliveryStatus } from '../domain/delivery.js';
import type { Database, Tx } from './client.js';
import { fieldNames } from './client.js';
import type { Delivery, Event, WebhookEndpoint } from './generated/client.js';

export type { Delivery };

export interface DeliveryKey {
  readonly endpointId: string;
  readonly eventId: string;
}

/** A delivery with what its message says, and where it goes. */
export interface FullDelivery extends Delivery {
  readonly event: Event;
  readonly endpoint: WebhookEndpoint;
}

export interface ClaimLimits {
  /** Longer than one try takes: what a killed worker held is taken over then. */
  readonly claimMs: number;
  readonly limit: number;
  readonly perEndpoint: number;
  /** Endpoints that have as many under way as they may. */
  readonly busy: readonly string[];
  /** Endpoints that have any under way. */
  readonly held: readonly string[];
}

/**
 * Takes the first of each line that nobody has, oldest first, a few of each active endpoint. One that is failing now
 * gets one try at a time: many that hang must not fill the places of those that do not.
 */
export async function claimDeliveries(
  db: Database,
  { claimMs, limit, perEndpoint, busy, held }: ClaimLimits,
): Promise<FullDelivery[]> {
  const rows = await db.$queryRaw<object[]>`
    update delivery d set claimed_until = now() + make_interval(secs => ${claimMs / 1000}), attempts = attempts + 1
    from (
      select head.endpoint_id, head.event_id from webhook_endpoint e
      cross join lateral (select exists (select 1 from delivery r
        where r.endpoint_id = e.id and r.status = 'retrying') as fails) now
      cross join lateral (
        select p.endpoint_id, p.event_id from delivery p
        where p.endpoint_id = e.id and p.status = 'pending'
          and (p.claimed_until is null or p.claimed_until < now())
          and not exists (select 1 from delivery b where b.endpoint_id = p.endpoint_id
            and b.subscription_id = p.subscription_id and b.sequence < p.sequence
            and b.status in ('pending', 'retrying'))
        order by p.position limit case when now.fails then 1 else ${perEndpoint} end for update skip locked) head
      where e.status = 'active' and e.id <> all(${[...busy]})
        and not (now.fails and e.id = any(${[...held]}))
      order by random() limit ${limit}) taken
    where d.endpoint_id = taken.endpoint_id and d.event_id = taken.event_id
    returning d.endpoint_id, d.event_id, d.attempts`;
  const keys = rows.map((row) => fieldNames<DeliveryKey>(row));
  if (keys.length === 0) return [];
  return db.delivery.findMany({
    where: { OR: keys.map(({ endpointId, eventId }) => ({ endpointId, eventId })) },
    include: { event: true, endpoint: true },
    orderBy: { position: 'asc' },
  });
}

export function findDelivery(
  db: Tx,
  { endpointId, eventId }: DeliveryKey,
): Promise<FullDelivery | null> {
  return db.delivery.findUnique({
    where: { endpointId_eventId: { endpointId, eventId } },
    include: { event: true, endpoint: true },
  });
}

export async function markDelivered(
  db: Tx,
  { endpointId, eventId }: DeliveryKey,
  status: number,
  at: Date,
  acknowledgeBy: Date | null,
): Promise<void> {
  await db.delivery.updateMany({
    where: { endpointId, eventId, status: { not: 'delivered' } },
    data: {
      status: 'delivered',
      lastStatus: status,
      lastError: null,
      deliveredAt: at,
      claimedUntil: null,
      acknowledgeBy,
    },
  });
}

interface Failure {
  readonly status?: number | undefined;
  readonly why: string;
}

/** False: somebody else has taken it over since, and says what becomes of it. */
export async function markRefused(
  db: Tx,
  { endpointId, eventId, attempts, status: from }: Delivery,
  to: Extract<DeliveryStatus, 'retrying' | 'failed'>,
  { status, why }: Failure,
): Promise<boolean> {
  const { count } = await db.delivery.updateMany({
    where: { endpointId, eventId, attempts, status: from },
    data: { status: to, lastStatus: status ?? null, lastError: why, claimedUntil: null },
  });
  return count > 0;
}

/** A run's own tries count too. */
export async function countTry(db: Tx, { endpointId, eventId }: DeliveryKey): Promise<void> {
  await db.delivery.updateMany({
    where: { endpointId, eventId, status: 'retrying' },
    data: { attempts: { increment: 1 } },
  });
}

/** The event stays in line until its endpoint takes events again. */
export async function putBack(db: Tx, { endpointId, eventId }: DeliveryKey): Promise<void> {
  await db.delivery.updateMany({
    where: { endpointId, eventId, status: 'retrying' },
    data: { status: 'pending', claimedUntil: null },
  });
}

/** A run tries it again before then; if it is still there later, none does. */
export async function leaveToRun(
  db: Tx,
  { endpointId, eventId }: DeliveryKey,
  until: Date,
): Promise<void> {
  await db.delivery.updateMany({
    where: { endpointId, eventId, status: 'retrying' },
    data: { claimedUntil: until },
  });
}

/** Deliveries that a run should have tried again by now. */
export function listLeftAlone(db: Tx, now: Date, limit: number): Promise<Delivery[]> {
  return db.delivery.findMany({
    where: { status: 'retrying', claimedUntil: { lt: now } },
    orderBy: { claimedUntil: 'asc' },
    take: limit,
  });
}

/** Sends what nobody acknowledged in time once more. Answers how many there were. */
export function remindUnacknowledged(db: Tx, now: Date, most: number): Promise<number> {
  return db.$executeRaw`
    update delivery d set status = 'pending', reminders = reminders + 1
    from (select endpoint_id, event_id from delivery
      where status = 'delivered' and acknowledge_by < ${now} and acknowledged_at is null
        and reminders < ${most} for update skip locked) due
    where d.endpoint_id = due.endpoint_id and d.event_id = due.event_id`;
}

export function listDeliveries(db: Tx, eventId: string): Promise<Delivery[]> {
  return db.delivery.findMany({ where: { eventId }, orderBy: { endpointId: 'asc' } });
}

/** Puts an event in an endpoint's line again, or for the first time. What is on its way already is not `changed`. */
export async function sendAgain(
  tx: Tx,
  event: Pick<Event, 'id' | 'merchantId' | 'subscriptionId' | 'sequence' | 'position'>,
  endpointId: string,
): Promise<{ delivery: Delivery; changed: boolean }> {
  const { id: eventId, merchantId, subscriptionId, sequence, position } = event;
  const key = { endpointId, eventId };
  const made = await tx.delivery.createMany({
    data: [{ ...key, merchantId, subscriptionId, sequence, position: position! }],
    skipDuplicates: true,
  });
  const again = await tx.delivery.updateMany({
    where: { ...key, status: { in: ['delivered', 'failed'] } },
    data: { status: 'pending', claimedUntil: null, reminders: 0 },
  });
  const delivery = await tx.delivery.findUniqueOrThrow({ where: { endpointId_eventId: key } });
  return { delivery, changed: made.count + again.count > 0 };
}

/** The app has acted on it. The first word counts: false if all of it was said before. */
export async function acknowledgeDeliveries(
  tx: Tx,
  eventId: string,
  endpoint: { readonly id?: string; readonly mode?: 'test' },
  at: Date,
): Promise<boolean> {
  const { count } = await tx.delivery.updateMany({
    where: { eventId, endpoint, acknowledgedAt: null },
    data: { acknowledgedAt: at },
  });
  // A reminder under way has nothing left to remind of.
  await tx.delivery.updateMany({
    where: { eventId, endpoint, reminders: { gt: 0 }, status: { not: 'delivered' } },
    data: { status: 'delivered', claimedUntil: null },
  });
  return count > 0;
}
