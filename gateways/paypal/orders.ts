/** Orders: a charge is sent as one, and read back from it. */
import type { Account, Answer, FrozenCharge } from '../gateway.js';
import { readCapture, readFailure, readOrder, unknown, whyNot } from './answers.js';
import { type Answered, type Said, callPaypal } from './call.js';
import type { Deadline } from './deadline.js';
import { classifyDecline } from './declines.js';
import {
  type Capture,
  type Order,
  captureSchema,
  isObjectId,
  orderOf,
  orderSchema,
} from './objects.js';
import { readRequest } from './request.js';

/** Creates the order and captures it in one step: there is no second step that could be lost. */
export async function sendOrder(
  account: Account,
  charge: FrozenCharge,
  deadline: Deadline,
): Promise<Answer> {
  const request = readRequest(charge.request);
  if (request.mode === 'page')
    throw new Error(`${charge.id} is completed on a page, not submitted`);
  const said = await callPaypal(
    account,
    { method: 'POST', path: '/v2/checkout/orders', key: charge.id, body: request.order },
    deadline,
  );
  const order = orderIn(said);
  if (!order) return failureOf(said);
  const answer = readOrder(order, charge, { reread: false }) ?? uncaptured(order);
  // An answer that names the order but shows no capture is asked for the rest of it.
  if (order.status !== 'COMPLETED' || answer.kind !== 'unknown' || answer.attention) return answer;
  return readBack(account, order.id, charge, deadline);
}

/** Asks for what an answer left out. */
export async function readBack(
  account: Account,
  id: string,
  charge: FrozenCharge,
  deadline: Deadline,
): Promise<Answer> {
  const read = await fetchOrder(account, id, deadline);
  if (read.kind === 'unread') return { ...read.answer, reference: id };
  return readOrder(read.order, charge, { reread: true }) ?? uncaptured(read.order);
}

/** A renewal's payer is not there: what waits for the payer is not captured, and is not waited for. */
export function uncaptured({ id: reference, status }: Order): Answer {
  if (status !== 'PAYER_ACTION_REQUIRED')
    return unknown(`${reference} is ${status} and not captured`, { reference });
  const decline = classifyDecline({ issue: status, at: Date.now() });
  return { kind: 'declined', reference, decline };
}

type OrderRead =
  | { readonly kind: 'read'; readonly order: Order }
  | {
      readonly kind: 'unread';
      readonly answer: Extract<Answer, { kind: 'unknown' }>;
      /** What came instead; absent when nothing was asked. */
      readonly said?: Said;
      /** PayPal answered that there is none. */
      readonly missing?: boolean;
    };

export async function fetchOrder(
  account: Account,
  id: string,
  deadline: Deadline,
): Promise<OrderRead> {
  if (!isObjectId(id)) return unread(unknown(`${id} names no order`, { attention: true }));
  const path = `/v2/checkout/orders/${id}`;
  const said = await callPaypal(account, { method: 'GET', path }, deadline);
  const order = orderIn(said);
  if (order?.id === id) return { kind: 'read', order };
  const missing = said.kind === 'answered' && said.status === 404;
  return { ...unread(notRead(said, id)), said, missing };
}

/**
 * An object that was there and is not found means other credentials than before, or an order that nobody approved in
 * time. The first would hide a payment, so this proves nothing.
 */
export function notRead(said: Said, id: string): Extract<Answer, { kind: 'unknown' }> {
  if (said.kind === 'answered' && said.status === 404)
    return unknown(`PayPal does not find ${id}: are these the account's credentials?`, {
      attention: true,
    });
  return unknown(whyNot(said));
}

function unread(
  answer: Extract<Answer, { kind: 'unknown' }>,
): Extract<OrderRead, { kind: 'unread' }> {
  return { kind: 'unread', answer };
}

/** A webhook that names no order names its capture, marked as one. */
const CAPTURE = 'capture:';

export function nameCapture(id: string): string {
  return `${CAPTURE}${id}`;
}

export function captureNamed(reference: string): string | undefined {
  return reference.startsWith(CAPTURE) ? reference.slice(CAPTURE.length) : undefined;
}

export async function readCaptureBack(
  account: Account,
  id: string,
  charge: FrozenCharge,
  deadline: Deadline,
): Promise<Answer> {
  const read = await fetchCapture(account, id, deadline);
  if (read.kind === 'unread') return read.answer;
  const { capture } = read;
  return readCapture(capture, orderOf(capture) ?? nameCapture(id), charge, { reread: true });
}

type CaptureRead =
  | { readonly kind: 'read'; readonly capture: Capture }
  | {
      readonly kind: 'unread';
      readonly answer: Extract<Answer, { kind: 'unknown' }>;
      readonly said?: Said;
    };

export async function fetchCapture(
  account: Account,
  id: string,
  deadline: Deadline,
): Promise<CaptureRead> {
  const failed = (answer: Extract<Answer, { kind: 'unknown' }>) =>
    ({ kind: 'unread', answer }) as const;
  if (!isObjectId(id)) return failed(unknown(`${id} names no capture`, { attention: true }));
  const path = `/v2/payments/captures/${id}`;
  const said = await callPaypal(account, { method: 'GET', path }, deadline);
  const read = isGood(said) ? captureSchema.safeParse(said.body) : undefined;
  if (read?.success && read.data.id === id) return { kind: 'read', capture: read.data };
  return { ...failed(notRead(said, id)), said };
}

/** The order that an answer shows, if it is a good one. */
export function orderIn(said: Said): Order | undefined {
  if (!isGood(said)) return undefined;
  const read = orderSchema.safeParse(said.body);
  return read.success ? read.data : undefined;
}

/** What came instead of an order. A good answer that is none may have moved money all the same. */
export function failureOf(said: Said): Answer {
  if (!isGood(said)) return readFailure(said);
  return unknown(`PayPal answered ${said.status} with something that is no order`);
}

export function isGood(said: Said): said is Answered {
  return said.kind === 'answered' && said.status >= 200 && said.status < 300;
}
