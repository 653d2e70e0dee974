/** SetupIntents: saving a card for charges the customer is not there for. */
import type Stripe from 'stripe';
import { z } from 'zod';

import type { Account } from './account.js';
import type { Call } from './call.js';
import { usableMethod } from './confirmation.js';
import { customerOf } from './customers.js';
import { declineOf } from './declines.js';
import { StripeError, docUrl, noSuch, refused } from './errors.js';
import { judge } from './fates.js';
import { newId } from './ids.js';
import { expand, mergeMetadata, read } from './params.js';
import { attachTo } from './payment-methods.js';
import { nextAction } from './payment-outcomes.js';
import { canceled, confirmed, created, newSetupIntent } from './setup-intent-params.js';

export function createSetupIntent(call: Call): Stripe.SetupIntent {
  const { account, cause, params } = call;
  const asked = read(created, params);
  if (asked.customer) customerOf(account, asked.customer, 'customer');
  const method = named(account, asked.payment_method, asked.customer ?? null);
  const intent = newSetupIntent(account.clock.seconds(), {
    ...asked,
    payment_method: method,
    metadata: mergeMetadata({}, asked.metadata),
  });
  account.setupIntents.put(intent.id, intent);
  account.emit('setup_intent.created', intent, cause);
  return asked.confirm ? confirmSetup(call, intent, asked.return_url) : intent;
}

export function confirmSetupIntent(call: Call): Stripe.SetupIntent {
  const asked = read(confirmed, call.params);
  const old = setupIntentOf(call.account, call.ids['id']!);
  if (!OPEN.includes(old.status)) throw unexpectedState(old, 'confirmed');
  const id = asked.payment_method ?? (old.payment_method as string | null) ?? undefined;
  const method = named(call.account, id, old.customer as string | null);
  if (!method) throw unexpectedState(old, 'confirmed without a payment method');
  return confirmSetup(call, { ...old, payment_method: method }, asked.return_url);
}

export function retrieveSetupIntent({ account, ids, params }: Call): Stripe.SetupIntent {
  read(z.looseObject({ expand }), params);
  return setupIntentOf(account, ids['id']!);
}

export function cancelSetupIntent({ account, cause, ids, params }: Call): Stripe.SetupIntent {
  const asked = read(canceled, params);
  const old = setupIntentOf(account, ids['id']!);
  if (!OPEN.includes(old.status)) throw unexpectedState(old, 'canceled');
  const intent = save(account, old, {
    cancellation_reason: asked.cancellation_reason ?? null,
    next_action: null,
    status: 'canceled',
  });
  account.emit('setup_intent.canceled', intent, cause);
  return intent;
}

/** The customer has come back from 3-D Secure. */
export function authenticateSetup(call: Call, id: string, passed: boolean): Stripe.SetupIntent {
  const intent = setupIntentOf(call.account, id);
  if (intent.status !== 'requires_action') throw unexpectedState(intent, 'authenticated');
  return passed ? succeed(call, intent) : fail(call, intent, 'setup_intent_authentication_failure');
}

const OPEN: readonly string[] = [
  'requires_payment_method',
  'requires_confirmation',
  'requires_action',
];

function named(account: Account, id: string | undefined, customer: string | null): string | null {
  return id ? usableMethod(account, id, customer).id : null;
}

function confirmSetup(
  call: Call,
  intent: Stripe.SetupIntent,
  returnUrl: string | undefined,
): Stripe.SetupIntent {
  const { account, cause } = call;
  const state = account.cardStates.get(intent.payment_method as string)!;
  if (!state.attaches) throw refusal(fail(call, intent, state.fate));
  // Already set up outside: such a card asks for nothing when it is saved.
  const known = state.setUp || state.fate === 'authentication_required_on_session';
  if (judge(state, { offSession: known, authenticated: false }).kind !== 'authentication')
    return succeed(call, intent);
  const waiting = save(account, intent, {
    next_action: nextAction(returnUrl),
    status: 'requires_action',
  });
  account.emit('setup_intent.requires_action', waiting, cause);
  return waiting;
}

function refusal(intent: Stripe.SetupIntent): StripeError {
  const { message = '', code, source: _, payment_intent: __, ...error } = intent.last_setup_error!;
  const body = { ...error, type: 'card_error' as const, message, ...(code && { code }) };
  return new StripeError(402, { ...body, setup_intent: intent }, true);
}

function succeed(call: Call, intent: Stripe.SetupIntent): Stripe.SetupIntent {
  const { account, cause } = call;
  const method = intent.payment_method as string;
  if (intent.customer) attachTo(call, method, intent.customer as string);
  account.cardStates.put(method, { ...account.cardStates.get(method)!, setUp: true });
  const done = save(account, intent, {
    last_setup_error: null,
    latest_attempt: newId('setatt'),
    next_action: null,
    status: 'succeeded',
  });
  account.emit('setup_intent.succeeded', done, cause);
  return done;
}

function fail(call: Call, intent: Stripe.SetupIntent, reason: string): Stripe.SetupIntent {
  const { account, cause } = call;
  const { blocked: _, ...error } = declineOf(reason);
  const method = account.paymentMethods.get(intent.payment_method as string)!;
  const failed = save(account, intent, {
    last_setup_error: {
      type: 'card_error',
      ...error,
      doc_url: docUrl(error.code),
      payment_method: method,
    },
    latest_attempt: newId('setatt'),
    next_action: null,
    payment_method: null,
    status: 'requires_payment_method',
  });
  account.emit('setup_intent.setup_failed', failed, cause);
  return failed;
}

function save(
  account: Account,
  old: Stripe.SetupIntent,
  change: Partial<Stripe.SetupIntent>,
): Stripe.SetupIntent {
  const intent = { ...old, ...change };
  account.setupIntents.put(intent.id, intent);
  return intent;
}

function setupIntentOf(account: Account, id: string): Stripe.SetupIntent {
  const intent = account.setupIntents.get(id);
  if (!intent) throw noSuch('setupintent', id, 'intent');
  return intent;
}

function unexpectedState(intent: Stripe.SetupIntent, wish: string): StripeError {
  return refused(
    `This SetupIntent could not be ${wish} because it has a status of ${intent.status}.`,
    'setup_intent_unexpected_state',
    { setup_intent: intent },
  );
}
