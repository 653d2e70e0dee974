/** A dispute: a payer's bank asks about a charge, or takes its money back until somebody has decided. */
import type { Decline } from './decline.js';

export type DisputeStatus =
  /** The bank waits for our side of it. Without evidence it is lost. */
  | 'needs_response'
  /** Evidence is in, or none is taken: the bank decides. */
  | 'under_review'
  | 'won'
  | 'lost'
  /** It ended without any money moving: an inquiry, or money that had been given back already. */
  | 'closed';

/** The only edges a dispute moves along. What is decided stays decided. */
export const DISPUTE_TRANSITIONS = {
  needs_response: ['under_review', 'won', 'lost', 'closed'],
  under_review: ['needs_response', 'won', 'lost', 'closed'],
  won: [],
  lost: [],
  closed: [],
} as const satisfies Record<DisputeStatus, readonly DisputeStatus[]>;

/** A dispute is open while somebody may still decide it. */
export const OPEN_DISPUTE = ['needs_response', 'under_review'] as const;

export function isOpenDispute(status: DisputeStatus): boolean {
  return (OPEN_DISPUTE as readonly DisputeStatus[]).includes(status);
}

/** As much of a dispute as its run carries: where it is asked about. It knows no verdict. */
export interface DisputeName {
  readonly gatewayAccountId: string;
  /** The gateway's name of it. */
  readonly reference: string;
}

/** How it is asked about now: an account may get another lane while a dispute is open. */
export interface DisputeTicket {
  /** The task queue that serves its gateway account. */
  readonly lane: string;
  /** How long one look at it may take, in milliseconds. */
  readonly timeoutMs: number;
  /** For operators: "dispute dp_1 on stripe-eu". */
  readonly title: string;
}

/** What a run learns about a dispute each time it looks. Instants are epoch milliseconds. */
export type DisputeLook =
  | { readonly kind: 'open'; readonly card: DisputeCard; readonly lookAgainAt: number }
  /** Nothing is booked yet: its charge may still be under way here, or the gateway does not show it yet. */
  | { readonly kind: 'too_early'; readonly why: string; readonly lookAgainAt: number }
  | { readonly kind: 'over'; readonly outcome: DisputeOutcome };

export type DisputeOutcome =
  | 'won'
  | 'lost'
  | 'closed'
  /** A bank debit that came back for good: its charge is asked about instead. */
  | 'return'
  /** Dunlin collected no such charge. */
  | 'unknown_charge'
  /** The gateway knows no such dispute. */
  | 'not_found';

/** What an open dispute looks like to an operator. */
export interface DisputeCard {
  readonly id: string;
  readonly status: DisputeStatus;
  readonly inquiry: boolean;
  /** "EUR 19.00". */
  readonly amount: string;
  /** The gateway's word. */
  readonly reason: string;
  readonly respondBy: number | undefined;
  readonly evidence: EvidenceState;
}

export type EvidenceState = 'none' | 'given' | 'refused' | 'sent';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** How long before the last moment for evidence its owner is reminded, one after the other. */
const REMINDERS_MS = [7 * DAY_MS, 2 * DAY_MS, DAY_MS] as const;

/** How many reminders have come due, those included that are too late to be of use. */
export function remindersDue(respondBy: number, now: number): number {
  return REMINDERS_MS.filter((before) => now >= respondBy - before).length;
}

/**
 * When an open dispute is looked at again, webhook or not: once a day, at each reminder, and every hour in the two days
 * before the last moment for evidence.
 */
export function lookAgainAt(
  { status, respondBy }: Pick<DisputeCard, 'status' | 'respondBy'>,
  now: number,
): number {
  const daily = now + DAY_MS;
  if (status !== 'needs_response' || respondBy === undefined || now >= respondBy) return daily;
  if (now >= respondBy - 2 * DAY_MS) return Math.min(now + HOUR_MS, respondBy);
  const reminders = REMINDERS_MS.map((before) => respondBy - before).filter((at) => at > now);
  return Math.min(daily, ...reminders);
}

/**
 * The status after the gateway was seen to say this. Looks may come in any order: one that the table does not allow is
 * older than what is known.
 */
export function statusAfter(before: DisputeStatus | undefined, seen: DisputeStatus): DisputeStatus {
  if (before === undefined) return seen;
  const allowed: readonly DisputeStatus[] = DISPUTE_TRANSITIONS[before];
  return allowed.includes(seen) ? seen : before;
}

/** What the case of a lost dispute begins with: nothing is charged in it by itself. */
export const DISPUTE_LOST: Decline = {
  class: 'consent_revoked',
  code: 'dispute_lost',
  message: "The payer's bank took the money back in a dispute",
  elsewhere: false,
};
