/** What apps do to subscriptions: create, amend, pause, resume. Each runs in its caller's transaction. */
import { DomainError } from '../domain/errors.js';
import type { RenewalId } from '../domain/ids.js';
import type { Money } from '../domain/money.js';
import { type Cadence, firstIndexFrom, periodStart } from '../domain/period.js';
import { SUBSCRIPTION_TRANSITIONS, type Collection } from '../domain/subscription.js';
import type { SubscriptionStatus } from '../domain/subscription.js';
import { assertTransition } from '../domain/transitions.js';
import type { Tx } from './client.js';
import { type Dispatch, oweDunningWake, oweRenewalWake, oweStart } from './dispatch.js';
import { recordEvent } from './event.js';
import type { Prisma } from './generated/client.js';
import { newId } from './new-id.js';
import { cancelPlannedCharges, lockRenewal } from './renewal.js';
import type { Renewal } from './renewal.js';
import {
  type LockedSubscription,
  type Subscription,
  cadenceOf,
  moveToPeriod,
} from './subscription.js';

/** A changed subscription, and what the change owes to Temporal once it is committed. */
export interface Changed {
  readonly subscription: Subscription;
  readonly dispatches: readonly Dispatch[];
  /** A sleeping run that nobody needs any more. Terminated once, after the commit; a leftover ends by itself. */
  readonly sleeper?: string;
}

export interface NewSubscription {
  readonly merchantId: string;
  readonly customerId: string;
  readonly paymentMethodId?: string | undefined;
  readonly amount: Money;
  readonly cadence: Cadence;
  readonly collection: Collection;
  readonly cycles?: number | undefined;
  readonly dunningPolicy: string;
  readonly description?: string | undefined;
  readonly metadata: Prisma.InputJsonObject;
}

export async function createSubscription(
  tx: Tx,
  asked: NewSubscription,
  now: Date,
): Promise<Changed> {
  const { merchantId, cadence, cycles, amount } = asked;
  const endsAt = cycles === undefined ? undefined : new Date(periodStart(cadence, cycles));
  const subscription = await tx.subscription.create({
    data: {
      id: newId('sub'),
      merchantId,
      customerId: asked.customerId,
      paymentMethodId: asked.paymentMethodId ?? null,
      dunningPolicy: asked.dunningPolicy,
      amountMinor: amount.amountMinor,
      currency: amount.currency,
      interval: cadence.interval,
      intervalCount: cadence.intervalCount,
      startsAt: new Date(cadence.startsAt),
      timeZone: cadence.timeZone,
      description: asked.description ?? null,
      collection: asked.collection,
      cycles: cycles ?? null,
      status: 'active',
      service: 'full',
      nextPeriodIndex: 0,
      nextPeriodStart: new Date(cadence.startsAt),
      ...(endsAt && { endsAt, endsAs: 'ended' }),
      metadata: asked.metadata,
      createdAt: now,
    },
  });
  await recordChange(tx, subscription, 'subscription.created', now);
  return { subscription, dispatches: await oweNextRun(tx, subscription, now) };
}

/** Applies from the next opening on. Another method also drops charges that were planned with the old one. */
export async function amendSubscription(
  tx: Tx,
  locked: LockedSubscription,
  changes: Prisma.SubscriptionUncheckedUpdateInput,
  now: Date,
): Promise<Changed> {
  if (locked.status === 'canceled' || locked.status === 'ended')
    throw new DomainError('conflict', 'subscription_over', 'The subscription is over');
  const subscription = await tx.subscription.update({ where: { id: locked.id }, data: changes });
  const replaced = subscription.paymentMethodId !== locked.paymentMethodId;
  const dispatches = replaced ? await offerNewMethod(tx, { subscriptionId: locked.id }, now) : [];
  await recordChange(tx, subscription, 'subscription.updated', now);
  return { subscription, dispatches };
}

/** A payment method was added or replaced: planned charges give way, and open cases hear of it at once. */
export async function offerNewMethod(
  tx: Tx,
  whose: { readonly subscriptionId: string } | { readonly customerId: string },
  now: Date,
): Promise<Dispatch[]> {
  const dispatches: Dispatch[] = [];
  const concerned =
    'customerId' in whose ? { subscriptionId: { in: await followingDefault(tx, whose) } } : whose;
  const status = { in: ['collecting', 'past_due'] };
  for (const { id } of await tx.renewal.findMany({
    where: { ...concerned, status },
    select: { id: true },
  })) {
    const renewal = await lockRenewal(tx, id);
    await cancelPlannedCharges(tx, id);
    if (renewal.status === 'past_due' || renewal.status === 'collecting')
      dispatches.push(await oweWakeOfOwner(tx, renewal, now));
  }
  return dispatches;
}

