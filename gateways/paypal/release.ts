/** Releasing: an order that can never be captured any more. */
import type { Account, FrozenCharge, Released } from '../gateway.js';
import { whyNot } from './answers.js';
import { type Said, callPaypal } from './call.js';
import { type Deadline, deadlineIn } from './deadline.js';
import { type Order, capturesOf } from './objects.js';
import { captureNamed, fetchCapture, fetchOrder } from './orders.js';
import { readRequest } from './request.js';

/**
 * An order takes money only through a request of ours, so of a final charge, which sends none any more, nothing can be
 * taken; the exception is a request still on its way, and that can only be the capture of an order the customer has
 * approved. So an order on a page is turned away from capture, which PayPal either does or refuses, and read again: one
 * that is approved and was not turned stays open, one that is not approved cannot be captured anyway.
 *
 * Without a reference there is no order, or one that no request of ours can name: nobody can capture it.
 */
export async function release(account: Account, charge: FrozenCharge): Promise<Released> {
  const { reference } = charge;
  if (reference === undefined) return { kind: 'released' };
  const deadline = deadlineIn(account.deadlineMs);
  const capture = captureNamed(reference);
  if (capture !== undefined) return releaseCapture(account, capture, deadline);
  const before = await fetchOrder(account, reference, deadline);
  if (before.kind === 'unread')
    return before.missing && isForgotten(charge)
      ? { kind: 'released' }
      : { kind: 'unavailable', why: before.answer.why };
  if (!isWorthTurning(before.order, charge)) return verdict(before.order);

  const turned = await turnAway(account, reference, deadline);
  if (turned.kind !== 'answered' || turned.status >= 500 || turned.status === 429)
    return { kind: 'unavailable', why: whyNot(turned) };
  const after = await fetchOrder(account, reference, deadline);
  if (after.kind === 'unread') return { kind: 'unavailable', why: after.answer.why };
  return verdict(after.order);
}

/** PayPal forgets an order that nobody has approved in time, and what is forgotten cannot be captured. */
function isForgotten({ firstSentAt, askedAt }: FrozenCharge): boolean {
  return askedAt - firstSentAt > ORDER_LIFE_MS;
}

/** Six hours, and one over. */
const ORDER_LIFE_MS = 7 * 3_600_000;

/** A capture is an attempt made: it ended without money, or it did not. */
async function releaseCapture(account: Account, id: string, deadline: Deadline): Promise<Released> {
  const read = await fetchCapture(account, id, deadline);
  if (read.kind === 'unread') return { kind: 'unavailable', why: read.answer.why };
  return { kind: ENDED.has(read.capture.status) ? 'released' : 'still_open' };
}

/** An order meant for authorization refuses to be captured, for good, and nothing authorizes it. */
function turnAway(account: Account, reference: string, deadline: Deadline): Promise<Said> {
  const body = [{ op: 'replace', path: '/intent', value: TURNED }];
  const path = `/v2/checkout/orders/${reference}`;
  return callPaypal(account, { method: 'PATCH', path, body }, deadline);
}

function verdict(order: Order): Released {
  return { kind: mayBePaid(order) || isCapturable(order) ? 'still_open' : 'released' };
}

/** One on a page may still be approved, and a capture of it must not be left to nobody asking for one. */
function isWorthTurning(order: Order, charge: FrozenCharge): boolean {
  const { status, intent } = order;
  if (capturesOf(order).length > 0 || intent === TURNED) return false;
  const isOpen = status === 'CREATED' || status === 'SAVED' || status === 'PAYER_ACTION_REQUIRED';
  return status === 'APPROVED' || (isOpen && readRequest(charge.request).mode === 'page');
}

function isCapturable({ status, intent }: Order): boolean {
  return status === 'APPROVED' && intent !== TURNED;
}

/** Anything but a certain no: what was given back was paid before. */
function mayBePaid(order: Order): boolean {
  const captures = capturesOf(order);
  if (captures.length === 0) return order.status === 'COMPLETED';
  return captures.some(({ status }) => !ENDED.has(status));
}

const ENDED: ReadonlySet<string> = new Set(['DECLINED', 'FAILED']);
const TURNED = 'AUTHORIZE';
