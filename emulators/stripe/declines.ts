/** Declines in the words of Stripe's error bodies. */

export interface Decline {
  readonly code: string;
  /** A bank debit's failure has none: its code says it all. */
  readonly decline_code?: string;
  readonly message: string;
  readonly advice_code?: string;
  readonly network_advice_code?: string;
  readonly network_decline_code?: string;
  /** Stopped by Stripe's own rules: the network never saw it. */
  readonly blocked: boolean;
}

/** Reads a decline code with its optional advice: `do_not_honor_advice_do_not_try_again`, `do_not_honor_mac_03`. */
export function declineOf(words: string): Decline {
  const [, declineCode = words, advice, networkAdvice] =
    /^(.+?)(?:_advice_(.+?))?(?:_mac_(\w\w))?$/.exec(words) ?? [];
  const blocked = declineCode === 'blocked';
  const networkCode = NETWORK_CODES[declineCode];
  return {
    code: OWN_CODES.has(declineCode) ? declineCode : 'card_declined',
    decline_code: blocked ? 'generic_decline' : declineCode,
    message: MESSAGES[declineCode] ?? 'Your card was declined.',
    blocked,
    ...(advice && { advice_code: advice }),
    ...(networkAdvice && { network_advice_code: networkAdvice }),
    ...(networkCode && { network_decline_code: networkCode }),
  };
}

/** Why a bank did not pay a debit. */
export function debitFailure(code: string): Decline {
  const failure = code === 'generic_decline' ? 'generic_could_not_process' : code;
  const message = DEBIT_MESSAGES[failure] ?? "The customer's bank could not process the debit.";
  return { code: failure, message, blocked: false };
}

/** Fates that are about what follows a success. */
export function outcomeless(fate: string): boolean {
  return fate === 'succeed' || fate === 'refund_fail' || fate === 'refund_pending';
}

/** For these Stripe's `code` is the reason itself; for all others it is `card_declined`. */
const OWN_CODES = new Set([
  'authentication_required',
  'card_decline_rate_limit_exceeded',
  'expired_card',
  'incorrect_address',
  'incorrect_cvc',
  'incorrect_number',
  'incorrect_zip',
  'invalid_cvc',
  'invalid_expiry_month',
  'invalid_expiry_year',
  'invalid_number',
  'payment_intent_authentication_failure',
  'processing_error',
  'setup_intent_authentication_failure',
]);

const MESSAGES: Readonly<Record<string, string>> = {
  authentication_required: 'Your card was declined. This transaction requires authentication.',
  card_velocity_exceeded: 'Your card was declined for making repeated attempts too frequently.',
  expired_card: 'Your card has expired.',
  incorrect_cvc: "Your card's security code is incorrect.",
  incorrect_number: 'Your card number is incorrect.',
  insufficient_funds: 'Your card has insufficient funds.',
  payment_intent_authentication_failure:
    'The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again.',
  processing_error: 'An error occurred while processing your card. Try again in a little bit.',
  setup_intent_authentication_failure:
    'The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod to attempt to fulfill this SetupIntent again.',
};

const DEBIT_MESSAGES: Readonly<Record<string, string>> = {
  account_closed: "The customer's bank account has been closed.",
  bank_account_unusable: 'Stripe has blocked the bank account.',
  debit_not_authorized: 'The customer has notified their bank that this payment was unauthorized.',
  insufficient_funds: "The customer's account has insufficient funds to cover this payment.",
  no_account: "The customer's bank account could not be located.",
};

const NETWORK_CODES: Readonly<Record<string, string>> = {
  do_not_honor: '05',
  expired_card: '54',
  insufficient_funds: '51',
  issuer_not_available: '91',
  lost_card: '41',
  pickup_card: '04',
  restricted_card: '62',
  revocation_of_all_authorizations: 'R3',
  revocation_of_authorization: 'R1',
  stolen_card: '43',
  stop_payment_order: 'R0',
  transaction_not_allowed: '57',
};
