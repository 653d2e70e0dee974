/** Sending a charge. */
import type { Account, Answer, FrozenCharge } from '../gateway.js';
import { deadlineIn } from './deadline.js';
import { sendOrder } from './orders.js';
import { unlessDisputed } from './returned.js';

export async function submit(account: Account, charge: FrozenCharge): Promise<Answer> {
  const deadline = deadlineIn(account.deadlineMs);
  return unlessDisputed(account, charge, await sendOrder(account, charge, deadline), deadline);
}
