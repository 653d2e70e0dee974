/** Orders: what is to be paid. With a vaulted method an order is created and captured by one call. */
import { z } from 'zod';

import { type Account, isoTime } from './account.js';
import { type Call, type Reply, link, ok } from './call.js';
import { captureOf, renderCapture } from './captures.js';
import { noSuch, refused } from './errors.js';
import { newId } from './ids.js';
import { type Instrument, payerOf, paying, walletOf } from './instruments.js';
import { type Unit, orderRequest, unitsOf } from './order-params.js';
import { ignored, read } from './params.js';
import { isMerchantInitiated, vaultedMethod } from './payment-sources.js';
import { collect } from './payments.js';
import { refundsOf, renderRefund } from './refunds.js';

export interface Order {
  readonly id: string;
  readonly status: 'CREATED' | 'PAYER_ACTION_REQUIRED' | 'APPROVED' | 'COMPLETED';
  /** Meant for authorization it can never be captured. */
  readonly intent: 'CAPTURE' | 'AUTHORIZE';
  readonly purchaseUnits: readonly Unit[];
  /** Undefined until somebody has approved. */
  readonly instrument: Instrument | undefined;
  /** The vaulted method, and whose fate it is that decides; null for a buyer's approval. */
  readonly method: string | null;
  /** Asked to be saved on success, and under which id it then was. */
  readonly saving: { readonly customer: string; readonly token?: string } | undefined;
  /** Which word the approval link goes by. */
  readonly approvalRel: 'approve' | 'payer-action';
  readonly return_url: string | undefined;
  readonly cancel_url: string | undefined;
  readonly request_id: string | null;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly updated: number;
}

export function createOrder(call: Call): Reply {
  const { account, body, requestId, minimal } = call;
  const asked = read(orderRequest, body);
  const source = asked.payment_source;
  if (source && requestId === null)
    throw refused('PAYPAL_REQUEST_ID_REQUIRED', { field: 'PayPal-Request-Id', location: 'header' });
  if (asked.intent === 'AUTHORIZE')
    throw refused('AUTH_CAPTURE_NOT_ENABLED', { field: '/intent', location: 'body' });
  const purchaseUnits = unitsOf(asked.purchase_units);
  if (source && isMerchantInitiated(source) && purchaseUnits.length > 1)
    throw refused('MERCHANT_INITIATED_WITH_MULTIPLE_PURCHASE_UNITS', { field: '/purchase_units' });
  const method = source && vaultedMethod(account, source);
  const context = source?.paypal?.experience_context ?? asked.application_context;
  const attributes = source?.paypal?.attributes;
  const now = account.clock.now();
  const order: Order = {
    id: newId(),
    status: source && !method ? 'PAYER_ACTION_REQUIRED' : 'CREATED',
    intent: asked.intent,
    purchaseUnits,
    instrument: method?.instrument,
    method: method?.id ?? null,
    saving: attributes?.vault && { customer: attributes.customer?.id ?? newId(10) },
    approvalRel: source ? 'payer-action' : 'approve',
    return_url: context?.return_url,
    cancel_url: context?.cancel_url,
    request_id: requestId,
    created: now,
    updated: now,
  };
  if (method) collect(account, order, requestId);
  else account.orders.put(order.id, order);
  return {
    status: 201,
    body: renderOrder(account, order.id, minimal),
    made: { kind: 'order', id: order.id },
  };
}

export function retrieveOrder({ account, ids, query }: Call): Reply {
  read(z.strictObject({ fields: z.string().max(32).optional() }), query, 'query');
  return ok(renderOrder(account, ids['id']!, false));
}

export function captureOrder({ account, ids, body, requestId, minimal }: Call): Reply {
  read(z.strictObject({ payment_source: ignored }), body);
  const order = orderOf(account, ids['id']!);
  if (order.status === 'COMPLETED') throw refused('ORDER_ALREADY_CAPTURED');
  if (order.intent === 'AUTHORIZE') throw refused('ACTION_DOES_NOT_MATCH_INTENT');
  if (order.status !== 'APPROVED') throw refused('ORDER_NOT_APPROVED');
  collect(account, order, requestId);
  return {
    status: 201,
    body: renderOrder(account, order.id, minimal),
    made: { kind: 'order', id: order.id },
  };
}

/** The buyer's word, spoken through the control API or on the approval page. */
export function approveOrder(account: Account, id: string, fate?: string): Order {
  const order = orderOf(account, id);
  if (order.status === 'COMPLETED') throw refused('ORDER_ALREADY_COMPLETED');
  const approved: Order = {
    ...order,
    status: 'APPROVED',
    instrument: order.instrument ?? walletOf(id),
    updated: account.clock.now(),
  };
  account.orders.put(id, approved);
  if (fate) account.fates.put(order.method ?? id, { fate, refusals: 0 });
  account.emit(
    'CHECKOUT.ORDER.APPROVED',
    renderOrder(account, id, false),
    'An order has been approved by buyer',
  );
  return approved;
}

export function orderOf(account: Account, id: string): Order {
  const order = account.orders.get(id);
  if (!order) throw noSuch('order_id');
  return order;
}

export function renderOrder(account: Account, id: string, minimal: boolean): object {
  const order = orderOf(account, id);
  const brief = { id, status: order.status, links: linksOf(account, order) };
  if (minimal) return brief;
  const { instrument, purchaseUnits, saving, created, updated } = order;
  const payer = instrument && payerOf(instrument);
  const attributes =
    saving?.token === undefined
      ? undefined
      : { vault: { id: saving.token, status: 'VAULTED', customer: { id: saving.customer } } };
  return {
    ...brief,
    intent: order.intent,
    ...(instrument && { payment_source: paying(instrument, attributes) }),
    purchase_units: purchaseUnits.map((unit) => renderUnit(account, unit)),
    ...(payer && { payer }),
    create_time: isoTime(created),
    update_time: isoTime(updated),
  };
}

function renderUnit(account: Account, unit: Unit): object {
  const { units: _, capture: captureId, ...shown } = unit;
  const payee = { email_address: 'merchant@example.com', merchant_id: account.id };
  if (captureId === undefined) return { ...shown, payee };
  const capture = captureOf(account, captureId);
  const refunds = refundsOf(account, capture).map((refund) => renderRefund(account, refund, false));
  const { supplementary_data: __, ...captured } = renderCapture(account, capture);
  const payments = { captures: [captured], ...(refunds.length > 0 && { refunds }) };
  return { ...shown, payee, payments };
}

function linksOf(account: Account, { id, status, approvalRel }: Order) {
  const self = `/v2/checkout/orders/${id}`;
  const approval = link(account, approvalRel, `/checkoutnow?token=${id}`);
  if (status === 'CREATED' || status === 'PAYER_ACTION_REQUIRED')
    return [
      link(account, 'self', self),
      approval,
      link(account, 'capture', `${self}/capture`, 'POST'),
    ];
  if (status === 'APPROVED')
    return [link(account, 'self', self), link(account, 'capture', `${self}/capture`, 'POST')];
  return [link(account, 'self', self)];
}
