/** Refunds: money back to the buyer, never more than was captured. */
import { z } from 'zod';

import { type Account, fateOf, isoTime } from './account.js';
import { type Amount, amount, amountOf, smallestUnits } from './amounts.js';
import { type Call, type Reply, link, ok } from './call.js';
import { type Capture, type Moment, captureOf, entryOf } from './captures.js';
import { noSuch, refused } from './errors.js';
import { judgeRefund } from './fates.js';
import { newId } from './ids.js';
import { isFree, occupy, release } from './invoices.js';
import { ignored, read, text } from './params.js';

type Status = 'COMPLETED' | 'PENDING' | 'FAILED';

export interface Refund {
  readonly id: string;
  readonly capture: string;
  readonly status: Status;
  readonly amount: Amount;
  readonly units: number;
  readonly custom_id: string | undefined;
  readonly invoice_id: string | undefined;
  readonly note_to_payer: string | undefined;
  readonly request_id: string | null;
  /** With this one. */
  readonly totalRefunded: number;
  readonly history: readonly Moment[];
}

export function createRefund({ account, ids, body, requestId, minimal }: Call): Reply {
  const begun = refundCapture(account, ids['id']!, read(created, body), requestId);
  return {
    status: 201,
    body: renderRefund(account, begun, minimal),
    made: { kind: 'refund', id: begun.id },
  };
}

export function refundCapture(
  account: Account,
  captureId: string,
  asked: z.output<typeof created>,
  requestId: string | null,
): Refund {
  const capture = captureOf(account, captureId);
  const units = unitsToRefund(account, capture, asked.amount);
  if (!isFree(account, 'refund', asked.invoice_id))
    throw refused('DUPLICATE_INVOICE_ID', { field: '/invoice_id', location: 'body' });
  const verdict = judgeRefund(fateOf(account, capture.payer).fate);
  if (verdict.kind === 'issue') throw refused(verdict.issue, {}, true);

  const id = newId();
  const refund: Refund = {
    id,
    capture: capture.id,
    status: 'PENDING',
    amount: amountOf(units, capture.amount.currency_code),
    units,
    custom_id: asked.custom_id,
    invoice_id: asked.invoice_id,
    note_to_payer: asked.note_to_payer,
    request_id: requestId,
    totalRefunded: capture.refunded + units,
    history: [],
  };
  const refunds = [...capture.refunds, id];
  account.captures.put(capture.id, { ...capture, refunds, refunded: refund.totalRefunded });
  return verdict.kind === 'completed'
    ? pay(account, refund)
    : postpone(account, refund, verdict.outcome);
}

export function settleRefund(
  account: Account,
  id: string,
  outcome: 'succeeded' | 'failed',
): Refund {
  const open = refundOf(account, id);
  if (open.status !== 'PENDING') throw refused('REFUND_NOT_PENDING');
  if (outcome === 'succeeded') return pay(account, open);
  const capture = captureOf(account, open.capture);
  account.captures.put(capture.id, { ...capture, refunded: capture.refunded - open.units });
  const failed = put(account, open, 'FAILED');
  account.emit('PAYMENT.REFUND.FAILED', renderRefund(account, failed, false), 'Refund failed');
  return failed;
}

export function retrieveRefund({ account, ids, query }: Call): Reply {
  read(z.strictObject({}), query, 'query');
  return ok(renderRefund(account, refundOf(account, ids['id']!), false));
}

export function refundOf(account: Account, id: string): Refund {
  const refund = account.refunds.get(id);
  if (!refund) throw noSuch('refund_id');
  return refund;
}

export function refundsOf(account: Account, capture: Capture): Refund[] {
  return capture.refunds.map((id) => refundOf(account, id));
}

export function renderRefund(account: Account, refund: Refund, minimal: boolean): object {
  const { id, status, amount: given, custom_id, invoice_id, note_to_payer: note } = refund;
  const brief = {
    id,
    status,
    links: [
      link(account, 'self', `/v2/payments/refunds/${id}`),
      link(account, 'up', `/v2/payments/captures/${refund.capture}`),
    ],
  };
  if (minimal) return brief;
  const currency = given.currency_code;
  return {
    ...brief,
    amount: given,
    ...(status === 'PENDING' && { status_details: { reason: 'ECHECK' } }),
    seller_payable_breakdown: {
      gross_amount: given,
      paypal_fee: amountOf(0, currency),
      net_amount: given,
      total_refunded_amount: amountOf(refund.totalRefunded, currency),
    },
    ...(invoice_id && { invoice_id }),
    ...(custom_id && { custom_id }),
    ...(note && { note_to_payer: note }),
    create_time: isoTime(refund.history[0]!.at),
    update_time: isoTime(refund.history.at(-1)!.at),
  };
}

const PENDING_SECONDS = 2;
const TIME_LIMIT_MS = 180 * 86_400_000;

function unitsToRefund(account: Account, capture: Capture, asked: Amount | undefined): number {
  if (capture.status === 'PENDING') throw refused('PENDING_CAPTURE');
  if (capture.status !== 'COMPLETED') throw refused('REFUND_NOT_ALLOWED');
  if (capture.dispute === 'lost') throw refused('REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK');
  const left = capture.units - capture.refunded;
  if (left === 0) throw refused('CAPTURE_FULLY_REFUNDED');
  if (account.clock.now() - capture.history[0]!.at > TIME_LIMIT_MS)
    throw refused('REFUND_TIME_LIMIT_EXCEEDED');
  if (!asked) return left;
  const units = smallestUnits(asked, '/amount');
  if (asked.currency_code !== capture.amount.currency_code)
    throw refused('REFUND_CAPTURE_CURRENCY_MISMATCH', { field: '/amount/currency_code' });
  if (units > left) throw refused('REFUND_AMOUNT_EXCEEDED', { field: '/amount/value' });
  if (capture.dispute === 'open' && units < capture.units) throw refused('TRANSACTION_DISPUTED');
  return units;
}

/** The money leaves here, and nowhere else. */
function pay(account: Account, open: Refund): Refund {
  const refund = put(account, open, 'COMPLETED');
  const { custom_id, invoice_id, request_id } = refund;
  account.journal.append(
    entryOf(account, captureOf(account, refund.capture), 'refund', refund.id, refund.units, {
      custom_id: custom_id ?? null,
      invoice_id: invoice_id ?? null,
      request_id,
    }),
  );
  account.emit(
    'PAYMENT.CAPTURE.REFUNDED',
    renderRefund(account, refund, false),
    'Payment refunded',
  );
  return refund;
}

function postpone(account: Account, open: Refund, outcome: 'succeeded' | 'failed'): Refund {
  const { id } = put(account, open, 'PENDING');
  account.agenda.plan(account.id, PENDING_SECONDS, { kind: 'settle_refund', id, outcome });
  const waiting = refundOf(account, id);
  account.emit('PAYMENT.REFUND.PENDING', renderRefund(account, waiting, false), 'Refund pending');
  return waiting;
}

function put(account: Account, refund: Refund, status: Status): Refund {
  const moment = { at: account.clock.now(), status };
  const changed: Refund = { ...refund, status, history: [...refund.history, moment] };
  account.refunds.put(changed.id, changed);
  if (status === 'FAILED') release(account, 'refund', refund.invoice_id, refund.id);
  else occupy(account, 'refund', refund.invoice_id, refund.id);
  return changed;
}

const created = z.strictObject({
  amount: amount.optional(),
  custom_id: text(127).optional(),
  invoice_id: text(127).optional(),
  note_to_payer: text(255).optional(),
  payment_instruction: ignored,
});
