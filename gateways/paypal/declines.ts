/**
 * Declines: PayPal's no, in our words. It comes as an issue, or as a declined capture with the processor's code, and
 * the card network's advice outranks that code; but no advice softens a decline that already stops the card.
 *
 * Only a definite no comes here.
 */
import type { Decline, DeclineClass } from '../../domain/decline.js';
import { ADVISED_CLASS, ADVISED_WAIT_HOURS, finality } from '../../domain/network-advice.js';

/** What PayPal says about one failed charge. */
export interface PaypalDecline {
  /** An issue of a refusal, or the reason of a declined capture. */
  readonly issue?: string | undefined;
  /** `processor_response.response_code`. */
  readonly responseCode?: string | undefined;
  readonly adviceCode?: string | undefined;
  /** The card's brand, "VISA". Advice codes mean different things to different networks. */
  readonly brand?: string | undefined;
  readonly message?: string | undefined;
  /** When it was declined (epoch milliseconds). */
  readonly at: number;
}

export function classifyDecline(input: PaypalDecline): Decline {
  const { issue, responseCode } = input;
  const own = classOfIssue(issue) ?? classOfResponse(responseCode);
  const declineClass = advised(input, own);
  const hours = hoursToWait(input, declineClass);
  const code = (classOfIssue(issue) ? issue : (responseCode ?? issue)) ?? 'unknown';
  return {
    class: declineClass ?? 'issuer_soft',
    code: code.slice(0, 100),
    message: (input.message || `PayPal declined the charge: ${code}.`).slice(0, 500),
    elsewhere: mayGoElsewhere(declineClass, responseCode) && hours === undefined,
    ...(hours !== undefined && { notBefore: input.at + hours * HOUR }),
    ...(declineClass === undefined && { unmapped: true }),
  };
}

/** Undefined for an issue that is in no list of declines. */
export function classOfIssue(issue: string | undefined): DeclineClass | undefined {
  return issue === undefined ? undefined : ISSUE_CLASS.get(issue);
}

function classOfResponse(code: string | undefined): DeclineClass | undefined {
  if (code === undefined) return undefined;
  const listed = RESPONSE_CLASS.get(code);
  if (listed) return listed;
  // The rest of these two series complains of fields and of the merchant's account.
  return /^PP..$/.test(code) || /^13[0-7]\d$/.test(code) ? 'merchant_config' : undefined;
}

function advised(input: PaypalDecline, own: DeclineClass | undefined): DeclineClass | undefined {
  const advice = adviceOf(input, own);
  return advice && finality(advice) >= finality(own) ? advice : own;
}

function adviceOf(
  { adviceCode: advice, brand }: PaypalDecline,
  own: DeclineClass | undefined,
): DeclineClass | undefined {
  if (advice === undefined) return undefined;
  // The cardholder stopped this payment, this merchant's, or all of them.
  if (isVisa(brand) && ['02', '03', '21'].includes(advice)) return 'consent_revoked';
  // A prepaid card that cannot be topped up stays empty.
  if (advice === '40' && own === 'insufficient_funds') return 'new_method';
  return ADVISED_CLASS[advice];
}

function hoursToWait(
  { adviceCode, brand, issue, responseCode }: PaypalDecline,
  declineClass: DeclineClass | undefined,
): number | undefined {
  if (finality(declineClass) > 0) return undefined;
  const advised =
    isVisa(brand) && adviceCode === '02' ? undefined : ADVISED_WAIT_HOURS[adviceCode ?? ''];
  return advised ?? WAIT_HOURS[issue ?? ''] ?? WAIT_HOURS[responseCode ?? ''];
}

function isVisa(brand: string | undefined): boolean {
  return brand?.toUpperCase().startsWith('VISA') ?? false;
}

/**
 * Another gateway helps when a processor said that its own path was at fault. A capture that failed for no reason
 * given, and a complaint about our account or request, are not that certain.
 */
function mayGoElsewhere(
  declineClass: DeclineClass | undefined,
  responseCode: string | undefined,
): boolean {
  return declineClass === 'technical' && classOfResponse(responseCode) === 'technical';
}

const HOUR = 3_600_000;

/** Hours that PayPal itself asks to wait, by issue or processor code. */
const WAIT_HOURS: Partial<Record<string, number>> = {
  PPDT: 24,
  MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED: 24,
};

const ISSUES: Partial<Record<DeclineClass, string>> = {
  insufficient_funds: 'TRANSACTION_LIMIT_EXCEEDED',
  issuer_soft: `INSTRUMENT_DECLINED PAYMENT_SOURCE_DECLINED_BY_PROCESSOR TRANSACTION_REFUSED
    MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED CAPTURE_DECLINED`,
  // Of a capture that was read again and has still failed.
  technical: 'CAPTURE_FAILED',
  authentication: `PAYER_ACTION_REQUIRED REDIRECT_PAYER_FOR_ALTERNATE_FUNDING PAYER_CANNOT_PAY
    ORDER_NOT_APPROVED CONSENT_NEEDED PAYMENT_SOURCE_INFO_CANNOT_BE_VERIFIED
    BILLING_ADDRESS_INVALID SHIPPING_ADDRESS_INVALID`,
  new_method: `CARD_EXPIRED REFERENCED_CARD_EXPIRED INVALID_EXPIRY_DATE TOKEN_EXPIRED
    IDENTIFIER_NOT_FOUND PAYPAL_TRANSACTION_ID_EXPIRED PNREF_EXPIRED PAYMENT_SOURCE_CANNOT_BE_USED
    MISMATCHED_VAULT_ID_TO_PAYMENT_SOURCE CARD_BRAND_NOT_SUPPORTED CARD_TYPE_NOT_SUPPORTED
    CURRENCY_NOT_SUPPORTED_FOR_CARD_TYPE INVALID_IBAN INVALID_SECURITY_CODE_LENGTH`,
  hard_stop: `PAYER_ACCOUNT_LOCKED_OR_CLOSED PAYER_ACCOUNT_RESTRICTED
    PREVIOUS_TRANSACTION_REFERENCE_HAS_CHARGEBACK PREVIOUS_TRANSACTION_REFERENCE_VOIDED`,
  // A vault id that is gone: the payer removed us from the wallet. CAPTURE_REVERSED: the money was taken back.
  consent_revoked: `AGREEMENT_ALREADY_CANCELLED BILLING_AGREEMENT_NOT_FOUND TOKEN_ID_NOT_FOUND
    INVALID_RESOURCE_ID CAPTURE_REVERSED`,
  fraud: `COMPLIANCE_VIOLATION PAYEE_BLOCKED_TRANSACTION TRANSACTION_BLOCKED_BY_PAYEE
    DECLINED_BY_RISK_FRAUD_FILTERS`,
};

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
  // A partial authorization is not what was asked for.
  merchant_config: '1000 8020 8030',
};

const ISSUE_CLASS = classes(ISSUES);
const RESPONSE_CLASS = classes(RESPONSES);

function classes(table: Partial<Record<DeclineClass, string>>): ReadonlyMap<string, DeclineClass> {
  return new Map(
    Object.entries(table).flatMap(([declineClass, codes]) =>
      codes
        .trim()
        .split(/\s+/)
        .map((code) => [code, declineClass as DeclineClass]),
    ),
  );
}
