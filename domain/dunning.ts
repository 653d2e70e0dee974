/**
 * Dunning decided: what comes next for an unpaid renewal, when, and why.
 *
 * The only place that knows any rule of recovery. The workflow waits for the step it names and does it, the API
 * shows it as `next_step`, the Temporal UI shows it to the operator.
 */
import { DateTime, Duration } from 'luxon';

import { type CardAttempt, earliestNextAttempt } from './card-attempts.js';
import type { ChargeTicket } from './charge.js';
import type { Decline } from './decline.js';
import type { ClassRule, DunningPolicy, Stage } from './dunning-policy.js';
import type { Money } from './money.js';

/** Everything about a case that its next step depends on. Instants are epoch milliseconds. */
export interface CaseState {
  /** 1 for a renewal's first case, counted on when its money came back. */
  readonly number: number;
  readonly openedAt: number;
  /** The customer's zone, in which days begin and mornings are. */
  readonly timeZone: string;
  readonly amount: Money;
  readonly stagesEntered: readonly string[];
  /** When the automatic retries of this case were made, oldest first. */
  readonly retriesAt: readonly number[];
  /** The schedule slot that the newest automatic retry used. */
  readonly lastSlotAt: number | undefined;
  readonly lastDecline: Decline;
  readonly lastDeclineAt: number;
  /** How many declines in a row, the last included, were of the last one's class. */
  readonly declinesInARow: number;
  /** Attempts on the card that would be tried next, by any renewal of this merchant, 30 days back. */
  readonly cardAttempts: readonly CardAttempt[];
  /** The round of a charge that a gateway may still decide: it is followed before anything else happens. */
  readonly roundUnderWay: string | undefined;
  /** Why nothing may be sent before a person has looked: our own fault, or money that somebody else has. */
  readonly parked: string | undefined;
  /** A usable payment method that this renewal was never charged to, if that is what would be tried. */
  readonly untriedMethod: string | undefined;
  /** An operator's wish to charge now that no charge has spent yet. */
  readonly retryCommand: string | undefined;
  readonly holdUntil: number | undefined;
  /** How often money collected for this renewal came back. */
  readonly returns: number;
  /** What keeps a round waiting: an outage with its waits so far, or the day that a debit was announced for. */
  readonly outage:
    | {
        readonly waits: number;
        readonly lookAgainAt: number;
        readonly round: string;
        readonly slotAt?: number | undefined;
        readonly why?: string | undefined;
      }
    | undefined;
  /** Time lost to outages that are over. */
  readonly lostMs: number;
}

export type Step =
  | {
      readonly kind: 'retry';
      readonly at: number;
      readonly why: string;
      /** Names the round of charges, so that a repeated step finds what it already planned. */
      readonly round: string;
      /** The schedule slot it uses up; absent when the retry is free. */
      readonly slotAt?: number;
    }
  /** Nothing happens by itself; `at` only says when to look again. */
  | { readonly kind: 'await_operator'; readonly at: number; readonly why: string }
  | {
      readonly kind: 'enter_stage';
      readonly at: number;
      readonly why: string;
      readonly stage: string;
    };

/** The next step of a case, or undefined when the policy has nothing left to try. */
export function nextStep(policy: DunningPolicy, state: CaseState): Step | undefined {
  const { roundUnderWay: round, lastDeclineAt: at } = state;
  if (round)
    return { kind: 'retry', at, round, why: 'A charge is under way: its outcome comes first' };
  if (serviceHasEnded(policy, state)) return undefined;
  const asked = retryOutsideTheSchedule(state);
  if (asked) return asked;
  if (state.returns > 1) return undefined;
  const steps = [nextStage(policy, state), nextRetry(policy, state)].filter(
    (step) => step !== undefined,
  );
  return steps.sort((a, b) => a.at - b.at || rank(policy, a) - rank(policy, b))[0];
}

/** At the same moment the customer reads why before the card is tried; but the last try precedes the end. */
function rank(policy: DunningPolicy, step: Step): number {
  if (step.kind !== 'enter_stage') return 1;
  return stageNamed(policy, step.stage)?.service === 'end' ? 2 : 0;
}

/** Whether the policy will try the payment again by itself, as things stand. */
export function willRetry(policy: DunningPolicy, state: CaseState): boolean {
  return state.returns <= 1 && nextRetry(policy, state) !== undefined;
}

function serviceHasEnded(policy: DunningPolicy, state: CaseState): boolean {
  return state.stagesEntered.some((name) => stageNamed(policy, name)?.service === 'end');
}

function stageNamed(policy: DunningPolicy, name: string): Stage | undefined {
  return policy.stages.find((stage) => stage.name === name);
}

