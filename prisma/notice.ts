/** Notices: planned with the fact that they tell of, claimed by one sender at a time, and counted before each send. */
import { localeOf } from '../domain/locale.js';
import { MOST_UNANSWERED, type NoticeKind, daytime } from '../domain/notice.js';
import { type Database, type Tx, fieldNames } from './client.js';
import type { Notice } from './generated/client.js';
import { newId } from './new-id.js';
import type { Renewal } from './renewal.js';

export type { Notice };

export interface NewNotice {
  readonly kind: NoticeKind;
  /** The case, refund or payment method that it speaks of. */
  readonly subject: string;
  /** Tells the notices of one subject apart: a stage's name, a round, a renewal. */
  readonly step: string;
}

/** Writes what a customer is to be told, in the fact's own transaction. Told twice, it stays one notice. */
export function planNotice(
  tx: Tx,
  { id: renewalId, merchantId, customerId }: Pick<Renewal, 'id' | 'merchantId' | 'customerId'>,
  told: NewNotice,
  now: Date,
): Promise<void> {
  return insertNotice(tx, { merchantId, customerId, renewalId }, told, now);
}

/** A period that has no renewal yet. */
export interface UpcomingPeriod {
  readonly subscriptionId: string;
  readonly merchantId: string;
  readonly customerId: string;
  readonly periodStart: Date;
}

export function planUpcoming(tx: Tx, period: UpcomingPeriod, now: Date): Promise<void> {
  const { subscriptionId: subject, periodStart } = period;
  const told = { kind: 'renewal_upcoming', subject, step: periodStart.toISOString() } as const;
  return insertNotice(tx, period, told, now);
}

interface About {
  readonly merchantId: string;
  readonly customerId: string;
  readonly renewalId?: string;
  readonly subscriptionId?: string;
  readonly periodStart?: Date;
}

async function insertNotice(
  tx: Tx,
  { merchantId, customerId, renewalId, subscriptionId, periodStart }: About,
  { kind, subject, step }: NewNotice,
  now: Date,
): Promise<void> {
  const { locale, timeZone } = await tx.customer.findUniqueOrThrow({ where: { id: customerId } });
  const sendAt = new Date(daytime(kind, now.getTime(), timeZone));
  await tx.$executeRaw`
    insert into notice (id, merchant_id, customer_id, renewal_id, subscription_id, period_start, kind, subject, key,
      locale, send_at, try_at, created_at)
    values (${newId('ntc')}, ${merchantId}, ${customerId}, ${renewalId ?? null}, ${subscriptionId ?? null},
      ${periodStart ?? null}, ${kind}, ${subject}, ${`${kind}/${subject}/${step}`},
      ${localeOf(locale)}, ${sendAt}, ${sendAt}, ${now})
    on conflict (key) do nothing`;
}

export interface Claim {
  readonly now: Date;
  readonly leaseMs: number;
  readonly limit: number;
  /** Where nobody is woken by it, as in development. */
  readonly atAnyHour: boolean;
}

/** Takes due notices for the caller alone, until the lease ends. Several workers take different ones. */
export async function claimNotices(
  db: Database,
  { now, leaseMs, limit, atAnyHour }: Claim,
): Promise<Notice[]> {
  const rows = await db.$queryRaw<Record<string, unknown>[]>`
    with due as (
      select id from notice
      where status = 'planned' and (try_at <= ${now} or (${atAnyHour} and attempts = 0))
        and (leased_until is null or leased_until <= ${now})
      order by try_at, id limit ${limit} for update skip locked)
    update notice n set leased_until = ${new Date(now.getTime() + leaseMs)}
    from due where n.id = due.id
    returning n.*`;
  return rows.map((row) => fieldNames<Notice>(row)).sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Commits that it is sent now, before it is. False: it is no longer the caller's, or was sent too often already. */
export async function countAttempt(
  db: Database,
  { id, leasedUntil }: Notice,
  messageId: string,
): Promise<boolean> {
  const { count } = await db.notice.updateMany({
    where: { id, status: 'planned', leasedUntil, unanswered: { lt: MOST_UNANSWERED } },
    data: { attempts: { increment: 1 }, unanswered: { increment: 1 }, messageId },
  });
  return count === 1;
}

export async function recordSent(tx: Tx, id: string, now: Date): Promise<void> {
  await tx.notice.updateMany({
    where: { id, status: 'planned' },
    data: { status: 'sent', sentAt: now, leasedUntil: null, lastError: null },
  });
}

export interface End {
  readonly status: 'skipped' | 'failed';
  readonly why: string;
  /** What the last attempt met, where that attempt certainly reached nobody. */
  readonly refusal?: string | undefined;
}

/** It goes no further. */
export async function recordEnd(tx: Tx, id: string, { status, why, refusal }: End): Promise<void> {
  const refused = refusal !== undefined && { lastError: refusal, unanswered: { decrement: 1 } };
  await tx.notice.updateMany({
    where: { id, status: 'planned' },
    data: { status, why, leasedUntil: null, ...refused },
  });
}

/** Not now, though nothing was tried: it is night where the customer is. */
export async function recordDelay(tx: Tx, id: string, tryAt: Date): Promise<void> {
  await tx.notice.updateMany({
    where: { id, status: 'planned' },
    data: { tryAt, leasedUntil: null },
  });
}

/** It is tried again then. `answered`: the server has refused it, so that the attempt reached nobody. */
export async function recordFailure(
  tx: Tx,
  id: string,
  failure: { readonly lastError: string; readonly tryAt: Date; readonly answered: boolean },
): Promise<void> {
  const { lastError, tryAt, answered } = failure;
  await tx.notice.updateMany({
    where: { id, status: 'planned' },
    data: {
      lastError,
      tryAt,
      leasedUntil: null,
      ...(answered && { unanswered: { decrement: 1 } }),
    },
  });
}
