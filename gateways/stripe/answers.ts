/** What Stripe's answers, and the lack of them, say about a charge. */
import Stripe from 'stripe';

import { sameMoney } from '../../domain/money.js';
import type { Answer, FrozenCharge } from '../gateway.js';
import { fromStripeAmount } from './amount.js';
import { debitOf } from './debits.js';
import { UNDECIDED_CODES, classifyDecline } from './declines.js';

type Intent = Stripe.PaymentIntent;

/** Reads a PaymentIntent that speaks of this charge. */
export function readIntent(intent: Intent, charge: FrozenCharge): Answer {
  const reference = intent.id;
  const chargeReference = latestCharge(intent);
  switch (intent.status) {
    case 'succeeded':
      return collected(intent, charge)
        ? { kind: 'succeeded', reference, chargeReference }
        : unknown(`${reference} collected ${intent.amount_received} ${intent.currency}`, {
            reference,
            attention: true,
          });
    case 'processing':
      return { kind: 'pending', reference, chargeReference, ...spacing(intent) };
    case 'requires_action':
    case 'requires_capture':
      return { kind: 'pending', reference, chargeReference };
    case 'requires_payment_method':
      return intent.last_payment_error
        ? declined(intent.last_payment_error, intent)
        : unknown(`${reference} was not attempted`, { reference });
    case 'canceled':
      return declined(intent.last_payment_error ?? { code: 'payment_intent_canceled' }, intent);
    default:
      return unknown(`${reference} is ${intent.status}`, { reference });
  }
}

function collected(intent: Intent, { amount }: FrozenCharge): boolean {
  return sameMoney(fromStripeAmount(intent.amount_received, intent.currency), amount);
}

/** Only a bank debit has a pace of its own; whoever asks about a card knows best how often. */
function spacing(intent: Intent): { askAgainMs?: number } {
  const debit = debitOf(methodKind(intent));
  return debit ? { askAgainMs: debit.askAgainMs } : {};
}

/** The kind of method of the newest attempt. An error's PaymentIntent has its charge only by name. */
function methodKind(intent: Intent | undefined): string | undefined {
  if (!intent) return undefined;
  const { last_payment_error: error, payment_method_types: types } = intent;
  const charge = typeof intent.latest_charge === 'object' ? intent.latest_charge : undefined;
  const kind = charge?.payment_method_details?.type ?? error?.payment_method?.type;
  return kind ?? (types.length === 1 ? types[0] : undefined);
}

export function latestCharge(intent: Intent): string | undefined {
  const { latest_charge: latest } = intent;
  return (typeof latest === 'string' ? latest : latest?.id) ?? undefined;
}

interface StripeSays {
  readonly code?: string | null | undefined;
  readonly decline_code?: string | null | undefined;
  readonly advice_code?: string | null | undefined;
  readonly network_advice_code?: string | null | undefined;
  readonly network_decline_code?: string | null | undefined;
  readonly message?: string | null | undefined;
  readonly payment_method?: { readonly type: string } | undefined;
}

function declined(says: StripeSays, intent: Intent | undefined): Answer {
  const charge = typeof intent?.latest_charge === 'object' ? intent.latest_charge : undefined;
  const decline = classifyDecline({
    code: says.code,
    decline_code: says.decline_code,
    advice_code: says.advice_code,
    network_advice_code: says.network_advice_code,
    network_decline_code: says.network_decline_code,
    message: says.message,
    outcome_type: charge?.outcome?.type,
    network_status: charge?.outcome?.network_status,
    brand: charge?.payment_method_details?.card?.brand,
    debit: debitOf(says.payment_method?.type ?? methodKind(intent)) !== undefined,
    at: Date.now(),
  });
  const chargeReference = intent && latestCharge(intent);
  return { kind: 'declined', reference: intent?.id, chargeReference, decline };
}

/** Reads what was thrown instead of an answer. Only what is listed here as definite is definite. */
export function readFailure(error: unknown): Answer {
  if (!(error instanceof Stripe.errors.StripeError)) return unknown(String(error));
  const { statusCode, code } = error;
  if (statusCode === undefined) return noAnswer(error);
  if (statusCode === 402) return refusedCard(error);
  if (statusCode >= 500) return unknown(`Stripe answered ${statusCode}`, { serverError: true });
  if (error.rawType === 'idempotency_error' || statusCode === 409)
    return unknown(`Stripe has another request under this key: ${error.message}`);
  if (code === 'payment_intent_unexpected_state') return unexpectedState(error);
  if (code !== undefined && UNDECIDED_CODES.has(code)) return unknown(`Stripe answered ${code}`);
  // A 400 that is the payer's no: without a valid mandate nothing is attempted, and only a new one helps.
  if (code === 'payment_intent_mandate_invalid') return declined(error, error.payment_intent);
  return refusedRequest(error, statusCode);
}

function refusedCard(error: Stripe.errors.StripeError): Answer {
  if (error.code !== undefined && UNDECIDED_CODES.has(error.code))
    return unknown(`Stripe answered ${error.code}`, { reference: error.payment_intent?.id });
  return declined(error, error.payment_intent);
}

function unexpectedState(error: Stripe.errors.StripeError): Answer {
  const reference = error.payment_intent?.id;
  if (error.payment_intent?.status === 'succeeded') return { kind: 'duplicate', reference };
  return unknown(`The PaymentIntent is ${error.payment_intent?.status ?? 'in another state'}`, {
    reference,
  });
}

/** Validation, credentials, permission and rate limits are refused before anything is executed. */
function refusedRequest(error: Stripe.errors.StripeError, statusCode: number): Answer {
  const why = `The gateway refused the request (${statusCode} ${error.code ?? error.rawType ?? ''}): ${error.message}`;
  // A 400 may be a rate limit too.
  if (statusCode === 429 || error.code === 'rate_limit')
    return { kind: 'refused', why, attention: false, parks: false, ...retryAfter(error) };
  if (![400, 401, 403, 404].includes(statusCode)) return unknown(why);
  const parks = statusCode === 400 || statusCode === 404;
  return { kind: 'refused', why, attention: true, parks };
}

/** Seconds, or a date. `stripe-should-retry` is not asked: it speaks to an SDK that retries, which ours never does. */
function retryAfter({ headers }: Stripe.errors.StripeError): { retryAfterMs?: number } {
  const value = headers?.['retry-after'];
  if (!value) return {};
  const waitMs = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  if (Number.isNaN(waitMs)) return {};
  return { retryAfterMs: Math.min(Math.max(0, waitMs), LONGEST_REST_MS) };
}

/** A header from outside must not put a gateway to rest for days. */
const LONGEST_REST_MS = 3_600_000;

const NO_BYTE_LEFT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);

function noAnswer(error: Stripe.errors.StripeError): Answer {
  const cause = rootCause(error);
  if (cause && NO_BYTE_LEFT.has(cause))
    return { kind: 'unreachable', why: `Stripe cannot be reached: ${cause}` };
  return unknown(`No readable answer from Stripe: ${cause ?? error.message}`);
}

/** fetch wraps the network's error, and the SDK wraps fetch's. */
function rootCause(error: unknown): string | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; depth++) {
    const { code, detail, cause } = at as Error & { code?: unknown; detail?: unknown };
    if (typeof code === 'string' && code.startsWith('E')) return code;
    if (typeof code === 'string' && code.startsWith('UND_ERR')) return code;
    at = detail instanceof Error ? detail : cause;
  }
  return undefined;
}

function unknown(
  why: string,
  more: { reference?: string | undefined; serverError?: boolean; attention?: boolean } = {},
): Answer {
  return { kind: 'unknown', why, ...more };
}
