/**
 * Payments on PayPal's own page: the customer approves an order there, and nothing is taken until we capture it. So
 * an order that is approved too late, or twice, costs nobody anything.
 */
import type { Account, Answer, FrozenCharge, LookUp, Page, PageAddresses } from '../gateway.js';
import { readOrder, unknown } from './answers.js';
import { type Said, callPaypal } from './call.js';
import { type Deadline, deadlineIn } from './deadline.js';
import { issuesIn } from './issues.js';
import { lookUp } from './look-up.js';
import type { Order } from './objects.js';
import { captureNamed, failureOf, fetchOrder, orderIn, readBack } from './orders.js';
import { readRequest } from './request.js';
import { unlessDisputed } from './returned.js';

/** Under the same key PayPal gives the same order for hours; later the order that is known is taken. */
export async function openPage(
  account: Account,
  charge: FrozenCharge,
  addresses: PageAddresses,
): Promise<Page> {
  const deadline = deadlineIn(account.deadlineMs);
  if (charge.reference !== undefined) {
    const read = await fetchOrder(account, charge.reference, deadline);
    return read.kind === 'read' ? pageOf(read.order) : unavailable(read.answer.why);
  }
  const said = await createOrder(account, charge, addresses, deadline);
  const order = orderIn(said);
  if (order) return pageOf(order);
  const answer = failureOf(said);
  if (answer.kind === 'duplicate') return { kind: 'duplicate' };
  if (answer.kind === 'refused' && answer.attention) return { kind: 'refused', why: answer.why };
  if (answer.kind === 'declined') return { kind: 'refused', why: answer.decline.message };
  return unavailable('why' in answer ? answer.why : answer.kind);
}

function createOrder(
  account: Account,
  charge: FrozenCharge,
  { returnUrl, cancelUrl }: PageAddresses,
  deadline: Deadline,
): Promise<Said> {
  const { order } = readRequest(charge.request);
  const body = {
    ...order,
    payment_source: {
      paypal: {
        experience_context: {
          return_url: returnUrl,
          cancel_url: cancelUrl,
          shipping_preference: 'NO_SHIPPING',
          user_action: 'PAY_NOW',
        },
      },
    },
  };
  const key = `${charge.id}:create`;
  return callPaypal(account, { method: 'POST', path: '/v2/checkout/orders', key, body }, deadline);
}

function pageOf(order: Order): Page {
  const { id: reference, status, intent, links = [] } = order;
  // Released orders are turned away from capture.
  if (status === 'VOIDED' || intent === 'AUTHORIZE')
    return { kind: 'gone', why: `${reference} can never be captured` };
  const url = links.find(({ rel }) => rel === 'payer-action' || rel === 'approve')?.href;
  // Approved or paid already: there is no page to go to, and completing it says the rest.
  return { kind: 'ready', reference, url };
}

function unavailable(why: string): Page {
  return { kind: 'unavailable', why };
}

/**
 * Captures once the order is approved. A declined capture ends the charge: its key is spent on that answer, and
 * another try is another charge with a page of its own.
 */
export async function completePage(account: Account, charge: FrozenCharge): Promise<LookUp> {
  const { reference } = charge;
  if (reference === undefined || captureNamed(reference) !== undefined)
    return lookUp(account, charge);
  const deadline = deadlineIn(account.deadlineMs);
  const answer = await complete(account, reference, charge, deadline);
  return unlessDisputed(account, charge, answer, deadline);
}

async function complete(
  account: Account,
  reference: string,
  charge: FrozenCharge,
  deadline: Deadline,
): Promise<LookUp> {
  const read = await fetchOrder(account, reference, deadline);
  if (read.kind === 'unread') return read.answer;
  const { order } = read;
  const answer = readOrder(order, charge, { reread: true });
  // An earlier capture that was declined, and an approval after it, are not tried again.
  if (answer) return answer;
  if (order.intent === 'AUTHORIZE')
    return { kind: 'gone', why: `${reference} was released and can never be captured` };
  if (order.status !== 'APPROVED') return { kind: 'pending', reference };
  return capture(account, reference, charge, deadline);
}

async function capture(
  account: Account,
  reference: string,
  charge: FrozenCharge,
  deadline: Deadline,
): Promise<Answer> {
  const path = `/v2/checkout/orders/${reference}/capture`;
  const said = await callPaypal(
    account,
    { method: 'POST', path, key: charge.id, body: {} },
    deadline,
  );
  const order = orderIn(said);
  if (order)
    return (
      readOrder(order, charge, { reread: false }) ??
      unknown(`${reference} is ${order.status} and not captured`, { reference })
    );
  const answer = failureOf(said);
  if (said.kind !== 'answered') return answer;
  // Of an order that was just read: that it is gone is nothing that a payer did.
  if (said.status === 404)
    return unknown(`PayPal does not find ${reference} any more`, { reference, attention: true });
  if (issuesIn(said).some(({ name }) => name === 'ACTION_DOES_NOT_MATCH_INTENT'))
    return { kind: 'gone', why: `${reference} was released and can never be captured` };
  // "Already captured", and whatever else only the order can tell.
  if (answer.kind === 'unknown' && said.status === 422)
    return readBack(account, reference, charge, deadline);
  if (answer.kind !== 'declined') return answer;
  if (MUST_RETURN.has(answer.decline.code)) return { kind: 'pending', reference };
  return { ...answer, reference };
}

/** Not an end: the customer has not finished on the page. */
const MUST_RETURN: ReadonlySet<string> = new Set([
  'ORDER_NOT_APPROVED',
  'PAYER_ACTION_REQUIRED',
  'REDIRECT_PAYER_FOR_ALTERNATE_FUNDING',
]);
