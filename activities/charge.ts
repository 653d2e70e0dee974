/** A charge's two activities: the sender is whoever claims it, everybody else asks. */
import { type ChargeOutcome, type ChargeStatus, isOpen } from '../domain/charge.js';
import {
  type ChargeWithAccount,
  type Turn,
  claimCharge,
  findCharge,
  findOpenCharge,
  readCharge,
} from '../prisma/charge.js';
import { ask } from './ask.js';
import type { Deps } from './deps.js';
import { heard } from './outcome.js';
import { breakerIsOpen, send } from './send.js';
import { settle } from './settle.js';
import { awaitMoment, waitForTurn } from './turn.js';

export async function submitCharge(deps: Deps, chargeId: string): Promise<ChargeOutcome> {
  const begun = Date.now();
  const claimed = await claim(deps, chargeId);
  if (claimed) return sendClaimed(deps, claimed, begun);

  const charge = await findCharge(deps.db, chargeId);
  if (!charge) return LOST;
  if (isOpen(charge.status as ChargeStatus)) return ask(deps, charge);
  if (charge.status !== 'planned') return heard(deps, charge);
  if (deps.breakers.isOpen(charge.account.id)) return holdBack(deps, charge);
  const waitMs = await waitForTurn(deps, charge);
  if (waitMs > 0) return heard(deps, charge, waitMs);
  if (!(await awaitMoment(deps, charge.account, PATIENCE_MS)))
    return heard(deps, charge, PATIENCE_MS);
  const inTurn = await claim(deps, chargeId, 'in_turn');
  return inTurn ? sendClaimed(deps, inTurn, begun) : behindAnother(deps, charge);
}

const PATIENCE_MS = 2_000;

/** No place in the queue is spent on what is not sent; and it is not, even if the breaker closes in this very moment. */
async function holdBack(deps: Deps, charge: ChargeWithAccount): Promise<ChargeOutcome> {
  const claimed = await claim(deps, charge.id, 'held_back');
  if (!claimed) return behindAnother(deps, charge);
  return settle(deps, claimed, breakerIsOpen(claimed.account), { onlySend: true });
}

/** Another charge of the renewal is under way, and the database refused this one: that one is asked about. */
async function behindAnother(deps: Deps, { id, renewalId }: ChargeWithAccount) {
  const other = await findOpenCharge(deps.db, renewalId);
  if (other) await ask(deps, await readCharge(deps.db, other.id));
  return heard(deps, await readCharge(deps.db, id));
}

export async function resolveCharge(deps: Deps, chargeId: string): Promise<ChargeOutcome> {
  const charge = await findCharge(deps.db, chargeId);
  if (!charge) return LOST;
  return charge.status === 'planned' ? submitCharge(deps, chargeId) : ask(deps, charge);
}

/** The run is ahead of a database that was restored: what is planned anew has the same key, and so the same outcome. */
const LOST: ChargeOutcome = { kind: 'canceled' };

function claim(
  { db, clock, keyLives }: Deps,
  id: string,
  turn: Turn = 'unasked',
): Promise<ChargeWithAccount | undefined> {
  return claimCharge(db, id, { now: clock.safety(), machineNow: new Date(), keyLives, turn });
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
