/** A charge's two activities: the sender is whoever claims it, everybody else asks. */
import type { ChargeOutcome } from '../domain/charge.js';
import {
  type ChargeWithAccount,
  claimCharge,
  findOpenCharge,
  readCharge,
} from '../prisma/charge.js';
import { ask } from './ask.js';
import type { Deps } from './deps.js';
import { heard } from './outcome.js';
import { breakerIsOpen, send } from './send.js';
import { settle } from './settle.js';
import { waitForTurn } from './turn.js';

export async function submitCharge(deps: Deps, chargeId: string): Promise<ChargeOutcome> {
  const begun = Date.now();
  const claimed = await claim(deps, chargeId);
  if (claimed) return sendClaimed(deps, claimed, begun);

  const charge = await readCharge(deps.db, chargeId);
  if (charge.status !== 'planned') return ask(deps, charge);
  // An open breaker holds it back in any case: no place in the queue is spent on that.
  const outOfTurn = deps.breakers.isOpen(charge.account.id);
  const waitMs = outOfTurn ? 0 : await waitForTurn(deps, charge);
  if (waitMs === undefined) return behindAnother(deps, charge);
  if (waitMs > 0) return heard(deps, charge, waitMs);
  const inTurn = await claim(deps, chargeId, { outOfTurn });
  if (!inTurn) return heard(deps, await readCharge(deps.db, chargeId));
  return outOfTurn ? holdBack(deps, inTurn) : sendClaimed(deps, inTurn, begun);
}

/** Without a place in the queue it may not be sent, even if the breaker closes in this very moment. */
function holdBack(deps: Deps, claimed: ChargeWithAccount): Promise<ChargeOutcome> {
  return settle(deps, claimed, breakerIsOpen(claimed.account), { onlySend: true });
}

/** Another charge of the renewal is under way, and the database refused this one: that one is asked about. */
async function behindAnother(deps: Deps, { id, renewalId }: ChargeWithAccount) {
  const other = await findOpenCharge(deps.db, renewalId);
  if (other) await ask(deps, await readCharge(deps.db, other.id));
  return heard(deps, await readCharge(deps.db, id));
}

export async function resolveCharge(deps: Deps, chargeId: string): Promise<ChargeOutcome> {
  const charge = await readCharge(deps.db, chargeId);
  return charge.status === 'planned' ? submitCharge(deps, chargeId) : ask(deps, charge);
}

function claim(
  { db, clock, keyLives }: Deps,
  id: string,
  { outOfTurn = false } = {},
): Promise<ChargeWithAccount | undefined> {
  return claimCharge(db, id, { now: clock.safety(), machineNow: new Date(), keyLives, outOfTurn });
}

async function sendClaimed(
  deps: Deps,
  claimed: ChargeWithAccount,
  begun: number,
): Promise<ChargeOutcome> {
  const answer = await send(deps, claimed, begun);
  if (answer === 'too_late')
    return { kind: 'unknown', why: 'Claimed too late to send', askAgainMs: 0 };
  return settle(deps, claimed, answer, { onlySend: true });
}
