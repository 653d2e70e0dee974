/** Balance transactions: what each movement of money did to the account's balance. */
import type Stripe from 'stripe';
import { z } from 'zod';

import { newId } from '../common/ids.js';
import type { Account } from './account.js';
import type { Call } from './call.js';
import { noSuch } from './errors.js';
import { page, paging } from './pages.js';
import { expand, ignored, isWithin, range, read, text } from './params.js';

/** The amount is negative when money leaves. Only taking it costs a fee: 2.9 % + 30, of a bank debit 0.8 %. */
export function recordMovement(
  account: Account,
  type: 'charge' | 'payment' | 'refund' | 'refund_failure' | 'adjustment',
  movement: { source: string; amount: number; currency: string; reportingCategory?: string },
): Stripe.BalanceTransaction {
  const { source, amount, currency } = movement;
  // Stripe's categories, unlike its types, do not tell a card from a bank account.
  const { reportingCategory = type === 'payment' ? 'charge' : type } = movement;
  const fee = feeOf(type, amount);
  const feeDetail = {
    amount: fee,
    application: null,
    currency,
    description: 'Stripe processing fees',
  };
  const now = account.clock.seconds();
  const transaction = {
    id: newId('txn'),
    object: 'balance_transaction',
    amount,
    available_on: now + 2 * 86_400,
    balance_type: 'payments',
    created: now,
    currency,
    description: null,
    exchange_rate: null,
    fee,
    fee_details: fee ? [{ ...feeDetail, type: 'stripe_fee' }] : [],
    net: amount - fee,
    reporting_category: reportingCategory,
    source,
    status: 'pending',
    type,
  } satisfies Stripe.BalanceTransaction;
  account.balanceTransactions.put(transaction.id, transaction);
  return transaction;
}

function feeOf(type: string, amount: number): number {
  if (type === 'charge') return Math.min(amount, Math.round(amount * 0.029) + 30);
  return type === 'payment' ? Math.min(500, Math.round(amount * 0.008)) : 0;
}

export function retrieveBalanceTransaction({
  account,
  ids,
  params,
}: Call): Stripe.BalanceTransaction {
  read(z.strictObject({ expand }), params);
  const found = account.balanceTransactions.get(ids['id']!);
  if (!found) throw noSuch('balance transaction', ids['id']!);
  return withStatus(account, found);
}

export function listBalanceTransactions(call: Call): Stripe.ApiList<Stripe.BalanceTransaction> {
  const { account, params, path } = call;
  const asked = read(listed, params);
  const found = account.balanceTransactions
    .all()
    .filter(
      (transaction) =>
        (asked.source === undefined || transaction.source === asked.source) &&
        (asked.type === undefined || transaction.type === asked.type) &&
        (asked.currency === undefined || transaction.currency === asked.currency) &&
        isWithin(asked.created, transaction.created),
    );
  return page(
    found.map((transaction) => withStatus(account, transaction)),
    path,
    asked,
  );
}

function withStatus(
  account: Account,
  transaction: Stripe.BalanceTransaction,
): Stripe.BalanceTransaction {
  const available = transaction.available_on <= account.clock.seconds();
  return { ...transaction, status: available ? 'available' : 'pending' };
}

const listed = z.strictObject({
  ...paging,
  created: range.optional(),
  currency: text.optional(),
  payout: ignored,
  source: text.optional(),
  type: text.optional(),
});
