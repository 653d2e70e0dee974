/** Refunds that somebody made at the gateway itself: the money went back, so it is booked. */
import { isId } from '../domain/ids.js';
import type { RefundStatus } from '../domain/refund.js';
import type { SeenRefund } from '../gateways/gateway.js';
import { type Charge, readCharge } from '../prisma/charge.js';
import type { Tx } from '../prisma/client.js';
import { type Dispatch, oweRefundRun } from '../prisma/dispatch.js';
import { newId } from '../prisma/new-id.js';
import { insertRefund } from '../prisma/refund.js';
import { type Renewal, lockRenewal } from '../prisma/renewal.js';
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
  if (listed.kind === 'unavailable') throw new Error(listed.why);
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
  { reference, refundId, amount, status, at }: SeenRefund,
  now: Date,
): Promise<Adopted> {
  const { gatewayAccountId } = charge;
  const known = await tx.refund.findFirst({
    where: { OR: [{ gatewayAccountId, gatewayReference: reference }, { id: refundId ?? '' }] },
  });
  if (known) {
    // One of ours that lost its answer: its own run reads what became of it.
    const learned = known.gatewayReference === null && known.status !== 'planned';
    if (!learned) return 'known';
    await tx.refund.update({ where: { id: known.id }, data: { gatewayReference: reference } });
    return oweRefundRun(tx, known, now);
  }
  if (status === 'failed') return 'known';
  const refund = await insertRefund(tx, {
    // Its mark is kept: a row that a restored database has lost comes back under its own name.
    id: isId('rfd', refundId) ? refundId : newId('rfd'),
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
