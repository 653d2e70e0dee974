/** Refunds as they are shown, and what another key decides about one. */
import { DomainError } from '../domain/errors.js';
import type { RefundStatus } from '../domain/refund.js';
import { readCharge } from './charge.js';
import type { Tx } from './client.js';
import { type Dispatch, oweRefundRun } from './dispatch.js';
import { Prisma } from './generated/client.js';
import type { GatewayAccount } from './generated/client.js';
import { type Page, newestFirst } from './page.js';
import { type Refund, recordRefundEvent } from './refund.js';
import { requireLeft, requireRefundable } from './refundable.js';
import { lockRenewal } from './renewal.js';

export type RefundView = Refund & {
  readonly account: Pick<GatewayAccount, 'id' | 'name' | 'mode'>;
};

export interface RefundPage extends Page {
  readonly chargeId?: string | undefined;
  readonly renewalId?: string | undefined;
  readonly status?: string | undefined;
}

export async function listRefunds(db: Tx, page: RefundPage): Promise<RefundView[]> {
  const { where, ...order } = newestFirst(page);
  const { chargeId, renewalId, status } = page;
  const rows = await db.refund.findMany({
    where: {
      ...where,
      ...(chargeId !== undefined && { chargeId }),
      ...(renewalId !== undefined && { renewalId }),
      ...(status !== undefined && { status }),
    },
    ...order,
  });
  return viewsOf(db, rows);
}

export async function requireRefundView(
  db: Tx,
  merchantId: string,
  id: string,
): Promise<RefundView> {
  const row = await db.refund.findFirst({ where: { id, merchantId } });
  if (!row) throw new DomainError('not_found', 'not_found', `There is no refund ${id}`);
  return (await viewsOf(db, [row]))[0]!;
}

async function viewsOf(db: Tx, refunds: readonly Refund[]): Promise<RefundView[]> {
  const ids = [...new Set(refunds.map(({ gatewayAccountId }) => gatewayAccountId))];
  const accounts = await db.gatewayAccount.findMany({ where: { id: { in: ids } } });
  const byId = new Map(accounts.map((account) => [account.id, account]));
  return refunds.map((refund) => ({ ...refund, account: byId.get(refund.gatewayAccountId)! }));
}

interface Decision {
  readonly decidedBy: string;
  readonly approved: boolean;
  readonly why: string;
}

/**
 * Decides a refund that waits for approval, under the renewal's lock. An approval owes its run; it is refused when the
 * charge cannot be refunded any more, which may have come about while it waited.
 */
export async function decideRefund(
  tx: Tx,
  { id, chargeId, renewalId }: Refund,
  { decidedBy, approved, why }: Decision,
  now: Date,
): Promise<readonly Dispatch[]> {
  const renewal = await lockRenewal(tx, renewalId);
  const { status, amountMinor } = await tx.refund.findUniqueOrThrow({ where: { id } });
  if (status !== 'awaiting_approval')
    throw new DomainError('conflict', 'not_awaiting_approval', `The refund is ${status}`);
  if (approved) {
    const charge = await readCharge(tx, chargeId);
    // What waits is counted as given: it is measured against what is left without it.
    const leftMinor = (await requireRefundable(tx, charge)).leftMinor + Number(amountMinor);
    requireLeft(charge, leftMinor, Number(amountMinor));
  }
  const decided = await tx.refund.update({
    where: { id },
    data: {
      status: (approved ? 'planned' : 'canceled') satisfies RefundStatus,
      decidedBy,
      why,
      needsAttention: Prisma.DbNull,
      ...(!approved && { settledAt: now }),
    },
  });
  await recordRefundEvent(
    tx,
    renewal,
    decided,
    approved ? 'refund.requested' : 'refund.canceled',
    now,
  );
  return approved ? [await oweRefundRun(tx, decided, now)] : [];
}
