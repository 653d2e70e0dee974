/** Payment methods: cards and bank accounts, each made from a test token or a test account's number. */
import type Stripe from 'stripe';
import { z } from 'zod';

import { newId } from '../common/ids.js';
import type { Account } from './account.js';
import {
  type TestBankAccount,
  accountOfIban,
  accountOfNumber,
  testBankAccount,
} from './bank-accounts.js';
import type { Call } from './call.js';
import { type TestCard, testCard } from './cards.js';
import { customerOf } from './customers.js';
import { isUnverified } from './debit-fates.js';
import { accountFields } from './debits.js';
import { declineOf } from './declines.js';
import { StripeError, invalidRequest, missingParameter, noSuch, refused } from './errors.js';
import { page, paging } from './pages.js';
import { expand, ignored, mergeMetadata, metadata, read, text } from './params.js';

export function createPaymentMethod({ account, params }: Call): Stripe.PaymentMethod {
  const asked = read(created, params);
  const kept = mergeMetadata({}, asked.metadata);
  if (asked.type !== 'card') return make(account, namedAccount(asked), kept);
  if (!asked.card) throw missingParameter('card');
  if (asked.card.number !== undefined)
    throw invalidRequest(
      'Sending credit card numbers directly to the Stripe API is generally unsafe. Use a test token instead.',
      undefined,
      'card[number]',
    );
  const token = asked.card.token ?? '';
  const card = testCard(token);
  if (!card) throw noSuch('token', token, 'card[token]', 400);
  return make(account, card, kept);
}

function namedAccount(asked: z.output<typeof created>): TestBankAccount {
  const { type, sepa_debit: sepa, us_bank_account: us } = asked;
  if (type === 'sepa_debit') {
    if (!sepa) throw missingParameter('sepa_debit');
    const found = accountOfIban(sepa.iban);
    if (found) return found;
    throw invalidRequest('The IBAN is not a test IBAN.', undefined, 'sepa_debit[iban]');
  }
  if (!us) throw missingParameter('us_bank_account');
  const found = accountOfNumber(us.routing_number, us.account_number);
  if (found) return found;
  const param = 'us_bank_account[account_number]';
  throw invalidRequest('The account number is not a test number.', 'account_number_invalid', param);
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
  const given = testCard(id) ?? testBankAccount(id);
  if (!given) throw noSuch('PaymentMethod', id, param ?? 'id', param ? 400 : 404);
  return make(account, given, {});
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
  const { attaches, debit, fate, setUp } = account.cardStates.get(old.id)!;
  if (!attaches) throw refusedByIssuer(fate);
  if (debit && isUnverified(fate) && !setUp)
    throw refused(
      'This bank account must be verified before it can be attached to a customer.',
      'bank_account_unverified',
    );
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

function make(
  account: Account,
  given: TestCard | TestBankAccount,
  metadata: Stripe.Metadata,
): Stripe.PaymentMethod {
  const random = given.numberless ? newId('fp', 16).slice(3) : undefined;
  const kind =
    'brand' in given
      ? cardFields(account, given, random ?? `${given.brand}${given.last4}`)
      : accountFields(given, random ?? `${given.kind}${given.last4}`);
  const method = {
    id: newId('pm'),
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    billing_details: { address: null, email: null, name: null, phone: null, tax_id: null },
    created: account.clock.seconds(),
    customer: null,
    customer_account: null,
    livemode: false,
    metadata,
    ...kind,
  } satisfies Stripe.PaymentMethod;
  account.paymentMethods.put(method.id, method);
  account.cardStates.put(method.id, {
    ...('brand' in given ? {} : { debit: given.kind }),
    fate: given.fate,
    attaches: 'brand' in given ? given.attaches : true,
    declines: 0,
    setUp: false,
  });
  return method;
}

function cardFields(account: Account, card: TestCard, fingerprint: string) {
  return {
    card: {
      brand: card.brand,
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
      country: 'US',
      display_brand: card.brand === 'amex' ? 'american_express' : card.brand,
      exp_month: 12,
      exp_year: new Date(account.clock.now()).getUTCFullYear() + 3,
      fingerprint,
      funding: card.funding,
      generated_from: null,
      last4: card.last4,
      networks: { available: [card.brand], preferred: null },
      regulated_status: 'unregulated',
      three_d_secure_usage: { supported: true },
      wallet: null,
    },
    type: 'card',
  } satisfies Partial<Stripe.PaymentMethod>;
}

const created = z.strictObject({
  allow_redisplay: ignored,
  billing_details: ignored,
  card: z
    .strictObject({
      token: text.optional(),
      number: ignored,
      exp_month: ignored,
      exp_year: ignored,
      cvc: ignored,
      networks: ignored,
    })
    .optional(),
  expand,
  metadata: metadata.optional(),
  sepa_debit: z.strictObject({ iban: text }).optional(),
  type: z.enum(['card', 'sepa_debit', 'us_bank_account']),
  us_bank_account: z
    .strictObject({
      account_holder_type: z.enum(['individual', 'company']),
      account_number: text,
      account_type: z.enum(['checking', 'savings']).optional(),
      routing_number: text,
    })
    .optional(),
});
const attached = z.strictObject({ customer: text, expand });
const listedOfCustomer = z.strictObject({
  ...paging,
  type: text.optional(),
  allow_redisplay: ignored,
});
const listed = listedOfCustomer.extend({ customer: text.optional() });
