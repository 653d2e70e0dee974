/** Refunds: money back to the customer, never more than was taken. */
import type Stripe from 'stripe';
import { z } from 'zod';

import { newId } from '../common/ids.js';
import { type Account, causeOf } from './account.js';
import { recordMovement } from './balance-transactions.js';
import type { Call } from './call.js';
import { chargeOf } from './charges.js';
import { StripeError, invalidRequest, missingParameter, noSuch, refused } from './errors.js';
import type { JournalEntry } from './journal.js';
import { page, paging } from './pages.js';
import {
  expand,
  ignored,
  integer,
  isWithin,
  mergeMetadata,
  metadata,
  range,
  read,
  text,
} from './params.js';
import { paymentIntentOf } from './payment-intents.js';

export function createRefund({ account, cause, params }: Call): Stripe.Refund {
  const asked = read(created, params);
  const charge = chargeToRefund(account, asked);
  const amount = asked.amount ?? charge.amount - charge.amount_refunded;
  checkRefundable(charge, amount);
  const refund = {
    id: newId('re'),
    object: 'refund',
    amount,
    balance_transaction: null,
    charge: charge.id,
    created: account.clock.seconds(),
    currency: charge.currency,
    customer: charge.customer as string | null,
    customer_account: null,
    destination_details: { card: { type: 'refund', reference_status: 'pending' }, type: 'card' },
    metadata: mergeMetadata({}, asked.metadata),
    payment_intent: charge.payment_intent as string | null,
    payment_method: charge.payment_method,
    reason: asked.reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: 'pending',
    transfer_reversal: null,
  } satisfies Stripe.Refund;
  account.causes.put(refund.id, cause);
  countRefunded(account, charge, amount);
  const begun = begin(account, refund);
  account.emit('refund.created', begun, cause);
  account.emit('charge.refunded', account.charges.get(charge.id)!, cause);
  return begun;
}

export function settleRefund(account: Account, id: string): Stripe.Refund {
  const { pending_reason: _, ...old } = refundOf(account, id);
  if (old.status !== 'pending') throw refused(`This refund is ${old.status}.`);
  const refund = pay(account, old);
  account.emit('refund.updated', refund, causeOf(account, id), { status: 'pending' });
  return refund;
}

/** A refund can fail after it succeeded: the money comes back, and the customer is still owed it. */
export function failRefund(
  account: Account,
  id: string,
  reason = 'expired_or_canceled_card',
): Stripe.Refund {
  const { pending_reason: _, ...old } = refundOf(account, id);
  if (old.status === 'failed') throw refused('This refund has failed already.');
  const { amount, currency } = old;
  const returned =
    old.status === 'succeeded'
      ? recordMovement(account, 'refund_failure', { source: id, amount, currency })
      : undefined;
  const refund: Stripe.Refund = {
    ...old,
    failure_reason: reason,
    status: 'failed',
    ...(returned && { failure_balance_transaction: returned.id }),
  };
  account.refunds.put(id, refund);
  countRefunded(account, chargeOf(account, old.charge as string), -amount);
  if (returned) note(account, 'refund_failure', refund);
  account.emit('refund.updated', refund, causeOf(account, id), { status: old.status });
  account.emit('refund.failed', refund, causeOf(account, id));
  return refund;
}

export function retrieveRefund({ account, ids, params }: Call): Stripe.Refund {
  read(z.strictObject({ expand }), params);
  return refundOf(account, ids['id']!);
}

export function cancelRefund({ account, ids, params }: Call): Stripe.Refund {
  read(z.strictObject({ expand }), params);
  const refund = refundOf(account, ids['id']!);
  throw refused(
    `Refund ${refund.id} cannot be canceled: its status is ${refund.status}, not requires_action.`,
  );
}

export function listRefunds({ account, params, path }: Call): Stripe.ApiList<Stripe.Refund> {
  const asked = read(listed, params);
  const found = account.refunds
    .all()
    .filter(
      (refund) =>
        (asked.charge === undefined || refund.charge === asked.charge) &&
        (asked.payment_intent === undefined || refund.payment_intent === asked.payment_intent) &&
        isWithin(asked.created, refund.created),
    );
  return page(found, path, asked);
}

