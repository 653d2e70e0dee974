/** Money that came back: the renewal is owed again, and a new case recovers it. Once per charge. */
import type { Decline } from '../domain/decline.js';
import { type Charge, readCharge } from '../prisma/charge.js';
import { markReversed } from '../prisma/charge-outcome.js';
import type { Tx } from '../prisma/client.js';
import { oweDunningWake } from '../prisma/dispatch.js';
import { type Dispute, findOpenDispute, oweDisputeWake } from '../prisma/dispute.js';
import { openCase } from '../prisma/dunning-case.js';
import { leftOfCharge } from '../prisma/left-of-charge.js';
import { postReturn } from '../prisma/ledger.js';
import { markReleased } from '../prisma/release.js';
import {
  type Renewal,
  lockRenewal,
  raiseAttention,
  recordRenewalEvent,
  reopenRenewal,
} from '../prisma/renewal.js';
import { listRefundsOf, refundedMinor } from '../prisma/refund.js';
import type { Deps } from './deps.js';
import { sendDispatch } from './dispatch.js';
import { payFromSurplus } from './pay-from-surplus.js';
import { settleRefundsOf } from './refund.js';

export async function bookReturn(deps: Deps, charge: Charge, decline: Decline): Promise<void> {
  await settleRefundsOf(deps, charge.id);
  const now = deps.clock.safety();
  const owed = await deps.db.$transaction(async (tx) => {
    const renewal = await lockRenewal(tx, charge.renewalId);
    // A dispute that may still be won: its own run books what becomes of the money.
    const dispute = await findOpenDispute(tx, { chargeId: charge.id });
    if (dispute && (await coversTheRest(tx, dispute, charge)))
      return oweDisputeWake(tx, dispute, now);
    const reversed = await reverse(tx, renewal, charge.id, now);
    if (!reversed) return undefined;
    await postReturn(tx, reversed, renewal.customerId, now);
    if (!(await reopen(tx, renewal, reversed, decline, now))) return undefined;
    return oweDunningWake(tx, { merchantId: renewal.merchantId, renewalId: renewal.id }, now);
  });
  if (owed) await sendDispatch(deps, owed);
}

/** What is about a part explains no more than that. In another currency nobody can tell. */
async function coversTheRest(tx: Tx, dispute: Dispute, charge: Charge): Promise<boolean> {
  if (dispute.currency !== charge.currency) return true;
  return Number(dispute.amountMinor) >= (await leftOfCharge(tx, charge, dispute.id));
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

/** The renewal is owed again. False: it was never owed to this charge, or nothing of it is owed now. */
export async function reopen(
  tx: Tx,
  renewal: Renewal,
  charge: Charge,
  decline: Decline,
  now: Date,
): Promise<boolean> {
  if (charge.surplus || renewal.status !== 'paid') return false;
  if (await payFromSurplus(tx, renewal, now)) return false;
  const given = refundedMinor(await listRefundsOf(tx, charge.id));
  if (given >= Number(charge.amountMinor)) return false;
  await reopenRenewal(tx, renewal);
  // A charge collects the whole of a renewal: whether it should, when part of it was refunded, a person decides.
  await openCase(tx, renewal, decline, now, given > 0 ? PARTLY_REFUNDED : undefined);
  const attention = { why: PARTLY_REFUNDED, next: 'Nothing is collected before' };
  if (given > 0) await raiseAttention(tx, renewal.id, attention, now);
  return true;
}

const PARTLY_REFUNDED =
  'Part of the payment was refunded before the bank took the rest back: retryNow collects the whole of it again, ' +
  'writeOff leaves it';
