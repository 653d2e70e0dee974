/** Planning: the next charge of a round, written with its frozen request before anything is sent. */
import type { ChargeStatus, Plan } from '../domain/charge.js';
import { isOpen } from '../domain/charge.js';
import { ABANDONED, type Decline } from '../domain/decline.js';
import { noticeMs } from '../domain/debit-notice.js';
import { DomainError } from '../domain/errors.js';
import {
  type FallbackPolicy,
  type RoutableMethod,
  type Routing,
  type Tried,
  nextCandidate,
  verdictOf,
} from '../domain/routing.js';
import type { RenewalId } from '../domain/ids.js';
import type { Composed } from '../gateways/gateway.js';
import { OWNED_STATUS, type Owner, type RenewalStatus } from '../domain/renewal.js';
import { type Candidate, listCandidates } from '../prisma/candidate.js';
import type { Charge } from '../prisma/charge.js';
import { chargeIdOf, insertPlanned, listCharges, readCharge, ticketFor } from '../prisma/charge.js';
import type { Tx } from '../prisma/client.js';
import { type Renewal, cancelRenewal, findLockedRenewal } from '../prisma/renewal.js';
import { announceDebit } from '../prisma/debit-notice.js';
import { readPolicy } from '../prisma/dunning-case.js';
import { orderFor } from './charge-order.js';
import type { Deps } from './deps.js';

interface Planning {
  readonly renewalId: RenewalId;
  readonly owner: Owner;
  readonly round: string;
}

export function planCharge(deps: Deps, { renewalId, owner, round }: Planning): Promise<Plan> {
  const now = deps.clock.business();
  return deps.db.$transaction(async (tx) => {
    const renewal = await findLockedRenewal(tx, renewalId);
    if (!renewal) return { kind: 'not_owed', status: 'canceled' };
    if (renewal.status !== OWNED_STATUS[owner])
      return { kind: 'not_owed', status: renewal.status as RenewalStatus };
    const charges = await listCharges(tx, renewal.id);
    const open = charges.some(({ status }) => isOpen(status as ChargeStatus));
    if (renewal.cancelRequestedAt && !open) {
      await cancelRenewal(tx, renewal, now);
      return { kind: 'not_owed', status: 'canceled' };
    }
    return planNext(deps, tx, renewal, charges, round, now);
  });
}

/** Under the renewal's lock: the charge under way, else the next candidate not yet in this round, else nobody. */
export async function planNext(
  deps: Deps,
  tx: Tx,
  renewal: Renewal,
  charges: readonly Charge[],
  round: string,
  now: Date,
): Promise<Plan> {
  const open = charges.find(({ status }) => isOpen(status as ChargeStatus));
  // A payment on a page that no customer has begun waits beside the automatic charges.
  const underWay =
    open ?? charges.find(({ status, pageSecretHash }) => status === 'planned' && !pageSecretHash);
  if (underWay) {
    const { account } = await readCharge(tx, underWay.id);
    return { kind: 'charge', charge: ticketFor(underWay, account, deps.tempo.chargeTimeoutMs) };
  }
  const automatic = charges.filter(({ pageSecretHash }) => !pageSecretHash);
  // A page's round is over with its charge: it is followed by nothing of ours.
  const page = charges.find((charge) => charge.round === round && charge.pageSecretHash);
  if (page) return { kind: 'nobody_left', decline: (page.decline as Decline | null) ?? ABANDONED };
  const { candidates, excluded } = await listCandidates(tx, renewal);
  if (candidates.length === 0) return excluded[0] ? misrouted(excluded) : NO_PAYMENT_METHOD;
  const tried = automatic
    .filter(({ status }) => status !== 'canceled')
    .map((charge) => asTried(charge, round));
  const fallback = await fallbackOf(tx, renewal, candidates);
  const last = automatic.findLast((charge) => charge.round === round);
  let impossible: DomainError | undefined;
  for (let left = candidates.filter((one) => mayFollow(one, last, fallback)); ;) {
    const candidate = nextCandidate(left, tried, fallback);
    if (!candidate) return nobodyLeft(last, tried, impossible);
    const plan = await planFor(deps, tx, { renewal, charges, round, candidate, now });
    if (!(plan instanceof DomainError)) return plan;
    impossible ??= plan;
    left = left.filter((other) => other !== candidate);
  }
}

