import type { z } from 'zod';

import type { RoutingConditions } from '../../domain/routing-rule.js';
import type { RuleView } from '../../prisma/routing-rule.js';
import { defined } from '../defined.js';
import type { newRoutingRule, routedAccount, routingRule } from '../schemas/routing-rule.js';

type Shown = z.infer<typeof routingRule>;
type ShownAccount = z.infer<typeof routedAccount>;

export function renderRoutingRule(rule: RuleView): Shown {
  return {
    id: rule.id,
    name: rule.name,
    position: rule.position,
    mode: rule.mode as Shown['mode'],
    conditions: renderConditions(rule.conditions),
    accounts: rule.accounts.map(renderRuledAccount),
    created_at: rule.createdAt.toISOString(),
  };
}

export function renderRuledAccount(one: RuleView['accounts'][number]): Shown['accounts'][number] {
  return { gateway_account: renderRoutedAccount(one), weight: one.weight ?? null };
}

export function renderRoutedAccount(account: {
  readonly id: string;
  readonly name: string;
  readonly state: string;
}): ShownAccount {
  return { id: account.id, name: account.name, state: account.state as ShownAccount['state'] };
}

function renderConditions(conditions: RoutingConditions): Shown['conditions'] {
  return defined({
    countries: conditions.countries?.slice(),
    currencies: conditions.currencies?.slice(),
    method_kinds: conditions.methodKinds?.slice(),
    amount_min: conditions.amountMin,
    amount_max: conditions.amountMax,
    customer_metadata: conditions.customerMetadata && { ...conditions.customerMetadata },
    subscription_metadata: conditions.subscriptionMetadata && {
      ...conditions.subscriptionMetadata,
    },
  });
}

/** The way back. */
export function readConditions(
  asked: z.output<typeof newRoutingRule>['conditions'],
): RoutingConditions {
  return defined({
    countries: asked.countries,
    currencies: asked.currencies,
    methodKinds: asked.method_kinds,
    amountMin: asked.amount_min,
    amountMax: asked.amount_max,
    customerMetadata: asked.customer_metadata,
    subscriptionMetadata: asked.subscription_metadata,
  });
}
