/** Issues: what PayPal names in an answer outside 2xx. Branch on these, never on their descriptions. */
import { z } from 'zod';

import type { Answered } from './call.js';

export interface Issue {
  readonly name: string;
  readonly description: string;
}

const schema = z.object({
  name: z.string().min(1),
  message: z.string().optional(),
  details: z
    .array(z.object({ issue: z.string().min(1), description: z.string().optional() }))
    .optional(),
});

/** OAuth has a form of its own, which a refused token is answered in. */
const oauthSchema = z.object({
  error: z.string().min(1),
  error_description: z.string().optional(),
});

/** Empty when the answer is not in PayPal's form, so that it proves nothing. The last is its general name. */
export function issuesIn({ body }: Answered): Issue[] {
  const read = schema.safeParse(body);
  if (!read.success) {
    const oauth = oauthSchema.safeParse(body);
    if (!oauth.success) return [];
    return [{ name: oauth.data.error, description: oauth.data.error_description ?? '' }];
  }
  const { name, message = '', details = [] } = read.data;
  return [
    ...details.map(({ issue, description = '' }) => ({ name: issue, description })),
    { name, description: message },
  ];
}

export type IssueKind =
  /** An earlier charge has the money. */
  | 'duplicate'
  /** The order itself was captured before: it must be read. */
  | 'already_done'
  /** Another request under this key, or PayPal itself, is at it. */
  | 'in_progress'
  /** Our request is wrong, and would be refused again. */
  | 'request_fault'
  /** Our account is not allowed to do this, for now. */
  | 'account_fault';

/** Issues that are no decline. What is in neither table is a decline that we do not know. */
export function issueKind(name: string): IssueKind | undefined {
  if (/^(PAYEE_ACCOUNT_|PAYEE_NOT_ENABLED|NOT_ENABLED_)/.test(name)) return 'account_fault';
  return KINDS.get(name);
}

const ISSUES: Readonly<Record<IssueKind, string>> = {
  duplicate: 'DUPLICATE_INVOICE_ID',
  already_done: `ORDER_ALREADY_CAPTURED ORDER_ALREADY_AUTHORIZED ORDER_ALREADY_COMPLETED
    AUTHORIZATION_ALREADY_CAPTURED`,
  in_progress: `ORDER_COMPLETION_IN_PROGRESS ORDER_IS_PENDING_APPROVAL PREVIOUS_REQUEST_IN_PROGRESS
    RESOURCE_CONFLICT DUPLICATE_REQUEST_ID`,
  request_fault: `INVALID_CURRENCY_CODE CURRENCY_NOT_SUPPORTED DECIMAL_PRECISION
    DECIMALS_NOT_SUPPORTED AMOUNT_MISMATCH CANNOT_BE_ZERO_OR_NEGATIVE MAX_VALUE_EXCEEDED
    INCOMPATIBLE_PARAMETER_VALUE MISSING_REQUIRED_PARAMETER MERCHANT_INITIATED_WITH_SECURITY_CODE
    MERCHANT_INITIATED_WITH_MULTIPLE_PURCHASE_UNITS REQUIRED_PARAMETER_FOR_CUSTOMER_INITIATED_PAYMENT
    PAYPAL_REQUEST_ID_REQUIRED ACTION_DOES_NOT_MATCH_INTENT INVALID_REQUEST INVALID_PARAMETER_SYNTAX
    INVALID_PARAMETER_VALUE INVALID_STRING_LENGTH INVALID_STRING_MAX_LENGTH
    INVALID_ARRAY_MAX_ITEMS INVALID_ARRAY_MIN_ITEMS MALFORMED_REQUEST_JSON NOT_SUPPORTED
    UNSUPPORTED_MEDIA_TYPE UNSUPPORTED_CONTENT_TYPE`,
  account_fault: `AUTH_CAPTURE_NOT_ENABLED TRANSACTION_RECEIVING_LIMIT_EXCEEDED
    DOMESTIC_TRANSACTION_REQUIRED PERMISSION_DENIED NOT_AUTHORIZED NOT_ELIGIBLE_FOR_TOKEN_PROCESSING
    INVALID_ACCOUNT_STATUS AUTHENTICATION_FAILURE`,
};

const KINDS: ReadonlyMap<string, IssueKind> = new Map(
  Object.entries(ISSUES).flatMap(([kind, names]) =>
    names.split(/\s+/).map((name) => [name, kind as IssueKind]),
  ),
);
