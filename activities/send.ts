/** Sending a claimed charge: read how the gateway's object stands, commit that, send. */
import type { Answer } from '../gateways/gateway.js';
import {
  type ChargeWithAccount,
  type GatewayAccount,
  readCharge,
  recordBaseline,
} from '../prisma/charge.js';
import type { Deps } from './deps.js';
import { type Exchange, exchangeOf } from './exchange.js';
import { releaseEarlier } from './release.js';
import { heedRetryAfter } from './turn.js';

/** Sends a claimed charge, unless its account takes no new ones or the time for this attempt has run out. */
export async function send(
  deps: Deps,
  charge: ChargeWithAccount,
  begun: number,
): Promise<Answer | 'too_late'> {
  const { account } = charge;
  if (account.state !== 'open') return unreachable(`${account.name} is ${account.state}`);
  const exchange = await exchangeOf(deps, charge);
  if (exchange.kind === 'unusable') return exchange.answer;
  const unreleased = await releaseEarlier(deps, charge);
  if (unreleased) return unreachable(unreleased);
  const answer = await throughBreaker(deps, account, 'first', () =>
    sendNow(deps, account, exchange, begun),
  );
  if (answer !== 'too_late') await heedRetryAfter(deps, account, answer);
  return answer;
}

async function sendNow(
  deps: Deps,
  row: GatewayAccount,
  { gateway, account, charge }: Exchange,
  begun: number,
): Promise<Answer | 'too_late'> {
  const ready = await prepare(deps, { gateway, account, charge });
  if (ready.kind === 'unsent') return ready.answer;
  await deps.pace(row);
  const latest = begun + deps.tempo.chargeTimeoutMs - deps.tempo.deadlineMs;
  // The last thing before the call: a machine that slept meanwhile must not send behind another's back.
  if (Date.now() > latest) return 'too_late';
  return gateway.submit(account, { ...charge, baseline: ready.baseline });
}

/** An account that keeps failing is left alone but for a probe now and then. What it holds back was never sent. */
export async function throughBreaker<A extends Answer | 'too_late'>(
  { breakers }: Deps,
  account: GatewayAccount,
  send: 'first' | 'again',
  call: () => Promise<A>,
): Promise<A | Extract<Answer, { kind: 'unreachable' }>> {
  const answer = await breakers.through(account.id, call, (said) => isFailure(said, send));
  return answer === 'open' ? breakerIsOpen(account) : answer;
}

export function breakerIsOpen({ name }: GatewayAccount) {
  return unreachable(`${name} keeps failing: its breaker is open`);
}

/**
 * What speaks of the gateway or the way to it. A decline, a refusal and our own lateness do not. Nor does a first 5xx:
 * it may hide an effect, which the look-up finds; when the same charge gets another one, there was none.
 */
function isFailure(answer: Answer | 'too_late', send: 'first' | 'again'): boolean {
  if (answer === 'too_late') return false;
  if (answer.kind === 'unreachable') return true;
  if (answer.kind !== 'unknown' || answer.attention) return false;
  return send === 'again' || !answer.serverError;
}

function unreachable(why: string): Extract<Answer, { kind: 'unreachable' }> {
  return { kind: 'unreachable', why };
}

type Ready =
  | { readonly kind: 'ready'; readonly baseline: object | undefined }
  | { readonly kind: 'unsent'; readonly answer: Answer };

/** What must be known, and committed, before a send may change the gateway's object. */
export async function prepare(
  { db }: Deps,
  { gateway, account, charge }: Pick<Exchange, 'gateway' | 'account' | 'charge'>,
): Promise<Ready> {
  const prepared = await gateway.prepare(account, charge);
  switch (prepared.kind) {
    case 'ready': {
      if (!prepared.baseline) return prepared;
      const baseline = await recordBaseline(db, charge.id, prepared.baseline);
      return baseline ? { kind: 'ready', baseline } : unsent({ kind: 'unknown', why: DECIDED });
    }
    case 'gone':
      return unsent({ kind: 'gone', why: 'The gateway canceled the payment: a new one follows' });
    case 'duplicate': {
      // Read after the gateway was: a baseline by now means that somebody else sent this very charge.
      const { baseline } = await readCharge(db, charge.id);
      return unsent(baseline ? { kind: 'unknown', why: DECIDED } : { kind: 'duplicate' });
    }
    case 'unreadable':
      return unsent({ kind: 'unreachable', why: prepared.why });
    default:
      return prepared satisfies never;
  }
}

const DECIDED = 'Another execution sent it meanwhile';

function unsent(answer: Answer): Ready {
  return { kind: 'unsent', answer };
}
