/** Refunds: planned under the renewal's lock, claimed by one sender, followed to their end. */
import {
  OPEN_REFUND,
  REFUND_TRANSITIONS,
  type RefundStatus,
  isOpenRefund,
} from '../domain/refund.js';
import type { NeedsAttention } from '../domain/renewal.js';
import type { Charge } from './charge.js';
import { type Database, type Tx, fieldNames } from './client.js';
import { recordEvent } from './event.js';
import { Prisma } from './generated/client.js';
import type { Refund } from './generated/client.js';
import { OPEN_DISPUTE_SQL, OPEN_REFUND_SQL } from './open-status.js';
import type { Renewal } from './renewal.js';

export type { Refund };

export interface NewRefund {
  readonly id: string;
  readonly charge: Charge;
  readonly amountMinor: number;
  readonly origin: 'app' | 'policy' | 'gateway';
  readonly kind: 'requested' | 'duplicate' | 'fraud';
  readonly reason: string;
  readonly status: RefundStatus;
  /** What is sent; absent when somebody made it at the gateway. */
  readonly request?: object | undefined;
  readonly requestedBy?: string | undefined;
  readonly gatewayReference?: string | undefined;
  readonly attention?: Pick<NeedsAttention, 'why' | 'next'> | undefined;
  readonly now: Date;
}

export function insertRefund(tx: Tx, refund: NewRefund): Promise<Refund> {
  const { charge, request, requestedBy, gatewayReference, attention, now, ...rest } = refund;
  return tx.refund.create({
    data: {
      ...rest,
      merchantId: charge.merchantId,
      renewalId: charge.renewalId,
      chargeId: charge.id,
      gatewayAccountId: charge.gatewayAccountId,
      currency: charge.currency,
      requestedBy: requestedBy ?? null,
      gatewayReference: gatewayReference ?? null,
      ...(request && { request: request as Prisma.InputJsonObject }),
      ...(attention && { needsAttention: { since: now.toISOString(), ...attention } }),
      createdAt: now,
      ...(refund.status === 'succeeded' && { settledAt: now }),
    },
  });
}

export function findRefund(tx: Tx, id: string): Promise<Refund | null> {
  return tx.refund.findUnique({ where: { id } });
}

export function listRefundsOf(tx: Tx, chargeId: string): Promise<Refund[]> {
  return tx.refund.findMany({ where: { chargeId }, orderBy: { id: 'asc' } });
}

/** What of a charge has been given back, is on its way back, or waits for somebody's approval, in minor units. */
export function refundedMinor(refunds: readonly Refund[]): number {
  return refunds
    .filter(({ status }) => status !== 'failed' && status !== 'canceled')
    .reduce((sum, { amountMinor }) => sum + Number(amountMinor), 0);
}

/**
 * Makes the caller the one first sender. Undefined: somebody else was, it was canceled, or its charge may not be
 * refunded any more.
 */
export async function claimRefund(
  tx: Tx,
  id: string,
  now: Date,
  keyLifeMs: number,
): Promise<Refund | undefined> {
  const validUntil = new Date(now.getTime() + keyLifeMs);
  const rows = await tx.$queryRaw<Record<string, unknown>[]>`
    update refund r set status = 'submitted', first_sent_at = ${now}, key_valid_until = ${validUntil}
    where r.id = ${id} and r.status = 'planned' and ${STILL_REFUNDABLE} returning r.*`;
  return rows[0] && fieldNames<Refund>(rows[0]);
}

/** Commits that the refund is sent once more. False: it is decided, or its charge may not be refunded any more. */
export async function recordRefundResend(tx: Tx, id: string, now: Date): Promise<boolean> {
  const count = await tx.$executeRaw`
    update refund r set resent_at = ${now}
    where r.id = ${id} and r.status in ${OPEN_REFUND_SQL} and ${STILL_REFUNDABLE}`;
  return count === 1;
}

/** Its bank does not decide about the charge now, and has not taken it back: money would go back twice. */
const STILL_REFUNDABLE = Prisma.sql`
  exists (select 1 from charge c where c.id = r.charge_id and c.status = 'succeeded' and c.reversed_at is null)
  and not exists (select 1 from dispute d where d.charge_id = r.charge_id and not d.inquiry
    and d.status in ${OPEN_DISPUTE_SQL})`;

export interface RefundSettlement {
  readonly status: RefundStatus;
  readonly reference?: string | undefined;
  readonly failure?: string | undefined;
  readonly why?: string | undefined;
  /** What a person must know; absent: nothing. */
  readonly attention?: Pick<NeedsAttention, 'why' | 'next'> | undefined;
}

/** Writes what became of a refund, under the renewal's lock. Undefined: it was so before, or was decided otherwise. */
export async function settleRefund(
  tx: Tx,
  { id, status: from, needsAttention }: Refund,
  { status, reference, failure, why, attention }: RefundSettlement,
  now: Date,
): Promise<Refund | undefined> {
  const allowed: readonly RefundStatus[] = REFUND_TRANSITIONS[from as RefundStatus];
  if (!allowed.includes(status)) return undefined;
  const since = (needsAttention as NeedsAttention | null)?.since ?? now.toISOString();
  return tx.refund.update({
    where: { id },
    data: {
      status,
      ...(reference && { gatewayReference: reference }),
      ...(failure && { failure }),
      why: why?.slice(0, 500) ?? null,
      needsAttention: attention
        ? { since, why: attention.why.slice(0, 500), next: attention.next }
        : Prisma.DbNull,
      ...(!isOpenRefund(status) && { settledAt: now }),
    },
  });
}

/** Refunds that some run should be following. Oldest first. */
export function listUnsettledRefunds(
  db: Database,
  createdBefore: Date,
  after: string,
  limit: number,
): Promise<Refund[]> {
  return db.refund.findMany({
    where: {
      id: { gt: after },
      createdAt: { lt: createdBefore },
      status: { in: ['planned', ...OPEN_REFUND] },
    },
    orderBy: { id: 'asc' },
    take: limit,
  });
}

/** Tells the app what happened to a refund, among the events of its subscription. */
export function recordRefundEvent(
  tx: Tx,
  { subscriptionId }: Pick<Renewal, 'subscriptionId'>,
  refund: Refund,
  type: string,
  at: Date,
): Promise<void> {
  const payload = {
    refund: refund.id,
    charge: refund.chargeId,
    renewal: refund.renewalId,
    status: refund.status,
    origin: refund.origin,
    reason: refund.reason,
    amount_minor: Number(refund.amountMinor),
    currency: refund.currency,
    failure: refund.failure,
  };
  const { merchantId } = refund;
  return recordEvent(tx, { merchantId, subscriptionId, type, payload, at });
}
