/** The dashboard: money that somebody takes, or gives back, by hand. Nothing in it says whose it is. */
import type Stripe from 'stripe';
import { z } from 'zod';

import { type Account, NOBODY } from './account.js';
import { approve } from './payment-outcomes.js';
import { createPaymentIntent } from './payment-intents.js';
import { createRefund } from './refunds.js';

export const paymentByHand = z.strictObject({
  customer: z.string(),
  amount_minor: z.int().min(1),
  currency: z.string(),
  /** A saved method of the customer, or a test token; without one any that is saved. */
  payment_method: z.string().optional(),
  metadata: z.record(z.string(), z.string()).default({}),
  silent: z.boolean().default(false),
});

export const refundMadeByHand = z.strictObject({
  charge: z.string(),
  /** All that is left without. */
  amount_minor: z.int().min(1).optional(),
  silent: z.boolean().default(false),
});

/** It succeeds, whatever the fate of the method. */
export function payByHand(
  account: Account,
  asked: z.output<typeof paymentByHand>,
): Stripe.PaymentIntent {
  const { customer, metadata } = asked;
  const saved = account.paymentMethods.all().find((method) => method.customer === customer);
  const params = {
    amount: String(asked.amount_minor),
    currency: asked.currency,
    customer,
    payment_method: asked.payment_method ?? saved?.id ?? 'pm_card_visa',
    metadata,
  };
  const intent = createPaymentIntent({ account, cause: NOBODY, path: '', ids: {}, params });
  return approve(account, intent, NOBODY);
}

export function refundByHand(
  account: Account,
  { charge, amount_minor: amount }: z.output<typeof refundMadeByHand>,
): Stripe.Refund {
  const params = { charge, ...(amount !== undefined && { amount: String(amount) }) };
  return createRefund({ account, cause: NOBODY, path: '', ids: {}, params });
}
