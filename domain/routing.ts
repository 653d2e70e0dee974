/**
 * Routing: which of a customer's payment methods are charged for a renewal, through which gateway accounts, in which
 * order, and why.
 *
 * A payment method is a token that one gateway account holds, so the pair of both is what can be tried: a candidate.
 * The methods that share an `instrument` are one card or bank account known to several gateways; among them the
 * merchant's rules decide. Another instrument is a fallback, tried only if the merchant's policy allows.
 */
import { type Decline, isOurs } from './decline.js';
import { type RoutingRule, type RoutingSubject, accountsOf, ruleFor } from './routing-rule.js';

/** A payment method that could be charged. */
export interface RoutableMethod {
  readonly id: string;
  readonly kind: string;
  /** Equal for the tokens of one card or account; different for different ones. */
  readonly instrument: string;
  /** The one that the subscription names, or else the customer's default. */
  readonly isPrimary: boolean;
  readonly accountId: string;
  readonly accountName: string;
  readonly accountState: string;
  /** "test" or "live": no renewal crosses from one to the other. */
  readonly mode: string;
}

export type Routed<M extends RoutableMethod> = M & {
  /** Whether it is another card or account than the primary one. */
  readonly isFallback: boolean;
  readonly why: string;
};

export interface Routing<M extends RoutableMethod> {
  readonly candidates: readonly Routed<M>[];
  readonly excluded: readonly { readonly method: M; readonly why: string }[];
}

/** Orders what can be charged. Methods are given oldest first. Without a chosen method nothing is. */
export function route<M extends RoutableMethod>(
  rules: readonly RoutingRule[],
  subject: RoutingSubject,
  methods: readonly M[],
): Routing<M> {
  const primary = methods.find(({ isPrimary }) => isPrimary);
  if (!primary) return { candidates: [], excluded: methods.map(unchosen) };
  const excluded: { method: M; why: string }[] = [];
  const ranked: { routed: Routed<M>; rank: number }[] = [];
  for (const method of methods.toReversed()) {
    if (method.mode !== primary.mode) {
      excluded.push({ method, why: `${method.accountName} is a ${method.mode} account` });
      continue;
    }
    const rule = ruleFor(rules, subject, method);
    const rank = rule ? accountsOf(rule, subject.customerId).indexOf(method.accountId) : 0;
    if (rank < 0) {
      const why = `rule "${rule!.name}" does not name ${method.accountName}`;
      excluded.push({ method, why });
      continue;
    }
    const isFallback = method.instrument !== primary.instrument;
    ranked.push({
      routed: { ...method, isFallback, why: whyOf(method, isFallback, rule, rank) },
      rank,
    });
  }
  const ordered = ranked
    .sort(
      ({ routed: a, rank: i }, { routed: b, rank: j }) =>
        order(a) - order(b) || i - j || precedence(a) - precedence(b),
    )
    .map(({ routed }) => routed);
  const candidates = ordered.filter((one) => firstAlike(ordered, one) === one);
  const doubles = ordered.filter((one) => firstAlike(ordered, one) !== one);
  const repeated = doubles.map((method) => {
    const { id, accountName } = firstAlike(ordered, method);
    return { method, why: `the same card or account as ${id}, at ${accountName} too` };
  });
  return { candidates, excluded: [...excluded, ...repeated] };
}

/** A card given twice to one gateway is one candidate: the bank would see the same card again. */
function firstAlike<M extends RoutableMethod>(all: readonly M[], one: M): M {
  return all.find(
    ({ instrument, accountId }) => instrument === one.instrument && accountId === one.accountId,
  )!;
}

/** The customer's chosen instrument first; what cannot be sent to now, last. */
function order({ isFallback, accountState }: Routed<RoutableMethod>): number {
  return Number(isFallback) + (accountState === 'open' ? 0 : 2);
}

function precedence({ isPrimary }: RoutableMethod): number {
  return isPrimary ? 0 : 1;
}

