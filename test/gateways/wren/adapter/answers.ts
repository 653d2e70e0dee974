/** What Wren's answers, and the lack of them, say about a charge. */
import { z } from 'zod';

import type { Answer, FrozenCharge } from '../../../../gateways/gateway.js';
import type { Said } from './call.js';
import { classifyDecline } from './declines.js';

/** `reference` is our charge id, `payment` the money itself. */
const chargeSchema = z.object({
  id: z.string(),
  reference: z.string(),
  status: z.string(),
  amount: z.number(),
  currency: z.string(),
  payment: z.string().optional(),
  decline: z.object({ code: z.string(), message: z.string() }).optional(),
  url: z.string().optional(),
});
export type WrenCharge = z.infer<typeof chargeSchema>;

export const chargeIn = (said: Said) => goodIn(said, chargeSchema);

/** What an answer shows, if it is a good one. */
export function goodIn<Shown>(said: Said, schema: z.ZodType<Shown>): Shown | undefined {
  if (said.kind !== 'answered' || said.status !== 200) return undefined;
  return schema.safeParse(said.body).data;
}

export function readCharge(said: WrenCharge, charge: FrozenCharge): Answer {
  const { id: reference, status, payment: chargeReference } = said;
  const { amountMinor, currency } = charge.amount;
  const isOurs = said.reference === charge.id;
  if (!isOurs || said.amount !== amountMinor || said.currency !== currency)
    return unknown(`${reference} is not what was asked for`, { attention: true });
  switch (status) {
    case 'succeeded':
    case 'pending':
      return { kind: status, reference, chargeReference };
    case 'declined':
    case 'returned':
      return { kind: status, reference, chargeReference, decline: classifyDecline(said.decline) };
    case 'open':
      return { kind: 'pending', reference };
    case 'canceled':
      return { kind: 'gone', why: `${reference} was withdrawn before the customer had paid` };
    default:
      return unknown(`${reference} is ${status}`, { reference });
  }
}

/** What came instead of a charge. Only what is listed as definite is definite. */
export function failureOf(said: Said): Answer {
  const { why } = said;
  if (said.kind === 'unanswered' && !said.sent) return { kind: 'unreachable', why };
  if (said.kind === 'unanswered') return unknown(why, { serverError: said.serverError });
  const { status, code, retryAfterMs } = said;
  if (code === 'order_paid') return { kind: 'duplicate' };
  if (!code || ![400, 401, 403, 404, 429].includes(status))
    return unknown(why, { serverError: status >= 500 });
  const parks = status === 400 || status === 404;
  const rest = retryAfterMs > 0 ? { retryAfterMs } : {};
  return { kind: 'refused', why, attention: status !== 429, parks, ...rest };
}

type Unknown = Extract<Answer, { kind: 'unknown' }>;

export function unknown(why: string, more: Omit<Unknown, 'kind' | 'why'> = {}): Unknown {
  return { kind: 'unknown', why, ...more };
}
