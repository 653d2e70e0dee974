/**
 * The customer on the page: confirms a payment in Stripe's own fields, with the client secret and nobody's key.
 *
 * Whatever the bank asks is answered on the spot; the fate of the card or bank account decides the rest.
 */
import type Stripe from 'stripe';
import { z } from 'zod';

import { newId } from '../common/ids.js';
import type { Account, Cause } from './account.js';
import { confirm, usableMethod } from './confirmation.js';
import { declineOf } from './declines.js';
import { StripeError } from './errors.js';
import { decline } from './payment-outcomes.js';
import { paymentIntentOf, unexpectedState } from './payment-intents.js';
import { authenticate } from './settlement.js';

/** `failed`: the customer does not pass 3-D Secure. `abandoned`: walks away while it is asked for. */
export const completion = z
  .strictObject({
    payment_intent: z.string(),
    payment_method: z.string().optional(),
    /** A test token, such as pm_card_visa: the same as a payment method. */
    token: z.string().optional(),
    outcome: z.enum(['succeeded', 'failed', 'abandoned']).default('succeeded'),
  })
  .refine((asked) => asked.payment_method ?? asked.token, 'payment_method is missing');

export function complete(
  account: Account,
  { payment_intent: id, payment_method, token, outcome }: z.output<typeof completion>,
): Stripe.PaymentIntent {
  // A browser sends no idempotency key of ours.
  const cause: Cause = { id: newId('req', 14), idempotency_key: null };
  const method = (payment_method ?? token)!;
  if (outcome === 'failed') return failAuthentication(account, id, method, cause);
  const confirmed = confirmOnPage(account, id, method, cause);
  if (confirmed.status !== 'requires_action' || outcome === 'abandoned') return confirmed;
  return authenticate(account, id, true);
}

/** What the browser is refused with, the PaymentIntent remembers. */
function confirmOnPage(
  account: Account,
  id: string,
  method: string,
  cause: Cause,
): Stripe.PaymentIntent {
  const call = { account, cause, path: '', ids: {}, params: {} };
  try {
    return confirm(call, paymentIntentOf(account, id), {
      payment_method: method,
      mandate_data: { customer_acceptance: { type: 'online' } },
    });
  } catch (error) {
    if (error instanceof StripeError && error.status === 402) return paymentIntentOf(account, id);
    throw error;
  }
}

function failAuthentication(
  account: Account,
  id: string,
  method: string,
  cause: Cause,
): Stripe.PaymentIntent {
  const intent = paymentIntentOf(account, id);
  if (!intent.status.startsWith('requires_')) throw unexpectedState(intent, 'confirmed');
  const { id: used } = usableMethod(account, method, intent.customer as string | null);
  const attempt = { ...intent, payment_method: used, next_action: null, last_payment_error: null };
  return decline(account, attempt, declineOf('payment_intent_authentication_failure'), cause);
}
