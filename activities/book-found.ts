/** Late money: a success that shows on a charge already decided gets a row of its own, and pays if it is owed. */
import { type ChargeStatus, isOpen } from '../domain/charge.js';
import type { Answer } from '../gateways/gateway.js';
import { type Charge, type ChargeWithAccount, listCharges, readCharge } from '../prisma/charge.js';
import { insertFound } from '../prisma/charge-outcome.js';
import { oweAdoption } from '../prisma/dispatch.js';
import { lockRenewal } from '../prisma/renewal.js';
import type { Deps } from './deps.js';
import { lookUpOf } from './exchange.js';
import { owed, takeMoney } from './take-money.js';

/** Money as the gateway names it. Its books know the payment, but perhaps not the object it was made on. */
type Found =
  | Pick<Extract<Answer, { kind: 'succeeded' | 'pending' }>, 'reference' | 'chargeReference'>
  | { readonly reference: string | undefined; readonly chargeReference: string };

export async function bookFound(deps: Deps, from: Charge, found: Found): Promise<void> {
  const now = deps.clock.safety();
  const chargeReference = found.chargeReference ?? found.reference!;
  await deps.db.$transaction(async (tx) => {
    const renewal = await lockRenewal(tx, from.renewalId);
    const charges = await listCharges(tx, from.renewalId);
    if (charges.some((charge) => has(charge, found.reference, chargeReference))) return;
    // While another charge may still succeed, whether this is a surplus cannot be said. It is asked about again.
    if (charges.some(({ status }) => isOpen(status as ChargeStatus))) return;
    const surplus = !owed(renewal);
    const ordinal = charges.length + 1;
    const { reference } = found;
    const booked = await insertFound(
      tx,
      from,
      { reference, chargeReference, ordinal, surplus },
      now,
    );
    await takeMoney(deps, tx, renewal, booked, now);
    await oweAdoption(tx, booked, now);
  });
}

/** Whether a charge of ours has this money already. */
function has(charge: Charge, reference: string | undefined, chargeReference: string): boolean {
  if (charge.status !== 'succeeded') return false;
  return (
    charge.gatewayChargeReference === chargeReference ||
    (charge.gatewayReference === reference && !charge.gatewayChargeReference)
  );
}

/** The gateway says that an earlier charge has the money: each of them is asked about. */
export async function bookEarlier(deps: Deps, duplicate: ChargeWithAccount): Promise<void> {
  const charges = await listCharges(deps.db, duplicate.renewalId);
  for (const earlier of charges.filter(({ ordinal }) => ordinal < duplicate.ordinal)) {
    if (!earlier.firstSentAt || earlier.status === 'succeeded') continue;
    const charge = await readCharge(deps.db, earlier.id);
    const exchange = await lookUpOf(deps, charge);
    if (exchange.kind === 'unusable') continue;
    const found = await exchange.gateway.lookUp(exchange.account, exchange.charge);
    if (found.kind === 'succeeded') await bookFound(deps, charge, found);
  }
}