/** A subscription that names its own method does not care which one is the default, while its own is usable. */
async function followingDefault(tx: Tx, { customerId }: { customerId: string }): Promise<string[]> {
  const disabled = await tx.paymentMethod.findMany({
    where: { customerId, disabledAt: { not: null } },
    select: { id: true },
  });
  const unusable = { in: disabled.map(({ id }) => id) };
  const where = { customerId, OR: [{ paymentMethodId: null }, { paymentMethodId: unusable }] };
  return (await tx.subscription.findMany({ where, select: { id: true } })).map(({ id }) => id);
}

/** Periods that begin inside the pause are skipped; an open renewal and its case go on. */
export async function pauseSubscription(
  tx: Tx,
  locked: LockedSubscription,
  now: Date,
): Promise<Changed> {
  if (locked.status === 'paused') return { subscription: locked, dispatches: [] };
  assertTransition(SUBSCRIPTION_TRANSITIONS, 'subscription', statusOf(locked), 'paused');
  const data = { status: 'paused', pausedAt: now };
  const subscription = await tx.subscription.update({ where: { id: locked.id }, data });
  await recordChange(tx, subscription, 'subscription.paused', now);
  return { subscription, dispatches: [] };
}

/** Billing goes on with the first period that begins from now on. One that began before the pause stays owed. */
export async function resumeSubscription(
  tx: Tx,
  locked: LockedSubscription,
  now: Date,
): Promise<Changed> {
  if (locked.status === 'active') return { subscription: locked, dispatches: [] };
  assertTransition(SUBSCRIPTION_TRANSITIONS, 'subscription', statusOf(locked), 'active');
  const owedBeforePause = locked.pausedAt !== null && locked.nextPeriodStart < locked.pausedAt;
  if (!owedBeforePause) {
    const first = firstIndexFrom(cadenceOf(locked), now.getTime());
    await moveToPeriod(tx, locked, Math.max(first, locked.nextPeriodIndex));
  }
  const data = { status: 'active', pausedAt: null };
  const subscription = await tx.subscription.update({ where: { id: locked.id }, data });
  await recordChange(tx, subscription, 'subscription.resumed', now);
  return { subscription, dispatches: await oweNextRun(tx, subscription, now) };
}

/** The end that was agreed on has come: nothing further is owed. */
export async function endSubscription(
  tx: Tx,
  locked: LockedSubscription,
  now: Date,
): Promise<void> {
  const status = locked.endsAs as SubscriptionStatus;
  if (statusOf(locked) === status) return;
  assertTransition(SUBSCRIPTION_TRANSITIONS, 'subscription', statusOf(locked), status);
  const data = { status, service: 'ended' };
  const ended = await tx.subscription.update({ where: { id: locked.id }, data });
  await recordChange(tx, ended, `subscription.${status}`, now);
}

/** The run that owns a renewal looks again: its own while collecting, the case's while past due. */
export function oweWakeOfOwner(tx: Tx, renewal: Renewal, now: Date): Promise<Dispatch> {
  if (renewal.status !== 'past_due') return oweRenewalWake(tx, renewal, now);
  const { merchantId, id } = renewal;
  return oweDunningWake(tx, { merchantId, renewalId: id as RenewalId }, now);
}

async function oweNextRun(tx: Tx, subscription: Subscription, now: Date): Promise<Dispatch[]> {
  if (subscription.collection === 'manual') return [];
  const { merchantId, id, nextPeriodStart } = subscription;
  const run = { merchantId, subscriptionId: id, periodStart: nextPeriodStart };
  return [await oweStart(tx, run, nextPeriodStart, now)];
}

export function statusOf(subscription: Subscription): SubscriptionStatus {
  return subscription.status as SubscriptionStatus;
}

export function recordChange(
  tx: Tx,
  subscription: Subscription,
  type: string,
  at: Date,
): Promise<void> {
  const { merchantId, id, status, service } = subscription;
  return recordEvent(tx, {
    merchantId,
    subscriptionId: id,
    type,
    payload: { subscription: id, status, service },
    at,
  });
}
