/** A refund: money of a charge that goes back by our will, or by somebody's at the gateway itself. */

export type RefundStatus =
  /** Above the merchant's limit: it waits for another API key than the one that asked. */
  | 'awaiting_approval'
  /** Its row and frozen request exist; nothing was sent. */
  | 'planned'
  /** Claimed by one execution, which may or may not have sent it. */
  | 'submitted'
  /** The gateway accepted it and will pay it later. */
  | 'pending'
  /** Nobody knows whether it was made. It is asked about, and sent again under the same key. */
  | 'unknown'
  /** The money has left the merchant. */
  | 'succeeded'
  /** The customer got nothing of it. Another try is another refund. */
  | 'failed'
  /** Dropped before it was sent. */
  | 'canceled';

/**
 * The only edges a refund moves along; the database refuses every other. What waits for approval, was canceled or has
 * failed may still show at the gateway: then it was decided here on too old a database.
 */
export const REFUND_TRANSITIONS = {
  awaiting_approval: ['planned', 'canceled', 'pending', 'succeeded'],
  planned: ['submitted', 'canceled', 'failed'],
  submitted: ['pending', 'unknown', 'succeeded', 'failed'],
  pending: ['pending', 'unknown', 'succeeded', 'failed'],
  unknown: ['pending', 'unknown', 'succeeded', 'failed'],
  // A gateway may find out late that the money did not arrive.
  succeeded: ['failed'],
  failed: ['pending', 'succeeded'],
  canceled: ['pending', 'succeeded'],
} as const satisfies Record<RefundStatus, readonly RefundStatus[]>;

/** A refund is open while the gateway may still decide it. */
export const OPEN_REFUND = ['submitted', 'pending', 'unknown'] as const;

export function isOpenRefund(status: RefundStatus): boolean {
  return (OPEN_REFUND as readonly RefundStatus[]).includes(status);
}

/** As much of a refund as its run carries: where it is served, and what to call it. */
export interface RefundTicket {
  /** The task queue that serves its gateway account. */
  readonly lane: string;
  /** For operators: "EUR 19.00 of charge 1 on stripe-eu". */
  readonly title: string;
  /** How long one attempt at sending or asking may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** What a run learns about a refund each time it looks. */
export type RefundLook =
  | { readonly kind: 'settled'; readonly status: RefundStatus }
  /** `askAgainMs`: how long to wait for the gateway's word before asking for it. */
  | {
      readonly kind: 'open';
      readonly status: RefundStatus;
      readonly why?: string | undefined;
      readonly askAgainMs: number;
    };
