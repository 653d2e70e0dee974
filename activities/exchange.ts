/** One exchange with a gateway about one charge: which adapter, which credentials, which frozen words. */
import { money } from '../domain/money.js';
import type { Account, Answer, FrozenCharge, Gateway, LookUp } from '../gateways/gateway.js';
import type { ChargeWithAccount } from '../prisma/charge.js';
import { listOtherReferences } from '../prisma/charge.js';
import type { Deps } from './deps.js';

export interface Exchange {
  readonly kind: 'usable';
  readonly gateway: Gateway;
  readonly account: Account;
  readonly charge: FrozenCharge;
}

/** A credential that cannot be read is our fault and a person's task; nothing was sent. */
interface Unusable {
  readonly kind: 'unusable';
  readonly answer: Extract<Answer, { kind: 'refused' }>;
}

export async function exchangeOf(
  deps: Deps,
  charge: ChargeWithAccount,
): Promise<Exchange | Unusable> {
  const account = credentialsFor(deps, charge);
  if ('kind' in account) return account;
  const gateway = deps.gateways(charge.account.gateway);
  return { kind: 'usable', gateway, account, charge: frozen(deps, charge, []) };
}

function credentialsFor(deps: Deps, charge: ChargeWithAccount): Account | Unusable {
  try {
    return deps.accountFor(charge.account);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { kind: 'unusable', answer: { kind: 'refused', why, attention: true, parks: false } };
  }
}

/** For look-ups: the same, knowing which of the gateway's objects belong to other charges. */
export async function lookUpOf(
  deps: Deps,
  charge: ChargeWithAccount,
): Promise<Exchange | Unusable> {
  const exchange = await exchangeOf(deps, charge);
  if (exchange.kind === 'unusable') return exchange;
  const others = await listOtherReferences(deps.db, charge);
  return { ...exchange, charge: frozen(deps, charge, others) };
}

function frozen(
  deps: Deps,
  charge: ChargeWithAccount,
  otherReferences: readonly string[],
): FrozenCharge {
  return {
    // Money found late was moved under the key of the charge it was found from.
    id: charge.foundFrom ?? charge.id,
    renewalId: charge.renewalId,
    amount: money(Number(charge.amountMinor), charge.currency),
    request: charge.request,
    firstSentAt: charge.firstSentAt?.getTime() ?? 0,
    resendable: isResendable(deps, charge),
    askedAt: deps.clock.safety().getTime(),
    baseline: charge.baseline ?? undefined,
    reference: charge.gatewayReference ?? undefined,
    otherReferences,
  };
}

/** The key lives long enough for one more exchange. */
export function isResendable(
  { clock, tempo }: Deps,
  { keyValidUntil }: ChargeWithAccount,
): boolean {
  return clock.safety().getTime() <= (keyValidUntil?.getTime() ?? 0) - tempo.deadlineMs;
}

export function isAnswer(found: LookUp): found is Answer {
  return found.kind !== 'absent' && found.kind !== 'unchanged';
}
