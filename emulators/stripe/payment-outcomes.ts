/** What may become of a confirmed PaymentIntent: approved, declined, parked, or handed to the customer. */
import type Stripe from 'stripe';

import { newId } from '../common/ids.js';
import type { Account, Cause } from './account.js';
import { recordMovement } from './balance-transactions.js';
import { approved, chargeOf, declined, newCharge } from './charges.js';
import { courseOf, isDebit } from './debit-fates.js';
import type { Decline } from './declines.js';
import { docUrl } from './errors.js';
import { type Verdict, judge } from './fates.js';
import { deniesMandate, withdrawMandate } from './mandates.js';

/** The money moves here, and nowhere else. */
export function approve(
  account: Account,
  attempt: Stripe.PaymentIntent,
  cause: Cause,
): Stripe.PaymentIntent {
  const { charge: open, method } = attempted(account, attempt);
  const { amount, currency } = open;
  const kind = isDebit(method.type) ? 'payment' : 'charge';
  const movement = recordMovement(account, kind, { source: open.id, amount, currency });
  const charge = approved(open, movement.id);
  account.charges.put(charge.id, charge);
  account.journal.append({
    at: new Date(account.clock.now()).toISOString(),
    kind: 'charge',
    id: charge.id,
    payment_intent: attempt.id,
    charge: charge.id,
    account: account.id,
    customer: attempt.customer as string | null,
    payment_method: method.id,
    amount_minor: amount,
    currency,
    metadata: attempt.metadata,
    idempotency_key: cause.idempotency_key,
  });
  const paid = save(account, attempt, {
    amount_received: amount,
    latest_charge: charge.id,
    processing: null,
    status: 'succeeded',
  });
  keepForLater(account, paid, method, cause);
  account.emit('charge.succeeded', charge, cause);
  account.emit('payment_intent.succeeded', paid, cause);
  planDispute(account, charge, method);
  return paid;
}

export function decline(
  account: Account,
  attempt: Stripe.PaymentIntent,
  reason: Decline,
  cause: Cause,
): Stripe.PaymentIntent {
  const { charge: open, method } = attempted(account, attempt);
  const charge = declined(open, reason);
  account.charges.put(charge.id, charge);
  const state = account.cardStates.get(method.id)!;
  account.cardStates.put(method.id, { ...state, declines: state.declines + 1 });
  const { blocked: _, ...error } = reason;
  const refused = save(account, attempt, {
    latest_charge: charge.id,
    last_payment_error: {
      type: isDebit(method.type) ? 'invalid_request_error' : 'card_error',
      ...error,
      charge: charge.id,
      doc_url: docUrl(reason.code),
      payment_method: method,
    },
    // Stripe takes the method off: the next confirm has to name one.
    payment_method: null,
    processing: null,
    status: 'requires_payment_method',
  });
  account.emit('charge.failed', charge, cause);
  account.emit('payment_intent.payment_failed', refused, cause);
  if (isDebit(method.type) && deniesMandate(reason.code)) withdrawMandate(account, method.id);
  return refused;
}

/** Submitted; the answer comes later, by the agenda or the control API. */
export function park(
  account: Account,
  attempt: Stripe.PaymentIntent,
  { seconds, decline: reason }: Extract<Verdict, { kind: 'pending' }>,
  cause: Cause,
): Stripe.PaymentIntent {
  const { charge, method } = attempted(account, attempt);
  account.charges.put(charge.id, charge);
  const parked = save(account, attempt, {
    latest_charge: charge.id,
    processing: isDebit(method.type) ? null : { type: 'card' },
    status: 'processing',
  });
  account.emit('charge.pending', charge, cause);
  account.emit('payment_intent.processing', parked, cause);
  if (seconds !== undefined)
    account.agenda.plan(account.id, seconds, {
      kind: 'settle_payment',
      id: parked.id,
      ...(reason && { decline: reason }),
    });
  return parked;
}

export function demandAuthentication(
  account: Account,
  attempt: Stripe.PaymentIntent,
  returnUrl: string | undefined,
  cause: Cause,
): Stripe.PaymentIntent {
  const waiting = save(account, attempt, {
    next_action: nextAction(returnUrl),
    status: 'requires_action',
  });
  account.emit('payment_intent.requires_action', waiting, cause);
  return waiting;
}

export function nextAction(returnUrl: string | undefined) {
  const url = `https://hooks.stripe.com/redirect/authenticate/${newId('src')}`;
  return returnUrl
    ? { type: 'redirect_to_url', redirect_to_url: { return_url: returnUrl, url } }
    : { type: 'use_stripe_sdk', use_stripe_sdk: {} };
}

/** A parked attempt has its charge already; any other gets a new one. */
function attempted(account: Account, attempt: Stripe.PaymentIntent) {
  const method = account.paymentMethods.get(attempt.payment_method as string)!;
  const charge =
    attempt.status === 'processing'
      ? chargeOf(account, attempt.latest_charge as string)
      : newCharge(account, attempt, method);
  return { charge, method };
}

function save(
  account: Account,
  attempt: Stripe.PaymentIntent,
  change: Partial<Stripe.PaymentIntent>,
): Stripe.PaymentIntent {
  const intent = { ...attempt, ...change };
  account.paymentIntents.put(intent.id, intent);
  return intent;
}

function keepForLater(
  account: Account,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
  cause: Cause,
): void {
  if (!intent.setup_future_usage || !intent.customer || method.customer) return;
  const kept: Stripe.PaymentMethod = { ...method, customer: intent.customer as string };
  account.paymentMethods.put(kept.id, kept);
  account.emit('payment_method.attached', kept, cause);
}

function planDispute(account: Account, charge: Stripe.Charge, method: Stripe.PaymentMethod): void {
  const state = account.cardStates.get(method.id)!;
  if (state.debit) {
    const { comesBack } = courseOf(state.debit, state.fate, state.declines);
    if (!comesBack) return;
    const { reason, afterSeconds } = comesBack;
    account.agenda.plan(account.id, afterSeconds, { kind: 'open_dispute', id: charge.id, reason });
    return;
  }
  const verdict = judge(state, { offSession: true, authenticated: true });
  if (verdict.kind !== 'approved' || !verdict.disputeReason) return;
  const task = { kind: 'open_dispute', id: charge.id, reason: verdict.disputeReason } as const;
  account.agenda.plan(account.id, 1, task);
}