/** A wish and a new payment method are tried at once and spend nothing; what is parked, or cut off, waits. */
function retryOutsideTheSchedule(state: CaseState): Step | undefined {
  if (state.retryCommand) {
    const why = 'An operator asked for it';
    return { kind: 'retry', at: state.lastDeclineAt, round: state.retryCommand, why };
  }
  if (state.untriedMethod && state.untriedMethod !== state.outage?.round) {
    const why = 'There is a payment method that was not tried yet';
    return { kind: 'retry', at: state.lastDeclineAt, round: state.untriedMethod, why };
  }
  if (state.parked !== undefined)
    return { kind: 'await_operator', at: state.lastDeclineAt + YEAR_MS, why: state.parked };
  if (state.outage) {
    const { lookAgainAt, round, slotAt } = state.outage;
    const why = state.outage.why ?? 'No gateway could be reached: trying again';
    return { kind: 'retry', at: lookAgainAt, round, why, ...(slotAt && { slotAt }) };
  }
  return undefined;
}

const YEAR_MS = 365 * 86_400_000;

function nextStage(policy: DunningPolicy, state: CaseState): Step | undefined {
  const stage = policy.stages.find(({ name }) => !state.stagesEntered.includes(name));
  if (!stage) return undefined;
  const at = Math.max(momentOf(stage.after, policy, state), state.holdUntil ?? 0);
  return { kind: 'enter_stage', at, stage: stage.name, why: `Stage "${stage.name}" begins` };
}

function nextRetry(policy: DunningPolicy, state: CaseState): Step | undefined {
  const slotAt = nextSlot(policy, state, ruleFor(policy, state));
  if (slotAt === undefined) return undefined;
  const number = state.retriesAt.length + 1;
  const at = Math.max(slotAt, state.holdUntil ?? 0);
  const why = `Automatic retry ${number}, after ${state.lastDecline.class}`;
  // A later case of the same renewal must not find the rounds of an earlier one.
  const round = state.number === 1 ? `retry ${number}` : `retry ${number} of case ${state.number}`;
  return { kind: 'retry', at, round, slotAt, why };
}

/** A code that no table knows is treated as a soft decline, once. */
function ruleFor(policy: DunningPolicy, state: CaseState): ClassRule {
  const rule = policy.classes[state.lastDecline.class];
  if (rule.retry === 'schedule' && state.lastDecline.unmapped) return { ...rule, cap: 1 };
  if (rule.retry !== 'ladder') return rule;
  return state.declinesInARow <= rule.after.length ? rule : policy.classes[rule.afterwards];
}

/** A slot that comes too early for the class gives way to the next one; beyond the class's cap there is none. */
function nextSlot(policy: DunningPolicy, state: CaseState, rule: ClassRule): number | undefined {
  if (rule.retry === 'never') return undefined;
  if (rule.retry === 'ladder') {
    const after = rule.after[state.declinesInARow - 1]!;
    return withinCaps(policy, state, state.lastDeclineAt + milliseconds(after));
  }
  const earliest = Math.max(
    state.lastDeclineAt + milliseconds(rule.earliest),
    state.lastDecline.notBefore ?? 0,
    (state.lastSlotAt ?? 0) + 1,
  );
  for (const slot of slots(policy, state)) {
    if (slot < earliest || withinCaps(policy, state, slot) !== slot) continue;
    const recent = state.retriesAt.filter((at) => at > slot - milliseconds(rule.within));
    return recent.length < rule.cap ? slot : undefined;
  }
  return undefined;
}

function slots(policy: DunningPolicy, state: CaseState): number[] {
  return policy.stages
    .flatMap((stage) => stage.retries)
    .map((after) => momentOf(after, policy, state))
    .sort((a, b) => a - b);
}

function withinCaps(policy: DunningPolicy, state: CaseState, at: number): number {
  return earliestNextAttempt(state.cardAttempts, state.amount, at, policy.caps);
}

/** "P7D" is the first local morning at least seven days on, "PT5S" exactly then; lost time moves both. */
function momentOf(after: string, policy: DunningPolicy, state: CaseState): number {
  const begun = DateTime.fromMillis(state.openedAt + state.lostMs, { zone: state.timeZone });
  const moment = begun.plus(Duration.fromISO(after));
  if (after.includes('T') || moment.equals(begun)) return moment.toMillis();
  const [hour = 9, minute = 0] = policy.morning.split(':').map(Number);
  const morning = moment.set({ hour, minute, second: 0, millisecond: 0 });
  return (morning < moment ? morning.plus({ days: 1 }) : morning).toMillis();
}

function milliseconds(duration: string): number {
  return Duration.fromISO(duration).toMillis();
}

/** What the run of a case learns when it looks: the next step, or how the case ended. */
export type Decision =
  | {
      readonly kind: 'next';
      readonly step: Step;
      /** For operators: "EUR 19.00 for 2026-12-01". */
      readonly title: string;
      readonly stage: string;
      readonly retries: number;
      readonly lastDecline: string;
    }
  /** The policy has nothing left to try. */
  | { readonly kind: 'exhausted'; readonly title: string }
  | {
      readonly kind: 'closed';
      readonly title: string;
      readonly outcome: 'recovered' | 'unpaid' | 'canceled';
      /** Charges a gateway may still decide: followed to their end. */
      readonly openCharges: readonly ChargeTicket[];
    };
