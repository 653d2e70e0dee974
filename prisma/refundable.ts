/** What of a charge may still go back. Read under the renewal's lock; the database guards the sum once more. */
import { DomainError } from '../domain/errors.js';
import { describeMoney, money } from '../domain/money.js';
import { type ChargeWithAccount } from './charge.js';
import type { Tx } from './client.js';
import { findOpenDispute } from './dispute.js';
import { listRefundsOf, refundedMinor } from './refund.js';

interface Refundable {
  /** How the gateway calls the money of this charge. */
  readonly chargeReference: string;
  /** Minor units that are neither given back, nor on their way, nor lost to a dispute. */
  readonly leftMinor: number;
}

/** Refuses a charge whose money never came, is gone already, or is being decided about elsewhere. */
export async function requireRefundable(tx: Tx, charge: ChargeWithAccount): Promise<Refundable> {
  const chargeReference = requireTaken(charge);
  await requireUndisputed(tx, charge);
  const given = refundedMinor(await listRefundsOf(tx, charge.id));
  const leftMinor = Number(charge.amountMinor) - given - (await lostMinor(tx, charge));
  return { chargeReference, leftMinor };
}

export function requireLeft(
  { currency }: Pick<ChargeWithAccount, 'currency'>,
  leftMinor: number,
  wantedMinor: number,
): void {
  if (leftMinor <= 0) {
    const why = 'Nothing of the charge is left to refund';
    throw new DomainError('conflict', 'already_refunded', why);
  }
  if (wantedMinor <= leftMinor) return;
  const left = describeMoney(money(leftMinor, currency));
  const why = `No more than ${left} of the charge is left to refund`;
  throw new DomainError('conflict', 'refund_exceeds_charge', why, 'amount_minor');
}

function requireTaken({ status, reversedAt, gatewayChargeReference }: ChargeWithAccount): string {
  const refuse = (why: string) =>
    new DomainError('conflict', 'charge_not_refundable', `The charge cannot be refunded: ${why}`);
  if (status !== 'succeeded') throw refuse(`it is ${status}`);
  if (reversedAt) throw refuse('its money went back already');
  if (!gatewayChargeReference) throw refuse("the gateway's name of the payment is not known");
  return gatewayChargeReference;
}

async function requireUndisputed(tx: Tx, { id }: ChargeWithAccount): Promise<void> {
  const open = await findOpenDispute(tx, { chargeId: id });
  if (!open) return;
  const why = `The payer's bank decides about this charge now (${open.id}): a refund could pay it back twice`;
  throw new DomainError('conflict', 'charge_disputed', why);
}

/** What lost disputes have really taken. */
async function lostMinor(tx: Tx, { id, currency }: ChargeWithAccount): Promise<number> {
  const lost = await tx.dispute.findMany({
    where: { chargeId: id, status: 'lost', withdrawnAt: { not: null }, currency },
    select: { amountMinor: true },
  });
  return lost.reduce((sum, { amountMinor }) => sum + Number(amountMinor), 0);
}
