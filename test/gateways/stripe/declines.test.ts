import type Stripe from 'stripe';
import { describe, expect, it } from 'vitest';

import type { DeclineClass } from '../../../domain/decline.js';
import {
  type StripeDecline,
  UNDECIDED_CODES,
  classifyDecline,
} from '../../../gateways/stripe/declines.js';

const AT = Date.UTC(2026, 11, 1);
const HOUR = 3_600_000;

const classify = (input: Omit<StripeDecline, 'at'>) => classifyDecline({ ...input, at: AT });

/** The SDK's enums are open; these are the members that it names. */
type Named<T extends string> = T extends string ? (string extends T ? never : T) : never;
type ErrorCode = Named<Stripe.PaymentIntent.LastPaymentError.Code>;
type AdviceCode = Named<Stripe.Charge.Outcome.AdviceCode>;

type Published<Code extends string = string> = Partial<Record<DeclineClass, readonly Code[]>>;

/** docs.stripe.com/declines/codes, the complete list of card decline codes. */
const CARD_DECLINE_CODES: Published = {
  insufficient_funds: [
    'insufficient_funds',
    'card_velocity_exceeded',
    'withdrawal_count_limit_exceeded',
  ],
  issuer_soft: [
    'approve_with_id',
    'call_issuer',
    'do_not_honor',
    'generic_decline',
    'no_action_taken',
  ],
  technical: ['issuer_not_available', 'processing_error', 'reenter_transaction', 'try_again_later'],
  authentication: [
    'authentication_required',
    'authentication_not_handled',
    'mobile_device_authentication_required',
  ],
  new_method: [
    'card_not_supported',
    'currency_not_supported',
    'expired_card',
    'incorrect_address',
    'incorrect_cvc',
    'incorrect_number',
    'incorrect_pin',
    'incorrect_zip',
    'invalid_cvc',
    'invalid_expiry_month',
    'invalid_expiry_year',
    'invalid_number',
    'invalid_pin',
    'new_account_information_available',
    'offline_pin_required',
    'online_or_offline_pin_required',
    'pin_try_exceeded',
  ],
  hard_stop: [
    'do_not_try_again',
    'invalid_account',
    'not_permitted',
    'restricted_card',
    'service_not_allowed',
    'transaction_not_allowed',
  ],
  consent_revoked: [
    'revocation_of_all_authorizations',
    'revocation_of_authorization',
    'stop_payment_order',
  ],
  fraud: [
    'fraudulent',
    'lost_card',
    'merchant_blacklist',
    'pickup_card',
    'security_violation',
    'stolen_card',
  ],
  duplicate_check: ['duplicate_transaction'],
  merchant_config: ['invalid_amount', 'testmode_decline'],
};

/** Wallets and bank methods, with the outcome reasons that differ from the decline code. */
const LOCAL_METHOD_CODES: Published = {
  insufficient_funds: [
    'insufficient_funds',
    'partner_insufficient_funds',
    'payment_limit_exceeded',
  ],
  issuer_soft: ['partner_generic_decline'],
  technical: ['processing_error', 'partner_processing_error'],
  authentication: ['invalid_customer_account'],
  new_method: [
    'expired_card',
    'partner_expired_card',
    'expired_payment_information',
    'invalid_payment_information',
    'currency_not_supported',
    'partner_invalid_currency',
    'recurring_not_supported_by_bank',
    'partner_action_not_supported',
  ],
  hard_stop: ['compliance_violation'],
  consent_revoked: ['invalid_billing_agreement', 'invalid_authorization'],
  fraud: ['partner_high_risk_customer', 'lost_or_stolen_card'],
  duplicate_check: [
    'duplicate_transaction',
    'partner_duplicate_transaction',
    'payment_disputed',
    'partner_payment_not_found',
  ],
  merchant_config: ['invalid_amount', 'partner_invalid_amount', 'invalid_business_account'],
};

/**
 * Values of `error.code` other than card_declined; the compiler checks that the SDK names each of
 * them.
 */
