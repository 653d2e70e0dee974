/** One exchange with a gateway about one charge: which adapter, which credentials, which frozen words. */
import { money } from '../domain/money.js';
import type { Account, Answer, FrozenCharge, Gateway } from '../gateways/gateway.js';
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
  try {
    const account = deps.accountFor(charge.account);
    const gateway = deps.gateways(charge.account.gateway);
    return { kind: 'usable', gateway, account, charge: frozen(charge, []) };
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
  return { ...exchange, charge: frozen(charge, others) };
}

function frozen(charge: ChargeWithAccount, otherReferences: readonly string[]): FrozenCharge {
  return {
    id: charge.id,
    renewalId: charge.renewalId,
    amount: money(Number(charge.amountMinor), charge.currency),
    request: charge.request,
    firstSentAt: charge.firstSentAt?.getTime() ?? 0,
    baseline: charge.baseline ?? undefined,
    reference: charge.gatewayReference ?? undefined,
    otherReferences,
  };
}
