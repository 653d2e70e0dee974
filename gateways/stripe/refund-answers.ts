/** What Stripe's answers, and the lack of them, say about a refund. */
import Stripe from 'stripe';

import type { FrozenRefund, RefundAnswer, RefundFailure } from '../gateway.js';
import { toStripeAmount } from './amount.js';
import { readFailure } from './answers.js';

/** Reads a refund that is to be ours. */
export function readRefund(made: Stripe.Refund, refund: FrozenRefund): RefundAnswer {
  const { id: reference, status } = made;
  if (!isOurs(made, refund)) return unknown(`${reference} is not this refund`, { attention: true });
  if (!isAmount(made, refund))
    return unknown(`${reference} gives back ${made.amount} ${made.currency}`, {
      reference,
      attention: true,
    });
  switch (status) {
    case 'succeeded':
      return { kind: 'succeeded', reference };
    case 'pending':
    // The customer must tell where the money is to go.
    case 'requires_action':
      return { kind: 'pending', reference, askAgainMs: askAgain(made) };
    case 'failed':
      return failed(made);
    case 'canceled':
      return { kind: 'failed', failure: 'canceled', why: `${reference} was canceled`, reference };
    default:
      return unknown(`${reference} is ${status ?? 'in no state'}`, { reference });
  }
}

/** Whose it is, as far as it says. One that we never asked for, and know by its own name only, may carry anybody's mark. */
function isOurs({ id, metadata, charge }: Stripe.Refund, refund: FrozenRefund): boolean {
  const of = typeof charge === 'string' ? charge : charge?.id;
  const owner = metadata?.['dunlin_refund'];
  const foreign = !refund.request && id === refund.reference;
  return (
    (foreign || owner === undefined || owner === refund.id) &&
    (of === undefined || of === refund.chargeReference)
  );
}

function isAmount({ amount, currency }: Stripe.Refund, { amount: asked }: FrozenRefund): boolean {
  return amount === toStripeAmount(asked) && currency.toUpperCase() === asked.currency;
}

/** One that waits for our balance, or for its charge, waits for days. */
function askAgain({ pending_reason: reason }: Stripe.Refund): number {
  return reason === 'processing' ? 6 * HOUR_MS : 24 * HOUR_MS;
}

const HOUR_MS = 3_600_000;

function failed({
  id: reference,
  failure_reason: reason = 'unknown',
}: Stripe.Refund): RefundAnswer {
  const failure = FAILED_BECAUSE.get(reason) ?? 'other';
  return { kind: 'failed', failure, why: `${reference} failed: ${reason}`, reference };
}

const FAILED_BECAUSE: ReadonlyMap<string, RefundFailure> = new Map<string, RefundFailure>([
  ['lost_or_stolen_card', 'payer_unreachable'],
  ['expired_or_canceled_card', 'payer_unreachable'],
  ['charge_for_pending_refund_disputed', 'disputed'],
  ['insufficient_funds', 'insufficient_balance'],
  ['declined', 'declined'],
  ['merchant_request', 'canceled'],
]);

/** Reads what was thrown instead of an answer. Only what is listed here as definite is definite. */
export function readRefundFailure(error: unknown): RefundAnswer {
  const answer = readFailure(error);
  switch (answer.kind) {
    case 'unknown':
    case 'unreachable':
      return answer;
    case 'refused':
      return refusedBecause(error) ?? answer;
    case 'declined': {
      const why = `Stripe declined the refund: ${answer.decline.message ?? answer.decline.code}`;
      return refusedBecause(error) ?? { kind: 'failed', failure: 'declined', why };
    }
    default:
      return unknown(`Stripe answered a refund with ${answer.kind}`);
  }
}

function refusedBecause(error: unknown): RefundAnswer | undefined {
  if (!(error instanceof Stripe.errors.StripeError)) return undefined;
  const { code = '', message } = error;
  const failure = REFUSED_BECAUSE.get(code);
  return failure && { kind: 'failed', failure, why: `Stripe refused the refund: ${message}` };
}

const REFUSED_BECAUSE: ReadonlyMap<string, RefundFailure> = new Map<string, RefundFailure>([
  ['charge_already_refunded', 'already_refunded'],
  ['amount_too_large', 'exceeds_charge'],
  ['amount_too_small', 'not_allowed'],
  ['charge_disputed', 'disputed'],
  ['refund_disputed_payment', 'disputed'],
  ['charge_not_refundable', 'not_allowed'],
  ['balance_insufficient', 'insufficient_balance'],
  ['insufficient_funds', 'insufficient_balance'],
]);

/** Much that Stripe refuses has no code: how the charge stands says why. Undefined: it does not. */
export function refusedByCharge(
  charge: Stripe.Charge,
  asked: number,
  why: string,
): RefundAnswer | undefined {
  const failure = failureOf(charge, asked);
  return failure && { kind: 'failed', failure, why };
}

function failureOf(charge: Stripe.Charge, asked: number): RefundFailure | undefined {
  if (charge.status === 'pending') return 'charge_pending';
  if (charge.status !== 'succeeded') return 'not_allowed';
  if (charge.disputed) return 'disputed';
  const left = charge.amount - charge.amount_refunded;
  if (left === 0) return 'already_refunded';
  return asked > left ? 'exceeds_charge' : undefined;
}

export function unknown(
  why: string,
  more: { readonly reference?: string; readonly attention?: boolean } = {},
): Extract<RefundAnswer, { kind: 'unknown' }> {
  return { kind: 'unknown', why, ...more };
}
