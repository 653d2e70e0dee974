/** Captures: the money of one purchase unit, taken, on its way, or refused. */
import { z } from 'zod';

import { type Account, type JournalEntry, isoTime } from './account.js';
import { type Amount, amountOf, feeOf, isoMinorUnits } from './amounts.js';
import { type Call, type Reply, link, ok } from './call.js';
import { noSuch, refused } from './errors.js';
import type { Settlement } from './fates.js';
import { newId } from './ids.js';
import { occupy, release } from './invoices.js';
import type { Unit } from './order-params.js';
import type { Order } from './orders.js';
import { read } from './params.js';
import type { Loss } from './reversals.js';

type Status = 'COMPLETED' | 'PENDING' | 'DECLINED' | 'FAILED';

export const REVERSED_AS = ['COMPLETED', 'REFUNDED', 'REVERSED'] as const;
export type ReversedAs = (typeof REVERSED_AS)[number];

/** What a transaction was at which time, for reports that lag behind. */
export interface Moment {
  readonly at: number;
  readonly status: string;
}

export interface Capture {
  readonly id: string;
  readonly order: string;
  readonly status: Status;
  /** Of a pending one. */
  readonly reason: string | undefined;
  readonly amount: Amount;
  readonly units: number;
  readonly refunded: number;
  readonly refunds: readonly string[];
  readonly custom_id: string | undefined;
  readonly invoice_id: string | undefined;
  readonly processor:
    | { readonly response_code: string; readonly payment_advice_code?: string | undefined }
    | undefined;
  /** Of a card; undefined for a wallet. */
  readonly brand: string | undefined;
  readonly method: string | null;
  /** Whose fate decides: the vaulted method's, or the order's own. */
  readonly payer: string;
  readonly request_id: string | null;
  readonly dispute: 'open' | 'lost' | undefined;
  /** What is shown of a capture that was taken back: PayPal does not say, so a test may choose. */
  readonly reversedAs?: ReversedAs;
  readonly loss?: Loss;
  readonly history: readonly Moment[];
}

/** Not kept yet: what becomes of it is still to be said. */
export function newCapture(
  account: Account,
  order: Order,
  unit: Unit,
  requestId: string | null,
): Capture {
  return {
    id: newId(),
    order: order.id,
    status: 'PENDING',
    reason: undefined,
    amount: amountOf(unit.units, unit.amount.currency_code),
    units: unit.units,
    refunded: 0,
    refunds: [],
    custom_id: unit.custom_id,
    invoice_id: unit.invoice_id,
    processor: undefined,
    brand: order.instrument?.kind === 'card' ? order.instrument.brand : undefined,
    method: order.method,
    payer: order.method ?? order.id,
    request_id: requestId,
    dispute: undefined,
    history: [],
  };
}

export function putCapture(account: Account, capture: Capture, status: Status): Capture {
  const moment = { at: account.clock.now(), status };
  const put: Capture = { ...capture, status, history: [...capture.history, moment] };
  account.captures.put(put.id, put);
  if (status === 'COMPLETED' || status === 'PENDING')
    occupy(account, 'capture', put.invoice_id, put.id);
  else release(account, 'capture', put.invoice_id, put.id);
  return put;
}

/** The money moves here, and nowhere else. */
export function completeCapture(account: Account, open: Capture): Capture {
  const processor = open.brand ? { response_code: '0000' } : undefined;
  const capture = putCapture(account, { ...open, reason: undefined, processor }, 'COMPLETED');
  account.journal.append(entryOf(account, capture, 'charge', capture.id, capture.units));
  const rendered = renderCapture(account, capture);
  account.emit('PAYMENT.CAPTURE.COMPLETED', rendered, 'Payment completed');
  return capture;
}

export function settleCapture(account: Account, id: string, outcome: Settlement): Capture {
  const open = captureOf(account, id);
  if (open.status !== 'PENDING') throw refused('CAPTURE_NOT_PENDING');
  if (outcome === 'succeeded') return completeCapture(account, open);
  const denied = putCapture(account, { ...open, reason: undefined }, 'DECLINED');
  account.emit('PAYMENT.CAPTURE.DENIED', renderCapture(account, denied), 'Payment denied');
  return denied;
}

export function retrieveCapture({ account, ids, query }: Call): Reply {
  read(z.strictObject({}), query, 'query');
  return ok(renderCapture(account, captureOf(account, ids['id']!)));
}

export function captureOf(account: Account, id: string): Capture {
  const capture = account.captures.get(id);
  if (!capture) throw noSuch('capture_id');
  return capture;
}

export function renderCapture(account: Account, capture: Capture) {
  const { id, status, reason, amount, units, custom_id, invoice_id, processor, order, brand } =
    capture;
  const self = `/v2/payments/captures/${id}`;
  const currency = amount.currency_code;
  const fee = feeOf(units, currency);
  return {
    id,
    status: shownStatus(capture),
    ...(reason && { status_details: { reason } }),
    amount,
    final_capture: true,
    disbursement_mode: 'INSTANT',
    seller_protection: { status: 'NOT_ELIGIBLE' },
    ...(status === 'COMPLETED' && {
      seller_receivable_breakdown: {
        gross_amount: amount,
        paypal_fee: amountOf(fee, currency),
        net_amount: amountOf(units - fee, currency),
      },
    }),
    ...(invoice_id && { invoice_id }),
    ...(custom_id && { custom_id }),
    ...(processor && { processor_response: processor }),
    ...(brand &&
      status === 'COMPLETED' && {
        network_transaction_reference: { id: id.slice(0, 15), network: brand },
      }),
    supplementary_data: { related_ids: { order_id: order } },
    create_time: isoTime(capture.history[0]!.at),
    update_time: isoTime(capture.history.at(-1)!.at),
    links: [
      link(account, 'self', self),
      link(account, 'refund', `${self}/refund`, 'POST'),
      link(account, 'up', `/v2/checkout/orders/${order}`),
    ],
  };
}

/** `id` names what moved the money: the capture itself, a refund of it, or a dispute about it. */
export function entryOf(
  account: Account,
  capture: Capture,
  kind: JournalEntry['kind'],
  id: string,
  units: number,
  own: Partial<Pick<JournalEntry, 'custom_id' | 'invoice_id' | 'request_id'>> = {},
): JournalEntry {
  const requestId = own.request_id === undefined ? capture.request_id : own.request_id;
  return {
    at: new Date(account.clock.now()).toISOString(),
    kind,
    id,
    order: capture.order,
    capture: capture.id,
    account: account.id,
    client_id: account.clientId,
    payment_token: capture.method,
    amount_minor: isoMinorUnits(units, capture.amount.currency_code),
    currency: capture.amount.currency_code,
    custom_id: own.custom_id ?? capture.custom_id ?? null,
    invoice_id: own.invoice_id ?? capture.invoice_id ?? null,
    metadata: {},
    request_id: requestId,
    idempotency_key: requestId,
  };
}

function shownStatus({ status, refunded, units, reversedAs }: Capture): string {
  if (reversedAs) return reversedAs;
  if (status !== 'COMPLETED' || refunded === 0) return status;
  return refunded === units ? 'REFUNDED' : 'PARTIALLY_REFUNDED';
}