function whyOf(
  method: RoutableMethod,
  isFallback: boolean,
  rule: RoutingRule | undefined,
  rank: number,
): string {
  const chosen = method.isPrimary
    ? "the customer's chosen method"
    : isFallback
      ? "another of the customer's methods"
      : "the customer's chosen method at another gateway";
  const ruled = rule
    ? `rule "${rule.name}" puts ${method.accountName} ${ORDINALS[rank] ?? `number ${rank + 1}`}`
    : 'no rule says otherwise';
  const state =
    method.accountState === 'open' ? '' : `; ${method.accountName} is ${method.accountState}`;
  return `${chosen}; ${ruled}${state}`;
}

const ORDINALS = ['first', 'second', 'third'];

function unchosen<M extends RoutableMethod>(method: M) {
  return { method, why: 'no usable method is chosen, by the subscription or as the default' };
}

/** What the merchant's policy allows when the chosen instrument has not paid. */
export type FallbackPolicy =
  /** Only the instrument that the customer chose. */
  | 'never'
  /** Another of the customer's, while no gateway can be asked for the chosen one. */
  | 'outage'
  /** Also when the bank has declined the chosen one. */
  | 'decline';

/** A charge as far as the next candidate depends on it. */
export interface Tried {
  readonly key: string;
  readonly isFallback: boolean;
  readonly ofThisRound: boolean;
  /** Undefined: no byte of it was sent, or it certainly had no effect. */
  readonly decline: Decline | undefined;
}

/**
 * The next candidate of a round, after what was tried. The chosen instrument goes on to another gateway after a
 * decline that says "elsewhere", and whenever nothing was sent; another instrument gets one try per renewal, if the
 * policy allows it. What an earlier charge has paid already leads nowhere.
 */
export function nextCandidate<C extends Nameable>(
  candidates: readonly C[],
  tried: readonly Tried[],
  fallback: FallbackPolicy,
): C | undefined {
  const round = tried.filter(({ ofThisRound }) => ofThisRound);
  if (round.some(({ decline }) => decline && endsTheRound(decline))) return undefined;
  const final = round.filter(isFinal);
  // What another card's bank says is no answer for the chosen one, which may have been out of reach till now.
  const isRefused = final.some(({ isFallback }) => !isFallback);
  return candidates.find(({ key, isFallback, instrument }) => {
    if (round.some((one) => one.key === key)) return false;
    if (!isFallback) return !isRefused;
    const hadItsTry =
      tried.some((one) => one.key === key && one.decline) ||
      tried.filter(isFinal).some((one) => instrumentOf(candidates, one) === instrument);
    if (hadItsTry || fallback === 'never') return false;
    return fallback === 'decline' || final.length === 0;
  });
}

interface Nameable extends Pick<RoutableMethod, 'instrument'> {
  readonly key: string;
  readonly isFallback: boolean;
}

/** The money is here already, or a person must look first. */
function endsTheRound(decline: Decline): boolean {
  return decline.class === 'duplicate_check' || (isOurs(decline) && !decline.elsewhere);
}

function isFinal({ decline }: Tried): boolean {
  return decline !== undefined && !decline.elsewhere;
}

function instrumentOf(candidates: readonly Nameable[], { key }: Tried): string | undefined {
  return candidates.find((one) => one.key === key)?.instrument;
}

/**
 * What a round without a next candidate comes to: the decline to act on, or nothing while the chosen instrument waits.
 * Money that somebody else may have outranks everything, and a bank's word outranks a fault of ours.
 */
export function verdictOf(tried: readonly Tried[]): Decline | undefined {
  const round = tried.filter(({ ofThisRound }) => ofThisRound);
  const duplicate = round.find(({ decline }) => decline?.class === 'duplicate_check');
  if (duplicate) return duplicate.decline;
  const chosen = round.filter(({ isFallback }) => !isFallback);
  const declined = (chosen.length > 0 ? chosen : round).flatMap(({ decline }) => decline ?? []);
  return declined.findLast((decline) => !isOurs(decline)) ?? declined.at(-1);
}
