/** Delivering: one try at bringing an event to an endpoint, and what becomes of it. At least once, never out of order. */
import { setTimeout as sleep } from 'node:timers/promises';

import {
  ACKNOWLEDGE_WITHIN_MS,
  type DeliveryTry,
  namesType,
  waitBeforeRetry,
  type SendOutcome,
} from '../domain/delivery.js';
import { deliveryWorkflowId } from '../domain/workflow-ids.js';
import type { Tx } from '../prisma/client.js';
import {
  type DeliveryKey,
  type FullDelivery,
  countTry,
  findDelivery,
  leaveToRun,
  listLeftAlone,
  markDelivered,
  markRefused,
  putBack,
} from '../prisma/delivery.js';
import { type Dispatch, oweDeliveryRun } from '../prisma/dispatch.js';
import { lockRow } from '../prisma/lock-row.js';
import { stopSending } from '../prisma/webhook-endpoint.js';
import type { Deps } from './deps.js';
import { sendDispatch } from './dispatch.js';
import { type Repairs, repairEach } from './repairs.js';

export interface DeliveryTicket extends DeliveryKey {
  readonly retry: number;
  /** If this one fails too, it is given up. */
  readonly last: boolean;
}

/** What delivering needs: the relay has no run around it. */
export type DeliveryDeps = Pick<Deps, 'db' | 'launch' | 'messenger' | 'tempo'>;

/** The first try, right after the event has its place. What fails is owed a run, in the same transaction. */
export async function deliverFirst(deps: DeliveryDeps, delivery: FullDelivery): Promise<void> {
  const outcome = await carry(deps, delivery);
  const owed = await deps.db.$transaction((tx) => settleFirst(tx, delivery, outcome, new Date()));
  // What cannot be sent now is sent by the sweep: a place of the relay does not wait for Temporal.
  if (owed)
    await Promise.race([
      sendDispatch(deps, owed).catch(() => {}),
      sleep(PATIENCE_MS, undefined, { ref: false }),
    ]);
}

const PATIENCE_MS = 2_000;

async function settleFirst(
  tx: Tx,
  delivery: FullDelivery,
  outcome: SendOutcome,
  now: Date,
): Promise<Dispatch | undefined> {
  if (outcome.kind === 'delivered') {
    await markDelivered(tx, delivery, outcome.status, now, acknowledgeBy(delivery, now));
    return undefined;
  }
  if (outcome.kind === 'gone') {
    await giveUp(tx, delivery, outcome, now);
    return undefined;
  }
  if (!(await markRefused(tx, delivery, 'retrying', outcome))) return undefined;
  await leaveToRun(tx, delivery, new Date(now.getTime() + waitBeforeRetry(1) + STUCK_AFTER_MS));
  const { merchantId, subscriptionId, eventId, endpointId } = delivery;
  return oweDeliveryRun(tx, { merchantId, subscriptionId, eventId, endpointId }, now);
}

/** A run's try. What it finds settled already stays as it is. */
export async function deliverAgain(deps: Deps, ticket: DeliveryTicket): Promise<DeliveryTry> {
  const { db } = deps;
  if ((await findDelivery(db, ticket))?.status === 'retrying') await countTry(db, ticket);
  const delivery = await findDelivery(db, ticket);
  if (delivery?.status !== 'retrying') return { kind: 'over' };
  if (delivery.endpoint.status !== 'active') {
    await putBack(db, ticket);
    return { kind: 'waiting' };
  }
  const outcome = await carry(deps, delivery);
  return db.$transaction((tx) => settleAgain(tx, delivery, outcome, ticket, deps.clock.business()));
}

async function settleAgain(
  tx: Tx,
  delivery: FullDelivery,
  outcome: SendOutcome,
  { retry, last }: DeliveryTicket,
  now: Date,
): Promise<DeliveryTry> {
  if (outcome.kind === 'delivered') {
    await markDelivered(tx, delivery, outcome.status, now, acknowledgeBy(delivery, now));
    return { kind: 'delivered' };
  }
  if (last || outcome.kind === 'gone') {
    await giveUp(tx, delivery, outcome, now);
    return { kind: 'failed' };
  }
  await markRefused(tx, delivery, 'retrying', outcome);
  const next = Math.max(now.getTime(), Date.now()) + waitBeforeRetry(retry + 1);
  await leaveToRun(tx, delivery, new Date(next + STUCK_AFTER_MS));
  return { kind: 'again', why: outcome.why };
}

/** Longer than a run's next try can be late. */
const STUCK_AFTER_MS = 600_000;

/** Nothing that comes after this event may overtake it: its endpoint is sent nothing more until a person has looked. */
async function giveUp(
  tx: Tx,
  delivery: FullDelivery,
  outcome: Exclude<SendOutcome, { kind: 'delivered' }>,
  now: Date,
): Promise<void> {
  // Whoever sets it active at this moment has looked at another failure.
  await lockRow(tx, 'webhook_endpoint', delivery.endpointId);
  if (!(await markRefused(tx, delivery, 'failed', outcome))) return;
  const gone = outcome.kind === 'gone';
  await stopSending(tx, delivery.endpointId, gone ? 'disabled' : 'failing', {
    since: now.toISOString(),
    why: gone
      ? 'The app answered 410 Gone'
      : `${delivery.eventId} could not be delivered for three days: ${outcome.why}`,
    next: gone
      ? 'Nothing is kept for it. Set its status to active if it is wanted again'
      : 'Nothing is sent to it. Set its status to active, and what waits is sent in order',
  });
}

function acknowledgeBy({ endpoint, event, acknowledgedAt }: FullDelivery, now: Date): Date | null {
  if (acknowledgedAt || !namesType(endpoint.acknowledgedTypes, event.type)) return null;
  return new Date(now.getTime() + ACKNOWLEDGE_WITHIN_MS);
}

function carry({ messenger }: DeliveryDeps, delivery: FullDelivery): Promise<SendOutcome> {
  const { event, endpoint } = delivery;
  return messenger.carry({
    endpointId: endpoint.id,
    url: endpoint.url,
    mode: endpoint.mode as 'test' | 'live',
    secretVersion: endpoint.secretVersion,
    previousUntil: endpoint.previousUntil,
    eventId: event.id,
    body: JSON.stringify({
      id: event.id,
      type: event.type,
      created_at: event.createdAt.toISOString(),
      sequence: Number(event.sequence),
      subscription: event.subscriptionId,
      data: event.payload,
    }),
  });
}

/** Starts again the runs that should have tried by now and are not there. */
export async function restartDeliveries(deps: Deps): Promise<Repairs> {
  const { db, launch } = deps;
  const now = new Date();
  const late = await listLeftAlone(db, now, PAGE);
  return repairEach(
    deps.alive,
    late.map((row) => async () => {
      await leaveToRun(db, row, new Date(now.getTime() + STUCK_AFTER_MS));
      if (await launch.isRunning(deliveryWorkflowId(row.eventId, row.endpointId))) return;
      const { merchantId, subscriptionId, eventId, endpointId } = row;
      const run = { merchantId, subscriptionId, eventId, endpointId };
      await sendDispatch(deps, await oweDeliveryRun(db, run, now));
    }),
  );
}

const PAGE = 200;