const ERROR_CODES = {
  insufficient_funds: [
    'card_decline_rate_limit_exceeded',
    'charge_exceeds_source_limit',
    'insufficient_funds',
  ],
  issuer_soft: [
    'card_declined',
    'payment_intent_payment_attempt_failed',
    'payment_method_provider_decline',
    'refer_to_customer',
  ],
  technical: [
    'lock_timeout',
    'payment_intent_rate_limit_exceeded',
    'payment_method_provider_timeout',
    'processing_error',
    'rate_limit',
  ],
  authentication: [
    'authentication_failure',
    'authentication_required',
    'payment_intent_action_required',
    'payment_intent_authentication_failure',
    'payment_intent_payment_attempt_expired',
    'payment_method_customer_decline',
    'setup_intent_authentication_failure',
  ],
  new_method: [
    'account_closed',
    'account_invalid',
    'account_number_invalid',
    'bank_account_bad_routing_numbers',
    'bank_account_declined',
    'bank_account_restricted',
    'bank_account_unusable',
    'bank_account_unverified',
    'bank_account_verification_failed',
    'billing_invalid_mandate',
    'expired_card',
    'expired_payment_method',
    'incorrect_address',
    'incorrect_cvc',
    'incorrect_number',
    'incorrect_postal_code',
    'incorrect_zip',
    'invalid_card_type',
    'invalid_cvc',
    'invalid_expiry_month',
    'invalid_expiry_year',
    'invalid_number',
    'no_account',
    'payment_intent_incompatible_payment_method',
    'payment_intent_mandate_invalid',
    'payment_method_bank_account_blocked',
    'payment_method_currency_mismatch',
    'payment_method_not_available',
    'payment_method_restricted',
    'payment_method_unactivated',
    'payment_method_unexpected_state',
    'payment_method_unsupported_type',
    'postal_code_invalid',
    'routing_number_invalid',
    'sepa_unsupported_account',
    'setup_intent_mandate_invalid',
  ],
  consent_revoked: ['debit_not_authorized', 'india_recurring_payment_mandate_canceled'],
  duplicate_check: [
    'idempotency_key_in_use',
    'intent_invalid_state',
    'payment_intent_unexpected_state',
  ],
  merchant_config: [
    'action_blocked',
    'amount_too_large',
    'amount_too_small',
    'api_key_expired',
    'approval_required',
    'capability_not_active',
    'charge_exceeds_transaction_limit',
    'charge_invalid_parameter',
    'invalid_charge_amount',
    'livemode_mismatch',
    'parameter_invalid_empty',
    'parameter_invalid_integer',
    'parameter_invalid_string_blank',
    'parameter_invalid_string_empty',
    'parameter_missing',
    'parameter_unknown',
    'parameters_exclusive',
    'payment_intent_invalid_parameter',
    'payment_method_invalid_parameter',
    'platform_api_key_expired',
    'request_blocked',
    'resource_missing',
    'secret_key_required',
    'testmode_charges_only',
  ],
} satisfies Published<ErrorCode>;

/** Failure codes of SEPA and ACH debits, as docs.stripe.com/declines/network-codes and the API name them. */
const BANK_DEBIT_CODES: Published = {
  insufficient_funds: ['insufficient_funds', 'charge_exceeds_source_limit'],
  issuer_soft: ['refer_to_customer', 'bank_cannot_process'],
  technical: ['could_not_process', 'generic_could_not_process'],
  new_method: [
    'account_closed',
    'account_frozen',
    'bank_account_closed',
    'bank_account_frozen',
    'bank_account_invalid_details',
    'bank_account_restricted',
    'bank_account_unusable',
    'bank_ownership_changed',
    'branch_does_not_exist',
    'debit_authorization_not_match',
    'incorrect_account_details',
    'incorrect_account_holder_name',
    'invalid_account_number',
    'invalid_currency',
    'no_account',
    'tokenized_account_number_deactivated',
  ],
  hard_stop: ['recipient_deceased'],
  consent_revoked: ['authorization_revoked', 'debit_disputed', 'debit_not_authorized'],
};

function rows(published: Published): [string, DeclineClass][] {
  return Object.entries(published).flatMap(([declineClass, codes]) =>
    codes.map((code): [string, DeclineClass] => [code, declineClass as DeclineClass]),
  );
}

