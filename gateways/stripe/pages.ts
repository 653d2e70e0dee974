/** Pages: a PaymentIntent that the customer confirms in Stripe's own fields, by its client secret. */
import type Stripe from 'stripe';

import type { Account, FrozenCharge, Page } from '../gateway.js';
import { readFailure } from './answers.js';
import { stripeFor } from './client.js';
import { referenceOf, retrieve } from './look-up.js';
import { readRequest } from './request.js';

export async function openPage(account: Account, charge: FrozenCharge): Promise<Page> {
  try {
    const reference = referenceOf(charge) ?? (await create(account, charge));
    // Read in any case: a repeated creation answers how the object was then, not what became of it.
    return await pageOf(account, charge, await retrieve(account, reference));
  } catch (error) {
    return unopened(error);
  }
}

async function create(account: Account, charge: FrozenCharge): Promise<string> {
  const request = readRequest(charge.request);
  if (request.mode !== 'page') throw new Error(`A ${request.mode} request is not for a page`);
  const intent = await stripeFor(account).paymentIntents.create(
    request.params as Stripe.PaymentIntentCreateParams,
    { idempotencyKey: `${charge.id}:create` },
  );
  return intent.id;
}

async function pageOf(
  account: Account,
  charge: FrozenCharge,
  intent: Stripe.PaymentIntent,
): Promise<Page> {
  const { id, status, client_secret: secret } = intent;
  switch (status) {
    case 'succeeded':
      return { kind: 'duplicate' };
    case 'canceled':
      return { kind: 'gone', why: `${id} was canceled` };
    case 'processing':
    case 'requires_capture':
      return { kind: 'unavailable', why: `A payment of ${id} is under way` };
    default:
      if (!intent.payment_method_types.includes('card')) await offerCards(account, charge, intent);
      return { kind: 'ready', reference: id, clientSecret: secret ?? undefined };
  }
}

/** An object that a failed debit has left takes bank accounts only; who comes to pay may have none that works. */
async function offerCards(
  account: Account,
  charge: FrozenCharge,
  { id, payment_method_types: types }: Stripe.PaymentIntent,
): Promise<void> {
  await stripeFor(account).paymentIntents.update(
    id,
    { allowed_payment_method_types: [...types, 'card'] } as Stripe.PaymentIntentUpdateParams,
    { idempotencyKey: `${charge.id}:cards` },
  );
}

function unopened(error: unknown): Page {
  const answer = readFailure(error);
  if (answer.kind === 'duplicate') return { kind: 'duplicate' };
  const why = 'why' in answer ? answer.why : `Stripe answered ${answer.kind}`;
  return { kind: answer.kind === 'refused' && answer.attention ? 'refused' : 'unavailable', why };
}