function refundOf(account: Account, id: string): Stripe.Refund {
  const refund = account.refunds.get(id);
  if (!refund) throw noSuch('refund', id);
  return refund;
}

const PENDING_SECONDS = 2;

function chargeToRefund(account: Account, asked: z.output<typeof created>): Stripe.Charge {
  if (asked.charge) return chargeOf(account, asked.charge, 'charge');
  if (!asked.payment_intent) throw missingParameter('payment_intent');
  const intent = paymentIntentOf(account, asked.payment_intent, 'payment_intent');
  if (typeof intent.latest_charge !== 'string' || intent.status !== 'succeeded')
    throw refused(`This PaymentIntent (${intent.id}) does not have a successful charge to refund.`);
  return chargeOf(account, intent.latest_charge);
}

function checkRefundable(charge: Stripe.Charge, amount: number): void {
  if (charge.status !== 'succeeded')
    throw refused(`Charge ${charge.id} has not succeeded, so it cannot be refunded.`);
  if (charge.disputed)
    throw refused(
      `Charge ${charge.id} has been charged back; cannot issue a refund.`,
      'charge_disputed',
    );
  const left = charge.amount - charge.amount_refunded;
  if (left === 0)
    throw refused(`Charge ${charge.id} has already been refunded.`, 'charge_already_refunded');
  if (amount < 1)
    throw invalidRequest('Invalid positive integer', 'parameter_invalid_integer', 'amount');
  if (amount > left)
    throw new StripeError(
      400,
      {
        type: 'invalid_request_error',
        message: `Refund amount (${amount}) is greater than unrefunded amount on charge (${left}).`,
        param: 'amount',
      },
      true,
    );
}

/** The card decides whether the money goes back at once, later, or not for long. */
function begin(account: Account, refund: Stripe.Refund): Stripe.Refund {
  const { id } = refund;
  const fate = account.cardStates.get(refund.payment_method as string)?.fate;
  if (fate === 'refund_pending') {
    const waiting: Stripe.Refund = { ...refund, pending_reason: 'processing' };
    account.refunds.put(id, waiting);
    account.agenda.plan(account.id, PENDING_SECONDS, { kind: 'settle_refund', id });
    return waiting;
  }
  if (fate === 'refund_fail')
    account.agenda.plan(account.id, PENDING_SECONDS, { kind: 'fail_refund', id });
  return pay(account, refund);
}

/** The money leaves here, and nowhere else. */
function pay(account: Account, pending: Stripe.Refund): Stripe.Refund {
  const { id, amount, currency } = pending;
  const movement = recordMovement(account, 'refund', { source: id, amount: -amount, currency });
  const refund = { ...pending, balance_transaction: movement.id, status: 'succeeded' };
  account.refunds.put(id, refund);
  note(account, 'refund', refund);
  return refund;
}

function countRefunded(account: Account, charge: Stripe.Charge, amount: number): void {
  const refunded = charge.amount_refunded + amount;
  const counted = { ...charge, amount_refunded: refunded, refunded: refunded === charge.amount };
  account.charges.put(charge.id, counted);
}

function note(account: Account, kind: JournalEntry['kind'], refund: Stripe.Refund): void {
  const intent = account.paymentIntents.get((refund.payment_intent as string | null) ?? '');
  account.journal.append({
    at: new Date(account.clock.now()).toISOString(),
    kind,
    id: refund.id,
    payment_intent: intent?.id ?? null,
    charge: refund.charge as string,
    account: account.id,
    customer: refund.customer as string | null,
    payment_method: refund.payment_method as string | null,
    amount_minor: refund.amount,
    currency: refund.currency,
    metadata: { ...intent?.metadata, ...refund.metadata },
    idempotency_key: causeOf(account, refund.id).idempotency_key,
  });
}

const created = z.strictObject({
  amount: integer.optional(),
  charge: text.optional(),
  currency: ignored,
  customer: ignored,
  expand,
  instructions_email: ignored,
  metadata: metadata.optional(),
  origin: ignored,
  payment_intent: text.optional(),
  reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(),
  refund_application_fee: ignored,
  reverse_transfer: ignored,
});

const listed = z.strictObject({
  ...paging,
  charge: text.optional(),
  payment_intent: text.optional(),
  created: range.optional(),
});
