/** PayPal's errors, as the API words them. */
import { issueOf } from './issues.js';

export interface Detail {
  readonly issue: string;
  readonly description: string;
  readonly field?: string;
  readonly value?: string;
  readonly location?: 'body' | 'query' | 'path' | 'header';
}

export class PaypalError extends Error {
  readonly status: number;
  readonly details: readonly Detail[];
  /** Whether the payment was tried: then the refusal is kept under the request id. */
  readonly executed: boolean;

  constructor(status: number, details: readonly Detail[], executed = false) {
    super(details[0]?.description ?? MESSAGES[status]?.[1] ?? 'An error occurred.');
    this.status = status;
    this.details = details;
    this.executed = executed;
  }
}

/** OAuth's errors have a shape of their own. */
export class OauthError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, description: string) {
    super(description);
    this.status = status;
    this.code = code;
  }
}

export function errorBody(error: PaypalError, debugId: string): object {
  const [name, message] = MESSAGES[error.status] ?? ['INTERNAL_SERVER_ERROR', 'Unknown.'];
  const first = error.details[0]?.issue ?? name;
  const href = `https://developer.paypal.com/api/rest/reference/orders/v2/errors/#${first}`;
  return {
    name,
    ...(error.details.length > 0 && { details: error.details }),
    message,
    debug_id: debugId,
    links: [{ href, rel: 'information_link', method: 'GET' }],
  };
}

/** The request is well formed, but its content or the state of things forbids it. */
export function refused(
  issue: string,
  place: Pick<Detail, 'field' | 'value' | 'location'> = {},
  executed = false,
): PaypalError {
  const { status, description } = issueOf(issue);
  return new PaypalError(status, [{ issue, description, ...place }], executed);
}

export function noSuch(field = 'id', location: 'path' | 'body' = 'path'): PaypalError {
  return refused('INVALID_RESOURCE_ID', { field, location });
}

const MESSAGES: Readonly<Record<number, readonly [name: string, message: string]>> = {
  400: [
    'INVALID_REQUEST',
    'Request is not well-formed, syntactically incorrect, or violates schema.',
  ],
  401: [
    'AUTHENTICATION_FAILURE',
    'Authentication failed due to invalid authentication credentials or a missing Authorization header.',
  ],
  403: ['NOT_AUTHORIZED', 'Authorization failed due to insufficient permissions.'],
  404: ['RESOURCE_NOT_FOUND', 'The specified resource does not exist.'],
  405: ['METHOD_NOT_SUPPORTED', 'The server does not implement the requested HTTP method.'],
  409: ['RESOURCE_CONFLICT', 'The server has detected a conflict while processing this request.'],
  415: ['UNSUPPORTED_MEDIA_TYPE', 'The server does not support the request payload’s media type.'],
  422: [
    'UNPROCESSABLE_ENTITY',
    'The requested action could not be performed, semantically incorrect, or failed business validation.',
  ],
  429: ['RATE_LIMIT_REACHED', 'Too many requests. Blocked due to rate limiting.'],
  500: ['INTERNAL_SERVER_ERROR', 'An internal server error occurred.'],
  503: ['SERVICE_UNAVAILABLE', 'Service Unavailable.'],
};
