/** Every refund of a charge, as PayPal lists them: with the order that the capture belongs to. */
import type { Account, RefundsListed, SeenRefund } from '../gateway.js';
import { readMoved } from './amount.js';
import { type Deadline, deadlineIn } from './deadline.js';
import { refundIdIn } from './marks.js';
import { type Refund, captureOf, orderOf, rawRefundsOf, refundSchema } from './objects.js';
import { fetchCapture, fetchOrder } from './orders.js';
import { timeIn } from './reporting.js';
import { type Unavailable, notAnswered, unavailable } from './unavailable.js';

export async function listRefunds(
  account: Account,
  chargeReference: string,
  deadline: Deadline = deadlineIn(account.deadlineMs),
): Promise<RefundsListed> {
  const captured = await fetchCapture(account, chargeReference, deadline);
  if (captured.kind === 'unread') return notRead(captured);
  const orderId = orderOf(captured.capture);
  if (orderId === undefined)
    return forAPerson(`${chargeReference} leads to no order, whose refunds could be listed`);
  const read = await fetchOrder(account, orderId, deadline);
  if (read.kind === 'unread') return notRead(read);

  const refunds: SeenRefund[] = [];
  for (const raw of rawRefundsOf(read.order)) {
    const made = refundSchema.safeParse(raw).data;
    // An order of somebody else's making may hold several captures.
    if (made && (captureOf(made) ?? chargeReference) !== chargeReference) continue;
    const seen = made && seenRefund(made);
    // One that is left out would be missed, or its money given back again.
    if (!seen) return forAPerson(`${orderId} holds a refund in a form that we do not know`);
    refunds.push(seen);
  }
  return { kind: 'listed', refunds };
}

type Unread = Extract<Awaited<ReturnType<typeof fetchOrder>>, { kind: 'unread' }>;

function notRead({ answer, said }: Pick<Unread, 'answer' | 'said'>): Unavailable {
  return said ? notAnswered(said) : forAPerson(answer.why);
}

function forAPerson(why: string): Unavailable {
  return unavailable(why, { attention: true });
}

function seenRefund(made: Refund): SeenRefund | undefined {
  const moved = made.amount && readMoved(made.amount);
  const at = timeIn(made.create_time ?? '');
  const status = STATUSES.get(made.status);
  if (!moved || !status || Number.isNaN(at)) return undefined;
  const { id: reference, custom_id: custom } = made;
  return { reference, refundId: refundIdIn(custom), amount: moved.amount, status, at };
}

const STATUSES: ReadonlyMap<string, SeenRefund['status']> = new Map([
  ['COMPLETED', 'succeeded'],
  ['PENDING', 'pending'],
  ['FAILED', 'failed'],
  ['CANCELLED', 'failed'],
]);
