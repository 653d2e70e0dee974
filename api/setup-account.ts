/** The account at which a customer gives a payment method: the one named, or the one that the rules choose. */
import type { z } from 'zod';

import { DomainError } from '../domain/errors.js';
import { accountsOf, ruleFor } from '../domain/routing-rule.js';
import type { Customer } from '../prisma/customer.js';
import {
  type GatewayAccount,
  findGatewayAccount,
  listOpenAccounts,
} from '../prisma/gateway-account.js';
import { listAllRules } from '../prisma/routing-rule.js';
import type { ApiRequest } from './route.js';
import type { newPaymentMethodSession } from './schemas/payment-method-session.js';
import { requireUsable } from './usable-account.js';

export type SessionRequest = ApiRequest<unknown, unknown, z.output<typeof newPaymentMethodSession>>;
export async function accountForSetup(
  { api, caller, merchantId, body }: SessionRequest,
  customer: Customer,
): Promise<GatewayAccount> {
  const { kind, gateway_account: named } = body;
  const offers = ({ gateway }: GatewayAccount) => api.gateways(gateway).kinds.includes(kind);
  if (named !== undefined) {
    const row = requireUsable(await findGatewayAccount(api.db, merchantId, named), caller);
    if (offers(row)) return row;
    throw new DomainError(
      'invalid',
      'kind_not_offered',
      `${row.name} does not offer ${kind}`,
      'kind',
    );
  }
  const open = (await listOpenAccounts(api.db, merchantId, caller.mode)).filter(offers);
  const rules = await listAllRules(api.db, merchantId);
  const rule = ruleFor(rules, subjectOf(customer, body.currency), { kind, mode: caller.mode });
  if (rule) {
    const [first] = accountsOf(rule, customer.id).flatMap(
      (id) => open.find((it) => it.id === id) ?? [],
    );
    if (first) return first;
    throw undecided(`rule "${rule.name}" names no open account that offers ${kind}`);
  }
  if (open.length === 1) return open[0]!;
  throw undecided(
    open.length === 0
      ? `no open ${caller.mode} account offers ${kind}`
      : `several open accounts offer ${kind} and no rule chooses: name one`,
  );
}

/** What is not known yet fits no condition: nothing is less or more than NaN. */
function subjectOf(customer: Customer, currency = 'unknown') {
  return {
    customerId: customer.id,
    country: customer.country,
    currency,
    amountMinor: Number.NaN,
    customerMetadata: customer.metadata as Record<string, string>,
    subscriptionMetadata: {},
  };
}

function undecided(why: string): DomainError {
  return new DomainError('invalid', 'no_gateway_account', why, 'gateway_account');
}
