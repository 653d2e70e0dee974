/**
 * Declines: Stripe's no, in our words. What the card network advises outranks what Stripe advises,
 * and that outranks the code; but no advice softens a decline that already stops the card or that
 * somebody must look at.
 *
 * Only a definite no comes here. A code in `UNDECIDED_CODES` says nothing until the PaymentIntent
 * has been read.
 */
import type { Decline, DeclineClass } from '../../domain/decline.js';
import { ADVISED_CLASS, ADVISED_WAIT_HOURS, finality } from '../../domain/network-advice.js';

/** What Stripe says about one failed charge. An empty string counts as absent. */
export interface StripeDecline {
  readonly code?: string | null | undefined;
  readonly decline_code?: string | null | undefined;
  readonly advice_code?: string | null | undefined;
  readonly network_advice_code?: string | null | undefined;
  readonly network_decline_code?: string | null | undefined;
  /** `charge.outcome.type`: "blocked" when Stripe held it back itself. */
  readonly outcome_type?: string | null | undefined;
  readonly network_status?: string | null | undefined;
  /** The card's brand in lower case: "visa". */
  readonly brand?: string | null | undefined;
  readonly message?: string | null | undefined;
  /** By a bank debit: each try needs a mandate and its lead time, so none is hurried to another gateway. */
  readonly debit?: boolean;
  /** When it was declined (epoch milliseconds). */
  readonly at: number;
}

/** Codes that may come with money moved or still moving: the PaymentIntent must be read first. */
export const UNDECIDED_CODES: ReadonlySet<string> = new Set(
  words(`idempotency_key_in_use lock_timeout payment_method_provider_timeout
    payment_intent_unexpected_state intent_invalid_state`),
);

export function classifyDecline(input: StripeDecline): Decline {
  const known = knownCode(input);
  const code = input.decline_code || input.code || 'unknown';
  const blocked = input.outcome_type === 'blocked';
  const notBefore = earliestAgain(input, known);
  const declineClass = advised(input, codeClass(known, blocked));
  return {
    class: declineClass ?? 'issuer_soft',
    code: code.slice(0, 100),
    message: (input.message || `Stripe declined the charge: ${code}.`).slice(0, 500),
    elsewhere: mayGoElsewhere(declineClass, known) && notBefore === undefined && !input.debit,
    ...(notBefore !== undefined && { notBefore }),
    ...(declineClass === undefined && { unmapped: true }),
    ...((blocked || input.network_status === 'not_sent_to_network') && { notSentToNetwork: true }),
  };
}

/** The most specific code in our table. A mere heading says nothing about a reason that we lack. */
function knownCode({ code, decline_code: reason }: StripeDecline): string | undefined {
  if (reason && CLASS_OF.has(reason)) return reason;
  if (!code || !CLASS_OF.has(code) || (reason && HEADINGS.has(code))) return undefined;
  return code;
}

/** Blocked by Stripe's fraud rules, unless the code names another reason for holding it back. */
function codeClass(known: string | undefined, blocked: boolean): DeclineClass | undefined {
  if (blocked && known !== TOO_MANY_DECLINES) return 'fraud';
  return known ? CLASS_OF.get(known) : undefined;
}

function advised(input: StripeDecline, own: DeclineClass | undefined): DeclineClass | undefined {
  const advice = networkAdvice(input, own) ?? STRIPE_ADVICE[input.advice_code ?? ''];
  return advice && finality(advice) >= finality(own) ? advice : own;
}

function networkAdvice(
  input: StripeDecline,
  own: DeclineClass | undefined,
): DeclineClass | undefined {
  const { network_advice_code: mac, network_decline_code: response, brand } = input;
  if (response && VISA_STOPPED.has(response)) return 'consent_revoked';
  if (mac && ADVISED_CLASS[mac]) return ADVISED_CLASS[mac];
  if (brand === 'visa' && response && VISA_NEVER.has(response)) return 'hard_stop';
  // A prepaid card that cannot be topped up stays empty.
  if (mac === '40' && own === 'insufficient_funds') return 'new_method';
  return undefined;
}

function earliestAgain(input: StripeDecline, known: string | undefined): number | undefined {
  const hours =
    ADVISED_WAIT_HOURS[input.network_advice_code ?? ''] ??
    (known === TOO_MANY_DECLINES ? 24 : undefined);
  return hours === undefined ? undefined : input.at + hours * HOUR;
}

/** Another gateway helps when Stripe's code says that its own path or our account was at fault. */
function mayGoElsewhere(
  declineClass: DeclineClass | undefined,
  known: string | undefined,
): boolean {
  if (declineClass !== 'technical' && declineClass !== 'merchant_config') return false;
  // Advice from the network holds at every gateway.
  if (known === undefined || CLASS_OF.get(known) !== declineClass) return false;
  return !STAYS_HERE.has(known);
}

const HOUR = 3_600_000;
const HEADINGS: ReadonlySet<string> = new Set([
  'card_declined',
  'payment_intent_payment_attempt_failed',
]);
const TOO_MANY_DECLINES = 'card_decline_rate_limit_exceeded';

