import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';

import { type JournalEntry, OFF_SESSION, refusal, savedCard, useEmulator } from './emulator.js';

const bench = useEmulator();

async function paid(stripe: Stripe, token = 'pm_card_visa'): Promise<Stripe.PaymentIntent> {
  const card = await savedCard(stripe, token);
  return stripe.paymentIntents.create({ ...OFF_SESSION, ...card, metadata: { renewal: 'r' } });
}

async function journalOf(id: string): Promise<JournalEntry[]> {
  const { entries } = await bench.control<{ entries: JournalEntry[] }>('GET', 'journal');
  return entries.filter((entry) => entry.payment_intent === id);
}

describe('a refund', () => {
  test('gives back a part, then the rest, and never more', async () => {
    const stripe = bench.client();
    const { id: payment_intent, latest_charge } = await paid(stripe);
    const part = await stripe.refunds.create(
      { payment_intent, amount: 500, reason: 'requested_by_customer' },
      { idempotencyKey: 'refund-1' },
    );
    expect(part).toMatchObject({ status: 'succeeded', amount: 500, charge: latest_charge });
    const tooMuch = await refusal(stripe.refunds.create({ payment_intent, amount: 1500 }));
    expect(tooMuch).toMatchObject({ statusCode: 400, param: 'amount' });
    const rest = await stripe.refunds.create({ payment_intent });
    expect(rest.amount).toBe(1499);
    const none = await refusal(stripe.refunds.create({ payment_intent }));
    expect(none.code).toBe('charge_already_refunded');
    const charge = await stripe.charges.retrieve(latest_charge as string);
    expect(charge).toMatchObject({ amount_refunded: 1999, refunded: true });
    const { data } = await stripe.refunds.list({ payment_intent });
    expect(data.map(({ id }) => id)).toEqual([rest.id, part.id]);
    expect(await journalOf(payment_intent)).toMatchObject([
      { kind: 'charge', amount_minor: 1999 },
      {
        kind: 'refund',
        id: part.id,
        amount_minor: 500,
        idempotency_key: 'refund-1',
        metadata: { renewal: 'r' },
      },
      { kind: 'refund', id: rest.id, amount_minor: 1499 },
    ]);
  });

  test('may fail after it succeeded, and then the money is back', async () => {
    const stripe = bench.client();
    const { id: payment_intent } = await paid(stripe, 'pm_card_refundFail');
    const refund = await stripe.refunds.create({ payment_intent });
    expect(refund.status).toBe('succeeded');
    await bench.control('POST', 'clock', { advance_seconds: 3 });
    const failed = await stripe.refunds.retrieve(refund.id);
    expect(failed).toMatchObject({ status: 'failed', failure_reason: 'expired_or_canceled_card' });
    expect(failed.failure_balance_transaction).toMatch(/^txn_/);
    const kinds = (await journalOf(payment_intent)).map(({ kind }) => kind);
    expect(kinds).toEqual(['charge', 'refund', 'refund_failure']);
    expect((await stripe.refunds.create({ payment_intent })).amount).toBe(1999);
  });

  test('may be pending for a while', async () => {
    const stripe = bench.client();
    const { id: payment_intent } = await paid(stripe, 'pm_card_attachThen_refund_pending');
    const refund = await stripe.refunds.create({ payment_intent });
    expect(refund).toMatchObject({ status: 'pending', pending_reason: 'processing' });
    expect(await journalOf(payment_intent)).toHaveLength(1);
    expect((await refusal(stripe.refunds.cancel(refund.id))).statusCode).toBe(400);
    await bench.control('POST', `refunds/${refund.id}/settle`, { outcome: 'succeeded' });
    expect((await stripe.refunds.retrieve(refund.id)).status).toBe('succeeded');
    expect(await journalOf(payment_intent)).toHaveLength(2);
  });

  test('is impossible for what was not paid', async () => {
    const stripe = bench.client();
    const card = await savedCard(stripe, 'pm_card_chargeCustomerFail');
    const declined = await refusal(stripe.paymentIntents.create({ ...OFF_SESSION, ...card }));
    const error = await refusal(
      stripe.refunds.create({ payment_intent: declined.payment_intent!.id }),
    );
    expect(error.statusCode).toBe(400);
    expect((await refusal(stripe.refunds.create({}))).code).toBe('parameter_missing');
  });
});

describe('a dispute', () => {
  test('takes the money back, forbids a refund, and gives it again when won', async () => {
    const stripe = bench.client();
    const { id: payment_intent } = await paid(stripe, 'pm_card_createDispute');
    await bench.control('POST', 'clock', { advance_seconds: 2 });
    const { data } = await stripe.disputes.list({ payment_intent });
    expect(data).toMatchObject([{ status: 'needs_response', reason: 'fraudulent', amount: 1999 }]);
    const refund = await refusal(stripe.refunds.create({ payment_intent }));
    expect(refund.code).toBe('charge_disputed');
    await bench.control('POST', `disputes/${data[0]!.id}/close`, { outcome: 'won' });
    expect((await stripe.disputes.retrieve(data[0]!.id)).status).toBe('won');
    const kinds = (await journalOf(payment_intent)).map(({ kind }) => kind);
    expect(kinds).toEqual(['charge', 'dispute', 'dispute_reversal']);
  });

  test('that is only an inquiry moves nothing', async () => {
    const stripe = bench.client();
    const { id: payment_intent } = await paid(stripe, 'pm_card_createDisputeInquiry');
    await bench.control('POST', 'clock', { advance_seconds: 2 });
    const { data } = await stripe.disputes.list({ payment_intent });
    expect(data).toMatchObject([{ status: 'warning_needs_response', balance_transactions: [] }]);
    expect(await journalOf(payment_intent)).toHaveLength(1);
  });
});

test('balance transactions tell what each movement did', async () => {
  const stripe = bench.client();
  const { id: payment_intent, latest_charge } = await paid(stripe);
  const refund = await stripe.refunds.create({ payment_intent, amount: 100 });
  const { data } = await stripe.balanceTransactions.list();
  expect(data).toMatchObject([
    { type: 'refund', amount: -100, fee: 0, net: -100, source: refund.id },
    { type: 'charge', amount: 1999, fee: 88, net: 1911, source: latest_charge },
  ]);
  const one = await stripe.balanceTransactions.retrieve(data[0]!.id);
  expect(one.status).toBe('pending');
});
