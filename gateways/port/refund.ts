/** A refund at a gateway: money of a charge that goes back by our will, and what the gateway says about it. */
import type { Money } from '../../domain/money.js';
import type { Account } from './account.js';
import type { Answer } from './charge.js';

/** What a gateway that can give money back does besides. Like the gateway's own verbs, these never throw. */
export interface Refunding {
  /** How long after the first send a re-send under the same key is safe, in milliseconds. */
  readonly refundKeyLifeMs: number;
  /** The request of a refund, to be frozen in its row. Pure. Throws a DomainError for what it cannot be asked for. */
  composeRefund(order: RefundOrder): object;
  /** Sends the frozen request under the refund's key. */
  refund(account: Account, refund: FrozenRefund): Promise<RefundAnswer>;
  /**
   * Asks what became of a refund, without changing anything. Also the way to hear of one that fails late: a gateway
   * need not tell, and one that succeeded may still come back.
   */
  lookUpRefund(account: Account, refund: FrozenRefund): Promise<RefundLookUp>;
  /** Every refund of a charge that the gateway knows of, ours or not. `chargeReference` as in the charge's answer. */
  listRefunds(account: Account, chargeReference: string): Promise<RefundsListed>;
}

export type RefundsListed =
  | { readonly kind: 'listed'; readonly refunds: readonly SeenRefund[] }
  | { readonly kind: 'unavailable'; readonly why: string; readonly attention?: boolean };

export interface SeenRefund {
  readonly reference: string;
  /** The id under which it was asked for, when it was us. */
  readonly refundId: string | undefined;
  readonly amount: Money;
  readonly status: 'pending' | 'succeeded' | 'failed';
  /** Epoch milliseconds. */
  readonly at: number;
}

/** What a refund is to give back, from which a gateway composes the request that is then frozen. */
export interface RefundOrder {
  /** The idempotency key, and the mark by which the refund is known among those of its charge. */
  readonly id: string;
  readonly merchantId: string;
  /** What the charge's answer called `chargeReference`. */
  readonly chargeReference: string;
  /** In the charge's currency. */
  readonly amount: Money;
  /** "fraud" may also block the payer at the gateway. */
  readonly reason?: 'requested' | 'duplicate' | 'fraud' | undefined;
}

/** A refund as frozen in its row. `request` is what `composeRefund` returned. */
export interface FrozenRefund extends Pick<RefundOrder, 'id' | 'chargeReference' | 'amount'> {
  readonly request: unknown;
  /** Its key still lives: the frozen request may be sent again. When it is not, only look-ups are left. */
  readonly resendable: boolean;
  /** The gateway's object, once it is known. */
  readonly reference: string | undefined;
}

/** What a gateway's answer, or the lack of one, says about a refund. */
export type RefundAnswer =
  /** The money has left the merchant. It may still come back: then a later look-up says `failed`. */
  | { readonly kind: 'succeeded'; readonly reference: string }
  | {
      readonly kind: 'pending';
      readonly reference: string;
      /** When to ask, if nothing is heard before, in milliseconds. */
      readonly askAgainMs: number;
    }
  /** Definite: the customer got nothing of this refund, and its key can do no more. Another try is another refund. */
  | {
      readonly kind: 'failed';
      readonly failure: RefundFailure;
      readonly why: string;
      /** The gateway's object, if it made one. */
      readonly reference?: string | undefined;
    }
  /** As of a charge: `refused` is proof of nothing on any but the only send. */
  | Extract<Answer, { kind: 'refused' | 'unreachable' | 'unknown' }>;

export type RefundFailure =
  /** Our balance there does not hold it. Another refund succeeds once it does. */
  | 'insufficient_balance'
  /** The charge is not settled yet. Another refund succeeds once it is. */
  | 'charge_pending'
  /** Nothing is left to give back. */
  | 'already_refunded'
  /** Less is left than was asked for. */
  | 'exceeds_charge'
  /** The payer's bank or the gateway decides about this money now. */
  | 'disputed'
  /** The gateway gives nothing back any more: the customer is owed it in another way. */
  | 'too_late'
  /** The gateway does not allow this refund: too small, one too many, or of a charge that cannot be refunded. */
  | 'not_allowed'
  /** The customer's card or account does not take it: the customer is owed it in another way. */
  | 'payer_unreachable'
  /** The payer's bank, or the gateway's own caution, said no. */
  | 'declined'
  /** Somebody called it off at the gateway. */
  | 'canceled'
  /** The gateway does not say why, or in a word we do not know. */
  | 'other';

/**
 * What a look-up says. `absent`: no refund of this id shows. While it is resendable that is no outcome, but leave to
 * send again: an earlier send may still be on its way.
 */
export type RefundLookUp = RefundAnswer | { readonly kind: 'absent' };
