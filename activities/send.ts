/** Sending a claimed charge: read how the gateway's object stands, commit that, send. */
import type { Answer, Prepared } from '../gateways/gateway.js';
import { type ChargeWithAccount, recordBaseline } from '../prisma/charge.js';
import type { Deps } from './deps.js';
import { exchangeOf } from './exchange.js';
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

  const unreleased = await releaseEarlier(deps, charge);
  if (unreleased) return { kind: 'unreachable', why: unreleased };
  const prepared = await exchange.gateway.prepare(exchange.account, exchange.charge);
  const unsent = await heedPrepared(deps, charge.id, prepared);
  if (unsent) return unsent;
  const baseline = prepared.kind === 'ready' ? prepared.baseline : undefined;
  // The last thing before the call: a machine that slept meanwhile must not send behind another's back.
  if (Date.now() - begun > deps.tempo.chargeTimeoutMs - deps.tempo.deadlineMs) return 'too_late';
  return exchange.gateway.submit(exchange.account, { ...exchange.charge, baseline });
}

/** What must be known, and committed, before a send may change the gateway's object. */
export async function heedPrepared(
  deps: Deps,
  chargeId: string,
  prepared: Prepared,
): Promise<Answer | undefined> {
  switch (prepared.kind) {
    case 'ready': {
      const { baseline } = prepared;
      if (!baseline || (await recordBaseline(deps.db, chargeId, baseline))) return undefined;
      return { kind: 'unknown', why: 'It was decided by somebody else meanwhile' };
    }
    case 'gone':
      return {
        kind: 'gone',
        why: 'The gateway canceled the payment: the next charge makes a new one',
      };
    case 'duplicate':
      return { kind: 'duplicate' };
    case 'unreadable':
      return { kind: 'unreachable', why: prepared.why };
    default:
      return prepared satisfies never;
  }
}
