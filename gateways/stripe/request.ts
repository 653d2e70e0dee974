/**
 * The frozen request of a charge: a new PaymentIntent or another confirmation of the renewal's living one, and the
 * same two for a page, where the customer is the one who confirms.
 */
import { z } from 'zod';

import { DomainError } from '../../domain/errors.js';
import type { ChargeOrder, Composed } from '../gateway.js';
import { toStripeAmount } from './amount.js';
import { debitOf } from './debits.js';

const described = {
  amount: z.number(),
  currency: z.string(),
  customer: z.string(),
  allowed_payment_method_types: z.array(z.string()),
  description: z.string().optional(),
  metadata: z.record(z.string(), z.string()),
};

const schema = z.discriminatedUnion('mode', [
  z.object({
    mode: z.literal('create'),
    params: z.object({
      ...described,
      payment_method: z.string(),
      confirm: z.literal(true),
      off_session: z.literal(true),
    }),
  }),
  z.object({
    mode: z.literal('confirm'),
    paymentIntent: z.string(),
    params: z.object({
      payment_method: z.string(),
      allowed_payment_method_types: z.array(z.string()).optional(),
      off_session: z.literal(true),
    }),
  }),
  z.object({
    mode: z.literal('page'),
    params: z.object({ ...described, setup_future_usage: z.literal('off_session') }),
  }),
  z.object({ mode: z.literal('continued_page'), paymentIntent: z.string() }),
]);

export type StripeRequest = z.infer<typeof schema>;

/** One live PaymentIntent per renewal and account: Stripe lets at most one payment on it succeed. */
export function composeRequest(order: ChargeOrder): Composed {
  const { currency } = order.amount;
  const debit = debitOf(order.kind);
  if (debit && debit.currency !== currency)
    throw new DomainError(
      'invalid',
      'currency_not_supported',
      `Stripe debits by ${order.kind} only in ${debit.currency}, not in ${currency}.`,
      'currency',
    );
  if (order.living)
    return { request: reconfirmation(order.living, order), continues: order.living };
  return { request: creation(order) };
}

export function composePageRequest(order: ChargeOrder): Composed {
  const { living } = order;
  if (!living) return { request: page(order) };
  const request: StripeRequest = { mode: 'continued_page', paymentIntent: living };
  return { request, continues: living };
}

export function readRequest(frozen: unknown): StripeRequest {
  return schema.parse(frozen);
}

/** The types are named anew: the PaymentIntent may have been made for a card, and the method be a bank account. */
function reconfirmation(
  paymentIntent: string,
  { method, kind }: Pick<ChargeOrder, 'method' | 'kind'>,
): StripeRequest {
  const params = {
    payment_method: method,
    allowed_payment_method_types: [kind],
    off_session: true as const,
  };
  return { mode: 'confirm', paymentIntent, params };
}

function creation(order: ChargeOrder): StripeRequest {
  return {
    mode: 'create',
    params: {
      ...describe(order),
      payment_method: order.method,
      allowed_payment_method_types: [order.kind],
      metadata: metadataOf(order),
      confirm: true,
      off_session: true,
    },
  };
}

/** Cards are offered whatever the method was: who comes to the page may have lost the right to debit that account. */
function page(order: ChargeOrder): StripeRequest {
  const debit = debitOf(order.kind);
  const debited = debit?.currency === order.amount.currency;
  return {
    mode: 'page',
    params: {
      ...describe(order),
      allowed_payment_method_types: debited ? ['card', order.kind] : ['card'],
      // The page's object has one charge only, so that a look-up can tell it from those of other charges.
      metadata: { ...metadataOf(order), dunlin_page: order.chargeId },
      setup_future_usage: 'off_session',
    },
  };
}

function describe({ amount, customer, description }: ChargeOrder) {
  return {
    amount: toStripeAmount(amount),
    currency: amount.currency.toLowerCase(),
    customer,
    ...(description && { description }),
  };
}

function metadataOf({ merchantId, renewalId }: ChargeOrder): Record<string, string> {
  return { dunlin_merchant: merchantId, dunlin_renewal: renewalId };
}
