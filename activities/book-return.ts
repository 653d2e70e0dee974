/** Money that came back: the renewal is owed again, and a new case recovers it. Once per charge. */
import type { Decline } from '../domain/decline.js';
import { type Charge, readCharge } from '../prisma/charge.js';
import { markReversed } from '../prisma/charge-outcome.js';
import { oweDunningWake } from '../prisma/dispatch.js';
import { openCase } from '../prisma/dunning-case.js';
import { markReleased } from '../prisma/release.js';
import { lockRenewal, recordRenewalEvent, reopenRenewal } from '../prisma/renewal.js';
import type { Deps } from './deps.js';
import { sendDispatch } from './dispatch.js';

export async function bookReturn(deps: Deps, charge: Charge, decline: Decline): Promise<void> {
  const now = deps.clock.safety();
  const owed = await deps.db.$transaction(async (tx) => {
    const renewal = await lockRenewal(tx, charge.renewalId);
    const reversed = await markReversed(tx, charge.id, now);
    if (!reversed) return undefined;
    // Its object is used up: what collects the money again is another one.
    await markReleased(tx, reversed, now);
    const origin = reversed.foundFrom && (await readCharge(tx, reversed.foundFrom));
    if (origin) await markReleased(tx, origin, now);
    await recordRenewalEvent(tx, renewal, 'renewal.payment_returned', now);
    // A surplus was never owed, and a renewal that is not paid has nothing to reopen.
    if (reversed.surplus || renewal.status !== 'paid') return undefined;
    await reopenRenewal(tx, renewal);
    await openCase(tx, renewal, decline, now);
    return oweDunningWake(tx, { merchantId: renewal.merchantId, renewalId: renewal.id }, now);
  });
  if (owed) await sendDispatch(deps, owed);
}
