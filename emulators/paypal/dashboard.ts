/** What people and other systems do on PayPal's own pages, past whoever uses the API; and books that err. */
import type { Account } from './account.js';
import { type Amount, amountOf, smallestUnits } from './amounts.js';
import { type Capture, captureOf } from './captures.js';
import { noSuch } from './errors.js';
import { newId } from './ids.js';
import { walletOf } from './instruments.js';
import { release } from './invoices.js';
import { unitsOf } from './order-params.js';
import { orderOf } from './orders.js';
import { collect } from './payments.js';
import { type Refund, refundCapture, refundOf } from './refunds.js';

interface Payment {
  readonly amount: Amount;
  readonly custom_id?: string | undefined;
  readonly invoice_id?: string | undefined;
}

/** A buyer pays the merchant in some other way. */
export function takePayment(account: Account, payment: Payment): Capture {
  const now = account.clock.now();
  const id = newId();
  collect(
    account,
    {
      id,
      status: 'APPROVED',
      intent: 'CAPTURE',
      purchaseUnits: unitsOf([payment]),
      instrument: walletOf(id),
      method: null,
      saving: undefined,
      approvalRel: 'approve',
      return_url: undefined,
      cancel_url: undefined,
      request_id: null,
      created: now,
      updated: now,
    },
    null,
  );
  return captureOf(account, orderOf(account, id).purchaseUnits[0]!.capture!);
}

/** Somebody gives money back by hand: the refund carries no mark of anybody's. */
export function giveBack(account: Account, capture: string, amount: Amount | undefined): Refund {
  return refundCapture(account, capture, { amount }, null);
}

/** The capture or refund itself is changed, wherever it is shown. The journal keeps what really moved. */
export function alter(account: Account, id: string, asked: Amount): void {
  const units = smallestUnits(asked, '/amount');
  const amount = amountOf(units, asked.currency_code);
  const capture = account.captures.get(id);
  if (capture) return account.captures.put(id, { ...capture, units, amount });
  const refund = refundOf(account, id);
  changeRefunded(account, refund, units - refund.units);
  account.refunds.put(id, { ...refund, units, amount });
}

/** Gone from the report and from every look-up; with a capture its order, its refunds and its disputes. */
export function remove(account: Account, id: string): void {
  const capture = account.captures.get(id);
  if (capture) return removeCapture(account, capture);
  const refund = refundOf(account, id);
  if (refund.status !== 'FAILED') changeRefunded(account, refund, -refund.units);
  const of = captureOf(account, refund.capture);
  account.captures.put(of.id, { ...of, refunds: of.refunds.filter((one) => one !== id) });
  forgetRefund(account, refund);
}

function removeCapture(account: Account, capture: Capture): void {
  if (!account.orders.get(capture.order)) throw noSuch('order_id');
  for (const id of capture.refunds) forgetRefund(account, refundOf(account, id));
  for (const { id, capture: of } of account.disputes.all())
    if (of === capture.id) account.disputes.delete(id);
  account.captures.delete(capture.id);
  account.orders.delete(capture.order);
  release(account, 'capture', capture.invoice_id, capture.id);
}

function forgetRefund(account: Account, { id, invoice_id: invoice }: Refund): void {
  account.refunds.delete(id);
  release(account, 'refund', invoice, id);
}

function changeRefunded(account: Account, { capture: id }: Refund, by: number): void {
  const capture = captureOf(account, id);
  account.captures.put(id, { ...capture, refunded: capture.refunded + by });
}
