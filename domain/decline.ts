/**
 * Declines: a gateway's definite no, in our words.
 *
 * Every gateway translates its own codes into these classes by a table; what a class means for recovery is
 * decided by the dunning policy, never by a gateway.
 */

/** Why a payment was declined, as far as recovery is concerned. */
export type DeclineClass =
  /** No money or limit now. Time helps. */
  | 'insufficient_funds'
  /** The issuer said no without a reason. Time may help. */
  | 'issuer_soft'
  /** Issuer, processor or gateway fault, and certainly not executed. Minutes help. */
  | 'technical'
  /** The payer must authenticate or approve. Only the payer helps. */
  | 'authentication'
  /** The data is wrong, expired or unsupported. Only another or a corrected method helps. */
  | 'new_method'
  /** The issuer will never approve this card or account. */
  | 'hard_stop'
  /** The payer withdrew the permission to charge. */
  | 'consent_revoked'
  /** Suspected fraud, lost or stolen. The payer is only ever shown generic words. */
  | 'fraud'
  /** The gateway believes this was already paid. Somebody must look. */
  | 'duplicate_check'
  /** Our own fault: configuration, permission, amount. Never counted against the payer. */
  | 'merchant_config'
  /** There is no usable payment method at all. No charge row exists for it. */
  | 'no_payment_method';

export interface Decline {
  readonly class: DeclineClass;
  /** The gateway's own most specific code ("insufficient_funds"), at most 100 characters. */
  readonly code: string;
  /** One sentence for operators, at most 500 characters. Never shown to the payer as it is. */
  readonly message: string;
  /** Whether the same renewal may be tried through another gateway account at once. */
  readonly elsewhere: boolean;
  /** The network asked not to try this card again before then (epoch milliseconds). */
  readonly notBefore?: number;
  /** True when the code is in no table of ours: treated as a soft decline once, and worth an alert. */
  readonly unmapped?: boolean;
  /** True when the gateway itself blocked it, so that the card network never saw an attempt. */
  readonly notSentToNetwork?: boolean;
}

/** Speaks about us, or about money somebody else already has: the customer must not hear of it, a person must. */
export function isOurs(decline: Decline): boolean {
  return decline.class === 'merchant_config' || decline.class === 'duplicate_check';
}

/** No bank's word: the customer left a payment page, and the payment was withdrawn. */
export const ABANDONED: Decline = {
  class: 'authentication',
  code: 'abandoned',
  message: 'The customer did not complete the payment on the page',
  elsewhere: false,
};
