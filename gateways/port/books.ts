/** The gateway's own books: what moved there, line by line, for those who compare. */
import type { Money } from '../../domain/money.js';
import type { Account } from './account.js';

/** What a gateway whose books can be read does besides. Never throws. */
export interface Books {
  /**
   * One page of what moved in a window of time, in any order. Every page of a window together holds each line once;
   * lines of a window that was read before may show again, changed: their names stay.
   */
  listMovements(account: Account, window: BooksWindow): Promise<BooksPage>;
}

export interface BooksWindow {
  /** Epoch milliseconds, both ends included. */
  readonly from: number;
  readonly to: number;
  /** Where to go on: the page before said it. */
  readonly page: string | undefined;
}

export type BooksPage =
  | {
      readonly kind: 'page';
      readonly movements: readonly Movement[];
      readonly next: string | undefined;
      /** Epoch milliseconds up to which these books are complete: they may lag by hours. */
      readonly completeTo: number;
    }
  | {
      readonly kind: 'unavailable';
      readonly why: string;
      /** No repetition will do better, such as a missing permission. */
      readonly attention?: boolean;
    };

export interface Movement {
  /** The gateway's name of the line, unique in the account. */
  readonly line: string;
  /** `refund_failure`: a refund's money came back. `dispute_reversal`: the merchant won. `other`: payouts, transfers, fees. */
  readonly kind: 'charge' | 'refund' | 'refund_failure' | 'dispute' | 'dispute_reversal' | 'other';
  /** The object that moved: of a charge what its answer called `chargeReference`, else the refund or dispute. */
  readonly reference: string;
  /** The charge it belongs to, by the same name; a charge's own. */
  readonly chargeReference: string | undefined;
  /** What the charge's answer called `reference`: a PaymentIntent, an order. */
  readonly objectReference: string | undefined;
  /** The gateway's customer, where the line says. */
  readonly customerReference: string | undefined;
  /** What the object says about whose it is: our own marks in its metadata. */
  readonly owner: Owner;
  /** Always positive: the kind says which way it went. */
  readonly amount: Money;
  /** What the gateway kept of it, in minor units of the same currency. */
  readonly feeMinor: number;
  /** Whether the money has moved, or is held back or on its way. */
  readonly settled: boolean;
  /** Epoch milliseconds. */
  readonly at: number;
}

export interface Owner {
  readonly merchantId?: string | undefined;
  readonly renewalId?: string | undefined;
  readonly chargeId?: string | undefined;
  readonly refundId?: string | undefined;
}
