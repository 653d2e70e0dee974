/** The attempt to collect an order's money, and what the payer's fate makes of it. */
import { type Account, fateOf } from './account.js';
import { completeCapture, newCapture, putCapture, renderCapture } from './captures.js';
import { refused } from './errors.js';
import { type Verdict, disputeReason, judge } from './fates.js';
import { isFree } from './invoices.js';
import type { Unit } from './order-params.js';
import { type Order, renderOrder } from './orders.js';
import { renderPaymentToken, vault } from './payment-tokens.js';

/** A refusal leaves a new order unmade, and an approved one approved. */
export function collect(account: Account, order: Order, requestId: string | null): void {
  checkInvoices(account, order);
  const payer = order.method ?? order.id;
  const verdict = verdictOn(account, order);
  if (verdict.kind === 'issue') {
    countRefusal(account, payer);
    throw refused(verdict.issue, { field: '/payment_source', location: 'body' }, true);
  }
  if (verdict.kind === 'payer_action')
    return account.orders.put(order.id, { ...order, status: 'PAYER_ACTION_REQUIRED' });

  if (verdict.kind === 'declined') countRefusal(account, payer);
  const updated = account.clock.now();
  // The order first: what its captures tell shows it.
  account.orders.put(order.id, { ...order, status: 'COMPLETED', updated });
  for (const unit of order.purchaseUnits) attempt(account, order, unit, verdict, requestId);
  if (verdict.kind === 'completed') save(account, order);
  const rendered = renderOrder(account, order.id, false);
  return account.emit('CHECKOUT.ORDER.COMPLETED', rendered, 'Checkout Order Completed');
}

function checkInvoices(account: Account, { purchaseUnits }: Order): void {
  for (const [index, { invoice_id: invoice }] of purchaseUnits.entries())
    if (!isFree(account, 'capture', invoice))
      throw refused('DUPLICATE_INVOICE_ID', {
        field: `/purchase_units/${index}/invoice_id`,
        value: invoice ?? '',
        location: 'body',
      });
}

/** A payer who was asked for and has come is not asked for again. */
function verdictOn(account: Account, { id, method, status }: Order): Verdict {
  const verdict = judge(fateOf(account, method ?? id));
  const hasCome = verdict.kind === 'payer_action' && status === 'APPROVED';
  return hasCome ? { kind: 'completed' } : verdict;
}

type Answered = Exclude<Verdict, { kind: 'issue' | 'payer_action' }>;

function attempt(
  account: Account,
  order: Order,
  unit: Unit,
  verdict: Answered,
  requestId: string | null,
): void {
  const capture = newCapture(account, order, unit, requestId);
  attach(account, order.id, unit, capture.id);
  if (verdict.kind === 'completed') {
    completeCapture(account, capture);
    const reason = disputeReason(fateOf(account, capture.payer).fate);
    if (reason)
      account.agenda.plan(account.id, 1, { kind: 'open_dispute', id: capture.id, reason });
    return;
  }
  if (verdict.kind === 'failed') {
    putCapture(account, capture, 'FAILED');
    return;
  }
  if (verdict.kind === 'declined') {
    const processor = { response_code: verdict.code, payment_advice_code: verdict.advice };
    const declined = putCapture(account, { ...capture, processor }, 'DECLINED');
    const rendered = renderCapture(account, declined);
    return account.emit('PAYMENT.CAPTURE.DECLINED', rendered, 'A payment capture was declined');
  }
  const pending = putCapture(account, { ...capture, reason: verdict.reason }, 'PENDING');
  const rendered = renderCapture(account, pending);
  account.emit('PAYMENT.CAPTURE.PENDING', rendered, 'Payment pending');
  if (verdict.seconds !== undefined) {
    const { outcome } = verdict;
    account.agenda.plan(account.id, verdict.seconds, {
      kind: 'settle_capture',
      id: capture.id,
      outcome,
    });
  }
}

function attach(account: Account, orderId: string, unit: Unit, capture: string): void {
  const order = account.orders.get(orderId)!;
  const purchaseUnits = order.purchaseUnits.map((one) =>
    one.reference_id === unit.reference_id ? { ...one, capture } : one,
  );
  account.orders.put(orderId, { ...order, purchaseUnits });
}

function countRefusal(account: Account, payer: string): void {
  const { fate, refusals } = fateOf(account, payer);
  account.fates.put(payer, { fate, refusals: refusals + 1 });
}

function save(account: Account, { id, saving, instrument }: Order): void {
  if (!saving || !instrument) return;
  const token = vault(account, { customer: { id: saving.customer }, instrument }, 'succeed');
  account.orders.put(id, { ...account.orders.get(id)!, saving: { ...saving, token: token.id } });
  const rendered = renderPaymentToken(account, token);
  account.emit('VAULT.PAYMENT-TOKEN.CREATED', rendered, 'A payment token has been created.');
}
