import { describe, expect, it } from 'vitest';

import type { DeclineClass } from '../../../domain/decline.js';
import {
  type PaypalDecline,
  classOfIssue,
  classifyDecline,
} from '../../../gateways/paypal/declines.js';
import { issueKind } from '../../../gateways/paypal/issues.js';

const AT = Date.UTC(2026, 11, 1);
const HOUR = 3_600_000;
const classify = (input: Omit<PaypalDecline, 'at'>) => classifyDecline({ ...input, at: AT });
const words = (text: string) => text.trim().split(/\s+/);

/** Every issue of create, capture and confirm that PayPal publishes, by what it means for recovery. */
const DECLINES: Partial<Record<DeclineClass, string>> = {
  insufficient_funds: 'TRANSACTION_LIMIT_EXCEEDED',
  issuer_soft: `INSTRUMENT_DECLINED MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED TRANSACTION_REFUSED
    PAYMENT_SOURCE_DECLINED_BY_PROCESSOR`,
  authentication: `PAYER_ACTION_REQUIRED REDIRECT_PAYER_FOR_ALTERNATE_FUNDING PAYER_CANNOT_PAY
    ORDER_NOT_APPROVED CONSENT_NEEDED PAYMENT_SOURCE_INFO_CANNOT_BE_VERIFIED BILLING_ADDRESS_INVALID
    SHIPPING_ADDRESS_INVALID`,
  new_method: `CARD_EXPIRED REFERENCED_CARD_EXPIRED INVALID_EXPIRY_DATE TOKEN_EXPIRED
    IDENTIFIER_NOT_FOUND PAYPAL_TRANSACTION_ID_EXPIRED PNREF_EXPIRED PAYMENT_SOURCE_CANNOT_BE_USED
    MISMATCHED_VAULT_ID_TO_PAYMENT_SOURCE CARD_BRAND_NOT_SUPPORTED CARD_TYPE_NOT_SUPPORTED
    CURRENCY_NOT_SUPPORTED_FOR_CARD_TYPE INVALID_IBAN INVALID_SECURITY_CODE_LENGTH`,
  hard_stop: `PAYER_ACCOUNT_LOCKED_OR_CLOSED PAYER_ACCOUNT_RESTRICTED
    PREVIOUS_TRANSACTION_REFERENCE_HAS_CHARGEBACK PREVIOUS_TRANSACTION_REFERENCE_VOIDED`,
  consent_revoked: `AGREEMENT_ALREADY_CANCELLED BILLING_AGREEMENT_NOT_FOUND TOKEN_ID_NOT_FOUND
    INVALID_RESOURCE_ID`,
  fraud: `COMPLIANCE_VIOLATION PAYEE_BLOCKED_TRANSACTION TRANSACTION_BLOCKED_BY_PAYEE
    DECLINED_BY_RISK_FRAUD_FILTERS`,
};

const NO_DECLINES = {
  account_fault: `PAYEE_ACCOUNT_INVALID PAYEE_ACCOUNT_LOCKED_OR_CLOSED PAYEE_ACCOUNT_RESTRICTED
    PAYEE_NOT_ENABLED_FOR_CARD_PROCESSING NOT_ENABLED_FOR_CARD_PROCESSING
    NOT_ENABLED_TO_VAULT_PAYMENT_SOURCE AUTH_CAPTURE_NOT_ENABLED TRANSACTION_RECEIVING_LIMIT_EXCEEDED
    DOMESTIC_TRANSACTION_REQUIRED PERMISSION_DENIED NOT_ELIGIBLE_FOR_TOKEN_PROCESSING
    INVALID_ACCOUNT_STATUS`,
  request_fault: `INVALID_CURRENCY_CODE DECIMAL_PRECISION DECIMALS_NOT_SUPPORTED AMOUNT_MISMATCH
    CANNOT_BE_ZERO_OR_NEGATIVE MAX_VALUE_EXCEEDED INCOMPATIBLE_PARAMETER_VALUE
    MISSING_REQUIRED_PARAMETER MERCHANT_INITIATED_WITH_SECURITY_CODE
    REQUIRED_PARAMETER_FOR_CUSTOMER_INITIATED_PAYMENT PAYPAL_REQUEST_ID_REQUIRED
    ACTION_DOES_NOT_MATCH_INTENT`,
  already_done: `ORDER_ALREADY_CAPTURED ORDER_ALREADY_AUTHORIZED ORDER_ALREADY_COMPLETED
    AUTHORIZATION_ALREADY_CAPTURED`,
  duplicate: 'DUPLICATE_INVOICE_ID',
  in_progress: `ORDER_COMPLETION_IN_PROGRESS ORDER_IS_PENDING_APPROVAL PREVIOUS_REQUEST_IN_PROGRESS`,
};

/** Every processor code of the reference. */
const RESPONSES: Partial<Record<DeclineClass, string>> = {
  insufficient_funds: '5120 PPAX PPEL PPNL PPDT',
  issuer_soft: '0500 5100 0100 10BR 5710',
  technical: '9100 5920 0960 8000 8010 8100 8110 8220 PPER PPNT 0800',
  authentication: '5650 7700 7710 PPD3',
  new_method: `5400 1380 PPEX PPEF 5950 1330 0390 6300 5140 PP06 00N7 5110 1382 PCVV 5170 PPAD 5930
    1335 PPCT PPCU PPUC PPFI PPFR PPTE PPTR PPTV`,
  hard_stop: '0580 5150 5160 5180 1352 5700 5910 1393 PPRN PPAB 9540',
  consent_revoked: '0R00',
  fraud: '9500 9510 9520',
  duplicate_check: '5200 PPIF',
  merchant_config: '1000 1300 1310 1312 1317 1320 1340 1350 1360 1370 8020 8030 PPPM PPSC PPBG',
};

