/** Confirming a PaymentIntent: one attempt to have it paid. */
import type Stripe from 'stripe';
import type { z } from 'zod';

import type { Account } from './account.js';
import type { Call } from './call.js';
import { checkMethod } from './debits.js';
import { isDebit } from './debit-fates.js';
import { declineOf } from './declines.js';
import { StripeError, invalidRequest, refused } from './errors.js';
import { judge } from './fates.js';
import { giveMandate } from './mandates.js';
import { read } from './params.js';
import { approve, decline, demandAuthentication, park } from './payment-outcomes.js';
import { confirmed } from './payment-intent-params.js';
import { cancel, paymentIntentOf, unexpectedState } from './payment-intents.js';
import { paymentMethodOf } from './payment-methods.js';

/** Stripe says only that there is a limit, and that it varies. */
const CONFIRM_LIMIT = 20;

type Confirmation = Pick<
  z.output<typeof confirmed>,
  | 'allowed_payment_method_types'
  | 'mandate'
  | 'mandate_data'
  | 'payment_method'
  | 'off_session'
  | 'error_on_requires_action'
  | 'return_url'
  | 'setup_future_usage'
>;

export function confirmPaymentIntent(call: Call): Stripe.PaymentIntent {
  const asked = read(confirmed, call.params);
  return confirm(call, paymentIntentOf(call.account, call.ids['id']!), asked);
}

export function confirm(
  call: Call,
  intent: Stripe.PaymentIntent,
  asked: Confirmation,
): Stripe.PaymentIntent {
  const { account, cause } = call;
  if (!CONFIRMABLE.includes(intent.status)) throw unexpectedState(intent, 'confirmed');
  const method = usableMethod(
    account,
    methodNamed(intent, asked),
    intent.customer as string | null,
  );
  const types = asked.allowed_payment_method_types ?? intent.allowed_payment_method_types;
  const { amount, currency } = intent;
  const { mandate, mandate_data } = asked;
  checkMethod(account, method, { amount, currency, types, mandate, mandate_data });
  countConfirmation(call, intent);
  if (isDebit(method.type) && mandate_data) giveMandate(account, method, mandate_data);

  const attempt: Stripe.PaymentIntent = {
    ...intent,
    ...(types && { allowed_payment_method_types: types, payment_method_types: types }),
    payment_method: method.id,
    setup_future_usage: asked.setup_future_usage ?? intent.setup_future_usage,
    last_payment_error: null,
    next_action: null,
  };
  const offSession = asked.off_session ?? false;
  const verdict = judge(account.cardStates.get(method.id)!, { offSession, authenticated: false });
  switch (verdict.kind) {
    case 'approved':
      return approve(account, attempt, cause);
    case 'pending':
      return park(account, attempt, verdict, cause);
    case 'declined':
      throw refusal(decline(account, attempt, verdict.decline, cause));
    case 'authentication':
      if (!offSession && !asked.error_on_requires_action)
        return demandAuthentication(account, attempt, asked.return_url, cause);
      throw refusal(decline(account, attempt, declineOf('authentication_required'), cause));
  }
}

/** A method of another customer is refused; one that has a customer is of no use without them. */
export function usableMethod(
  account: Account,
  id: string,
  customer: string | null,
): Stripe.PaymentMethod {
  const method = paymentMethodOf(account, id, 'payment_method');
  if (!method.customer || method.customer === customer) return method;
  throw invalidRequest(
    customer
      ? `The payment method ${method.id} does not belong to the customer ${customer}.`
      : `The payment method ${method.id} belongs to a customer. Please include the customer in the customer parameter.`,
    'payment_method_unexpected_state',
    customer ? 'payment_method' : 'customer',
  );
}

const CONFIRMABLE: readonly string[] = [
  'requires_payment_method',
  'requires_confirmation',
  'requires_action',
];

function methodNamed(intent: Stripe.PaymentIntent, asked: Confirmation): string {
  const id = asked.payment_method ?? intent.payment_method;
  if (typeof id === 'string') return id;
  throw refused(
    "You cannot confirm this PaymentIntent because it's missing a payment method.",
    'payment_intent_unexpected_state',
    { payment_intent: intent },
  );
}

function countConfirmation({ account, cause }: Call, intent: Stripe.PaymentIntent): void {
  const confirmations = (account.confirmations.get(intent.id) ?? 0) + 1;
  account.confirmations.put(intent.id, confirmations);
  account.causes.put(intent.id, cause);
  if (confirmations > CONFIRM_LIMIT)
    throw unexpectedState(cancel(account, intent, 'automatic', cause), 'confirmed again');
}

/** The 402 says again what the PaymentIntent remembers of its last attempt. */
function refusal(intent: Stripe.PaymentIntent): StripeError {
  const { message = '', code, ...error } = intent.last_payment_error!;
  const body = { ...error, type: 'card_error' as const, message, ...(code && { code }) };
  const { source: _, payment_intent: __, setup_intent: ___, ...plain } = body;
  return new StripeError(402, { ...plain, payment_intent: intent }, true);
}
