/** Looking a charge up: from its order when that is known, else by asking again, else from the books. */
import type { Account, FrozenCharge, LookUp } from '../gateway.js';
import { readOrder } from './answers.js';
import { type Deadline, deadlineIn } from './deadline.js';
import { captureNamed, fetchOrder, readCaptureBack, uncaptured } from './orders.js';
import { readRequest } from './request.js';
import { unlessDisputed } from './returned.js';
import { findInBooks } from './transactions.js';

/** What became of a charge. Nothing is changed, and the books are searched only when nothing else is left. */
export async function lookUp(account: Account, charge: FrozenCharge): Promise<LookUp> {
  const deadline = deadlineIn(account.deadlineMs);
  return unlessDisputed(account, charge, await look(account, charge, deadline), deadline);
}

async function look(account: Account, charge: FrozenCharge, deadline: Deadline): Promise<LookUp> {
  const { mode } = readRequest(charge.request);
  if (charge.reference === undefined) {
    // Only an order whose id was kept can be captured: without one no page was ever given out.
    if (mode === 'page') return { kind: 'absent' };
    // PayPal has no look-up by invoice or by our own id. The same request under the same key is the question.
    if (charge.resendable) return { kind: 'absent' };
    return findInBooks(account, charge, deadline);
  }
  const capture = captureNamed(charge.reference);
  if (capture !== undefined) return readCaptureBack(account, capture, charge, deadline);
  const read = await fetchOrder(account, charge.reference, deadline);
  if (read.kind === 'unread') return read.answer;
  const answer = readOrder(read.order, charge, { reread: true });
  if (answer) return answer;
  if (mode === 'page') return { kind: 'pending', reference: read.order.id };
  // It stands as it was made: only our own request can capture it. Any other state is told as it is.
  return UNTOUCHED.has(read.order.status) ? { kind: 'unchanged' } : uncaptured(read.order);
}

const UNTOUCHED: ReadonlySet<string> = new Set(['CREATED', 'SAVED', 'APPROVED']);
