/** A subscription: the standing agreement to be billed every period. */
import type { Cadence } from './period.js';

/** `past_due` is not among them: it is derived from open dunning cases. */
export type SubscriptionStatus = 'active' | 'paused' | 'canceled' | 'ended';

export const SUBSCRIPTION_TRANSITIONS = {
  active: ['paused', 'canceled', 'ended'],
  paused: ['active', 'canceled', 'ended'],
  canceled: [],
  ended: [],
} as const satisfies Record<SubscriptionStatus, readonly SubscriptionStatus[]>;

/** How much of the service the app should still give. */
export type Service = 'full' | 'restricted' | 'suspended' | 'ended';

/** `manual`: the app starts each renewal itself, and no run sleeps in between. */
export type Collection = 'automatic' | 'manual';

/** The facts that decide whether a period is owed. Instants in epoch milliseconds. */
export interface Agreement {
  readonly status: SubscriptionStatus;
  readonly pausedAt: number | undefined;
  /** No period that begins at or after this instant is owed. */
  readonly endsAt: number | undefined;
}

/** Whether a period that begins at `start` is owed: begun before the end, and not inside a pause. */
export function owesPeriod(agreement: Agreement, start: number): boolean {
  if (agreement.endsAt !== undefined && start >= agreement.endsAt) return false;
  return agreement.pausedAt === undefined || start < agreement.pausedAt;
}

/** Whether a run should be waiting for the period that begins at `start`, to bill it or to note the end. */
export function continues(agreement: Agreement, start: number): boolean {
  return agreement.status === 'active' || owesPeriod(agreement, start);
}

/** How far behind a run may be before it is slowed down: overdue periods are billed one per this time. */
export interface Pace {
  readonly overdueEveryMs: number;
}

/** When the run for a period should wake: when it begins, or a moment from now if it is overdue. */
export function wakeAt(start: number, now: number, pace: Pace): number {
  return start > now ? start : now + pace.overdueEveryMs;
}

/** Minute intervals exist to watch renewals happen: after a gap they skip to the newest period. */
export function skipsToLatest(cadence: Cadence): boolean {
  return cadence.interval === 'minute';
}
