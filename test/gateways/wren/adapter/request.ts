/** The frozen request of a charge, or of one that the customer completes on Wren's page. */
import { z } from 'zod';

import { DomainError } from '../../../../domain/errors.js';
import type { Money } from '../../../../domain/money.js';
import type { ChargeOrder } from '../../../../gateways/gateway.js';

const schema = z.object({
  reference: z.string(),
  order: z.string(),
  amount: z.number(),
  currency: z.string(),
  customer: z.string(),
  method: z.string().optional(),
  description: z.string().optional(),
  metadata: z.object({ merchant: z.string(), renewal: z.string() }),
});
type WrenRequest = z.infer<typeof schema>;

/** Each charge is an object of its own. What a renewal's share is the order, which Wren lets be paid once. */
export function composePageRequest(given: ChargeOrder): { request: WrenRequest } {
  const { chargeId: reference, merchantId: merchant, renewalId: renewal, reversals } = given;
  const { amount, customer, description } = given;
  // Money that came back may be collected once more, under the next name.
  const order = reversals > 0 ? `${renewal}-${reversals}` : renewal;
  const owed = { amount: taken(amount), currency: amount.currency, description };
  return { request: { reference, order, ...owed, customer, metadata: { merchant, renewal } } };
}

export function composeRequest(given: ChargeOrder): { request: WrenRequest } {
  return { request: { ...composePageRequest(given).request, method: given.method } };
}

/** Wren counts as we do. What it does not take is refused here, and never rounded. */
function taken({ amountMinor, currency }: Money): number {
  if (['EUR', 'JPY', 'USD'].includes(currency) && amountMinor > 0) return amountMinor;
  const message = `Wren does not take ${amountMinor} ${currency}.`;
  throw new DomainError('invalid', 'amount_not_supported', message, 'amount_minor');
}

/** In the schema's order: the database forgets the order of fields, and the bytes must not differ. */
export function readRequest(frozen: unknown): WrenRequest {
  return schema.parse(frozen);
}
