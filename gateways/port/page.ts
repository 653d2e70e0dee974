/** Payments that the customer completes on a page. */
/** Where the gateway's own page sends the customer. */
export interface PageAddresses {
  readonly returnUrl: string;
  readonly cancelUrl: string;
}

/** What the customer's browser needs to complete a payment. */
export type Page =
  | {
      readonly kind: 'ready';
      readonly reference: string;
      /** The gateway's page, when it is a redirect. */
      readonly url?: string | undefined;
      /** For the gateway's fields in our own page. */
      readonly clientSecret?: string | undefined;
    }
  /** An earlier charge has the money already. */
  | { readonly kind: 'duplicate' }
  /** The living object can never be paid again. */
  | { readonly kind: 'gone'; readonly why: string }
  | { readonly kind: 'refused' | 'unavailable'; readonly why: string };
