/**
 * Asking what became of a charge: how an unknown outcome ends.
 *
 * Unknown stays unknown until the gateway or a person has answered. While the key lives the frozen request may be sent
 * again, and that answer is the outcome; "not found" is one only when no earlier send can take effect any more.
 */
import type { ChargeOutcome, ChargeStatus } from '../domain/charge.js';
import { isOpen } from '../domain/charge.js';
import type { Answer, LookUp } from '../gateways/gateway.js';
import {
  type ChargeWithAccount,
  type GatewayAccount,
  readCharge,
  recordResend,
} from '../prisma/charge.js';
import { findPaid } from '../prisma/charge-outcome.js';
import { bookEarlier, bookFound } from './book-found.js';
import { bookReturn } from './book-return.js';
import { askPage } from './ask-page.js';
import type { Deps } from './deps.js';
import { type Exchange, isAnswer, isResendable, lookUpOf } from './exchange.js';
import { heard } from './outcome.js';
import { breakerIsOpen, prepare, throughBreaker } from './send.js';
import { releaseEarlier } from './release.js';
import { settle } from './settle.js';
import { awaitMoment, heedRetryAfter } from './turn.js';
import { isWanted } from './wanted.js';

export async function ask(deps: Deps, charge: ChargeWithAccount): Promise<ChargeOutcome> {
  if (charge.status === 'canceled') return heard(deps, charge);
  if (charge.pageSecretHash && isOpen(charge.status as ChargeStatus)) return askPage(deps, charge);
  const exchange = await lookUpOf(deps, charge);
  if (exchange.kind === 'unusable') {
    if (!isOpen(charge.status as ChargeStatus)) throw new Error(exchange.answer.why);
    return settle(deps, charge, exchange.answer, { onlySend: false });
  }
  const found = await lookUp(deps, charge.account, exchange);
  if (found.kind === 'duplicate' && !charge.baseline) {
    // Read after the gateway was: a baseline by now means that this very charge was sent meanwhile.
    const fresh = await readCharge(deps.db, charge.id);
    if (fresh.baseline) return ask(deps, fresh);
  }

  if (!isOpen(charge.status as ChargeStatus)) {
    // What was reported must not be forgotten because one look-up failed: Temporal asks again.
    if (INDEFINITE.has(found.kind))
      throw new Error(`${charge.id} cannot be looked up: ${whyOf(found)}`);
    if (found.kind === 'succeeded') await bookFound(deps, charge, found);
    if (found.kind === 'returned') await bookReturned(deps, charge, found);
    if (found.kind === 'duplicate') await bookEarlier(deps, charge);
    return heard(deps, await readCharge(deps.db, charge.id));
  }
  const answer = isAnswer(found) ? found : await answerUnfound(deps, charge, exchange);
  return settle(deps, charge, answer, { onlySend: false });
}

const INDEFINITE: ReadonlySet<string> = new Set(['unknown', 'unreachable', 'refused']);

function whyOf(found: LookUp): string {
  return 'why' in found ? found.why : found.kind;
}

/** Only the charge that had the money can lose it: an object is shared by all charges that were confirmed on it. */
async function bookReturned(
  deps: Deps,
  charge: ChargeWithAccount,
  { chargeReference, decline }: Extract<Answer, { kind: 'returned' }>,
): Promise<void> {
  const whose = await findPaid(deps.db, charge, chargeReference);
  if (whose) await bookReturn(deps, whose, decline);
}

/** Look-ups always pass, and what they meet counts: they are most of what is sent to a gateway in an outage. */
async function lookUp({ breakers }: Deps, { id }: GatewayAccount, exchange: Exchange) {
  const found = await exchange.gateway.lookUp(exchange.account, exchange.charge);
  // "Absent" may be said without asking anybody.
  if (isAnswer(found)) await breakers.note(id, found.kind === 'unknown' && !found.attention);
  return found;
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
  if (!isResendable(deps, charge))
    return {
      kind: 'unknown',
      why: 'Its key is too old to send it again: looked up until it shows',
    };
  if (charge.serverErrors >= MAX_SERVER_ERRORS)
    return {
      kind: 'unknown',
      why: 'The gateway keeps answering with its own error: only looked up',
    };
  if (charge.account.state === 'closed')
    return { kind: 'unknown', why: `${charge.account.name} is closed: it is only looked up` };
  if (deps.breakers.isOpen(charge.account.id)) return breakerIsOpen(charge.account);
  return sendAgain(deps, charge, exchange);
}

/** `key_valid_until` is an hour before the key's end, and an hour after it every effect is visible. */
const ABSENCE_IS_PROOF_AFTER_MS = 2 * 3_600_000;
/** A stored error is replayed for as long as the key lives. */
const MAX_SERVER_ERRORS = 3;

const RESEND_PATIENCE_MS = 1_000;
/** Its turn is seconds away: the ladder's hours are for gateways. */
const TURN_MS = 5_000;

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
    const unreleased = await releaseEarlier(deps, charge);
    if (unreleased) return { kind: 'unreachable', why: unreleased };
    const ready = await prepare(deps, exchange);
    if (ready.kind === 'unsent') return ready.answer;
    ({ baseline } = ready);
  }
  if (!(await awaitMoment(deps, charge.account, RESEND_PATIENCE_MS)))
    return { kind: 'unknown', why: 'It waits for its turn to be sent again', askAgainMs: TURN_MS };
  const still = await recordResend(deps.db, charge.id, deps.clock.safety());
  if (!still) return { kind: 'unknown', why: 'It was decided by somebody else meanwhile' };
  const answer = await throughBreaker(deps, charge.account, 'again', async () => {
    await deps.pace(charge.account);
    return gateway.submit(account, { ...frozen, baseline });
  });
  await heedRetryAfter(deps, charge.account, answer);
  if (answer.kind !== 'duplicate') return answer;
  const why = 'It is paid, by this charge or an earlier one: it is looked up which';
  return { kind: 'unknown', why, reference: answer.reference };
}
