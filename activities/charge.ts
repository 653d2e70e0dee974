/** A charge's two activities: the sender is whoever claims it, everybody else asks. */
import type { ChargeOutcome } from '../domain/charge.js';
import { claimCharge, outcomeOf, readCharge } from '../prisma/charge.js';
import { ask } from './ask.js';
import type { Deps } from './deps.js';
import { send } from './send.js';
import { askAgain, settle } from './settle.js';

export async function submitCharge(deps: Deps, chargeId: string): Promise<ChargeOutcome> {
  const begun = Date.now();
  const now = deps.clock.safety();
  const claimed = await claimCharge(deps.db, chargeId, { now, keyLives: deps.keyLives });
  if (!claimed) return notTheSender(deps, chargeId);

  const answer = await send(deps, claimed, begun);
  if (answer === 'too_late')
    return { kind: 'unknown', why: 'Claimed too late to send', askAgainMs: 0 };
  return settle(deps, claimed, answer, { onlySend: true });
}

async function notTheSender(deps: Deps, chargeId: string): Promise<ChargeOutcome> {
  const charge = await readCharge(deps.db, chargeId);
  // Still planned: another charge of the renewal is under way, and the database refused the claim.
  if (charge.status === 'planned') return outcomeOf(charge, askAgain(deps, charge));
  return ask(deps, charge);
}

export async function resolveCharge(deps: Deps, chargeId: string): Promise<ChargeOutcome> {
  const charge = await readCharge(deps.db, chargeId);
  return charge.status === 'planned' ? submitCharge(deps, chargeId) : ask(deps, charge);
}