/** The cardholder stopped this payment, this merchant's, or all of them. */
const VISA_STOPPED: ReadonlySet<string> = new Set(['R0', 'R1', 'R3']);

/** The rest of Visa's category 1, "the issuer will never approve"; 57 since 25 October 2026. */
const VISA_NEVER: ReadonlySet<string> = new Set(words('04 07 12 14 15 41 43 46 57'));

/** "try_again_later" is not here: it promises no more than a soft code does, and lifts no other. */
const STRIPE_ADVICE: Partial<Record<string, DeclineClass>> = {
  do_not_try_again: 'hard_stop',
  confirm_card_data: 'new_method',
};

/** Every code by class. Of one code at two places in Stripe's lists, the stricter class counts. */
const CODES: Partial<Record<DeclineClass, string>> = {
  insufficient_funds: `insufficient_funds partner_insufficient_funds card_velocity_exceeded
    withdrawal_count_limit_exceeded payment_limit_exceeded charge_exceeds_source_limit
    card_decline_rate_limit_exceeded`,
  issuer_soft: `card_declined generic_decline do_not_honor call_issuer no_action_taken
    approve_with_id partner_generic_decline payment_method_provider_decline refer_to_customer
    bank_cannot_process payment_intent_payment_attempt_failed`,
  technical: `processing_error partner_processing_error issuer_not_available reenter_transaction
    try_again_later generic_could_not_process could_not_process rate_limit lock_timeout
    payment_intent_rate_limit_exceeded payment_method_provider_timeout`,
  authentication: `authentication_required authentication_not_handled authentication_failure
    mobile_device_authentication_required payment_intent_authentication_failure
    payment_intent_action_required setup_intent_authentication_failure invalid_customer_account
    payment_method_customer_decline payment_intent_payment_attempt_expired`,
  new_method: `expired_card partner_expired_card expired_payment_information
    expired_payment_method new_account_information_available incorrect_number invalid_number
    invalid_expiry_month invalid_expiry_year incorrect_cvc invalid_cvc incorrect_zip
    incorrect_address incorrect_postal_code postal_code_invalid currency_not_supported
    partner_invalid_currency card_not_supported invalid_card_type incorrect_pin invalid_pin
    pin_try_exceeded offline_pin_required online_or_offline_pin_required
    invalid_payment_information recurring_not_supported_by_bank partner_action_not_supported
    account_closed account_frozen no_account account_invalid account_number_invalid invalid_account_number
    routing_number_invalid bank_account_bad_routing_numbers bank_account_declined
    bank_account_restricted bank_account_unusable bank_account_unverified bank_account_closed
    bank_account_frozen bank_account_invalid_details bank_ownership_changed invalid_currency
    tokenized_account_number_deactivated bank_account_verification_failed payment_method_bank_account_blocked sepa_unsupported_account
    branch_does_not_exist incorrect_account_holder_name incorrect_account_details
    debit_authorization_not_match payment_intent_mandate_invalid setup_intent_mandate_invalid
    billing_invalid_mandate payment_method_unactivated payment_method_restricted
    payment_method_not_available payment_method_unexpected_state payment_method_currency_mismatch
    payment_method_unsupported_type payment_intent_incompatible_payment_method`,
  hard_stop: `invalid_account restricted_card transaction_not_allowed not_permitted
    service_not_allowed do_not_try_again compliance_violation recipient_deceased`,
  consent_revoked: `revocation_of_authorization revocation_of_all_authorizations
    stop_payment_order debit_not_authorized authorization_revoked debit_disputed
    invalid_billing_agreement invalid_authorization india_recurring_payment_mandate_canceled`,
  fraud: `fraudulent lost_card stolen_card lost_or_stolen_card pickup_card security_violation
    merchant_blacklist partner_high_risk_customer`,
  duplicate_check: `duplicate_transaction partner_duplicate_transaction payment_disputed
    partner_payment_not_found payment_intent_unexpected_state intent_invalid_state
    idempotency_key_in_use`,
  merchant_config: `invalid_amount partner_invalid_amount amount_too_small amount_too_large
    charge_exceeds_transaction_limit testmode_decline testmode_charges_only
    invalid_business_account parameter_invalid_empty parameter_invalid_integer
    parameter_invalid_string_blank parameter_invalid_string_empty parameter_missing
    parameter_unknown parameters_exclusive payment_intent_invalid_parameter
    payment_method_invalid_parameter charge_invalid_parameter invalid_charge_amount
    resource_missing livemode_mismatch api_key_expired platform_api_key_expired
    secret_key_required capability_not_active request_blocked action_blocked approval_required`,
};

const CLASS_OF: ReadonlyMap<string, DeclineClass> = new Map(
  Object.entries(CODES).flatMap(([declineClass, codes]) =>
    words(codes).map((code) => [code, declineClass as DeclineClass]),
  ),
);

/** Stripe is only busy, or the amount or the card is wrong: another gateway would not help. */
const STAYS_HERE: ReadonlySet<string> = new Set(
  words(`rate_limit lock_timeout payment_intent_rate_limit_exceeded payment_method_provider_timeout
    invalid_amount partner_invalid_amount amount_too_small amount_too_large invalid_charge_amount
    charge_exceeds_transaction_limit testmode_decline`),
);

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
