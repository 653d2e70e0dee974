/** Asking about a charge on a page: the customer has the word until the page expires, then it is released. */
import type { ChargeOutcome } from '../domain/charge.js';
import { ABANDONED } from '../domain/decline.js';
import type { Answer, LookUp } from '../gateways/gateway.js';
import { type ChargeWithAccount, readCharge, recordResend } from '../prisma/charge.js';
import { countRelease, markReleased } from '../prisma/release.js';
import type { Deps } from './deps.js';
import { type Exchange, isAnswer, lookUpOf } from './exchange.js';
import { heard } from './outcome.js';
import { openPage } from './payment-link.js';
import { settle } from './settle.js';
import { isWanted } from './wanted.js';

export async function askPage(deps: Deps, asked: ChargeWithAccount): Promise<ChargeOutcome> {
  // The page was never opened, or whoever opened it died before its object was known.
  if (!asked.gatewayReference) await openPage(deps, asked);
  const charge = await readCharge(deps.db, asked.id);
  const exchange = await lookUpOf(deps, charge);
  if (exchange.kind === 'unusable')
    return settle(deps, charge, exchange.answer, { onlySend: false });
  const wanted = await isWanted(deps, charge.renewalId);
  const found = wanted ? await complete(deps, charge, exchange) : await lookUp(exchange);
  if (found.kind === 'gone') return abandon(deps, charge);
  if (found.kind !== 'pending' && isAnswer(found))
    return settle(deps, charge, found, { onlySend: false });

  const leftMs = charge.pageExpiresAt!.getTime() - deps.clock.safety().getTime();
  if (leftMs <= 0 || !wanted) return release(deps, charge, exchange);
  const pending = { kind: 'pending', reference: charge.gatewayReference ?? '' } as const;
  const outcome = await settle(deps, charge, pending, { onlySend: false });
  return 'askAgainMs' in outcome
    ? { ...outcome, askAgainMs: Math.min(outcome.askAgainMs, leftMs + 1_000) }
    : outcome;
}

/** Taking an approved payment moves money: a closed account, or a charge decided meanwhile, only looks. */
async function complete(
  deps: Deps,
  charge: ChargeWithAccount,
  exchange: Exchange,
): Promise<LookUp> {
  if (charge.account.state === 'closed' || !exchange.charge.resendable) return lookUp(exchange);
  const still = await recordResend(deps.db, charge.id, deps.clock.safety());
  if (!still) return { kind: 'unknown', why: 'It was decided by somebody else meanwhile' };
  return exchange.gateway.completePage(exchange.account, exchange.charge);
}

function lookUp({ gateway, account, charge }: Exchange): Promise<LookUp> {
  return gateway.lookUp(account, charge);
}

/** Released, it can never be paid; refused, somebody is paying right now, and it is read again. */
async function release(
  deps: Deps,
  charge: ChargeWithAccount,
  exchange: Exchange,
): Promise<ChargeOutcome> {
  const attempt = await countRelease(deps.db, charge.id);
  const released = await exchange.gateway.release(exchange.account, exchange.charge, attempt);
  if (released.kind === 'released') return abandon(deps, charge);
  if (released.kind === 'still_open') {
    const found = await lookUp(exchange);
    if (isAnswer(found)) return settle(deps, charge, found, { onlySend: false });
  }
  return heard(deps, charge);
}

/** Nobody can pay on it any more, and no bank has said anything. */
async function abandon(deps: Deps, charge: ChargeWithAccount): Promise<ChargeOutcome> {
  const abandoned: Answer = { kind: 'declined', decline: ABANDONED };
  const outcome = await settle(deps, charge, abandoned, { onlySend: false });
  await markReleased(deps.db, charge, deps.clock.business());
  return outcome;
}
