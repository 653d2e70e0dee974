/** Planning a refund: its row and its frozen request, before anything is sent. */
import { DomainError } from '../domain/errors.js';
import { money } from '../domain/money.js';
import type { RefundStatus } from '../domain/refund.js';
import type { Refunding } from '../gateways/gateway.js';
import { type ChargeWithAccount, readCharge } from '../prisma/charge.js';
import type { Tx } from '../prisma/client.js';
import { type Dispatch, oweRefundRun } from '../prisma/dispatch.js';
import {
  type Refund,
  findRefund,
  insertRefund,
  listRefundsOf,
  recordRefundEvent,
  refundedMinor,
} from '../prisma/refund.js';
import { requireLeft, requireRefundable } from '../prisma/refundable.js';
import { lockRenewal } from '../prisma/renewal.js';
import { readSettings } from '../prisma/settings.js';
import type { Deps } from './deps.js';

export interface RefundWish {
  /** The refund's id and its key at the gateway: wishing for it again gives the same refund. */
  readonly id: string;
  readonly chargeId: string;
  /** Minor units; everything that is left when absent. */
  readonly amountMinor?: number | undefined;
  readonly kind: 'requested' | 'duplicate' | 'fraud';
  readonly reason: string;
  readonly origin: 'app' | 'policy';
  /** The API key that asks; nobody else may approve than another one. */
  readonly requestedBy?: string | undefined;
}

export interface PlannedRefund {
  readonly refund: Refund;
  /** The start of its run; none while it waits for approval. */
  readonly dispatches: readonly Dispatch[];
}

/** Takes the renewal's lock. Refusals are conflicts that say what is left; the database guards the sum once more. */
export async function planRefund(
  deps: Pick<Deps, 'gateways'>,
  tx: Tx,
  wish: RefundWish,
  now: Date,
): Promise<PlannedRefund> {
  const { id, chargeId, origin, kind, reason, requestedBy } = wish;
  const renewal = await lockRenewal(tx, (await readCharge(tx, chargeId)).renewalId);
  const charge = await readCharge(tx, chargeId);
  const existing = await findRefund(tx, id);
  if (existing) return { refund: existing, dispatches: [] };
  const { chargeReference, leftMinor } = await requireRefundable(tx, charge);
  const amountMinor = wish.amountMinor ?? leftMinor;
  requireLeft(charge, leftMinor, amountMinor);

  const refunding = requireRefunding(deps, charge);
  const request = refunding.composeRefund({
    id,
    merchantId: charge.merchantId,
    chargeReference,
    amount: money(amountMinor, charge.currency),
    reason: kind,
  });
  const asked = (await listRefundsOf(tx, chargeId)).filter(({ origin: of }) => of === 'app');
  const status = await firstStatus(tx, wish, charge, refundedMinor(asked) + amountMinor);
  const refund = await insertRefund(tx, {
    id,
    charge,
    amountMinor,
    origin,
    kind,
    reason,
    status,
    request,
    requestedBy,
    ...(status === 'awaiting_approval' && { attention: APPROVE }),
    now,
  });
  const type = status === 'planned' ? 'refund.requested' : 'refund.awaiting_approval';
  await recordRefundEvent(tx, renewal, refund, type, now);
  const dispatches = status === 'planned' ? [await oweRefundRun(tx, refund, now)] : [];
  return { refund, dispatches };
}

const APPROVE = {
  why: 'A refund above the limit waits for the approval of another API key',
  next: 'Nothing is sent before',
};

/** Many small refunds of one charge are one large one. */
async function firstStatus(
  tx: Tx,
  { origin }: RefundWish,
  { merchantId, currency }: ChargeWithAccount,
  askedMinor: number,
): Promise<RefundStatus> {
  if (origin === 'policy') return 'planned';
  const limit = (await readSettings(tx, merchantId)).refundApprovalAbove[currency];
  return limit !== undefined && askedMinor > limit ? 'awaiting_approval' : 'planned';
}

function requireRefunding(
  { gateways }: Pick<Deps, 'gateways'>,
  charge: ChargeWithAccount,
): Refunding {
  const { refunding } = gateways(charge.account.gateway);
  if (refunding) return refunding;
  const why = `${charge.account.gateway} gives no money back through its API`;
  throw new DomainError('conflict', 'not_offered', why);
}
