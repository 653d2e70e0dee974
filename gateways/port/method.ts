/** Payment methods: captured where only the gateway sees them, and then attached to a customer. */
export interface AttachRequest {
  /** A token from the gateway's own hosted fields or page; never card data. */
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

/** What a customer needs to give a payment method on the gateway's own page or fields. */
export interface SetupRequest {
  readonly customer: string | undefined;
  readonly merchantId: string;
  readonly customerId: string;
  /** The kinds to offer, such as "card" or "sepa_debit"; empty leaves it to the gateway. */
  readonly kinds: readonly string[];
  /** Where the gateway's page sends the customer afterwards. */
  readonly returnUrl: string;
  readonly cancelUrl: string;
  readonly key: string;
}

export type Setup =
  | {
      readonly kind: 'ready';
      /** The gateway's name of this set-up. PayPal: the token to attach once the customer has approved. */
      readonly reference: string;
      /** The gateway's customer it was made for, if it named one. */
      readonly customer: string | undefined;
      /** The gateway's page, when it is a redirect. */
      readonly url?: string | undefined;
      /** For the gateway's fields in the app's own page. */
      readonly clientSecret?: string | undefined;
    }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'unavailable'; readonly why: string };
