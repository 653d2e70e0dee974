/** Collecting: one round of asking for a renewal's money, through one candidate after another. */
import type { ChargeTicket, FinalOutcome, Plan } from '../domain/charge.js';
import { isFinal } from '../domain/charge.js';
import { type Decline, isOurs } from '../domain/decline.js';
import type { RenewalId } from '../domain/ids.js';
import type { Owner, RenewalStatus } from '../domain/renewal.js';
import {
  commandRenewal,
  decideCharge,
  planCharge,
  raiseAttention,
  resolveCharge,
  submitCharge,
} from './activities.js';
import { type Desk, deskOfThisRun } from './desk.js';
import type { RecordedCommand } from './messages.js';
import { showUnknown } from './words.js';

export type Collection =
  | { readonly kind: 'paid' }
  | { readonly kind: 'no_gateway' }
  /** The payer of a bank debit was told of a day: not before it. */
  | { readonly kind: 'later'; readonly at: number; readonly why: string }
  | { readonly kind: 'not_owed'; readonly status: RenewalStatus }
  | { readonly kind: 'declined'; readonly decline: Decline }
  /** Our own fault, or a charge that somebody must look at: not tried again by itself. */
  | { readonly kind: 'parked'; readonly why: string };

export interface Collector {
  readonly renewalId: RenewalId;
  readonly owner: Owner;
}

/** A round is named after its cause ("retry 2"), so that a repeated step finds the charge it already planned. */
export async function collect(
  { renewalId, owner }: Collector,
  round: string,
  first?: Plan,
): Promise<Collection> {
  let plan = first ?? (await planCharge({ renewalId, owner, round }));
  for (;;) {
    if (plan.kind === 'not_owed')
      return plan.status === 'paid' ? { kind: 'paid' } : { kind: 'not_owed', status: plan.status };
    if (plan.kind === 'no_payment_method') return { kind: 'declined', decline: NO_PAYMENT_METHOD };
    if (plan.kind === 'nobody_left') return afterEverybody(plan);
    if (plan.kind === 'later') return plan;

    const outcome = await follow(plan.charge, renewalId);
    if (outcome.kind === 'succeeded') return { kind: 'paid' };
    if (outcome.kind === 'not_sent' && outcome.parks) return { kind: 'parked', why: outcome.why };
    if (outcome.kind === 'declined' && isTheLastWord(outcome))
      return { kind: 'declined', decline: outcome.decline };
    plan = await planCharge({ renewalId, owner, round });
  }
}

/** What speaks about us may have been settled by the looking, and another candidate may follow: the plan knows. */
function isTheLastWord({ decline, leadsOn = decline.elsewhere }: Declined): boolean {
  return !leadsOn && !isOurs(decline);
}

type Declined = Extract<FinalOutcome, { kind: 'declined' }>;

/** Nobody could be asked: the caller waits. An outage never counts against the customer. */
function afterEverybody({ decline, parked }: Extract<Plan, { kind: 'nobody_left' }>): Collection {
  if (parked !== undefined) return { kind: 'parked', why: parked };
  return decline ? ended(decline) : { kind: 'no_gateway' };
}

/** Sends a charge and waits for the gateway's word on it: a webhook is the fast way, asking is the sure one. */
export async function follow(charge: ChargeTicket, renewalId: RenewalId): Promise<FinalOutcome> {
  const desk = deskOfThisRun();
  // The last moment before money is asked for: a debt that was dropped meanwhile is not charged.
  await heed(desk.takeEndings(), renewalId);
  desk.chargeUnderWay = charge.id;
  const since = Date.now();
  let raised = false;
  let outcome = await submitCharge(charge);
  await heed(desk.takeCancellations(), renewalId);
  while (!isFinal(outcome)) {
    if (outcome.kind === 'unknown') showUnknown(charge.title, outcome.why);
    const summary = `Awaiting the gateway's word on ${charge.title}`;
    await desk.word(charge.id, outcome.askAgainMs, summary);
    await heed(desk.takeCancellations(), renewalId);
    await heedVerdicts(desk, renewalId);
    outcome = await resolveCharge(charge);
    if (!raised && !isFinal(outcome) && Date.now() - since > OVERDUE_MS[outcome.kind]) {
      const why = `${charge.title} is ${outcome.kind} for longer than its gateway should need`;
      await raiseAttention({ renewalId, why, next: 'It keeps being asked about' });
      raised = true;
    }
  }
  desk.chargeUnderWay = undefined;
  return outcome;
}

/** What a gateway reported on a charge that was decided already may be money: it is asked before the run ends. */
export async function askAboutReported(): Promise<void> {
  const { reported } = deskOfThisRun();
  for (const charge of reported.values()) {
    reported.delete(charge.id);
    await resolveCharge(charge);
  }
}

async function heed(commands: readonly RecordedCommand[], renewalId: RenewalId): Promise<void> {
  for (const command of commands) await commandRenewal({ renewalId, command });
}

async function heedVerdicts(desk: Desk, renewalId: RenewalId): Promise<void> {
  for (const verdict of desk.verdicts.splice(0)) await decideCharge({ renewalId, verdict });
}

function ended(decline: Decline): Collection {
  if (!isOurs(decline)) return { kind: 'declined', decline };
  return { kind: 'parked', why: `${decline.code}: ${decline.message}` };
}

const NO_PAYMENT_METHOD: Decline = {
  class: 'no_payment_method',
  code: 'no_payment_method',
  message: 'The customer has no usable payment method',
  elsewhere: false,
};

const HOUR_MS = 3_600_000;
const OVERDUE_MS = { unknown: 26 * HOUR_MS, pending: 22 * 24 * HOUR_MS } as const;
