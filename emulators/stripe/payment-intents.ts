/** PaymentIntents: one thing to be paid, and at most one success. Confirming them is in confirmation.ts. */
import type Stripe from 'stripe';
import { z } from 'zod';

import { newId } from '../common/ids.js';
import type { Account } from './account.js';
import type { Call } from './call.js';
import { confirm, usableMethod } from './confirmation.js';
import { checkAmount, checkKind } from './currencies.js';
import { customerOf } from './customers.js';
import { checkMethod } from './debits.js';
import { invalidRequest, noSuch, refused } from './errors.js';
import { page } from './pages.js';
import { expand, isWithin, mergeMetadata, read, text } from './params.js';
import { canceled, created, listed, updated } from './payment-intent-params.js';

export function createPaymentIntent(call: Call): Stripe.PaymentIntent {
  const { account, cause, params } = call;
  const asked = read(created, params);
  const currency = asked.currency.toLowerCase();
  checkAmount(asked.amount, currency);
  checkCombination(asked);
  if (asked.customer) customerOf(account, asked.customer, 'customer');
  // Checked before anything is made: a refused request leaves no PaymentIntent behind.
  const method = asked.payment_method
    ? usableMethod(account, asked.payment_method, asked.customer ?? null)
    : undefined;
  for (const type of asked.allowed_payment_method_types ?? [])
    checkKind(type, asked.amount, currency);
  if (method && asked.confirm)
    checkMethod(account, method, {
      ...asked,
      currency,
      types: asked.allowed_payment_method_types,
    });

  const intent = newIntent(account, { ...asked, currency, payment_method: method?.id });
  account.paymentIntents.put(intent.id, intent);
  account.emit('payment_intent.created', intent, cause);
  return asked.confirm ? confirm(call, intent, asked) : intent;
}

export function retrievePaymentIntent({ account, ids, params }: Call): Stripe.PaymentIntent {
  read(z.strictObject({ expand, client_secret: text.optional() }), params);
  return paymentIntentOf(account, ids['id']!);
}

export function updatePaymentIntent({ account, ids, params }: Call): Stripe.PaymentIntent {
  const asked = read(updated, params);
  const old = paymentIntentOf(account, ids['id']!);
  const { metadata, description, expand: _, ...substance } = asked;
  const open = OPEN.includes(old.status);
  if (!open && Object.keys(substance).length > 0) throw unexpectedState(old, 'updated');
  if (asked.statement_descriptor) throw cardDescriptor();
  const amount = asked.amount ?? old.amount;
  const currency = asked.currency?.toLowerCase() ?? old.currency;
  checkAmount(amount, currency);
  const types = asked.allowed_payment_method_types;
  for (const type of types ?? []) checkKind(type, amount, currency);
  const customer = asked.customer ?? (old.customer as string | null);
  if (asked.customer) customerOf(account, asked.customer, 'customer');
  const method = asked.payment_method && usableMethod(account, asked.payment_method, customer).id;

  const intent: Stripe.PaymentIntent = {
    ...old,
    amount,
    currency,
    customer,
    description: description === undefined ? old.description : description,
    metadata: mergeMetadata(old.metadata, metadata),
    statement_descriptor_suffix:
      asked.statement_descriptor_suffix ?? old.statement_descriptor_suffix,
    ...(types && { allowed_payment_method_types: types, payment_method_types: types }),
    ...(open && { last_payment_error: null }),
    ...(method && { payment_method: method, status: 'requires_confirmation' as const }),
  };
  account.paymentIntents.put(intent.id, intent);
  return intent;
}

export function cancelPaymentIntent({ account, cause, ids, params }: Call): Stripe.PaymentIntent {
  const asked = read(canceled, params);
  const old = paymentIntentOf(account, ids['id']!);
  if (!OPEN.includes(old.status)) throw unexpectedState(old, 'canceled');
  return cancel(account, old, asked.cancellation_reason ?? null, cause);
}

