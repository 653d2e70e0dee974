/** Sending a claimed charge: read how the gateway's object stands, commit that, send. */
import type { Answer } from '../gateways/gateway.js';
import { type ChargeWithAccount, readCharge, recordBaseline } from '../prisma/charge.js';
import type { Deps } from './deps.js';
import { type Exchange, exchangeOf } from './exchange.js';
import { releaseEarlier } from './release.js';

/** Sends a claimed charge, unless its account is closed or the time for this attempt has run out. */
export async function send(
  deps: Deps,
  charge: ChargeWithAccount,
  begun: number,
): Promise<Answer | 'too_late'> {
  if (charge.account.state !== 'open')
    return { kind: 'unreachable', why: `${charge.account.name} is ${charge.account.state}` };
  const exchange = await exchangeOf(deps, charge);
  if (exchange.kind === 'unusable') return exchange.answer;

  const ready = await prepare(deps, charge, exchange);
  if (ready.kind === 'unsent') return ready.answer;
  // The last thing before the call: a machine that slept meanwhile must not send behind another's back.
  if (Date.now() - begun > deps.tempo.chargeTimeoutMs - deps.tempo.deadlineMs) return 'too_late';
  return exchange.gateway.submit(exchange.account, {
    ...exchange.charge,
    baseline: ready.baseline,
  });
}

type Ready =
  | { readonly kind: 'ready'; readonly baseline: object | undefined }
  | { readonly kind: 'unsent'; readonly answer: Answer };

/** What must be dead, known, and committed, before a send may change the gateway's object. */
export async function prepare(
  deps: Deps,
  row: ChargeWithAccount,
  { gateway, account, charge }: Exchange,
): Promise<Ready> {
  const { db } = deps;
  const unreleased = await releaseEarlier(deps, row);
  if (unreleased) return unsent({ kind: 'unreachable', why: unreleased });
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
