/** Differences: where a gateway's books and ours do not say the same about one object. */
import type { Money } from './money.js';

export const DIFFERENCE_TYPES = [
  /** The gateway moved money of ours that our books do not have. */
  'missing_here',
  /** Our books say that money moved, and theirs do not. */
  'missing_there',
  'amount',
  'currency',
  /** Both know it, and disagree about whether the money moved. */
  'status',
  /** It names nothing of ours: another system's payment in this account. */
  'unknown_object',
  /** A second payment for what is paid already. */
  'duplicate',
] as const;

export type DifferenceType = (typeof DIFFERENCE_TYPES)[number];

export type ComparedObject = 'charge' | 'refund' | 'dispute';

/** What one side's books say about the object. */
export interface Side {
  readonly status: string;
  readonly amount: Money;
  /** Epoch milliseconds. */
  readonly at?: number | undefined;
  /** The gateway's name of the charge it belongs to. */
  readonly chargeReference?: string | undefined;
  /** Of a charge: the object it was made on, such as a PaymentIntent or an order. */
  readonly objectReference?: string | undefined;
}

export interface Difference {
  readonly type: DifferenceType;
  readonly object: ComparedObject;
  /** The gateway's name of the object, or ours where it has none. */
  readonly reference: string;
  /** Ours, as far as it can be connected. Of a duplicate: the charge that it doubles. */
  readonly chargeId?: string | undefined;
  readonly refundId?: string | undefined;
  readonly disputeId?: string | undefined;
  readonly renewalId?: string | undefined;
  readonly ours?: Side | undefined;
  readonly theirs?: Side | undefined;
  /** For a person. */
  readonly why: string;
}

/** What can be put right without asking anybody, by looking again at what the gateway says. */
export function isHealable({ type, object, renewalId }: Difference): boolean {
  if (type === 'status') return true;
  return type === 'missing_here' && (renewalId !== undefined || object === 'dispute');
}
