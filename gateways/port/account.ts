/** One merchant's account at one gateway, credentials resolved, for the length of a call. */
export interface Account {
  readonly name: string;
  /** Stripe: the secret key. PayPal: "client id:client secret". */
  readonly secret: string;
  readonly mode: 'test' | 'live';
  /** Where requests go instead of the vendor's own address; test mode only. */
  readonly apiBase: string | undefined;
  /** Certificates (PEM) trusted besides the well-known roots; test mode only. */
  readonly trustedRoots: readonly string[];
  /** Total time one HTTP exchange may take, in milliseconds. */
  readonly deadlineMs: number;
}