/** After a fault of ours only a newly chosen method is tried; and an outage is over before a debit could be announced. */
function mayFollow(
  { isPrimary, isFallback, kind, debitNoticeDays }: Candidate,
  last: Charge | undefined,
  fallback: FallbackPolicy,
): boolean {
  if (last?.parks) return isPrimary;
  return !(isFallback && fallback === 'outage' && noticeMs(kind, debitNoticeDays) > 0);
}

interface Chosen {
  readonly renewal: Renewal;
  readonly charges: readonly Charge[];
  readonly round: string;
  readonly candidate: Candidate;
  readonly now: Date;
}

/** A DomainError: what this candidate's gateway cannot be asked for, such as an amount. */
async function planFor(deps: Deps, tx: Tx, chosen: Chosen): Promise<Plan | DomainError> {
  const { renewal, charges, round, candidate, now } = chosen;
  const ordinal = charges.length + 1;
  const id = chargeIdOf(renewal, ordinal);
  const composed = await compose(deps, tx, chosen, id);
  if (composed instanceof DomainError) return composed;
  const debitAt = await announceDebit(tx, renewal, candidate, now);
  if (debitAt > now) return { kind: 'later', at: debitAt.getTime(), why: TOLD_FIRST };
  const planned = { id, renewal, candidate, round, ordinal, now, ...composed };
  const charge = await insertPlanned(tx, planned);
  const account = { lane: candidate.lane, name: candidate.accountName };
  return { kind: 'charge', charge: ticketFor(charge, account, deps.tempo.chargeTimeoutMs) };
}

const TOLD_FIRST = 'The payer of a bank debit is told before the money is taken';

const NO_PAYMENT_METHOD: Plan = { kind: 'no_payment_method' };

function misrouted(excluded: Routing<RoutableMethod>['excluded']): Plan {
  const why = excluded.map(({ method, why }) => `${method.id}: ${why}`).join('; ');
  const chosen = excluded.some(({ method }) => method.isPrimary);
  if (!chosen) return NO_PAYMENT_METHOD;
  return { kind: 'nobody_left', parked: `No payment method may be charged: ${why}` };
}

function asTried(charge: Charge, round: string): Tried {
  return {
    key: charge.candidate,
    isFallback: charge.fallback,
    ofThisRound: charge.round === round,
    decline: (charge.decline as Decline | null) ?? undefined,
  };
}

/** The merchant's policy is read only where there is something to decide. */
async function fallbackOf(
  tx: Tx,
  { dunningPolicyId }: Renewal,
  candidates: readonly Candidate[],
): Promise<FallbackPolicy> {
  if (!candidates.some(({ isFallback }) => isFallback)) return 'never';
  return (await readPolicy(tx, dunningPolicyId)).fallback ?? 'never';
}

/** What no gateway can be asked for is a person's task, unless another could: then the round waits for that one. */
function nobodyLeft(
  last: Charge | undefined,
  tried: readonly Tried[],
  impossible: DomainError | undefined,
): Plan {
  if (last?.parks) return { kind: 'nobody_left', parked: last.reason ?? '' };
  if (!last && impossible) return { kind: 'nobody_left', parked: impossible.message };
  const decline = verdictOf(tried);
  return { kind: 'nobody_left', ...(decline && { decline }) };
}

async function compose(
  deps: Deps,
  tx: Tx,
  { renewal, charges, candidate }: Chosen,
  id: string,
): Promise<Composed | DomainError> {
  try {
    const order = await orderFor(tx, renewal, candidate, charges, id);
    return deps.gateways(candidate.gateway).compose(order);
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}
