/** A dispute at a gateway: the payer's bank asks about money, or takes it back. */
import type { Money } from '../../domain/money.js';
import type { Account } from './account.js';

/** What a gateway that tells of disputes does besides. Like the gateway's own verbs, these never throw. */
export interface Disputing {
  /** Reads a dispute as it stands, by the gateway's name of it. Changes nothing. */
  readDispute(account: Account, reference: string): Promise<DisputeRead>;
  /**
   * Hands the evidence in, once and for all: the payer's bank then decides. Safe to repeat under the same key; evidence
   * that is there already counts as accepted.
   */
  sendEvidence(account: Account, reference: string, evidence: Evidence): Promise<EvidenceSent>;
}

export type DisputeRead =
  | { readonly kind: 'dispute'; readonly dispute: SeenDispute }
  /** A bank debit that came back for good: nobody is asked for evidence. The charge itself says so when asked. */
  | { readonly kind: 'return' }
  /** The gateway says that it knows none of this name. */
  | { readonly kind: 'absent'; readonly why: string }
  | {
      readonly kind: 'unavailable';
      readonly why: string;
      /** No repetition will do better: a person must look. */
      readonly attention?: boolean;
    };

export interface SeenDispute {
  readonly reference: string;
  /** The charge it is about, as the charge's answer called it. */
  readonly chargeReference: string;
  /** What the payer's bank wants back: perhaps less than the charge, or in the payer's own currency. */
  readonly amount: Money;
  /** The gateway's word: "fraudulent", "UNAUTHORISED". */
  readonly reason: string;
  /** Only a question: no money moves unless it becomes a chargeback. */
  readonly inquiry: boolean;
  readonly status: DisputeStatus;
  /** Whether money is away from the merchant now, or was taken for good. A dispute can be lost without. */
  readonly withdrawn: boolean;
  /** What is away of the merchant's, where the gateway tells: else it is what was wanted, as far as it is there. */
  readonly taken?: Money;
  /** Set when it was away before and is back: both are booked, even if neither was heard of at the time. */
  readonly wasWithdrawn?: true;
  /** Until when evidence is taken, epoch milliseconds; absent when none is. */
  readonly respondBy: number | undefined;
  /** Epoch milliseconds. */
  readonly openedAt: number;
}

/** `closed`: it ended without any money moving, as an inquiry does, or when the money had been given back before. */
export type DisputeStatus = 'needs_response' | 'under_review' | 'won' | 'lost' | 'closed';

/** Why the merchant thinks the charge was right. */
export interface Evidence {
  /** Names what is sent: a repetition under it hands nothing in twice. */
  readonly key: string;
  readonly text: string;
  readonly files: readonly EvidenceFile[];
}

interface EvidenceFile {
  readonly name: string;
  /** "application/pdf", "image/png", "image/jpeg". */
  readonly contentType: string;
  readonly content: Uint8Array;
}

export type EvidenceSent =
  | { readonly kind: 'accepted' }
  /** Too late, too large, or decided already: no repetition will do better. */
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'unavailable'; readonly why: string };
