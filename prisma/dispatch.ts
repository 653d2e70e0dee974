/** Dispatches: starts and wakes owed to Temporal, written with the fact and sent until done. */
import type { RenewalId, SubscriptionId } from '../domain/ids.js';
import {
  adoptionWorkflowId,
  deliveryWorkflowId,
  dunningWorkflowId,
  periodStartText,
  refundWorkflowId,
  renewalWorkflowId,
} from '../domain/workflow-ids.js';
import type { Database, Tx } from './client.js';
import type { Charge, Dispatch } from './generated/client.js';
import { newId } from './new-id.js';

export type { Dispatch };

interface RenewalRun {
  readonly merchantId: string;
  readonly subscriptionId: string;
  readonly periodStart: Date;
}

/** Owes the run of a period its start: it sleeps until `notBefore`. */
export function oweStart(tx: Tx, run: RenewalRun, notBefore: Date, now: Date): Promise<Dispatch> {
  return tx.dispatch.create({ data: { ...renewalRun(run, now), kind: 'start', notBefore } });
}

/** Owes the run of a period a look at what changed; it is started if there is none. */
export function oweRenewalWake(tx: Tx, run: RenewalRun, now: Date): Promise<Dispatch> {
  return tx.dispatch.create({ data: { ...renewalRun(run, now), kind: 'wake' } });
}

/** Owes a case's run a look at what changed; it is started if there is none. */
export function oweDunningWake(
  tx: Tx,
  run: { readonly merchantId: string; readonly renewalId: string },
  now: Date,
): Promise<Dispatch> {
  return tx.dispatch.create({
    data: {
      id: newId('dsp'),
      merchantId: run.merchantId,
      workflowType: 'dunning',
      workflowId: dunningWorkflowId(run.renewalId as RenewalId),
      input: { renewalId: run.renewalId },
      kind: 'wake',
      createdAt: now,
    },
  });
}

/** Owes the run that owns a renewal now a look at what changed. */
export function oweOwnerWake(
  tx: Tx,
  renewal: RenewalRun & { readonly id: string; readonly status: string },
  now: Date,
): Promise<Dispatch> {
  if (renewal.status !== 'past_due') return oweRenewalWake(tx, renewal, now);
  return oweDunningWake(tx, { merchantId: renewal.merchantId, renewalId: renewal.id }, now);
}

/** Owes a refund's run a look at it; it is started if there is none. */
export function oweRefundRun(
  tx: Tx,
  run: { readonly merchantId: string; readonly id: string; readonly renewalId: string },
  now: Date,
): Promise<Dispatch> {
  return tx.dispatch.create({
    data: {
      id: newId('dsp'),
      merchantId: run.merchantId,
      workflowType: 'refund',
      workflowId: refundWorkflowId(run.id),
      input: { refundId: run.id, renewalId: run.renewalId },
      kind: 'wake',
      createdAt: now,
    },
  });
}

/** Owes the run that brings an event to an endpoint after all. */
export function oweDeliveryRun(
  tx: Tx,
  run: {
    readonly merchantId: string;
    readonly subscriptionId: string;
    readonly eventId: string;
    readonly endpointId: string;
  },
  now: Date,
): Promise<Dispatch> {
  const { merchantId, ...input } = run;
  return tx.dispatch.create({
    data: {
      id: newId('dsp'),
      merchantId,
      workflowType: 'delivery',
      workflowId: deliveryWorkflowId(run.eventId, run.endpointId),
      input,
      kind: 'start',
      createdAt: now,
    },
  });
}

/**
 * Owes a look at the refunds of a charge that has just been found to have succeeded, if the gateway has reported some
 * of it before.
 */
export async function oweAdoption(
  tx: Tx,
  charge: Pick<
    Charge,
    'id' | 'merchantId' | 'renewalId' | 'gatewayAccountId' | 'gatewayChargeReference'
  >,
  now: Date,
): Promise<void> {
  const { id: chargeId, merchantId, renewalId, gatewayAccountId } = charge;
  const early = await tx.gatewayEvent.count({
    where: {
      gatewayAccountId,
      refundChargeReference: charge.gatewayChargeReference ?? '',
      refundReference: { not: null },
      chargeId: null,
    },
  });
  if (early === 0) return;
  await tx.dispatch.create({
    data: {
      id: newId('dsp'),
      merchantId,
      workflowType: 'refund',
      workflowId: adoptionWorkflowId(chargeId),
      input: { chargeId, renewalId },
      kind: 'wake',
      createdAt: now,
    },
  });
}

export async function markSent(db: Database, id: string): Promise<void> {
  await db.dispatch.updateMany({ where: { id, sentAt: null }, data: { sentAt: new Date() } });
}

/** What is owed for longer than it takes to send it right after the commit. Oldest first. */
export function listOwed(db: Database, owedBefore: Date, limit: number): Promise<Dispatch[]> {
  return db.dispatch.findMany({
    where: { sentAt: null, createdAt: { lt: owedBefore } },
    orderBy: { createdAt: 'asc' },
    take: limit,
  });
}

/** What is owed to the runs of a subscription's periods and not sent yet. */
export function listOwedTo(db: Database, subscriptionId: string): Promise<Dispatch[]> {
  const ofIt = { path: ['subscriptionId'], equals: subscriptionId };
  return db.dispatch.findMany({ where: { sentAt: null, input: ofIt }, take: 100 });
}

function renewalRun({ merchantId, subscriptionId, periodStart }: RenewalRun, now: Date) {
  const start = periodStart.getTime();
  return {
    id: newId('dsp'),
    merchantId,
    workflowType: 'renewal',
    workflowId: renewalWorkflowId(subscriptionId as SubscriptionId, start),
    input: { subscriptionId, periodStart: periodStartText(start) },
    createdAt: now,
  };
}
