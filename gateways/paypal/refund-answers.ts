/** What PayPal's answers, and the lack of them, say about a refund. */
import type { FrozenRefund, RefundAnswer, RefundFailure } from '../gateway.js';
import { isAmount } from './amount.js';
import { readFailure, unknown, whyNot } from './answers.js';
import type { Said } from './call.js';
import { issuesIn } from './issues.js';
import { type Refund, captureOf } from './objects.js';

/** Reads a refund that is to be ours. */
export function readRefund(made: Refund, refund: FrozenRefund): RefundAnswer {
  const { id: reference, status, amount } = made;
  if (!isOurs(made, refund) || !isOfCharge(made, refund))
    return unknown(`${reference} is not this refund`, { attention: true });
  if (!isAmount(amount, refund.amount)) {
    const said = amount ? `${amount.currency_code} ${amount.value}` : 'an unnamed amount';
    return unknown(`${reference} is ${status} for ${said}, not what was asked for`, {
      reference,
      attention: true,
    });
  }
  switch (status) {
    case 'COMPLETED':
      return { kind: 'succeeded', reference };
    case 'PENDING':
      return { kind: 'pending', reference, askAgainMs: askAgain(made) };
    case 'FAILED':
      return { kind: 'failed', failure: 'other', why: `${reference} failed`, reference };
    case 'CANCELLED':
      return { kind: 'failed', failure: 'canceled', why: `${reference} was canceled`, reference };
    default:
      return unknown(`${reference} is ${status}`, { reference });
  }
}

/** One that we never asked for, and know by its own name only, may carry anybody's mark. */
function isOurs({ id, custom_id: owner = '' }: Refund, refund: FrozenRefund): boolean {
  const foreign = !refund.request && id === refund.reference;
  return foreign || owner === '' || owner === refund.id;
}

/** As far as it says. */
function isOfCharge(made: Refund, { chargeReference }: FrozenRefund): boolean {
  return (captureOf(made) ?? chargeReference) === chargeReference;
}

function askAgain({ status_details: details }: Refund): number {
  return details?.reason === 'ECHECK' ? 24 * HOUR_MS : 6 * HOUR_MS;
}

const HOUR_MS = 3_600_000;

/** `duplicate`: a refund of this name was made before. */
export type RefundRefusal = RefundAnswer | { readonly kind: 'duplicate'; readonly why: string };

/** Reads what came instead of a refund. Only what is listed as definite is definite. */
export function readRefundFailure(said: Said): RefundRefusal {
  const answer = readFailure(said);
  const why = whyNot(said);
  switch (answer.kind) {
    case 'unknown':
    case 'unreachable':
      return answer;
    case 'duplicate':
      return { kind: 'duplicate', why };
    case 'refused':
      return failedBecause(said, why) ?? answer;
    case 'declined':
      // What is a payer's fault in a charge, such as an id that is not found, is ours here.
      if (namesOf(said).some((name) => REQUEST_FAULT.test(name)))
        return { kind: 'refused', why, attention: true, parks: true };
      return failedBecause(said, why) ?? { kind: 'failed', failure: 'other', why };
    default:
      return unknown(`PayPal answered a refund with ${answer.kind}`);
  }
}

/** What only a wrong request of ours can bring about. */
const REQUEST_FAULT = /^(INVALID_RESOURCE_ID|REFUND_CAPTURE_CURRENCY_MISMATCH|PLATFORM_FEE_.*)$/;

function failedBecause(said: Said, why: string): RefundAnswer | undefined {
  const failure = namesOf(said)
    .map((name) => FAILURE_OF.get(name))
    .find((known) => known !== undefined);
  return failure && { kind: 'failed', failure, why };
}

function namesOf(said: Said): string[] {
  return said.kind === 'answered' ? issuesIn(said).map(({ name }) => name) : [];
}

const FAILURES: Readonly<Partial<Record<RefundFailure, string>>> = {
  insufficient_balance: 'REFUND_FAILED_INSUFFICIENT_FUNDS',
  charge_pending: 'PENDING_CAPTURE',
  already_refunded: 'CAPTURE_FULLY_REFUNDED',
  exceeds_charge: 'REFUND_AMOUNT_EXCEEDED',
  disputed: 'REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK TRANSACTION_DISPUTED',
  too_late: 'REFUND_TIME_LIMIT_EXCEEDED',
  not_allowed: `REFUND_AMOUNT_TOO_LOW REFUND_NOT_ALLOWED REFUND_IS_RESTRICTED
    PARTIAL_REFUND_NOT_ALLOWED MAX_NUMBER_OF_REFUNDS_EXCEEDED`,
  payer_unreachable: 'PAYER_ACCOUNT_LOCKED_OR_CLOSED PAYER_ACCOUNT_RESTRICTED',
  declined: 'TRANSACTION_REFUSED',
};

const FAILURE_OF: ReadonlyMap<string, RefundFailure> = new Map(
  Object.entries(FAILURES).flatMap(([failure, names]) =>
    names.split(/\s+/).map((name) => [name, failure as RefundFailure]),
  ),
);
