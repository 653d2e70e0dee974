/** Money that PayPal has taken back: by a dispute, whose own run then books it, or for good. */
import { z } from 'zod';

import type { Account, Answer, LookUp } from '../gateway.js';
import { unknown } from './answers.js';
import { callPaypal } from './call.js';
import type { Deadline } from './deadline.js';
import { isObjectId } from './objects.js';
import { notAnswered } from './unavailable.js';

/**
 * An answer as it is to be told. A capture shows as reversed whether a dispute or a bank took its money: of a disputed
 * one the charge had succeeded, and the dispute decides about the rest.
 */
export async function unlessDisputed<T extends LookUp>(
  account: Account,
  answer: T,
  deadline: Deadline,
): Promise<T | Answer> {
  if (answer.kind !== 'returned') return answer;
  const { reference, chargeReference } = answer;
  if (chargeReference === undefined || !isObjectId(chargeReference)) return answer;
  const path = `/v1/customer/disputes?disputed_transaction_id=${chargeReference}`;
  const said = await callPaypal(account, { method: 'GET', path }, deadline);
  const isRead = said.kind === 'answered' && said.status === 200;
  const list = schema.safeParse(isRead ? said.body : undefined);
  if (list.success)
    return list.data.items.length > 0 ? { kind: 'succeeded', reference, chargeReference } : answer;
  const { why, attention } = notAnswered(said);
  const question = `${chargeReference} was reversed, and whether by a dispute cannot be seen`;
  return unknown(`${question}: ${why}`, { reference, attention });
}

const schema = z.object({ items: z.array(z.unknown()) });
