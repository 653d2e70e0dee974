/** PayPal's issues: under which status each is answered, and in which words. Whatever is not listed is a 422. */
interface Issue {
  readonly status: number;
  readonly description: string;
}

export function issueOf(issue: string): Issue {
  const status = STATUSES[issue] ?? 422;
  return { status, description: DESCRIPTIONS[issue] ?? inWords(issue) };
}

function inWords(issue: string): string {
  const words = issue.toLowerCase().replaceAll('_', ' ');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

const STATUSES: Readonly<Record<string, number>> = {
  INVALID_ARRAY_MAX_ITEMS: 400,
  INVALID_ARRAY_MIN_ITEMS: 400,
  INVALID_PARAMETER_SYNTAX: 400,
  INVALID_PARAMETER_VALUE: 400,
  INVALID_STRING_LENGTH: 400,
  MALFORMED_REQUEST_JSON: 400,
  MISSING_REQUIRED_PARAMETER: 400,
  NOT_SUPPORTED: 400,
  PAYPAL_REQUEST_ID_REQUIRED: 400,
  INVALID_DATE_RANGE: 400,
  INVALID_ACCOUNT_STATUS: 401,
  CONSENT_NEEDED: 403,
  NOT_ELIGIBLE_FOR_TOKEN_PROCESSING: 403,
  PERMISSION_DENIED: 403,
  INVALID_RESOURCE_ID: 404,
  PREVIOUS_REQUEST_IN_PROGRESS: 409,
  UNSUPPORTED_CONTENT_TYPE: 415,
  RATE_LIMIT_REACHED: 429,
  INTERNAL_SERVER_ERROR: 500,
  SERVICE_UNAVAILABLE: 503,
};

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  INVALID_PARAMETER_SYNTAX: 'The value of a field does not conform to the expected format.',
  INVALID_PARAMETER_VALUE: 'The value of a field is invalid.',
  INVALID_STRING_LENGTH: 'The value of a field is either too short or too long.',
  MALFORMED_REQUEST_JSON: 'The request JSON is not well formed.',
  MISSING_REQUIRED_PARAMETER: 'A required field / parameter is missing.',
  NOT_SUPPORTED: 'This field is not supported.',
  PAYPAL_REQUEST_ID_REQUIRED:
    'A PayPal-Request-Id is required if you are trying to process payment for an Order.',
  INVALID_RESOURCE_ID:
    'Specified resource ID does not exist. Please check the resource ID and try again.',
  PREVIOUS_REQUEST_IN_PROGRESS:
    'A previous request on this resource is currently in progress. Please wait for some time and try again.',
  PERMISSION_DENIED: 'You do not have permission to access or perform operations on this resource.',
  CONSENT_NEEDED: 'Authorization failed due to insufficient permissions: the payer has to consent.',
  INSTRUMENT_DECLINED:
    'The instrument presented was either declined by the processor or bank, or it can’t be used for this payment.',
  PAYER_ACTION_REQUIRED:
    'Transaction cannot complete successfully, instruct the buyer to return to PayPal.',
  PAYER_CANNOT_PAY: 'Payer cannot pay for this transaction.',
  PAYER_ACCOUNT_RESTRICTED: 'PAYER_ACCOUNT_RESTRICTED',
  TRANSACTION_REFUSED: 'The request was refused.',
  MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED:
    'You have exceeded the maximum number of payment attempts.',
  TOKEN_ID_NOT_FOUND: 'Specified token was not found. Verify the token and try the request again.',
  DUPLICATE_INVOICE_ID:
    'Duplicate Invoice ID detected. To avoid a potential duplicate transaction your account setting requires that Invoice Id be unique for each transaction.',
  ORDER_ALREADY_CAPTURED:
    'Order already captured. If ‘intent=CAPTURE’ only one capture per order is allowed.',
  NOT_PATCHABLE: 'Cannot be patched.',
  ORDER_NOT_APPROVED: 'Payer has not yet approved the Order for payment.',
  ACTION_DOES_NOT_MATCH_INTENT: 'Order was created with an intent that does not allow this action.',
  AUTH_CAPTURE_NOT_ENABLED: 'Authorization and Capture feature is not enabled for the merchant.',
  DECIMAL_PRECISION: 'The value of the field should not be more than two decimal places.',
  DECIMALS_NOT_SUPPORTED: 'Currency does not support decimals.',
  INVALID_CURRENCY_CODE: 'Currency code is invalid or is not currently supported.',
  CANNOT_BE_ZERO_OR_NEGATIVE: 'Must be greater than zero.',
  MAX_VALUE_EXCEEDED: 'Should be less than or equal to 999999999999999.99.',
  AMOUNT_MISMATCH: 'Should equal the sum of the breakdown.',
  MERCHANT_INITIATED_WITH_MULTIPLE_PURCHASE_UNITS:
    'Merchant initiated payments cannot have more than one purchase unit.',
  MERCHANT_INITIATED_WITH_SECURITY_CODE:
    'CVV was included in a merchant initiated payment. CVV cannot be stored.',
  INCOMPATIBLE_PARAMETER_VALUE: 'The value of the field is incompatible with other fields.',
  CAPTURE_FULLY_REFUNDED: 'The capture has already been fully refunded.',
  REFUND_AMOUNT_EXCEEDED:
    'The refund amount must be less than or equal to the capture amount that has not yet been refunded.',
  REFUND_CAPTURE_CURRENCY_MISMATCH: 'Refund must be in the same currency as the capture.',
  REFUND_NOT_ALLOWED: 'Full refund refused: the capture was not completed.',
  REFUND_TIME_LIMIT_EXCEEDED: 'You are over the time limit to perform a refund on this capture.',
  PENDING_CAPTURE: 'Cannot initiate a refund as the capture is pending.',
  TRANSACTION_DISPUTED: 'Partial refunds cannot be offered at this time: there is an open case.',
  REFUND_FAILED_INSUFFICIENT_FUNDS:
    'Capture could not be refunded due to insufficient funds in your account.',
  INTERNAL_SERVER_ERROR: 'An internal server error occurred (injected by the emulator).',
};