describe('every published code', () => {
  it('is in the lists above', () => {
    expect(rows(CARD_DECLINE_CODES)).toHaveLength(50);
  });

  it.each([...rows(CARD_DECLINE_CODES), ...rows(LOCAL_METHOD_CODES)])(
    '%s: %s',
    (code, expected) => {
      const decline = classify({ code: 'card_declined', decline_code: code });
      expect(decline).toMatchObject({ class: expected, code });
      expect(decline.unmapped).toBeUndefined();
    },
  );

  it.each([...rows(ERROR_CODES), ...rows(BANK_DEBIT_CODES)])(
    'error code %s: %s',
    (code, expected) => {
      const decline = classify({ code, decline_code: '' });
      expect(decline).toMatchObject({ class: expected, code });
      expect(decline.unmapped).toBeUndefined();
    },
  );

  it('that proves nothing by itself is known as such', () => {
    expect([...UNDECIDED_CODES].toSorted()).toEqual([
      'idempotency_key_in_use',
      'intent_invalid_state',
      'lock_timeout',
      'payment_intent_unexpected_state',
      'payment_method_provider_timeout',
    ]);
  });
});

describe('the order of decision', () => {
  it('treats an unknown code as a soft decline that needs an alert', () => {
    expect(classify({ code: 'card_declined', decline_code: 'brand_new' })).toMatchObject({
      class: 'issuer_soft',
      code: 'brand_new',
      unmapped: true,
    });
    expect(classify({ code: 'card_declined' }).unmapped).toBeUndefined();
    expect(classify({ code: 'brand_new' })).toEqual({
      class: 'issuer_soft',
      code: 'brand_new',
      message: 'Stripe declined the charge: brand_new.',
      elsewhere: false,
      unmapped: true,
    });
    expect(classify({})).toMatchObject({ class: 'issuer_soft', code: 'unknown', unmapped: true });
    expect(classify({ code: 'toString' }).unmapped).toBe(true);
  });

  it('falls back to the code when only the decline code is new', () => {
    const decline = classify({ code: 'expired_card', decline_code: 'brand_new' });
    expect(decline).toMatchObject({ class: 'new_method', code: 'brand_new' });
  });

  it.each<[string, Omit<StripeDecline, 'at'>, DeclineClass]>([
    ['MAC 03', { network_advice_code: '03' }, 'hard_stop'],
    ['MAC 21', { network_advice_code: '21' }, 'consent_revoked'],
    ['MAC 01', { network_advice_code: '01' }, 'new_method'],
    ['MAC 40', { network_advice_code: '40' }, 'new_method'],
    ['MAC 43', { network_advice_code: '43' }, 'insufficient_funds'],
    ['R0', { network_decline_code: 'R0' }, 'consent_revoked'],
    ['R1', { network_decline_code: 'R1' }, 'consent_revoked'],
    ['R3', { network_decline_code: 'R3' }, 'consent_revoked'],
    ['Visa 46', { network_decline_code: '46', brand: 'visa' }, 'hard_stop'],
    ['Visa 57', { network_decline_code: '57', brand: 'visa' }, 'hard_stop'],
    ['Mastercard 46', { network_decline_code: '46', brand: 'mastercard' }, 'insufficient_funds'],
    ['Visa 51', { network_decline_code: '51', brand: 'visa' }, 'insufficient_funds'],
    ['a new MAC', { network_advice_code: '99' }, 'insufficient_funds'],
  ])('%s over insufficient_funds', (_, advice, expected) => {
    expect(classify({ decline_code: 'insufficient_funds', ...advice }).class).toBe(expected);
  });

  it('puts the network before Stripe', () => {
    const both = { network_advice_code: '21', advice_code: 'confirm_card_data' };
    expect(classify({ decline_code: 'do_not_honor', ...both }).class).toBe('consent_revoked');
  });

  it.each(
    Object.entries({
      do_not_try_again: 'hard_stop',
      confirm_card_data: 'new_method',
      try_again_later: 'issuer_soft',
    } satisfies Record<AdviceCode, DeclineClass>),
  )('Stripe advises %s: %s', (advice_code, expected) => {
    expect(classify({ decline_code: 'do_not_honor', advice_code }).class).toBe(expected);
  });

  it.each(['fraudulent', 'lost_card', 'stop_payment_order', 'duplicate_transaction'])(
    'softens %s by no advice',
    (decline_code) => {
      const own = classify({ decline_code }).class;
      for (const advice_code of ['try_again_later', 'do_not_try_again', 'confirm_card_data'])
        expect(classify({ decline_code, advice_code }).class).toBe(own);
      expect(classify({ decline_code, network_advice_code: '03' }).class).toBe(own);
    },
  );

  it('does not make a hard stop retryable', () => {
    const decline = { decline_code: 'restricted_card' };
    expect(classify({ ...decline, advice_code: 'try_again_later' }).class).toBe('hard_stop');
    expect(classify({ ...decline, advice_code: 'confirm_card_data' }).class).toBe('hard_stop');
    expect(classify({ ...decline, network_advice_code: '21' }).class).toBe('consent_revoked');
  });

  it('takes what Stripe blocked itself for fraud that no network has seen', () => {
    const blocked = { code: 'card_declined', decline_code: 'generic_decline' };
    expect(classify({ ...blocked, outcome_type: 'blocked' })).toMatchObject({
      class: 'fraud',
      code: 'generic_decline',
      notSentToNetwork: true,
    });
    const issuer = classify({ ...blocked, outcome_type: 'issuer_declined' });
    expect(issuer.class).toBe('issuer_soft');
    expect(issuer.notSentToNetwork).toBeUndefined();
    expect(
      classify({ decline_code: 'do_not_honor', network_status: 'not_sent_to_network' }),
    ).toMatchObject({ class: 'issuer_soft', notSentToNetwork: true });
  });
});

