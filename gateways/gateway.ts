/**
 * The gateway port: the few verbs through which Dunlin speaks to any payment gateway.
 *
 * One folder per vendor implements it, and vendor words stop at that folder's door. No verb throws for anything
 * the gateway or the network does: what happened is a value.
 */
import type { Decline } from '../domain/decline.js';
import type { Money } from '../domain/money.js';

/** One merchant's account at one gateway, credentials resolved, for the length of a call. */
export interface Account {
  readonly name: string;
  readonly secret: string;
  /** Where requests go instead of the vendor's own address; test mode only. */
  readonly apiBase: string | undefined;
  /** Total time one HTTP exchange may take, in milliseconds. */
  readonly deadlineMs: number;
}

/** What a charge is to collect, from which a gateway composes the request that is then frozen. */
export interface ChargeOrder {
  readonly merchantId: string;
  readonly renewalId: string;
  readonly amount: Money;
  readonly description: string | undefined;
  /** The gateway's references of the customer and the payment method. */
  readonly customer: string;
  readonly method: string;
  /** The method's kind, such as "card". */
  readonly kind: string;
  /** The gateway's object of an earlier charge of this renewal on this account, if it still lives. */
  readonly continues: string | undefined;
}

/** A charge as frozen in its row. `request` is whatever `compose` returned. */
export interface FrozenCharge {
  /** The idempotency key of the call that moves money. */
  readonly id: string;
  readonly renewalId: string;
  readonly amount: Money;
  readonly request: unknown;
  /** When it was first sent (epoch milliseconds): look-ups need search no earlier. */
  readonly firstSentAt: number;
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
      readonly kind: 'succeeded' | 'pending';
      readonly reference: string;
      readonly chargeReference?: string | undefined;
    }
  | {
      readonly kind: 'declined';
      readonly reference?: string | undefined;
      readonly chargeReference?: string | undefined;
      readonly decline: Decline;
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
      /** Something no retry explains, such as another amount: a person must look at once. */
      readonly attention?: boolean;
    };

/** What a look-up says. `absent`: no object of this charge exists. `unchanged`: it stands as before the send. */
export type LookUp = Answer | { readonly kind: 'absent' | 'unchanged' };

/** A webhook, verified and translated. It carries no verdict: it only says what to ask about. */
export interface GatewayReport {
  readonly eventId: string;
  readonly type: string;
  /** Whether it speaks about a charge of ours; all else is stored and answered, and that is all. */
  readonly about:
    | {
        readonly reference: string;
        readonly merchantId: string | undefined;
        readonly renewalId: string | undefined;
        /** The idempotency key of the request that caused it: a charge id, when it was ours. */
        readonly causedBy: string | undefined;
      }
    | undefined;
}

export interface AttachRequest {
  /** A token from the gateway's own hosted fields; never card data. */
  readonly token: string;
  /** The gateway's customer, if one exists; otherwise one is made. */
  readonly customer: string | undefined;
  readonly email: string | undefined;
  readonly name: string | undefined;
  readonly merchantId: string;
  readonly customerId: string;
  /** The idempotency key of the calls this makes; each adds a suffix. */
  readonly key: string;
}

export type Attached =
  | {
      readonly kind: 'attached';
      readonly customer: string;
      readonly reference: string;
      readonly methodKind: string;
      /** "Visa ···4242". */
      readonly display: string;
      readonly fingerprint: string | undefined;
    }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'unavailable'; readonly why: string };

export interface Gateway {
  /** How long after the first send a re-send under the same key is safe, in milliseconds. */
  readonly keyLifeMs: number;
  /** The request of a charge, to be frozen in its row. Pure. */
  compose(order: ChargeOrder): object;
  /** Reads how the object stands that the send will change. Called after the claim, before the send. */
  prepare(account: Account, charge: FrozenCharge): Promise<Prepared>;
  /** Sends the frozen request under the charge's key. */
  submit(account: Account, charge: FrozenCharge): Promise<Answer>;
  /** Asks what became of a charge, without changing anything. */
  lookUp(account: Account, charge: FrozenCharge): Promise<LookUp>;
  /** Makes sure the object of a final charge can never succeed any more. `attempt` counts releases from 1. */
  release(account: Account, charge: FrozenCharge, attempt: number): Promise<Released>;
  /** Verifies a webhook's raw bytes against any of the secrets. Undefined: it is not from the gateway. */
  readWebhook(
    raw: Buffer,
    headers: WebhookHeaders,
    secrets: readonly string[],
  ): GatewayReport | undefined;
  /** Attaches a token to a customer, so that renewals can be charged to it. */
  attachMethod(account: Account, request: AttachRequest): Promise<Attached>;
}

export type WebhookHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** `still_open`: it was refused, because the object is being paid or was paid. Ask about the charge again. */
export type Released =
  | { readonly kind: 'released' | 'still_open' }
  | { readonly kind: 'unavailable'; readonly why: string };
