/**
 * Asking what became of a charge: how an unknown outcome ends.
 *
 * Unknown stays unknown until the gateway or a person has answered. While the key lives the frozen request may be sent
 * again, and that answer is the outcome; "not found" is one only when no earlier send can take effect any more.
 */
import type { ChargeOutcome, ChargeStatus } from '../domain/charge.js';
import { isOpen } from '../domain/charge.js';
import type { Answer, LookUp } from '../gateways/gateway.js';
import { type ChargeWithAccount, outcomeOf, readCharge, recordResend } from '../prisma/charge.js';
import { bookEarlier, bookFound } from './book-found.js';
import type { Deps } from './deps.js';
import { type Exchange, lookUpOf } from './exchange.js';
import { prepare } from './send.js';
import { askAgain, settle } from './settle.js';

export async function ask(deps: Deps, charge: ChargeWithAccount): Promise<ChargeOutcome> {
  if (charge.status === 'canceled') return outcomeOf(charge, 0);
  const exchange = await lookUpOf(deps, charge);
  if (exchange.kind === 'unusable') return outcomeOf(charge, askAgain(deps, charge));
  const found = await exchange.gateway.lookUp(exchange.account, exchange.charge);
  if (found.kind === 'duplicate' && !charge.baseline) {
    // Read after the gateway was: a baseline by now means that this very charge was sent meanwhile.
    const fresh = await readCharge(deps.db, charge.id);
    if (fresh.baseline) return ask(deps, fresh);
  }

  if (!isOpen(charge.status as ChargeStatus)) {
    if (found.kind === 'succeeded') await bookFound(deps, charge, found);
    if (found.kind === 'duplicate') await bookEarlier(deps, charge);
    return outcomeOf(await readCharge(deps.db, charge.id), 0);
  }
  const answer = isAnswer(found) ? found : await answerUnfound(deps, charge, exchange);
  return settle(deps, charge, answer, { onlySend: false });
}

function isAnswer(found: LookUp): found is Answer {
  return found.kind !== 'absent' && found.kind !== 'unchanged';
}

/** Nothing is to be seen of our send: send it again while that is safe, else wait until absence is proof. */
async function answerUnfound(
  deps: Deps,
  charge: ChargeWithAccount,
  exchange: Exchange,
): Promise<Answer> {
  const now = deps.clock.safety().getTime();
  const validUntil = charge.keyValidUntil?.getTime() ?? 0;
  if (now > validUntil + ABSENCE_IS_PROOF_AFTER_MS)
    return { kind: 'not_executed', why: "The gateway never executed it in its key's life" };
  if (now > validUntil - deps.tempo.deadlineMs)
    return {
      kind: 'unknown',
      why: 'Its key is too old to send it again: looked up until it shows',
    };
  if (charge.serverErrors >= MAX_SERVER_ERRORS)
    return {
      kind: 'unknown',
      why: 'The gateway keeps answering with its own error: only looked up',
    };
  return sendAgain(deps, charge, exchange);
}

/** `key_valid_until` is an hour before the key's end, and an hour after it every effect is visible. */
const ABSENCE_IS_PROOF_AFTER_MS = 2 * 3_600_000;
/** A stored error is replayed for as long as the key lives. */
const MAX_SERVER_ERRORS = 3;

async function sendAgain(
  deps: Deps,
  charge: ChargeWithAccount,
  exchange: Exchange,
): Promise<Answer> {
  const { gateway, account, charge: frozen } = exchange;
  if (!(await isWanted(deps, charge.renewalId)))
    return { kind: 'unknown', why: 'Nobody wants this money any more: it is only looked up' };
  let { baseline } = frozen;
  if (!baseline) {
    // The claimer died before it committed how the object stood, so it cannot have sent anything.
    const ready = await prepare(deps, charge, exchange);
    if (ready.kind === 'unsent') return ready.answer;
    ({ baseline } = ready);
  }
  const still = await recordResend(deps.db, charge.id, deps.clock.safety());
  if (!still) return { kind: 'unknown', why: 'It was decided by somebody else meanwhile' };
  return gateway.submit(account, { ...frozen, baseline });
}

async function isWanted({ db }: Deps, renewalId: string): Promise<boolean> {
  const wanted = {
    id: renewalId,
    status: { in: ['collecting', 'past_due'] },
    cancelRequestedAt: null,
  };
  return (await db.renewal.count({ where: wanted })) > 0;
}
