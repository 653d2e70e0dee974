/** Webhooks: what reaches us unasked. It carries no verdict. */
import type { Account } from './account.js';

/** A webhook, verified and translated. It carries no verdict: it only says what to ask about. */
export interface GatewayReport {
  readonly eventId: string;
  readonly type: string;
  /** Whether it speaks about a charge of ours; all else is stored and answered, and that is all. */
  readonly about:
    | {
        /** Money arrived, or went back. It only decides whether a final charge is worth asking about again. */
        readonly says: 'paid' | 'returned' | 'other';
        /** The gateway's object: a PaymentIntent, an order. A charge that lost its answer learns it from here. */
        readonly reference: string;
        readonly merchantId: string | undefined;
        readonly renewalId: string | undefined;
        /** The idempotency key of the request that caused it: a charge id, when it was ours. */
        readonly causedBy: string | undefined;
      }
    | undefined;
  /** Set when it speaks about a refund: of ours, or one that somebody made at the gateway. */
  readonly refund?: {
    readonly reference: string;
    /** The id under which it was asked for, when it was us. */
    readonly refundId: string | undefined;
    /** The refunded charge, as its answer called it. */
    readonly chargeReference: string | undefined;
  };
  /** Set when it speaks about a dispute: its name at the gateway. */
  readonly dispute?: { readonly reference: string };
}

export type WebhookHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** An account as its webhooks are verified. During a roll there are two secrets. */
export interface WebhookAccount extends Omit<Account, 'secret'> {
  /** Stripe: signing secrets. PayPal: webhook ids. */
  readonly webhookSecrets: readonly string[];
  /** Set when the gateway itself is to be asked whether it sent the webhook, where it offers that. */
  readonly askWith: Account | undefined;
}

export type WebhookRead =
  | { readonly kind: 'report'; readonly report: GatewayReport }
  /** No secret of ours fits it, or it is too old, or from the future. */
  | { readonly kind: 'forged' }
  /** It cannot be verified right now: the gateway is asked to deliver it again. */
  | { readonly kind: 'unverifiable'; readonly why: string };
