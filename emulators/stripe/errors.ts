/** Stripe's errors, as the API words them. */
import type Stripe from 'stripe';

type ErrorType = 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error';

interface ErrorBody {
  type: ErrorType;
  message: string;
  code?: string;
  param?: string;
  decline_code?: string;
  advice_code?: string;
  network_advice_code?: string;
  network_decline_code?: string;
  charge?: string;
  doc_url?: string;
  payment_intent?: Stripe.PaymentIntent;
  payment_method?: Stripe.PaymentMethod;
  setup_intent?: Stripe.SetupIntent;
}

export class StripeError extends Error {
  readonly status: number;
  readonly body: ErrorBody;
  /** Whether the endpoint had begun to execute: then the answer is kept under the idempotency key. */
  readonly executed: boolean;

  constructor(status: number, body: ErrorBody, executed = false) {
    super(body.message);
    this.status = status;
    this.executed = executed;
    this.body = body.code ? { ...body, doc_url: docUrl(body.code) } : body;
  }
}

export function docUrl(code: string): string {
  return `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}`;
}

/** The request itself is wrong: refused before anything is executed. */
export function invalidRequest(message: string, code?: string, param?: string): StripeError {
  const body = { type: 'invalid_request_error' as const, message };
  return new StripeError(400, { ...body, ...(code && { code }), ...(param && { param }) });
}

export function missingParameter(param: string): StripeError {
  return invalidRequest(`Missing required param: ${param}.`, 'parameter_missing', param);
}

/** The request is well formed, but the object's state forbids it. */
export function refused(
  message: string,
  code?: string,
  about: Partial<Pick<ErrorBody, 'payment_intent' | 'setup_intent' | 'charge' | 'param'>> = {},
): StripeError {
  const body = { type: 'invalid_request_error' as const, message, ...about };
  return new StripeError(400, { ...body, ...(code && { code }) }, true);
}

export function noSuch(kind: string, id: string, param = 'id', status = 404): StripeError {
  const message = `No such ${kind}: '${id}'`;
  return new StripeError(status, {
    type: 'invalid_request_error',
    code: 'resource_missing',
    message,
    param,
  });
}

export function unauthorized(message: string): StripeError {
  return new StripeError(401, { type: 'invalid_request_error', message });
}

export function internalError(): StripeError {
  const message = 'An unknown error occurred (injected by the emulator).';
  return new StripeError(500, { type: 'api_error', message });
}
