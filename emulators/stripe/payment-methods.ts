/** Payment methods: cards only, each made from one of the test tokens. */
import type Stripe from 'stripe';
import { z } from 'zod';

import type { Account } from './account.js';
import type { Call } from './call.js';
import { type TestCard, testCard } from './cards.js';
import { customerOf } from './customers.js';
import { declineOf } from './declines.js';
import { StripeError, invalidRequest, noSuch, refused } from './errors.js';
import { newId } from './ids.js';
import { page, paging } from './pages.js';
import { expand, ignored, mergeMetadata, metadata, read, text } from './params.js';

export function createPaymentMethod({ account, params }: Call): Stripe.PaymentMethod {
  const asked = read(created, params);
  if (asked.card.number !== undefined)
    throw invalidRequest(
      'Sending credit card numbers directly to the Stripe API is generally unsafe. Use a test token instead.',
      undefined,
      'card[number]',
    );
  const token = asked.card.token ?? '';
  const card = testCard(token);
  if (!card) throw noSuch('token', token, 'card[token]', 400);
  return make(account, card, mergeMetadata({}, asked.metadata));
}

export function retrievePaymentMethod({ account, ids, params }: Call): Stripe.PaymentMethod {
  read(z.strictObject({ expand }), params);
  return paymentMethodOf(account, ids['id']!);
}

export function attachPaymentMethod(call: Call): Stripe.PaymentMethod {
  const { customer } = read(attached, call.params);
  customerOf(call.account, customer, 'customer');
  return attachTo(call, call.ids['id']!, customer);
}

export function detachPaymentMethod({ account, cause, ids, params }: Call): Stripe.PaymentMethod {
  read(z.strictObject({ expand }), params);
  const old = paymentMethodOf(account, ids['id']!);
  if (!old.customer)
    throw refused(
      'The payment method you provided is not attached to a customer so detachment is impossible.',
    );
  const method: Stripe.PaymentMethod = { ...old, customer: null };
  account.paymentMethods.put(method.id, method);
  account.emit('payment_method.detached', method, cause, { customer: old.customer });
  return method;
}

export function listPaymentMethods({
  account,
  params,
  path,
}: Call): Stripe.ApiList<Stripe.PaymentMethod> {
  const { customer, ...asked } = read(listed, params);
  return page(methodsOf(account, customer, asked.type), path, asked);
}

export function listCustomerPaymentMethods(call: Call): Stripe.ApiList<Stripe.PaymentMethod> {
  const asked = read(listedOfCustomer, call.params);
  const customer = customerOf(call.account, call.ids['id']!);
  return page(methodsOf(call.account, customer.id, asked.type), call.path, asked);
}

/** A test token makes a new method each time it is used; an id names the one there is. */
export function paymentMethodOf(
  account: Account,
  id: string,
  param?: string,
): Stripe.PaymentMethod {
  const found = account.paymentMethods.get(id);
  if (found) return found;
  const card = testCard(id);
  if (!card) throw noSuch('PaymentMethod', id, param ?? 'id', param ? 400 : 404);
  return make(account, card, {});
}

export function attachTo(
  { account, cause }: Call,
  id: string,
  customer: string,
): Stripe.PaymentMethod {
  const old = paymentMethodOf(account, id, 'payment_method');
  if (old.customer === customer) return old;
  if (old.customer)
    throw refused('The payment method you provided has already been attached to a customer.');
  const { attaches, fate } = account.cardStates.get(old.id)!;
  if (!attaches) throw refusedByIssuer(fate);
  const method: Stripe.PaymentMethod = { ...old, customer };
  account.paymentMethods.put(method.id, method);
  account.emit('payment_method.attached', method, cause);
  return method;
}

function refusedByIssuer(fate: string): StripeError {
  const { blocked: _, ...decline } = declineOf(fate);
  return new StripeError(402, { type: 'card_error', ...decline }, true);
}

function methodsOf(account: Account, customer: string | undefined, type: string | undefined) {
  return account.paymentMethods
    .all()
    .filter((method) => method.customer === (customer ?? null) && (type ?? 'card') === method.type);
}

function make(account: Account, card: TestCard, metadata: Stripe.Metadata): Stripe.PaymentMethod {
  const method = {
    id: newId('pm'),
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    billing_details: { address: null, email: null, name: null, phone: null, tax_id: null },
    card: {
      brand: card.brand,
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
      country: 'US',
      display_brand: card.brand === 'amex' ? 'american_express' : card.brand,
      exp_month: 12,
      exp_year: new Date(account.clock.now()).getUTCFullYear() + 3,
      fingerprint: card.numberless ? newId('fp', 16).slice(3) : `${card.brand}${card.last4}`,
      funding: card.funding,
      generated_from: null,
      last4: card.last4,
      networks: { available: [card.brand], preferred: null },
      regulated_status: 'unregulated',
      three_d_secure_usage: { supported: true },
      wallet: null,
    },
    created: account.clock.seconds(),
    customer: null,
    customer_account: null,
    livemode: false,
    metadata,
    type: 'card',
  } satisfies Stripe.PaymentMethod;
  account.paymentMethods.put(method.id, method);
  account.cardStates.put(method.id, {
    fate: card.fate,
    attaches: card.attaches,
    declines: 0,
    setUp: false,
  });
  return method;
}

const created = z.strictObject({
  allow_redisplay: ignored,
  billing_details: ignored,
  card: z.strictObject({
    token: text.optional(),
    number: ignored,
    exp_month: ignored,
    exp_year: ignored,
    cvc: ignored,
    networks: ignored,
  }),
  expand,
  metadata: metadata.optional(),
  type: z.literal('card'),
});
const attached = z.strictObject({ customer: text, expand });
const listedOfCustomer = z.strictObject({
  ...paging,
  type: text.optional(),
  allow_redisplay: ignored,
});
const listed = listedOfCustomer.extend({ customer: text.optional() });
