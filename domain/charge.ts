/** A charge: one attempt to collect a renewal through one gateway account. */
import type { Decline } from './decline.js';
import type { ChargeId } from './ids.js';
import type { RenewalStatus } from './renewal.js';

export type ChargeStatus =
  /** Its row and frozen request exist; nothing was sent. */
  | 'planned'
  /** Claimed by one execution, which may or may not have sent it. */
  | 'submitted'
  /** The gateway accepted it and will answer later (bank debits, reviews). */
  | 'pending'
  /** Nobody knows whether money moved. Only the gateway or a person can say. */
  | 'unknown'
  | 'succeeded'
  | 'declined'
  /** Proof that no money moved. */
  | 'not_sent'
  /** Dropped before it was sent. */
  | 'canceled';

/** The only edges a charge moves along; the database refuses every other. */
export const CHARGE_TRANSITIONS = {
  planned: ['submitted', 'canceled'],
  submitted: ['pending', 'unknown', 'succeeded', 'declined', 'not_sent'],
  pending: ['pending', 'unknown', 'succeeded', 'declined', 'not_sent'],
  unknown: ['pending', 'unknown', 'succeeded', 'declined', 'not_sent'],
  succeeded: [],
  declined: [],
  not_sent: [],
  canceled: [],
} as const satisfies Record<ChargeStatus, readonly ChargeStatus[]>;

/** A charge is open while a gateway may still decide it. At most one per renewal ever is. */
export const OPEN_CHARGE = ['submitted', 'pending', 'unknown'] as const;

export function isOpen(status: ChargeStatus): boolean {
  return (OPEN_CHARGE as readonly ChargeStatus[]).includes(status);
}

/** What a workflow learns about a charge. */
export type ChargeOutcome =
  | { readonly kind: 'succeeded' }
  /** `leadsOn`: whether another candidate may follow. Absent: as the decline itself says. */
  | { readonly kind: 'declined'; readonly decline: Decline; readonly leadsOn?: boolean }
  /** `parks`: our own request was refused, so a person must look before it is tried again. */
  | { readonly kind: 'not_sent'; readonly why: string; readonly parks: boolean }
  /** `askAgainMs`: how long to wait for the gateway's word before asking for it. */
  | { readonly kind: 'pending'; readonly askAgainMs: number }
  | { readonly kind: 'unknown'; readonly why: string; readonly askAgainMs: number }
  | { readonly kind: 'canceled' };

export type FinalOutcome = Exclude<ChargeOutcome, { kind: 'pending' | 'unknown' }>;

export function isFinal(outcome: ChargeOutcome): outcome is FinalOutcome {
  return outcome.kind !== 'pending' && outcome.kind !== 'unknown';
}

/** As much of a charge as a workflow carries: which one, where it is served, and what to call it. */
export interface ChargeTicket {
  readonly id: ChargeId;
  /** The task queue that serves its gateway account. */
  readonly lane: string;
  /** For operators: "charge 2 on stripe-eu". */
  readonly title: string;
  /** How long one attempt at sending or resolving it may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** What to do next in a round of collecting. */
export type Plan =
  | { readonly kind: 'charge'; readonly charge: ChargeTicket }
  /**
   * Every candidate of this round was used. `decline`: the last one's, if a bank answered at all. `parked`: why the
   * last request was refused, which must not be sent again by itself.
   */
  | { readonly kind: 'nobody_left'; readonly decline?: Decline; readonly parked?: string }
  /** Not before then: the payer of a bank debit was told of that day. */
  | { readonly kind: 'later'; readonly at: number; readonly why: string }
  /** The customer has nothing usable to pay with: a hard decline without a charge. */
  | { readonly kind: 'no_payment_method' }
  /** The caller no longer owns this renewal, or nobody wants its money any more. */
  | { readonly kind: 'not_owed'; readonly status: RenewalStatus };

/** When to ask about an open charge again: each rung of the ladder once, the last one for ever. */
export function askAgainAfter(openForMs: number, ladder: readonly number[]): number {
  let climbed = 0;
  for (const rung of ladder) {
    climbed += rung;
    if (openForMs < climbed) return rung;
  }
  return ladder.at(-1) ?? 60_000;
}

/** The cause that a round is named after, without the number of its wait: "retry 2" of "retry 2+3". */
export function causeOf(round: string): string {
  return round.replace(/\+\d+$/, '');
}
