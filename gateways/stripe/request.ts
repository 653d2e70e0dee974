/** The frozen request of a charge: a new PaymentIntent, or another confirmation of the renewal's living one. */
import { z } from 'zod';

import type { ChargeOrder } from '../gateway.js';
import { toStripeAmount } from './amount.js';

const schema = z.discriminatedUnion('mode', [
  z.object({
    mode: z.literal('create'),
    params: z.object({
      amount: z.number(),
      currency: z.string(),
      customer: z.string(),
      payment_method: z.string(),
      allowed_payment_method_types: z.array(z.string()),
      description: z.string().optional(),
      metadata: z.record(z.string(), z.string()),
      confirm: z.literal(true),
      off_session: z.literal(true),
    }),
  }),
  z.object({
    mode: z.literal('confirm'),
    paymentIntent: z.string(),
    params: z.object({ payment_method: z.string(), off_session: z.literal(true) }),
  }),
]);

export type StripeRequest = z.infer<typeof schema>;

/** One live PaymentIntent per renewal and account: Stripe lets at most one payment on it succeed. */
export function composeRequest(order: ChargeOrder): StripeRequest {
  if (order.continues)
    return {
      mode: 'confirm',
      paymentIntent: order.continues,
      params: { payment_method: order.method, off_session: true },
    };
  return {
    mode: 'create',
    params: {
      amount: toStripeAmount(order.amount),
      currency: order.amount.currency.toLowerCase(),
      customer: order.customer,
      payment_method: order.method,
      allowed_payment_method_types: [order.kind],
      ...(order.description && { description: order.description }),
      metadata: { dunlin_merchant: order.merchantId, dunlin_renewal: order.renewalId },
      confirm: true,
      off_session: true,
    },
  };
}

export function readRequest(frozen: unknown): StripeRequest {
  return schema.parse(frozen);
}
