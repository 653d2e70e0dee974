/** Payment methods: what the customer gave in Stripe's own fields becomes chargeable off-session. */
import type Stripe from 'stripe';

import type { Account, Attached, AttachRequest, Setup, SetupRequest } from '../gateway.js';
import { readFailure } from './answers.js';
import { stripeFor } from './client.js';
import { debitOf } from './debits.js';

export async function attachMethod(account: Account, request: AttachRequest): Promise<Attached> {
  const stripe = stripeFor(account);
  try {
    const given = await stripe.paymentMethods.retrieve(request.token);
    // A SetupIntent has saved it, mandate included: there is nothing left to do.
    if (given.customer) return await alreadySaved(stripe, given, request);
    const customer = request.customer ?? (await createCustomer(stripe, request));
    if (debitOf(given.type)) return await saveWithMandate(stripe, given.type, customer, request);
    const method = await stripe.paymentMethods.attach(
      request.token,
      { customer },
      { idempotencyKey: `${request.key}:attach` },
    );
    return attached(method, customer);
  } catch (error) {
    return failed(error);
  }
}

/** Never another customer's: who knows the name of a payment method must not be able to spend it. */
async function alreadySaved(
  stripe: Stripe,
  method: Stripe.PaymentMethod,
  request: AttachRequest,
): Promise<Attached> {
  const owner = idOf(method.customer);
  const ours = request.customer
    ? owner === request.customer
    : owner !== undefined && (await isOurs(stripe, owner, request));
  if (owner && ours) return attached(method, owner);
  return { kind: 'refused', why: 'The payment method belongs to another customer of the gateway' };
}

async function isOurs(
  stripe: Stripe,
  id: string,
  { merchantId, customerId }: AttachRequest,
): Promise<boolean> {
  const customer = await stripe.customers.retrieve(id);
  if (customer.deleted) return false;
  const { dunlin_merchant: merchant, dunlin_customer: ofMerchant } = customer.metadata;
  return merchant === merchantId && ofMerchant === customerId;
}

/**
 * A bank account may be debited once its owner has given a mandate, which the merchant vouches for here. The
 * SetupIntent attaches the method itself: attaching alone would make it look chargeable when it is not.
 */
async function saveWithMandate(
  stripe: Stripe,
  kind: string,
  customer: string,
  { token, merchantId, customerId, key }: AttachRequest,
): Promise<Attached> {
  const { status, payment_method: method } = await stripe.setupIntents.create(
    {
      customer,
      payment_method: token,
      allowed_payment_method_types: [
        kind,
      ] as Stripe.SetupIntentCreateParams.AllowedPaymentMethodType[],
      confirm: true,
      usage: 'off_session',
      mandate_data: { customer_acceptance: { type: 'offline' } },
      metadata: { dunlin_merchant: merchantId, dunlin_customer: customerId },
      expand: ['payment_method'],
    },
    { idempotencyKey: `${key}:mandate` },
  );
  if (status === 'succeeded' && method && typeof method === 'object')
    return attached(method, customer);
  // The bank account's owner proves it to Stripe: by two small deposits, days later.
  if (status === 'requires_action')
    return {
      kind: 'refused',
      why: 'The bank account must be verified first, on the page that Stripe sends to its owner',
    };
  return { kind: 'unavailable', why: `The mandate is ${status}` };
}

/** A SetupIntent for Stripe's own fields: a method that passed it may be charged off-session. */
export async function createSetup(account: Account, request: SetupRequest): Promise<Setup> {
  const stripe = stripeFor(account);
  const kinds = request.kinds as Stripe.SetupIntentCreateParams.AllowedPaymentMethodType[];
  try {
    const customer = request.customer ?? (await createCustomer(stripe, request));
    const intent = await stripe.setupIntents.create(
      {
        customer,
        usage: 'off_session',
        ...(kinds.length > 0 && { allowed_payment_method_types: [...kinds] }),
        metadata: { dunlin_merchant: request.merchantId, dunlin_customer: request.customerId },
      },
      { idempotencyKey: `${request.key}:setup` },
    );
    return {
      kind: 'ready',
      reference: intent.id,
      customer,
      clientSecret: intent.client_secret ?? undefined,
    };
  } catch (error) {
    return failed(error);
  }
}

type Whose = Pick<AttachRequest, 'merchantId' | 'customerId' | 'key'> &
  Partial<Pick<AttachRequest, 'email' | 'name'>>;

async function createCustomer(stripe: Stripe, request: Whose): Promise<string> {
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

function attached(method: Stripe.PaymentMethod, customer: string): Attached {
  const { card, sepa_debit: sepa, us_bank_account: bank } = method;
  return {
    kind: 'attached',
    customer,
    reference: method.id,
    methodKind: method.type,
    display: displayOf(method),
    fingerprint: (card ?? sepa ?? bank)?.fingerprint ?? undefined,
  };
}

function displayOf({ card, sepa_debit: sepa, us_bank_account: bank, type }: Stripe.PaymentMethod) {
  if (sepa) return `SEPA ···${sepa.last4 ?? '????'}${sepa.country ? ` (${sepa.country})` : ''}`;
  if (bank) return `Bank ···${bank.last4 ?? '????'}`;
  if (!card) return type;
  const brand = card.brand.charAt(0).toUpperCase() + card.brand.slice(1);
  return `${brand} ···${card.last4}`;
}

function idOf(expandable: string | { readonly id: string } | null): string | undefined {
  return (typeof expandable === 'string' ? expandable : expandable?.id) ?? undefined;
}

type NotDone = Exclude<Attached, { kind: 'attached' }>;

function failed(error: unknown): NotDone {
  const answer = readFailure(error);
  if (answer.kind === 'declined') return { kind: 'refused', why: answer.decline.message };
  if (answer.kind === 'refused' && answer.parks) return { kind: 'refused', why: answer.why };
  return { kind: 'unavailable', why: 'why' in answer ? answer.why : answer.kind };
}
