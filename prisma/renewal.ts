/** Renewals: opening a period, and every way in which a renewal ends. */
import { describeMoney, money } from '../domain/money.js';
import { periodAt } from '../domain/period.js';
import { type NeedsAttention, RENEWAL_TRANSITIONS, type RenewalStatus } from '../domain/renewal.js';
import { assertTransition } from '../domain/transitions.js';
import { type Tx, fieldNames } from './client.js';
import { closeCase } from './dunning-case.js';
import { recordEvent } from './event.js';
import { Prisma } from './generated/client.js';
import type { Renewal } from './generated/client.js';
import { postDebtDropped, postRenewalDue, postWriteOff } from './ledger.js';
import { derivedId } from './new-id.js';
import { OPEN } from './open-status.js';
import {
  type LockedSubscription,
  type Subscription,
  cadenceOf,
  movePastPeriod,
} from './subscription.js';

export type { Renewal };

export interface Bill {
  /** Minor units, when the app names the amount itself (usage); otherwise the subscription's. */
  readonly amountMinor?: number | undefined;
  readonly description?: string | undefined;
}

/** Creates the renewal of the subscription's next period, amount and policy frozen, and moves on. */
export async function createRenewal(
  tx: Tx,
  subscription: LockedSubscription,
  bill: Bill,
  now: Date,
): Promise<{ renewal: Renewal; subscription: Subscription }> {
  const period = periodAt(cadenceOf(subscription), subscription.nextPeriodIndex);
  const { merchantId, dunningPolicy, currency } = subscription;
  const rows = await tx.$queryRaw<Record<string, unknown>[]>`
    insert into renewal (id, merchant_id, subscription_id, customer_id, dunning_policy_id, period_index,
      period_start, period_end, due_at, amount_minor, currency, description, status, created_at)
    select ${renewalIdOf(subscription)}, ${merchantId}, ${subscription.id}, ${subscription.customerId}, p.id,
      ${period.index}, ${subscription.nextPeriodStart}, ${new Date(period.end)},
      ${subscription.nextPeriodStart}, ${bill.amountMinor ?? subscription.amountMinor}, ${currency},
      ${bill.description ?? subscription.description}, 'collecting', ${now}
    from dunning_policy p where p.merchant_id = ${merchantId} and p.name = ${dunningPolicy}
    order by p.version desc limit 1
    returning *`;
  if (!rows[0]) throw new Error(`No dunning policy named ${dunningPolicy} for ${merchantId}`);
  const renewal = fieldNames<Renewal>(rows[0]);
  await postRenewalDue(tx, renewal, now);
  return { renewal, subscription: await movePastPeriod(tx, subscription, now) };
}

/** A period has one renewal, and one id for it. */
function renewalIdOf({ id, nextPeriodStart: start }: LockedSubscription): string {
  return derivedId('rnw', start.getTime(), id, start.toISOString());
}

export async function lockRenewal(tx: Tx, id: string): Promise<Renewal> {
  const renewal = await findLockedRenewal(tx, id);
  if (!renewal) throw new Error(`There is no renewal ${id}`);
  return renewal;
}

/** Undefined: a restored database has lost it, and the sweep opens its period anew. */
export async function findLockedRenewal(tx: Tx, id: string): Promise<Renewal | undefined> {
  const rows = await tx.$queryRaw<Record<string, unknown>[]>`
    select * from renewal where id = ${id} for update`;
  return rows[0] && fieldNames<Renewal>(rows[0]);
}

/** "EUR 19.00 for 2026-12-01", for operators. */
export function titleOf(renewal: Renewal): string {
  const amount = money(Number(renewal.amountMinor), renewal.currency);
  return `${describeMoney(amount)} for ${renewal.periodStart.toISOString().slice(0, 10)}`;
}

/** The money is here: nothing else is sent, and a recovery under way has succeeded. */
export async function payRenewal(tx: Tx, renewal: Renewal, now: Date): Promise<void> {
  await endRenewal(tx, renewal, 'paid', now);
  if (renewal.status !== 'collecting') await closeCase(tx, renewal, 'recovered', now);
  await recordRenewalEvent(tx, { ...renewal, status: 'paid' }, 'renewal.paid', now);
}

