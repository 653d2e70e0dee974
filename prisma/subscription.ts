/** Subscriptions: their row, their lock, and the next period, which moves only under that lock. */
import type { Agreement } from '../domain/subscription.js';
import { skipsToLatest } from '../domain/subscription.js';
import { type Cadence, type Interval, indexContaining, periodStart } from '../domain/period.js';
import { type Tx, fieldNames } from './client.js';
import type { Subscription } from './generated/client.js';

export type { Subscription };

/** The subscription under its row lock, and whether one of its renewals is in recovery. */
export type LockedSubscription = Subscription & { readonly hasOpenCase: boolean };

export async function lockSubscription(
  tx: Tx,
  id: string,
): Promise<LockedSubscription | undefined> {
  const rows = await tx.$queryRaw<Record<string, unknown>[]>`
    select s.*, exists (
      select 1 from dunning_case c where c.subscription_id = s.id and c.status = 'open'
    ) as has_open_case
    from subscription s where s.id = ${id} for no key update of s`;
  return rows[0] && fieldNames<LockedSubscription>(rows[0]);
}

export function cadenceOf(subscription: Subscription): Cadence {
  return {
    interval: subscription.interval as Interval,
    intervalCount: subscription.intervalCount,
    startsAt: subscription.startsAt.getTime(),
    timeZone: subscription.timeZone,
  };
}

export function agreementOf(subscription: Subscription): Agreement {
  return {
    status: subscription.status as Agreement['status'],
    pausedAt: subscription.pausedAt?.getTime(),
    endsAt: subscription.endsAt?.getTime(),
  };
}

/** Moves on to the period after the one just opened. */
export function movePastPeriod(tx: Tx, subscription: Subscription, now: Date) {
  const cadence = cadenceOf(subscription);
  const following = subscription.nextPeriodIndex + 1;
  const latest = skipsToLatest(cadence) ? (indexContaining(cadence, now.getTime()) ?? 0) : 0;
  return moveToPeriod(tx, subscription, Math.max(following, latest));
}

export function moveToPeriod(tx: Tx, subscription: Subscription, index: number) {
  const start = new Date(periodStart(cadenceOf(subscription), index));
  return tx.subscription.update({
    where: { id: subscription.id },
    data: { nextPeriodIndex: index, nextPeriodStart: start },
  });
}