const rows = (table: Partial<Record<string, string>>) =>
  Object.entries(table).flatMap(([means, codes]) =>
    words(codes!).map((code) => [code, means] as const),
  );

describe('an issue', () => {
  it.each(rows(DECLINES))('%s declines as %s', (issue, means) => {
    expect(issueKind(issue)).toBeUndefined();
    expect(classOfIssue(issue)).toBe(means);
    const decline = classify({ issue });
    expect(decline).toMatchObject({ class: means, code: issue, elsewhere: false });
    expect(decline.unmapped).toBeUndefined();
  });

  it.each(rows(NO_DECLINES))('%s is no decline but %s', (issue, kind) => {
    expect(issueKind(issue)).toBe(kind);
    expect(classOfIssue(issue)).toBeUndefined();
  });

  it('that nobody has heard of is soft once, and an alert', () => {
    expect(classify({ issue: 'BRAND_NEW', message: 'BRAND_NEW: Oh.' })).toEqual({
      class: 'issuer_soft',
      code: 'BRAND_NEW',
      message: 'BRAND_NEW: Oh.',
      elsewhere: false,
      unmapped: true,
    });
  });

  it('that there were too many attempts waits a day', () => {
    expect(classify({ issue: 'MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED' }).notBefore).toBe(
      AT + 24 * HOUR,
    );
  });
});

describe('a processor response', () => {
  it.each(rows(RESPONSES))('%s declines as %s', (responseCode, means) => {
    const decline = classify({ responseCode });
    expect(decline).toMatchObject({ class: means, code: responseCode });
    expect(decline.unmapped).toBeUndefined();
  });

  it('leads to another gateway only when the processor itself failed', () => {
    const elsewhere = rows(RESPONSES)
      .filter(([responseCode]) => classify({ responseCode }).elsewhere)
      .map(([code]) => code);
    expect(elsewhere).toEqual(words(RESPONSES.technical!));
    expect(classify({ issue: 'CAPTURE_FAILED' })).toMatchObject({
      class: 'technical',
      elsewhere: false,
    });
  });

  it.each(['Z9Z9', '0000', '7600'])(
    '%s is in no table: soft once, and an alert',
    (responseCode) => {
      expect(classify({ responseCode })).toMatchObject({ class: 'issuer_soft', unmapped: true });
    },
  );

  it('is outranked by the reason of the capture, when we know it', () => {
    const decline = classify({ issue: 'DECLINED_BY_RISK_FRAUD_FILTERS', responseCode: '0500' });
    expect(decline).toMatchObject({ class: 'fraud', code: 'DECLINED_BY_RISK_FRAUD_FILTERS' });
    expect(classify({ issue: 'OTHER', responseCode: '0500' })).toMatchObject({ code: '0500' });
  });

  it('that a threshold was reached waits a day', () => {
    expect(classify({ responseCode: 'PPDT' }).notBefore).toBe(AT + 24 * HOUR);
  });
});

describe('an advice code means what the card’s network means by it', () => {
  it.each([
    ['VISA', '02', 'consent_revoked', undefined],
    ['VISA', '03', 'consent_revoked', undefined],
    ['VISA', '21', 'consent_revoked', undefined],
    ['MASTERCARD', '02', 'insufficient_funds', 72],
    ['MASTERCARD', '03', 'hard_stop', undefined],
    ['MASTERCARD', '21', 'consent_revoked', undefined],
    ['MASTERCARD', '01', 'new_method', undefined],
    ['MASTERCARD', '04', 'new_method', undefined],
    ['MASTERCARD', '22', 'merchant_config', undefined],
    ['MASTERCARD', '24', 'insufficient_funds', 1],
    ['MASTERCARD', '30', 'insufficient_funds', 240],
    ['MASTERCARD', '40', 'new_method', undefined],
    ['MASTERCARD', '43', 'insufficient_funds', undefined],
    [undefined, '02', 'insufficient_funds', 72],
    [undefined, '03', 'hard_stop', undefined],
  ])('%s %s', (brand, adviceCode, means, hours) => {
    const decline = classify({ responseCode: '5120', adviceCode, brand });
    expect(decline.class).toBe(means);
    expect(decline.notBefore).toBe(hours === undefined ? undefined : AT + hours * HOUR);
    expect(decline.elsewhere).toBe(false);
  });

  it.each([
    ['9500', '01', 'fraud'],
    ['9500', '03', 'fraud'],
    ['0R00', '03', 'consent_revoked'],
    ['0580', '21', 'consent_revoked'],
    ['0580', '24', 'hard_stop'],
  ])('%s with advice %s stays %s or gets stricter', (responseCode, adviceCode, means) => {
    const decline = classify({ responseCode, adviceCode, brand: 'MASTERCARD' });
    expect(decline.class).toBe(means);
    expect(decline.notBefore).toBeUndefined();
  });

  it('keeps a technical decline from going elsewhere', () => {
    const input = { responseCode: '9100', brand: 'MASTERCARD' };
    expect(classify(input).elsewhere).toBe(true);
    expect(classify({ ...input, adviceCode: '24' }).elsewhere).toBe(false);
    expect(classify({ ...input, adviceCode: '03' }).elsewhere).toBe(false);
  });
});

it('codes and messages have bounds', () => {
  const decline = classify({ issue: 'X'.repeat(500), message: 'y'.repeat(900) });
  expect([decline.code.length, decline.message.length]).toEqual([100, 500]);
});
