/** Stripe's test cards: each token stands for a card with a fate. */
import { isFate } from './fates.js';

export interface TestCard {
  readonly brand: 'visa' | 'mastercard' | 'amex';
  readonly last4: string;
  readonly funding: 'credit' | 'debit';
  readonly fate: string;
  /** Always-declining cards cannot be saved: the issuer is asked when a card is attached. */
  readonly attaches: boolean;
  /**
   * Stripe's fingerprint is the number's, so that all methods of one test card share one. Our own tokens stand
   * for no number: each use is a card of its own, or limits per card would reach across customers.
   */
  readonly numberless: boolean;
}

/** Undefined for what is not a test token. `pm_card_visa_chargeDeclined` and `pm_card_chargeDeclined` are one. */
export function testCard(token: string): TestCard | undefined {
  const name = /^(?:pm_card|tok)_(.+)$/.exec(token)?.[1];
  if (name === undefined) return undefined;
  const fate = /^attachThen_(.+)$/.exec(name)?.[1];
  if (fate !== undefined)
    return isFate(fate) ? card('4242', fate, { numberless: true }) : undefined;
  return CARDS.get(name) ?? CARDS.get(name.replace(/^visa_/, ''));
}

function card(last4: string, fate = 'succeed', rest: Partial<TestCard> = {}): TestCard {
  return {
    brand: 'visa',
    last4,
    funding: 'credit',
    fate,
    attaches: true,
    numberless: false,
    ...rest,
  };
}

const NEVER_SAVED = { attaches: false };

const CARDS: ReadonlyMap<string, TestCard> = new Map([
  ['visa', card('4242')],
  ['visa_debit', card('5556', 'succeed', { funding: 'debit' })],
  ['mastercard', card('4444', 'succeed', { brand: 'mastercard' })],
  ['amex', card('0005', 'succeed', { brand: 'amex' })],
  ['bypassPending', card('0077')],
  ['riskLevelElevated', card('9235')],
  ['riskLevelHighest', card('0019', 'blocked', NEVER_SAVED)],
  ['chargeDeclined', card('0002', 'generic_decline', NEVER_SAVED)],
  ['chargeDeclinedInsufficientFunds', card('9995', 'insufficient_funds', NEVER_SAVED)],
  ['chargeDeclinedLostCard', card('9987', 'lost_card', NEVER_SAVED)],
  ['chargeDeclinedStolenCard', card('9979', 'stolen_card', NEVER_SAVED)],
  ['chargeDeclinedExpiredCard', card('0069', 'expired_card', NEVER_SAVED)],
  ['chargeDeclinedIncorrectCvc', card('0127', 'incorrect_cvc', NEVER_SAVED)],
  ['chargeDeclinedProcessingError', card('0119', 'processing_error', NEVER_SAVED)],
  ['chargeDeclinedVelocityLimitExceeded', card('6975', 'card_velocity_exceeded', NEVER_SAVED)],
  ['chargeDeclinedFraudulent', card('0019', 'fraudulent', NEVER_SAVED)],
  ['chargeCustomerFail', card('0341', 'generic_decline')],
  ['authenticationRequired', card('3184', 'authentication_required')],
  ['authenticationRequiredOnSetup', card('3155', 'authentication_required_unless_set_up')],
  ['authenticationRequiredSetupForOffSession', card('0446', 'authentication_required_on_session')],
  [
    'authenticationRequiredChargeDeclinedInsufficientFunds',
    card('3178', 'authentication_then_insufficient_funds'),
  ],
  ['threeDSecure2Required', card('3220', 'authentication_required')],
  ['createDispute', card('0259', 'dispute_fraudulent')],
  ['createDisputeProductNotReceived', card('2685', 'dispute_product_not_received')],
  ['createDisputeInquiry', card('1976', 'dispute_inquiry')],
  ['refundFail', card('5126', 'refund_fail')],
  ['pendingRefund', card('7726', 'refund_pending')],
]);
