/** The app starts a renewal: the row is written by the request itself, and the run adopts it. */
import { DomainError } from '../domain/errors.js';
import { owesPeriod } from '../domain/subscription.js';
import type { Tx } from './client.js';
import { type Dispatch, oweRenewalWake } from './dispatch.js';
import { type Bill, type Renewal, createRenewal } from './renewal.js';
import { type LockedSubscription, agreementOf } from './subscription.js';

export interface StartRequest extends Bill {
  /** Names the period to bill, and allows billing it ahead; otherwise the oldest one due and unbilled. */
  readonly periodStart?: Date | undefined;
}

export interface Started {
  readonly renewal: Renewal;
  readonly created: boolean;
  readonly dispatches: readonly Dispatch[];
}

/** However often it is asked, a period has one renewal; asking again wakes it while it is unsettled. */
export async function startRenewal(
  tx: Tx,
  subscription: LockedSubscription,
  asked: StartRequest,
  now: Date,
): Promise<Started> {
  const existing = await findAsked(tx, subscription, asked, now);
  if (existing) {
    assertSameAmount(existing, asked);
    const wakes = existing.status === 'collecting' ? [await oweRenewalWake(tx, existing, now)] : [];
    return { renewal: existing, created: false, dispatches: wakes };
  }
  assertOwed(subscription, asked, now);
  const { renewal } = await createRenewal(tx, subscription, asked, now);
  return { renewal, created: true, dispatches: [await oweRenewalWake(tx, renewal, now)] };
}

/** The renewal of the named period; without a name, the current one's if no period is due and unbilled. */
function findAsked(
  tx: Tx,
  subscription: LockedSubscription,
  { periodStart }: StartRequest,
  now: Date,
): Promise<Renewal | null> | undefined {
  const { id: subscriptionId, nextPeriodStart } = subscription;
  if (periodStart) return tx.renewal.findFirst({ where: { subscriptionId, periodStart } });
  if (nextPeriodStart <= now && owesPeriod(agreementOf(subscription), nextPeriodStart.getTime()))
    return undefined;
  return tx.renewal.findFirst({ where: { subscriptionId }, orderBy: { periodStart: 'desc' } });
}

function assertSameAmount(existing: Renewal, { amountMinor }: StartRequest): void {
  if (amountMinor === undefined || BigInt(amountMinor) === existing.amountMinor) return;
  throw new DomainError(
    'conflict',
    'amount_differs',
    `This period is already billed with ${existing.amountMinor} (renewal ${existing.id})`,
    'amount_minor',
  );
}

function assertOwed(subscription: LockedSubscription, { periodStart }: StartRequest, now: Date) {
  const next = subscription.nextPeriodStart;
  if (!owesPeriod(agreementOf(subscription), next.getTime()))
    throw new DomainError('conflict', 'not_owed', 'The subscription owes no further period');
  if (periodStart && periodStart.getTime() !== next.getTime())
    throw new DomainError(
      'conflict',
      'not_the_next_period',
      `Periods are billed in order: the next one begins at ${next.toISOString()}`,
      'period_start',
    );
  if (!periodStart && next > now)
    throw new DomainError(
      'conflict',
      'not_due',
      `No period is due; to bill ahead, name its period_start ${next.toISOString()}`,
      'period_start',
    );
}
