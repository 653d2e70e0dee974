/** Money that came back: the renewal is owed again, and a new case recovers it. Once per charge. */
import type { Decline } from '../domain/decline.js';
import { type Charge, readCharge } from '../prisma/charge.js';
import { markReversed } from '../prisma/charge-outcome.js';
import type { Tx } from '../prisma/client.js';
import { oweDunningWake } from '../prisma/dispatch.js';
import { findOpenDispute, oweDisputeWake } from '../prisma/dispute.js';
import { openCase } from '../prisma/dunning-case.js';
import { postReturn } from '../prisma/ledger.js';
import { markReleased } from '../prisma/release.js';
import { type Renewal, lockRenewal, recordRenewalEvent, reopenRenewal } from '../prisma/renewal.js';
import type { Deps } from './deps.js';
import { sendDispatch } from './dispatch.js';

export async function bookReturn(deps: Deps, charge: Charge, decline: Decline): Promise<void> {
  const now = deps.clock.safety();
  const owed = await deps.db.$transaction(async (tx) => {
    const renewal = await lockRenewal(tx, charge.renewalId);
    // A dispute that may still be won: its own run books what becomes of the money.
    const dispute = await findOpenDispute(tx, { chargeId: charge.id });
    if (dispute) return oweDisputeWake(tx, dispute, deps.tempo.chargeTimeoutMs, now);
    const reversed = await reverse(tx, renewal, charge.id, now);
    if (!reversed) return undefined;
    await postReturn(tx, reversed, renewal.customerId, now);
    if (!(await reopen(tx, renewal, reversed, decline, now))) return undefined;
    return oweDunningWake(tx, { merchantId: renewal.merchantId, renewalId: renewal.id }, now);
  });
  if (owed) await sendDispatch(deps, owed);
}

/** A charge's money is gone for good. Undefined: that was known, or it never succeeded. */
export async function reverse(
  tx: Tx,
  renewal: Renewal,
  chargeId: string,
  now: Date,
): Promise<Charge | undefined> {
  const reversed = await markReversed(tx, chargeId, now);
  if (!reversed) return undefined;
  // Its object is used up: what collects the money again is another one.
  await markReleased(tx, reversed, now);
  const origin = reversed.foundFrom && (await readCharge(tx, reversed.foundFrom));
  if (origin) await markReleased(tx, origin, now);
  await recordRenewalEvent(tx, renewal, 'renewal.payment_returned', now);
  return reversed;
}

/** The renewal is owed again. False: it was never owed to this charge, or is not paid, so there is nothing to reopen. */
export async function reopen(
  tx: Tx,
  renewal: Renewal,
  { surplus }: Charge,
  decline: Decline,
  now: Date,
): Promise<boolean> {
  if (surplus || renewal.status !== 'paid') return false;
  await reopenRenewal(tx, renewal);
  await openCase(tx, renewal, decline, now);
  return true;
}
