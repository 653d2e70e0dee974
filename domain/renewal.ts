/** A renewal: the billing of one period of one subscription. */
import type { ChargeTicket, Plan } from './charge.js';
import type { RenewalId } from './ids.js';

export type RenewalStatus =
  /** Its first round of charges is under way, or waits for a gateway. */
  | 'collecting'
  | 'paid'
  /** Declined: a dunning case works on it. */
  | 'past_due'
  /** Recovery ended without the money. A late payment is still booked. */
  | 'unpaid'
  | 'canceled'
  | 'written_off';

export const RENEWAL_TRANSITIONS = {
  collecting: ['paid', 'past_due', 'canceled', 'written_off'],
  past_due: ['paid', 'unpaid', 'canceled', 'written_off'],
  unpaid: ['paid', 'written_off'],
  paid: ['past_due'],
  canceled: [],
  written_off: [],
} as const satisfies Record<RenewalStatus, readonly RenewalStatus[]>;

/** Which run may plan charges for a renewal: the renewal's own, then the dunning run. */
export const OWNED_STATUS = { renewal: 'collecting', dunning: 'past_due' } as const;
export type Owner = keyof typeof OWNED_STATUS;

/** Something a person must look at: since when (ISO instant), why, and what happens next by itself. */
export interface NeedsAttention {
  readonly since: string;
  readonly why: string;
  readonly next: string;
}

/** What the run of a renewal finds when it looks at its period. */
export type Opening =
  /** The period has not begun. */
  | { readonly kind: 'not_yet'; readonly dueAt: number }
  /** An earlier period's recovery holds this one back. */
  | { readonly kind: 'held'; readonly lookAgainAt: number }
  | {
      readonly kind: 'opened';
      readonly renewalId: RenewalId;
      /** For operators: "EUR 19.00 for 2026-12-01". */
      readonly title: string;
      /** The round under way, and how many waits for a gateway came before it. */
      readonly round: string;
      readonly waits: number;
      readonly plan: Plan;
    }
  /** Nothing to collect: never owed, or decided already. Charges still open are followed to their end. */
  | {
      readonly kind: 'closed';
      readonly outcome: ClosedOutcome;
      /** The renewal that was decided already, if there is one. */
      readonly renewal?: { readonly id: RenewalId; readonly title: string };
      readonly openCharges: readonly ChargeTicket[];
    };

/** Why a run found nothing to do: the renewal's status, or the reason there is no renewal. */
export type ClosedOutcome = Exclude<RenewalStatus, 'collecting'> | 'not_owed' | 'subscription_over';