describe('waiting', () => {
  it.each([
    ['02', 72],
    ['24', 1],
    ['25', 24],
    ['26', 48],
    ['27', 96],
    ['28', 144],
    ['29', 192],
    ['30', 240],
  ])('MAC %s asks for %d hours', (network_advice_code, hours) => {
    const decline = classify({ decline_code: 'insufficient_funds', network_advice_code });
    expect(decline).toMatchObject({ class: 'insufficient_funds', notBefore: AT + hours * HOUR });
  });

  it('lets a card rest for a day after too many declines', () => {
    const decline = classify({ code: 'card_decline_rate_limit_exceeded', outcome_type: 'blocked' });
    expect(decline).toMatchObject({ class: 'insufficient_funds', notBefore: AT + 24 * HOUR });
  });

  it('says nothing otherwise', () => {
    expect(classify({ decline_code: 'do_not_honor' })).not.toHaveProperty('notBefore');
  });
});

describe('elsewhere', () => {
  it.each(['processing_error', 'issuer_not_available', 'api_key_expired', 'parameter_unknown'])(
    '%s may be tried through another gateway',
    (code) => expect(classify({ code }).elsewhere).toBe(true),
  );

  it.each(['rate_limit', 'lock_timeout', 'amount_too_small', 'testmode_decline'])(
    '%s would be no better there',
    (code) => expect(classify({ code }).elsewhere).toBe(false),
  );

  it('never goes against a network that asked for time', () => {
    const decline = classify({ code: 'processing_error', network_advice_code: '24' });
    expect(decline).toMatchObject({ class: 'technical', elsewhere: false });
    const unqualified = classify({ decline_code: 'do_not_honor', network_advice_code: '22' });
    expect(unqualified).toMatchObject({ class: 'merchant_config', elsewhere: false });
  });

  it.each(rows(BANK_DEBIT_CODES))('%s of a bank debit is not hurried there', (code, expected) => {
    const decline = classify({ code, decline_code: '', debit: true });
    expect(decline).toMatchObject({ class: expected, elsewhere: false });
  });

  it('is not for a debit what it is for a card', () => {
    const code = 'processing_error';
    expect(classify({ code }).elsewhere).toBe(true);
    expect(classify({ code, debit: true }).elsewhere).toBe(false);
  });

  it('is true of no other class', () => {
    const all = [CARD_DECLINE_CODES, LOCAL_METHOD_CODES, ERROR_CODES, BANK_DEBIT_CODES].flatMap(
      rows,
    );
    const elsewhere = all.filter(([code]) => classify({ code }).elsewhere);
    expect(new Set(elsewhere.map(([, declineClass]) => declineClass))).toEqual(
      new Set(['technical', 'merchant_config']),
    );
  });
});

describe('what is kept', () => {
  it('fits the books', () => {
    const long = classify({ decline_code: 'x'.repeat(300), message: 'm'.repeat(900) });
    expect([long.code.length, long.message.length]).toEqual([100, 500]);
  });

  it('is the most specific code and Stripe’s own sentence', () => {
    expect(
      classify({
        code: 'card_declined',
        decline_code: 'insufficient_funds',
        message: 'Your card has insufficient funds.',
      }),
    ).toEqual({
      class: 'insufficient_funds',
      code: 'insufficient_funds',
      message: 'Your card has insufficient funds.',
      elsewhere: false,
    });
  });
});