export function listPaymentIntents({
  account,
  params,
  path,
}: Call): Stripe.ApiList<Stripe.PaymentIntent> {
  const asked = read(listed, params);
  const found = account.paymentIntents
    .all()
    .filter(
      (intent) =>
        (asked.customer === undefined || intent.customer === asked.customer) &&
        isWithin(asked.created, intent.created),
    );
  return page(found, path, asked);
}

export function paymentIntentOf(
  account: Account,
  id: string,
  param?: string,
): Stripe.PaymentIntent {
  const intent = account.paymentIntents.get(id);
  if (!intent) throw noSuch('payment_intent', id, param ?? 'intent', param ? 400 : 404);
  return intent;
}

export function cancel(
  account: Account,
  old: Stripe.PaymentIntent,
  reason: Stripe.PaymentIntent.CancellationReason | null,
  cause: Call['cause'],
): Stripe.PaymentIntent {
  const intent: Stripe.PaymentIntent = {
    ...old,
    canceled_at: account.clock.seconds(),
    cancellation_reason: reason,
    next_action: null,
    status: 'canceled',
  };
  account.paymentIntents.put(intent.id, intent);
  account.emit('payment_intent.canceled', intent, cause);
  return intent;
}

export function unexpectedState(intent: Stripe.PaymentIntent, wish: string) {
  return refused(
    `This PaymentIntent could not be ${wish} because it has a status of ${intent.status}.`,
    'payment_intent_unexpected_state',
    { payment_intent: intent },
  );
}

/** The states in which money can neither have moved nor be about to. */
const OPEN: readonly string[] = [
  'requires_payment_method',
  'requires_confirmation',
  'requires_action',
];

type Created = z.output<typeof created>;

function checkCombination(asked: Created): void {
  for (const param of ['off_session', 'error_on_requires_action', 'mandate', 'return_url'] as const)
    if (asked[param] && !asked.confirm)
      throw invalidRequest(`${param} can only be used with confirm=true.`, undefined, param);
  if (asked.statement_descriptor) throw cardDescriptor();
  if (asked.allowed_payment_method_types && asked.automatic_payment_methods)
    throw invalidRequest(
      'You may only specify one of: allowed_payment_method_types, automatic_payment_methods.',
      undefined,
      'automatic_payment_methods',
    );
  if (asked.capture_method === 'manual')
    throw invalidRequest('Manual capture is not emulated.', undefined, 'capture_method');
  const card = asked.payment_method_options?.card;
  if (card?.stored_credential_usage && (asked.setup_future_usage ?? card.setup_future_usage))
    throw invalidRequest(
      'stored_credential_usage cannot be combined with setup_future_usage.',
      undefined,
      'payment_method_options[card][stored_credential_usage]',
    );
}

function cardDescriptor() {
  return invalidRequest(
    'The statement_descriptor parameter is not supported for card payments. Use statement_descriptor_suffix.',
    undefined,
    'statement_descriptor',
  );
}

function newIntent(
  account: Account,
  asked: Omit<Created, 'payment_method'> & { payment_method: string | undefined },
): Stripe.PaymentIntent {
  const id = newId('pi');
  const types = asked.allowed_payment_method_types;
  return {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: types ?? null,
    amount: asked.amount,
    amount_capturable: 0,
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: types ? null : { allow_redirects: 'always', enabled: true },
    canceled_at: null,
    cancellation_reason: null,
    capture_method: asked.capture_method ?? 'automatic_async',
    client_secret: newId(`${id}_secret`),
    confirmation_method: asked.confirmation_method ?? 'automatic',
    created: account.clock.seconds(),
    currency: asked.currency,
    customer: asked.customer ?? null,
    customer_account: null,
    description: asked.description ?? null,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: mergeMetadata({}, asked.metadata),
    next_action: null,
    on_behalf_of: null,
    payment_method: asked.payment_method ?? null,
    payment_method_configuration_details: null,
    payment_method_options: null,
    payment_method_types: types ?? ['card'],
    payment_record: null,
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: asked.setup_future_usage ?? null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: asked.statement_descriptor_suffix ?? null,
    status: asked.payment_method ? 'requires_confirmation' : 'requires_payment_method',
    transfer_data: null,
    transfer_group: null,
  } satisfies Stripe.PaymentIntent;
}