/** Drops the debt. While a charge is open that has to wait until it is final. Says whether it is done. */
export async function cancelRenewal(tx: Tx, renewal: Renewal, now: Date): Promise<boolean> {
  if (await hasOpenCharge(tx, renewal.id)) {
    await tx.renewal.update({ where: { id: renewal.id }, data: { cancelRequestedAt: now } });
    return false;
  }
  await endRenewal(tx, renewal, 'canceled', now);
  await postDebtDropped(tx, renewal, now);
  if (renewal.status === 'past_due') await closeCase(tx, renewal, 'canceled', now);
  await recordRenewalEvent(tx, { ...renewal, status: 'canceled' }, 'renewal.canceled', now);
  return true;
}

export async function writeOffRenewal(tx: Tx, renewal: Renewal, now: Date): Promise<void> {
  await endRenewal(tx, renewal, 'written_off', now);
  await postWriteOff(tx, renewal, now);
  if (renewal.status === 'past_due') await closeCase(tx, renewal, 'canceled', now);
  await recordRenewalEvent(tx, { ...renewal, status: 'written_off' }, 'renewal.written_off', now);
}

/** Moves a renewal along its table; a final one has no planned charge and needs nobody. */
export async function endRenewal(
  tx: Tx,
  renewal: Renewal,
  status: RenewalStatus,
  now: Date,
): Promise<void> {
  assertTransition(RENEWAL_TRANSITIONS, 'renewal', renewal.status as RenewalStatus, status);
  await tx.renewal.update({
    where: { id: renewal.id },
    data: {
      status,
      closedAt: now,
      needsAttention: Prisma.DbNull,
      ...(status === 'paid' && { paidAt: now }),
    },
  });
  await cancelPlannedCharges(tx, renewal.id);
}

/** Its money went back. The case that is opened next makes it past due. */
export async function reopenRenewal(tx: Tx, renewal: Renewal): Promise<void> {
  assertTransition(RENEWAL_TRANSITIONS, 'renewal', renewal.status as RenewalStatus, 'past_due');
  const data = { paidAt: null, closedAt: null, cancelRequestedAt: null };
  await tx.renewal.update({ where: { id: renewal.id }, data });
}

export async function cancelPlannedCharges(tx: Tx, renewalId: string): Promise<void> {
  await tx.charge.updateMany({
    where: { renewalId, status: 'planned' },
    data: { status: 'canceled' },
  });
}

async function hasOpenCharge(tx: Tx, renewalId: string): Promise<boolean> {
  return (await tx.charge.count({ where: { renewalId, status: { in: OPEN } } })) > 0;
}

/** Lays an unsettled renewal on the desk of a person; surplus money, always. It keeps the moment at which it first needed one. */
export async function raiseAttention(
  tx: Tx,
  renewalId: string,
  { why, next }: Pick<NeedsAttention, 'why' | 'next'>,
  now: Date,
  whatever: 'while_unsettled' | 'always' = 'while_unsettled',
): Promise<void> {
  const attention = JSON.stringify({ why: why.slice(0, 500), next });
  await tx.$executeRaw`
    update renewal set needs_attention = ${attention}::jsonb || jsonb_build_object('since',
      coalesce(needs_attention->>'since', ${now.toISOString()}))
    where id = ${renewalId} and (${whatever} = 'always' or status in ('collecting', 'past_due'))`;
}

export async function clearAttention(tx: Tx, renewalId: string): Promise<void> {
  await tx.renewal.update({ where: { id: renewalId }, data: { needsAttention: Prisma.DbNull } });
}

export function recordRenewalEvent(tx: Tx, renewal: Renewal, type: string, at: Date) {
  const payload = {
    renewal: renewal.id,
    subscription: renewal.subscriptionId,
    status: renewal.status,
    amount_minor: Number(renewal.amountMinor),
    currency: renewal.currency,
    period_start: renewal.periodStart.toISOString(),
    period_end: renewal.periodEnd.toISOString(),
  };
  const { merchantId, subscriptionId } = renewal;
  return recordEvent(tx, { merchantId, subscriptionId, type, payload, at });
}
