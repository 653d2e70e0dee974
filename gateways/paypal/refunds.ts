/** Refunds at PayPal: made on the capture, and known among those of its order by our id. */
import { z } from 'zod';

import type { Account, FrozenRefund, RefundAnswer, RefundLookUp, RefundOrder } from '../gateway.js';
import { toPaypalAmount } from './amount.js';
import { unknown } from './answers.js';
import { type Said, callPaypal } from './call.js';
import { type Deadline, deadlineIn } from './deadline.js';
import { type Refund, isObjectId, orderOf, refundSchema, refundsOf } from './objects.js';
import { fetchCapture, fetchOrder, isGood, notRead } from './orders.js';
import { readRefund, readRefundFailure } from './refund-answers.js';

const schema = z.object({
  amount: z.object({ currency_code: z.string(), value: z.string() }),
  custom_id: z.string(),
  invoice_id: z.string(),
});

type PaypalRefundRequest = z.infer<typeof schema>;

/**
 * The amount is always named: without one PayPal gives back whatever is left. The invoice is a second guard, which
 * outlives the key. PayPal has no field for the reason but a note that the payer reads.
 */
export function composeRefund({ id, amount }: RefundOrder): object {
  const request: PaypalRefundRequest = {
    amount: toPaypalAmount(amount),
    custom_id: id,
    invoice_id: id,
  };
  return request;
}

export async function refund(account: Account, refund: FrozenRefund): Promise<RefundAnswer> {
  const { id: key, chargeReference } = refund;
  const body = schema.parse(refund.request);
  if (!isObjectId(chargeReference)) {
    const why = `${chargeReference} names no capture: nothing was sent`;
    return { kind: 'refused', why, attention: true, parks: true };
  }
  const deadline = deadlineIn(account.deadlineMs);
  const path = `/v2/payments/captures/${chargeReference}/refund`;
  const said = await callPaypal(account, { method: 'POST', path, key, body }, deadline);
  const made = refundIn(said);
  if (made) return readRefund(made, refund);
  if (isGood(said))
    return unknown(`PayPal answered ${said.status} with something that is no refund`);

  const refusal = readRefundFailure(said);
  if (refusal.kind !== 'failed' && refusal.kind !== 'duplicate') return refusal;
  // It may be the doing of an earlier send: "fully refunded", by us. So the refunds are looked through first.
  const search = await find(account, refund, deadline);
  if (search.kind === 'found') return readRefund(search.made, refund);
  if (search.kind === 'unread') return search.answer;
  if (refusal.kind === 'failed') return refusal;
  return unknown(`${refusal.why}, but the capture shows no such refund`, { attention: true });
}

export async function lookUpRefund(account: Account, refund: FrozenRefund): Promise<RefundLookUp> {
  const deadline = deadlineIn(account.deadlineMs);
  if (refund.reference !== undefined) return readBack(account, refund, refund.reference, deadline);
  const search = await find(account, refund, deadline);
  if (search.kind === 'found') return readRefund(search.made, refund);
  // Where no look-up will do better, the same request under the same key is the question, as long as it may be asked.
  const isAtEnd = search.kind === 'none' || search.answer.attention;
  if (refund.resendable && isAtEnd) return { kind: 'absent' };
  if (search.kind === 'unread') return search.answer;
  return unknown(`PayPal shows no refund ${refund.id}: a person must see whether it was made`, {
    attention: true,
  });
}

async function readBack(
  account: Account,
  refund: FrozenRefund,
  reference: string,
  deadline: Deadline,
): Promise<RefundAnswer> {
  if (!isObjectId(reference)) return unknown(`${reference} names no refund`, { attention: true });
  const path = `/v2/payments/refunds/${reference}`;
  const said = await callPaypal(account, { method: 'GET', path }, deadline);
  const made = refundIn(said);
  return made?.id === reference ? readRefund(made, refund) : notRead(said, reference);
}

type Search =
  | { readonly kind: 'found'; readonly made: Refund }
  | { readonly kind: 'none' }
  | { readonly kind: 'unread'; readonly answer: Extract<RefundAnswer, { kind: 'unknown' }> };

/** A capture does not list its refunds, but leads to its order, which does. */
async function find(account: Account, refund: FrozenRefund, deadline: Deadline): Promise<Search> {
  const { id, chargeReference } = refund;
  const captured = await fetchCapture(account, chargeReference, deadline);
  if (captured.kind === 'unread') return captured;
  const orderId = orderOf(captured.capture);
  if (orderId === undefined) {
    const why = `${chargeReference} leads to no order, whose refunds could be looked through`;
    return { kind: 'unread', answer: unknown(why, { attention: true }) };
  }
  const read = await fetchOrder(account, orderId, deadline);
  if (read.kind === 'unread') return read;
  const made = refundsOf(read.order).find(({ custom_id: owner }) => owner === id);
  return made ? { kind: 'found', made } : { kind: 'none' };
}

function refundIn(said: Said): Refund | undefined {
  return isGood(said) ? refundSchema.safeParse(said.body).data : undefined;
}
