/** Refunds that somebody made at the gateway itself: the money went back, so it is booked. */
import { isId } from '../domain/ids.js';
import { type RefundStatus, isOpenRefund } from '../domain/refund.js';
import type { SeenRefund } from '../gateways/gateway.js';
import { type Charge, readCharge } from '../prisma/charge.js';
import type { Tx } from '../prisma/client.js';
import { type Dispatch, oweRefundRun } from '../prisma/dispatch.js';
import { newId } from '../prisma/new-id.js';
import { type Refund, findRefund, insertRefund, settleRefund } from '../prisma/refund.js';
import { type Renewal, lockRenewal, raiseAttention } from '../prisma/renewal.js';
import type { Deps } from './deps.js';
import { sendDispatch } from './dispatch.js';
import { takeRefundEffect } from './settle-refund.js';

/** Books every refund of a charge that the gateway knows and we do not. Says how many. Safe to repeat. */
export async function adoptRefunds(deps: Deps, chargeId: string): Promise<number> {
  const charge = await readCharge(deps.db, chargeId);
  const { refunding } = deps.gateways(charge.account.gateway);
  if (!refunding || !charge.gatewayChargeReference) return 0;
  const account = deps.accountFor(charge.account);
  const listed = await refunding.listRefunds(account, charge.gatewayChargeReference);
  if (listed.kind === 'unavailable') {
    if (listed.attention) await callAPerson(deps, charge, listed.why);
    throw new Error(listed.why);
  }
  const now = deps.clock.safety();
  const adopted = await deps.db.$transaction(async (tx) => {
    const renewal = await lockRenewal(tx, charge.renewalId);
    const adopted: Adopted[] = [];
    for (const seen of listed.refunds) adopted.push(await adopt(tx, renewal, charge, seen, now));
    return adopted;
  });
  for (const one of adopted) if (typeof one === 'object') await sendDispatch(deps, one);
  return adopted.filter((one) => one !== 'known').length;
}

/** One that is not settled yet gets a run, which follows it as it does one of ours. */
type Adopted = Dispatch | 'booked' | 'known';

async function adopt(
  tx: Tx,
  renewal: Renewal,
  charge: Charge,
  seen: SeenRefund,
  now: Date,
): Promise<Adopted> {
  const known = await findKnown(tx, charge, seen);
  if (!known) return insertSeen(tx, renewal, charge, seen, now);
  if (known.status === 'planned' || known.status === 'succeeded') return 'known';
  if (Number(known.amountMinor) !== seen.amount.amountMinor)
    return insteadOf(tx, renewal, charge, known, seen, now);
  if (!isOpenRefund(known.status as RefundStatus)) return afterAll(tx, renewal, known, seen, now);
  if (known.gatewayReference) return 'known';
  // One of ours that lost its answer: its own run reads what became of it.
  await tx.refund.update({ where: { id: known.id }, data: { gatewayReference: seen.reference } });
  return oweRefundRun(tx, known, now);
}

/** By the gateway's name, or by our mark on a refund of this very charge: a mark proves nothing about another's. */
async function findKnown(
  tx: Tx,
  { id: chargeId, gatewayAccountId }: Charge,
  { reference, refundId }: SeenRefund,
): Promise<Refund | null> {
  const named = { gatewayAccountId, gatewayReference: reference };
  const found = await tx.refund.findFirst({ where: named });
  if (found || refundId === undefined) return found;
  const marked = { id: refundId, chargeId, gatewayAccountId, gatewayReference: null };
  return tx.refund.findFirst({ where: marked });
}

/** Decided here, on too old a database, as never made; the gateway made it. */
async function afterAll(
  tx: Tx,
  renewal: Renewal,
  known: Refund,
  { reference, status }: SeenRefund,
  now: Date,
): Promise<Adopted> {
  if (status === 'failed') return 'known';
  const settled = await settleRefund(tx, known, { status, reference }, now);
  if (!settled) return 'known';
  await takeRefundEffect(tx, renewal, known.status as RefundStatus, settled, now);
  return status === 'pending' ? oweRefundRun(tx, settled, now) : 'booked';
}

/** It carries our mark and another amount: ours, as it stands here, was never made; this one was. */
async function insteadOf(
  tx: Tx,
  renewal: Renewal,
  charge: Charge,
  known: Refund,
  seen: SeenRefund,
  now: Date,
): Promise<Adopted> {
  const why = `The gateway made it as ${seen.reference}, of another amount`;
  const failed = { status: 'failed', failure: 'other', why } as const;
  const settled = await settleRefund(tx, known, failed, now);
  if (settled) await takeRefundEffect(tx, renewal, known.status as RefundStatus, settled, now);
  // Its name is that of the other one.
  await tx.refund.update({ where: { id: known.id }, data: { gatewayReference: null } });
  return insertSeen(tx, renewal, charge, seen, now);
}

async function insertSeen(
  tx: Tx,
  renewal: Renewal,
  charge: Charge,
  { reference, refundId, amount, status, at }: SeenRefund,
  now: Date,
): Promise<Adopted> {
  if (status === 'failed') return 'known';
  // Its mark is kept: a row that a restored database has lost comes back under its own name.
  const isFree = isId('rfd', refundId) && !(await findRefund(tx, refundId));
  const refund = await insertRefund(tx, {
    id: isFree ? refundId : newId('rfd'),
    charge,
    amountMinor: amount.amountMinor,
    origin: 'gateway',
    kind: 'requested',
    reason: `Made at the gateway on ${new Date(at).toISOString().slice(0, 10)}`,
    status: status satisfies RefundStatus,
    gatewayReference: reference,
    now,
  });
  await takeRefundEffect(tx, renewal, 'found', refund, now);
  return status === 'pending' ? oweRefundRun(tx, refund, now) : 'booked';
}

async function callAPerson(deps: Deps, { renewalId }: Charge, why: string): Promise<void> {
  const attention = { why: `Its refunds cannot be read: ${why}`, next: 'They are asked for again' };
  await raiseAttention(deps.db, renewalId, attention, deps.clock.business(), 'always');
}
