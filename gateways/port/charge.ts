/** A charge at a gateway: what is asked for, and what the gateway's answer, or the lack of one, says about it. */
import type { Decline } from '../../domain/decline.js';
import type { Money } from '../../domain/money.js';

/** What a charge is to collect, from which a gateway composes the request that is then frozen. */
export interface ChargeOrder {
  readonly chargeId: string;
  readonly merchantId: string;
  readonly renewalId: string;
  /** How often money collected for this renewal came back: after each time it may be collected once more. */
  readonly reversals: number;
  readonly amount: Money;
  readonly description: string | undefined;
  /** The gateway's references of the customer and the payment method. */
  readonly customer: string;
  readonly method: string;
  /** The method's kind, such as "card". */
  readonly kind: string;
  /** The gateway's object of an earlier charge of this renewal on this account, if it still lives. */
  readonly living: string | undefined;
}

/** What `compose` makes of an order. */
export interface Composed {
  /** Frozen in the charge's row, and sent as it is, however often. */
  readonly request: object;
  /** The living object that the request continues; absent when it makes one of its own. */
  readonly continues?: string | undefined;
}

/** A charge as frozen in its row. `request` is what `compose` returned. */
export interface FrozenCharge {
  /** The idempotency key of the call that moves money. */
  readonly id: string;
  readonly renewalId: string;
  readonly amount: Money;
  readonly request: unknown;
  /** When it was first sent (epoch milliseconds): look-ups need search no earlier. */
  readonly firstSentAt: number;
  /** Its key still lives: the frozen request may be sent again. When it is not, only look-ups are left. */
  readonly resendable: boolean;
  /** Now (epoch milliseconds), by the clock that the key's life is measured by. */
  readonly askedAt: number;
  /** What `prepare` found, committed before the send. */
  readonly baseline: unknown;
  /** The gateway's object, once it is known. */
  readonly reference: string | undefined;
  /** The gateway's objects of the renewal's other charges: none of them is this charge's. */
  readonly otherReferences: readonly string[];
}

/** How the object that a send will change stands just before it. */
export type Prepared =
  | { readonly kind: 'ready'; readonly baseline: object | undefined }
  /** The object can never be paid again (the gateway canceled it): nothing was sent, a new one is needed. */
  | { readonly kind: 'gone' }
  /** An earlier charge has the money already. */
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'unreadable'; readonly why: string };

/** What a gateway's answer, or the lack of one, says about a charge. */
export type Answer =
  | {
      readonly kind: 'succeeded';
      readonly reference: string;
      readonly chargeReference?: string | undefined;
    }
  | {
      readonly kind: 'pending';
      readonly reference: string;
      readonly chargeReference?: string | undefined;
      /** A bank that takes days need not be asked every minute: when to ask again, in milliseconds. */
      readonly askAgainMs?: number | undefined;
      /** What a person at the merchant must do at the gateway before it can settle. */
      readonly needs?: string | undefined;
    }
  /** It had succeeded, and the payer's bank took the money back for good. */
  | {
      readonly kind: 'returned';
      readonly reference: string;
      readonly chargeReference?: string | undefined;
      readonly decline: Decline;
    }
  | {
      readonly kind: 'declined';
      readonly reference?: string | undefined;
      readonly chargeReference?: string | undefined;
      readonly decline: Decline;
      /** The gateway does not know the method or the customer: so it would say to credentials of another account. */
      readonly unknownThere?: boolean;
    }
  /** "Already paid": an earlier charge has the money. */
  | { readonly kind: 'duplicate'; readonly reference?: string | undefined }
  /** A well-formed refusal that precedes execution. Proof of nothing on any but the only send. */
  | {
      readonly kind: 'refused';
      readonly why: string;
      /** A person must look: credentials, permissions or the request itself are wrong. */
      readonly attention: boolean;
      /** The request itself is wrong: sending it again would be refused again. */
      readonly parks: boolean;
      /** How long the gateway wants to be left alone (429), in milliseconds. */
      readonly retryAfterMs?: number | undefined;
    }
  /** The gateway's object was canceled without an attempt of this charge, and can never be paid. */
  | { readonly kind: 'gone'; readonly why: string }
  /** No effect showed while one was possible, and none is possible any more. */
  | { readonly kind: 'not_executed'; readonly why: string }
  /** No byte left this machine. */
  | { readonly kind: 'unreachable'; readonly why: string }
  | {
      readonly kind: 'unknown';
      readonly why: string;
      readonly reference?: string | undefined;
      /** The gateway answered 5xx. */
      readonly serverError?: boolean;
      /** When to ask again, where that is known better than by the ladder, in milliseconds. */
      readonly askAgainMs?: number;
      /** Something no retry explains, such as another amount: a person must look at once. */
      readonly attention?: boolean;
    };

/** What a look-up says. `absent`: no object of this charge exists. `unchanged`: it stands as before the send. */
export type LookUp = Answer | { readonly kind: 'absent' | 'unchanged' };

/** `still_open`: it was refused, because the object is being paid or was paid. Ask about the charge again. */
export type Released =
  | { readonly kind: 'released' | 'still_open' }
  | { readonly kind: 'unavailable'; readonly why: string };
