/** Charges: each attempt of a PaymentIntent that reached the issuer, whatever came of it. */
import type Stripe from 'stripe';
import { z } from 'zod';

import { newId } from '../common/ids.js';
import type { Account } from './account.js';
import type { Call } from './call.js';
import { isDebit } from './debit-fates.js';
import { debitDetails } from './debits.js';
import type { Decline } from './declines.js';
import { noSuch } from './errors.js';
import { page, paging } from './pages.js';
import { expand, ignored, isWithin, range, read, text } from './params.js';

/** A charge as it stands before anyone has answered. */
export function newCharge(
  account: Account,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
): Stripe.Charge {
  return {
    id: newId('ch'),
    object: 'charge',
    amount: intent.amount,
    amount_captured: 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: method.billing_details,
    calculated_statement_descriptor: 'EMULATED',
    captured: false,
    created: account.clock.seconds(),
    currency: intent.currency,
    customer: intent.customer as string | null,
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    fraud_details: {},
    livemode: false,
    metadata: intent.metadata,
    on_behalf_of: null,
    outcome: null,
    paid: false,
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: isDebit(method.type)
      ? debitDetails(account, method)
      : { type: 'card', card: cardDetails(method.card!, intent.amount) },
    receipt_email: null,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: intent.statement_descriptor_suffix,
    status: 'pending',
    transfer_data: null,
    transfer_group: null,
  } satisfies Stripe.Charge;
}

export function approved(charge: Stripe.Charge, balanceTransaction: string): Stripe.Charge {
  return {
    ...charge,
    amount_captured: charge.amount,
    balance_transaction: balanceTransaction,
    captured: true,
    outcome: {
      ...SENT,
      network_status: 'approved_by_network',
      type: 'authorized',
      seller_message: 'Payment complete.',
    },
    paid: true,
    status: 'succeeded',
  };
}

export function declined(charge: Stripe.Charge, decline: Decline): Stripe.Charge {
  return {
    ...charge,
    failure_code: decline.code,
    failure_message: decline.message,
    outcome: {
      ...SENT,
      advice_code: decline.advice_code ?? null,
      network_advice_code: decline.network_advice_code ?? null,
      network_decline_code: decline.network_decline_code ?? null,
      network_status: decline.blocked ? 'not_sent_to_network' : 'declined_by_network',
      reason: decline.blocked ? 'highest_risk_level' : (decline.decline_code ?? decline.code),
      risk_level: decline.blocked ? 'highest' : 'normal',
      seller_message: decline.blocked
        ? 'Stripe blocked this payment as too risky.'
        : 'The bank did not accept the payment.',
      type: decline.blocked ? 'blocked' : 'issuer_declined',
    },
    status: 'failed',
  };
}

export function retrieveCharge({ account, ids, params }: Call): Stripe.Charge {
  read(z.strictObject({ expand }), params);
  return chargeOf(account, ids['id']!);
}

export function listCharges({ account, params, path }: Call): Stripe.ApiList<Stripe.Charge> {
  const asked = read(listed, params);
  const found = account.charges
    .all()
    .filter(
      (charge) =>
        (asked.payment_intent === undefined || charge.payment_intent === asked.payment_intent) &&
        (asked.customer === undefined || charge.customer === asked.customer) &&
        isWithin(asked.created, charge.created),
    );
  return page(found, path, asked);
}

export function chargeOf(account: Account, id: string, param?: string): Stripe.Charge {
  const charge = account.charges.get(id);
  if (!charge) throw noSuch('charge', id, param ?? 'id', param ? 400 : 404);
  return charge;
}

const SENT: Stripe.Charge.Outcome = {
  advice_code: null,
  network_advice_code: null,
  network_decline_code: null,
  network_status: 'approved_by_network',
  reason: null,
  risk_level: 'normal',
  risk_score: 12,
  seller_message: null,
  type: 'authorized',
};

function cardDetails(
  card: Stripe.PaymentMethod.Card,
  amount: number,
): Stripe.Charge.PaymentMethodDetails.Card {
  return {
    amount_authorized: amount,
    authorization_code: null,
    brand: card.brand,
    checks: card.checks,
    country: card.country,
    electronic_commerce_indicator: null,
    exp_month: card.exp_month,
    exp_year: card.exp_year,
    fingerprint: card.fingerprint ?? null,
    funding: card.funding,
    installments: null,
    last4: card.last4,
    mandate: null,
    network: card.brand,
    network_transaction_id: null,
    regulated_status: 'unregulated',
    three_d_secure: null,
    transaction_link_id: null,
    wallet: null,
  } satisfies Stripe.Charge.PaymentMethodDetails.Card;
}

const listed = z.strictObject({
  ...paging,
  created: range.optional(),
  customer: text.optional(),
  payment_intent: text.optional(),
  transfer_group: ignored,
});
