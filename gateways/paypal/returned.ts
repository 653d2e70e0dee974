/** Money that PayPal has taken back: by a dispute, whose own run then books it, or for good. */
import { z } from 'zod';

import type { Account, Answer, FrozenCharge, LookUp } from '../gateway.js';
import { readMoved } from './amount.js';
import { unknown } from './answers.js';
import { callPaypal } from './call.js';
import type { Deadline } from './deadline.js';
import { fetchDispute, statusOf, takenBy } from './disputes.js';
import { isObjectId } from './objects.js';
import { listRefunds } from './refund-list.js';
import { type Unavailable, notAnswered } from './unavailable.js';

/**
 * An answer as it is to be told. A capture shows as reversed whether a dispute or a bank took its money. Where open
 * disputes and lost ones account for it, the charge had succeeded, and they decide about the rest.
 */
export async function unlessDisputed<T extends LookUp>(
  account: Account,
  charge: FrozenCharge,
  answer: T,
  deadline: Deadline,
): Promise<T | Answer> {
  if (answer.kind !== 'returned') return answer;
  const { reference, chargeReference } = answer;
  if (chargeReference === undefined || !isObjectId(chargeReference)) return answer;
  const disputed = await disputedMinor(account, charge, chargeReference, deadline);
  if (typeof disputed === 'object')
    return notSeen(chargeReference, disputed, { reference, attention: disputed.attention });
  if (disputed === 0) return answer;
  const succeeded = { kind: 'succeeded', reference, chargeReference } as const;
  const { amountMinor } = charge.amount;
  if (disputed >= amountMinor) return succeeded;
  const listed = await listRefunds(account, chargeReference, deadline);
  if (listed.kind === 'unavailable')
    return notSeen(chargeReference, listed, { reference, attention: listed.attention ?? false });
  const given = listed.refunds.filter(({ status }) => status === 'succeeded');
  const refunded = given.reduce((sum, { amount }) => sum + amount.amountMinor, 0);
  return disputed + refunded >= amountMinor ? succeeded : answer;
}

function notSeen(
  capture: string,
  { why }: { readonly why: string },
  known: { readonly reference: string | undefined; readonly attention: boolean },
): Answer {
  const question = `${capture} was reversed, and whether by a dispute cannot be seen`;
  return unknown(`${question}: ${why}`, known);
}

/** What disputes may take of a charge, and what they have taken: a question takes nothing, nor does one that was won. */
async function disputedMinor(
  account: Account,
  { amount: { currency, amountMinor: all } }: FrozenCharge,
  capture: string,
  deadline: Deadline,
): Promise<number | Unavailable> {
  const path = `/v1/customer/disputes?disputed_transaction_id=${capture}`;
  const said = await callPaypal(account, { method: 'GET', path }, deadline);
  const isRead = said.kind === 'answered' && said.status === 200;
  const list = schema.safeParse(isRead ? said.body : undefined);
  if (!list.success) return notAnswered(said);
  let sum = 0;
  for (const { dispute_id: id, status, dispute_life_cycle_stage: stage } of list.data.items) {
    if (status !== 'RESOLVED' && stage === 'INQUIRY') continue;
    // The list says nothing about how one has ended.
    const read = await fetchDispute(account, id, deadline);
    if (read.kind === 'unavailable') return read;
    const outcome = statusOf(read.dispute);
    const isOver = status === 'RESOLVED' && outcome !== undefined;
    const taken = takenBy(read.dispute);
    if (isOver && (outcome !== 'lost' || (stage === 'INQUIRY' && !taken))) continue;
    const wanted = readMoved(read.dispute.dispute_amount)?.amount;
    const money = isOver ? (taken ?? wanted) : wanted;
    // In another currency it cannot be weighed: its own run tells what became of it.
    sum += money?.currency === currency ? money.amountMinor : all;
  }
  return sum;
}

const schema = z.object({
  items: z.array(
    z.object({
      dispute_id: z.string().min(1),
      status: z.string(),
      dispute_life_cycle_stage: z.string().optional(),
    }),
  ),
});
