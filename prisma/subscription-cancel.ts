/** Canceling a subscription: at the end of its period, or now, with or without what is owed already. */
import type { SubscriptionId } from '../domain/ids.js';
import { indexContaining, periodStart } from '../domain/period.js';
import { SUBSCRIPTION_TRANSITIONS } from '../domain/subscription.js';
import { assertTransition } from '../domain/transitions.js';
import { renewalWorkflowId } from '../domain/workflow-ids.js';
import type { Tx } from './client.js';
import type { Dispatch } from './dispatch.js';
import { cancelRenewal, lockRenewal } from './renewal.js';
import { type Changed, oweWakeOfOwner, recordChange, statusOf } from './subscription-change.js';
import { type LockedSubscription, type Subscription, cadenceOf } from './subscription.js';

export interface Cancellation {
  readonly at: 'period_end' | 'now';
  /** Only for `now`: leave the renewals that are already owed to be collected. */
  readonly keepDebt: boolean;
  /** False: periods that are due but were not opened yet are not owed, whatever becomes of the open ones. */
  readonly keepUnopened?: boolean;
}

export async function cancelSubscription(
  tx: Tx,
  locked: LockedSubscription,
  { at, keepDebt, keepUnopened = true }: Cancellation,
  now: Date,
): Promise<Changed> {
  if (locked.status === 'canceled') return { subscription: locked, dispatches: [] };
  assertTransition(SUBSCRIPTION_TRANSITIONS, 'subscription', statusOf(locked), 'canceled');
  if (at === 'period_end' && locked.status !== 'paused') return cancelAtPeriodEnd(tx, locked, now);
  // A paused subscription has no running period to wait for, but what is owed already stays owed.
  const keepsDebt = keepDebt || at === 'period_end';

  const overdue = locked.nextPeriodStart <= now;
  const endsAt = overdue && !(keepsDebt && keepUnopened) ? locked.nextPeriodStart : now;
  const data = {
    status: 'canceled',
    canceledAt: now,
    endsAt,
    endsAs: 'canceled',
    service: 'ended',
  };
  const subscription = await tx.subscription.update({ where: { id: locked.id }, data });
  const dispatches = keepsDebt ? [] : await dropDebts(tx, subscription, now);
  await recordChange(tx, subscription, 'subscription.canceled', now);
  const owedStill = overdue && keepsDebt && keepUnopened;
  return { subscription, dispatches, ...(!owedStill && { sleeper: nextRunOf(subscription) }) };
}

/** The run that wakes at the period's end notes that the subscription is over. */
async function cancelAtPeriodEnd(tx: Tx, locked: LockedSubscription, now: Date): Promise<Changed> {
  const cadence = cadenceOf(locked);
  const current = indexContaining(cadence, now.getTime());
  const end = current === undefined ? cadence.startsAt : periodStart(cadence, current + 1);
  const endsAt = new Date(Math.min(end, locked.endsAt?.getTime() ?? Infinity));
  const data = { endsAt, endsAs: 'canceled', canceledAt: now };
  const subscription = await tx.subscription.update({ where: { id: locked.id }, data });
  await recordChange(tx, subscription, 'subscription.cancellation_scheduled', now);
  return { subscription, dispatches: [] };
}

async function dropDebts(tx: Tx, subscription: Subscription, now: Date): Promise<Dispatch[]> {
  const owed = { subscriptionId: subscription.id, status: { in: ['collecting', 'past_due'] } };
  const dispatches: Dispatch[] = [];
  for (const { id } of await tx.renewal.findMany({ where: owed, select: { id: true } })) {
    const renewal = await lockRenewal(tx, id);
    if (renewal.status !== 'collecting' && renewal.status !== 'past_due') continue;
    await cancelRenewal(tx, renewal, now);
    dispatches.push(await oweWakeOfOwner(tx, renewal, now));
  }
  return dispatches;
}

function nextRunOf(subscription: Subscription): string {
  return renewalWorkflowId(
    subscription.id as SubscriptionId,
    subscription.nextPeriodStart.getTime(),
  );
}
