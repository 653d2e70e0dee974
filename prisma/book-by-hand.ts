/** Booking by hand: a person says that a payment which only the gateway's books have belongs to a renewal of ours. */
import type { Side } from '../domain/difference.js';
import { DomainError } from '../domain/errors.js';
import { insertFound } from './charge-outcome.js';
import { type Charge, listCharges } from './charge.js';
import type { Tx } from './client.js';
import type { Difference } from './difference.js';
import { postCharge } from './ledger.js';
import { lockRenewal, recordRenewalEvent } from './renewal.js';

const BOOKABLE: readonly string[] = ['duplicate', 'unknown_object', 'missing_here'];

/** A surplus charge of the difference's renewal, with the amount that arrived. Refusals are conflicts. */
export async function bookByHand(tx: Tx, difference: Difference, now: Date): Promise<Charge> {
  const { gatewayAccountId, reference: chargeReference } = difference;
  const { renewalId, theirs } = requireBookable(difference);
  const renewal = await lockRenewal(tx, renewalId);
  const charges = await listCharges(tx, renewalId);
  const here = charges.filter((charge) => charge.gatewayAccountId === gatewayAccountId);
  const beside = here.find(({ id }) => id === difference.chargeId) ?? here.at(-1);
  if (!beside) throw refuse(`no charge of ${renewalId} was made through this account`);
  const ordinal = charges.length + 1;
  const { objectReference: reference, amount } = theirs;
  const found = { reference, chargeReference, ordinal, surplus: true, amount };
  const known = { gatewayAccountId, gatewayChargeReference: chargeReference, status: 'succeeded' };
  if ((await tx.charge.count({ where: known })) > 0)
    throw refuse('this payment is in our books already');
  const charge = await insertFound(tx, beside, found, now);
  await postCharge(tx, charge, renewal.customerId, now);
  await recordRenewalEvent(tx, renewal, 'renewal.surplus_payment', now);
  return charge;
}

function requireBookable({ type, object, renewalId, theirs }: Difference) {
  if (!BOOKABLE.includes(type) || object !== 'charge' || theirs === null)
    throw refuse('only a payment that our books do not have can be booked');
  if (renewalId === null) throw refuse('it is not known which renewal the payment was for');
  return { renewalId, theirs: theirs as unknown as Side };
}

function refuse(why: string): DomainError {
  return new DomainError('conflict', 'difference_not_bookable', `It cannot be booked: ${why}`);
}
