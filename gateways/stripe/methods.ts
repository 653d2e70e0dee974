/** Attaching a payment method: a token from Stripe's hosted fields becomes chargeable off-session. */
import type Stripe from 'stripe';

import type { Account, Attached, AttachRequest } from '../gateway.js';
import { readFailure } from './answers.js';
import { stripeFor } from './client.js';

export async function attachMethod(account: Account, request: AttachRequest): Promise<Attached> {
  const stripe = stripeFor(account);
  try {
    const customer = request.customer ?? (await createCustomer(stripe, request));
    const method = await stripe.paymentMethods.attach(
      request.token,
      { customer },
      { idempotencyKey: `${request.key}:attach` },
    );
    return {
      kind: 'attached',
      customer,
      reference: method.id,
      methodKind: method.type,
      display: displayOf(method),
      fingerprint: method.card?.fingerprint ?? undefined,
    };
  } catch (error) {
    return failed(error);
  }
}

async function createCustomer(stripe: Stripe, request: AttachRequest): Promise<string> {
  const { email, name, merchantId, customerId } = request;
  const customer = await stripe.customers.create(
    {
      ...(email && { email }),
      ...(name && { name }),
      metadata: { dunlin_merchant: merchantId, dunlin_customer: customerId },
    },
    { idempotencyKey: `${request.key}:customer` },
  );
  return customer.id;
}

function displayOf({ card, type }: Stripe.PaymentMethod): string {
  if (!card) return type;
  const brand = card.brand.charAt(0).toUpperCase() + card.brand.slice(1);
  return `${brand} ···${card.last4}`;
}

function failed(error: unknown): Attached {
  const answer = readFailure(error);
  if (answer.kind === 'declined') return { kind: 'refused', why: answer.decline.message };
  if (answer.kind === 'refused' && answer.parks) return { kind: 'refused', why: answer.why };
  return { kind: 'unavailable', why: 'why' in answer ? answer.why : answer.kind };
}
