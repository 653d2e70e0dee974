/** Routing rules: which gateway accounts a merchant prefers for which payments. The first rule that fits is the one. */
import { stableShare } from './share.js';

/** All of what is given must fit. An empty rule fits everything. */
export interface RoutingConditions {
  /** Countries of the customer, ISO 3166 alpha-2. */
  readonly countries?: readonly string[] | undefined;
  readonly currencies?: readonly string[] | undefined;
  /** "card", "paypal", "sepa_debit". */
  readonly methodKinds?: readonly string[] | undefined;
  /** Minor units, both ends included. */
  readonly amountMin?: number | undefined;
  readonly amountMax?: number | undefined;
  /** Metadata that the customer or the subscription must carry, with exactly these values. */
  readonly customerMetadata?: Readonly<Record<string, string>> | undefined;
  readonly subscriptionMetadata?: Readonly<Record<string, string>> | undefined;
}

export interface RoutingRule {
  readonly id: string;
  readonly name: string;
  /** "test" or "live", as are all its accounts: about methods of the other mode it says nothing. */
  readonly mode: string;
  readonly conditions: RoutingConditions;
  /** In order of preference. Those with a weight share the first place, each customer always at the same one. */
  readonly accounts: readonly { readonly id: string; readonly weight?: number | undefined }[];
}

/** What rules are asked about. */
export interface RoutingSubject {
  readonly customerId: string;
  readonly country: string | null;
  readonly currency: string;
  readonly amountMinor: number;
  readonly customerMetadata: Readonly<Record<string, unknown>>;
  readonly subscriptionMetadata: Readonly<Record<string, unknown>>;
}

/** The first rule that fits, by the merchant's order. */
export function ruleFor<R extends RoutingRule>(
  rules: readonly R[],
  subject: RoutingSubject,
  method: { readonly kind: string; readonly mode: string },
): R | undefined {
  return rules.find(
    ({ mode, conditions }) => mode === method.mode && fits(conditions, subject, method.kind),
  );
}

/** A rule's accounts for this customer: the weights have drawn who is first. */
export function accountsOf(rule: RoutingRule, customerId: string): readonly string[] {
  const ids = rule.accounts.map(({ id }) => id);
  const weighted = rule.accounts.filter(({ weight = 0 }) => weight > 0);
  const total = weighted.reduce((sum, { weight = 0 }) => sum + weight, 0);
  if (total === 0) return ids;
  let left = stableShare(`${rule.id}/${customerId}`) * total;
  const first = weighted.find(({ weight = 0 }) => (left -= weight) < 0) ?? weighted.at(-1)!;
  return [first.id, ...ids.filter((id) => id !== first.id)];
}

function fits(conditions: RoutingConditions, subject: RoutingSubject, kind: string): boolean {
  const { countries, currencies, methodKinds, amountMin, amountMax } = conditions;
  return (
    (!countries || (subject.country !== null && countries.includes(subject.country))) &&
    (!currencies || currencies.includes(subject.currency)) &&
    (!methodKinds || methodKinds.includes(kind)) &&
    (amountMin === undefined || subject.amountMinor >= amountMin) &&
    (amountMax === undefined || subject.amountMinor <= amountMax) &&
    carries(subject.customerMetadata, conditions.customerMetadata) &&
    carries(subject.subscriptionMetadata, conditions.subscriptionMetadata)
  );
}

function carries(
  metadata: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, string>> = {},
): boolean {
  return Object.entries(wanted).every(([key, value]) => metadata[key] === value);
}
