/** SetupIntents: saving a card or a bank account for charges the customer is not there for. */
import type Stripe from 'stripe';
import { z } from 'zod';

import { newId } from '../common/ids.js';
import type { Account } from './account.js';
import type { Call } from './call.js';
import { usableMethod } from './confirmation.js';
import { customerOf } from './customers.js';
import { isDebit, isUnverified } from './debit-fates.js';
import { declineOf } from './declines.js';
import {
  StripeError,
  docUrl,
  invalidRequest,
  missingParameter,
  noSuch,
  refused,
} from './errors.js';
import { type CardState, judge } from './fates.js';
import { type MandateData, activateMandate, activeMandate, giveMandate } from './mandates.js';
import { expand, mergeMetadata, read } from './params.js';
import { attachTo } from './payment-methods.js';
import { nextAction } from './payment-outcomes.js';
import { canceled, confirmed, created, newSetupIntent } from './setup-intent-params.js';

export function createSetupIntent(call: Call): Stripe.SetupIntent {
  const { account, cause, params } = call;
  const asked = read(created, params);
  if (asked.customer) customerOf(account, asked.customer, 'customer');
  const method = named(account, asked.payment_method, asked.customer ?? null);
  if (asked.confirm) checkSetup(account, method, asked);
  const intent = newSetupIntent(account.clock.seconds(), {
    ...asked,
    payment_method: method,
    metadata: mergeMetadata({}, asked.metadata),
  });
  account.setupIntents.put(intent.id, intent);
  account.emit('setup_intent.created', intent, cause);
  return asked.confirm ? confirmSetup(call, intent, asked) : intent;
}

export function confirmSetupIntent(call: Call): Stripe.SetupIntent {
  const asked = read(confirmed, call.params);
  const old = setupIntentOf(call.account, call.ids['id']!);
  if (!OPEN.includes(old.status)) throw unexpectedState(old, 'confirmed');
  const id = asked.payment_method ?? (old.payment_method as string | null) ?? undefined;
  const method = named(call.account, id, old.customer as string | null);
  if (!method) throw unexpectedState(old, 'confirmed without a payment method');
  const types = asked.allowed_payment_method_types ?? old.allowed_payment_method_types ?? undefined;
  checkSetup(call.account, method, { ...asked, allowed_payment_method_types: types });
  return confirmSetup(call, { ...old, payment_method: method }, asked);
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

interface Asked {
  readonly allowed_payment_method_types?: readonly string[] | undefined;
  readonly mandate_data?: MandateData | undefined;
  readonly return_url?: string | undefined;
}

/** Before anything is made: a bank account is set up by its owner's word, or it has that already. */
function checkSetup(
  account: Account,
  id: string | null,
  { allowed_payment_method_types: types, mandate_data: mandate }: Asked,
): void {
  const method = account.paymentMethods.get(id ?? '');
  if (!method) return;
  if (types && !types.includes(method.type))
    throw invalidRequest(
      `The PaymentMethod provided (${method.type}) is not allowed for this SetupIntent.`,
      undefined,
      'payment_method',
    );
  if (isDebit(method.type) && !mandate && !activeMandate(account, method.id))
    throw missingParameter('mandate_data');
}

function confirmSetup(
  call: Call,
  given: Stripe.SetupIntent,
  { mandate_data: mandate, return_url: returnUrl }: Asked,
): Stripe.SetupIntent {
  const { account, cause } = call;
  const state = account.cardStates.get(given.payment_method as string)!;
  if (!state.attaches) throw refusal(fail(call, given, state.fate));
  if (state.debit) return setUpDebit(call, given, state, mandate);
  const intent = given;
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

/** The owner of a bank account nobody has verified finds two small deposits on it, days later. */
function setUpDebit(
  call: Call,
  given: Stripe.SetupIntent,
  { fate, setUp }: CardState,
  data: MandateData | undefined,
): Stripe.SetupIntent {
  const { account, cause } = call;
  const method = account.paymentMethods.get(given.payment_method as string)!;
  const verified = setUp || !isUnverified(fate);
  const mandate = data
    ? giveMandate(account, method, data, verified ? 'active' : 'pending')
    : activeMandate(account, method.id);
  const intent = { ...given, mandate: mandate?.id ?? null };
  if (verified) return succeed(call, intent);
  const url = `https://payments.stripe.com/microdeposit/${intent.id}`;
  const waiting = save(account, intent, {
    next_action: {
      type: 'verify_with_microdeposits',
      verify_with_microdeposits: {
        arrival_date: account.clock.seconds() + 2 * 86_400,
        hosted_verification_url: url,
        microdeposit_type: 'amounts',
      },
    },
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
  account.cardStates.put(method, { ...account.cardStates.get(method)!, setUp: true });
  if (intent.customer) attachTo(call, method, intent.customer as string);
  if (intent.mandate) activateMandate(account, intent.mandate as string);
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
