import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';

import { type JournalEntry, OFF_SESSION, refusal, savedCard, useEmulator } from './emulator.js';

const bench = useEmulator();
const control: typeof bench.control = (method, path, body) => bench.control(method, path, body);

const TAKEN = { amount_minor: 4200, currency: 'usd' };

async function paid(stripe: Stripe) {
  const card = await savedCard(stripe, 'pm_card_visa');
  const metadata = { dunlin_renewal: 'rnw_1' };
  const intent = await stripe.paymentIntents.create({ ...OFF_SESSION, ...card, metadata });
  return { intent: intent.id, charge: intent.latest_charge as string, customer: card.customer };
}

async function journalOf(id: string) {
  const { entries } = await control<{ entries: JournalEntry[] }>('GET', 'journal');
  return entries.filter((entry) => entry.id === id);
}

describe('a payment made by hand', () => {
  test('moves money, is in the books, and is told of', async () => {
    const stripe = bench.client();
    const { id: customer } = await stripe.customers.create();
    const asked = { customer, ...TAKEN, metadata: { note: 'by phone' } };
    const intent = await control<Stripe.PaymentIntent>('POST', 'dashboard/payments', asked);
    expect(await stripe.paymentIntents.retrieve(intent.id)).toMatchObject({
      status: 'succeeded',
      amount_received: 4200,
      customer,
      metadata: { note: 'by phone' },
    });
    const charge = intent.latest_charge as string;
    const { data } = await stripe.balanceTransactions.list({ expand: ['data.source'] });
    expect(data).toMatchObject([
      { amount: 4200, source: { id: charge, object: 'charge', metadata: { note: 'by phone' } } },
    ]);
    expect(await journalOf(charge)).toMatchObject([{ amount_minor: 4200, idempotency_key: null }]);
    const events = (await stripe.events.list({ type: 'payment_intent.succeeded' })).data;
    expect(events).toMatchObject([{ request: { id: null, idempotency_key: null } }]);
  });

  test('takes the saved method, or the named one, and never fails', async () => {
    const stripe = bench.client();
    const card = await savedCard(stripe, 'pm_card_chargeCustomerFail');
    const by = (more: object) =>
      control<Stripe.PaymentIntent>('POST', 'dashboard/payments', { ...TAKEN, ...more });
    const { customer } = card;
    expect(await by({ customer })).toMatchObject({
      status: 'succeeded',
      payment_method: card.payment_method,
    });
    const named = await by({ customer, payment_method: 'pm_card_mastercard' });
    expect(named.payment_method).not.toBe(card.payment_method);
    await expect(by({ customer: 'cus_none' })).rejects.toThrow(/: 400 /);
    await expect(by({ customer, amount_minor: 0 })).rejects.toThrow(/: 400 /);
  });

  test('may be a secret', async () => {
    const stripe = bench.client();
    const { id: customer } = await stripe.customers.create();
    const before = (await stripe.events.list()).data.length;
    await control('POST', 'dashboard/payments', { customer, ...TAKEN, silent: true });
    expect((await stripe.events.list()).data).toHaveLength(before);
    expect((await stripe.charges.list({ customer })).data).toHaveLength(1);
  });
});

describe('a refund made by hand', () => {
  test('is nobody’s', async () => {
    const stripe = bench.client();
    const { charge } = await paid(stripe);
    const part = { charge, amount_minor: 700 };
    const refund = await control<Stripe.Refund>('POST', 'dashboard/refunds', part);
    expect(refund).toMatchObject({ amount: 700, status: 'succeeded', metadata: {} });
    expect(await control('POST', 'dashboard/refunds', { charge })).toMatchObject({ amount: 1299 });
    expect((await stripe.charges.retrieve(charge)).refunded).toBe(true);
    expect(await journalOf(refund.id)).toMatchObject([{ kind: 'refund', amount_minor: 700 }]);
    expect((await stripe.events.list({ type: 'refund.created' })).data).toHaveLength(2);
  });

  test('may be a secret, and cannot exceed the charge', async () => {
    const stripe = bench.client();
    const { charge } = await paid(stripe);
    await control('POST', 'dashboard/refunds', { charge, silent: true });
    expect((await stripe.events.list({ type: 'refund.created' })).data).toEqual([]);
    await expect(control('POST', 'dashboard/refunds', { charge })).rejects.toThrow(/: 400 /);
  });
});

describe('the books', () => {
  const books = (body: object) => control('POST', 'books', body);
  const lineOf = async (stripe: Stripe, source: string) =>
    (await stripe.balanceTransactions.list({ source })).data[0];

  test('may say another amount and currency of a charge, and so does the charge', async () => {
    const stripe = bench.client();
    const { charge, intent } = await paid(stripe);
    await books({ op: 'alter', source: charge, amount_minor: 1899, currency: 'EUR' });
    const said = { amount: 1899, currency: 'eur' };
    expect(await lineOf(stripe, charge)).toMatchObject({ ...said, net: 1899 - 88 });
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ ...said, amount_captured: 1899 });
    const received = { ...said, amount_received: 1899 };
    expect(await stripe.paymentIntents.retrieve(intent)).toMatchObject(received);
    // What really moved, the journal knows.
    expect(await journalOf(charge)).toMatchObject([{ amount_minor: 1999, currency: 'usd' }]);
  });

  test('may say another amount of a refund, named by its line', async () => {
    const stripe = bench.client();
    const { charge } = await paid(stripe);
    const refund = await stripe.refunds.create({ charge, amount: 500 });
    const line = (await lineOf(stripe, refund.id))!.id;
    await books({ op: 'alter', line, amount_minor: 700 });
    expect(await lineOf(stripe, refund.id)).toMatchObject({ amount: -700, net: -700 });
    expect((await stripe.refunds.retrieve(refund.id)).amount).toBe(700);
    expect((await stripe.charges.retrieve(charge)).amount_refunded).toBe(700);
  });

  test('may say another amount of a dispute', async () => {
    const stripe = bench.client();
    const { charge } = await paid(stripe);
    const { id } = await control<Stripe.Dispute>('POST', `charges/${charge}/dispute`, {});
    await books({ op: 'alter', source: id, amount_minor: 1 });
    expect(await stripe.disputes.retrieve(id)).toMatchObject({
      amount: 1,
      balance_transactions: [{ amount: -1 }],
    });
  });

  test('may have lost a charge, and nobody finds it', async () => {
    const stripe = bench.client();
    const { charge, intent, customer } = await paid(stripe);
    await books({ op: 'remove', source: charge });
    expect(await lineOf(stripe, charge)).toBeUndefined();
    expect((await refusal(stripe.charges.retrieve(charge))).statusCode).toBe(404);
    expect((await refusal(stripe.paymentIntents.retrieve(intent))).statusCode).toBe(404);
    expect((await stripe.paymentIntents.list({ customer })).data).toEqual([]);
    await expect(books({ op: 'remove', source: charge })).rejects.toThrow(/: 400 /);
  });

  test('may have lost a refund, or a dispute', async () => {
    const stripe = bench.client();
    const { charge } = await paid(stripe);
    const refund = await stripe.refunds.create({ charge, amount: 500 });
    await books({ op: 'remove', source: refund.id });
    expect((await refusal(stripe.refunds.retrieve(refund.id))).statusCode).toBe(404);
    const { id } = await control<Stripe.Dispute>('POST', `charges/${charge}/dispute`, {});
    await books({ op: 'remove', source: id });
    expect((await refusal(stripe.disputes.retrieve(id))).statusCode).toBe(404);
    expect(await stripe.charges.retrieve(charge)).toMatchObject({
      amount_refunded: 0,
      disputed: false,
    });
  });

  test.each([
    { op: 'alter', line: 'txn_none', amount_minor: 1 },
    { op: 'alter', amount_minor: 1 },
    { op: 'shred', source: 'ch_1' },
  ])('refuse %j', async (body) => {
    await expect(books(body)).rejects.toThrow(/: 400 /);
  });

  test('are not altered by nothing', async () => {
    const { charge } = await paid(bench.client());
    await expect(books({ op: 'alter', source: charge })).rejects.toThrow(/: 400 /);
  });
});

test('a missed event is found by delivery_success', async () => {
  const stripe = bench.client('sk_test_missed');
  const secret = 'whsec_missed';
  await control('POST', 'webhook_endpoints', {
    url: 'http://127.0.0.1:9/',
    secret,
    api_key: 'sk_test_missed',
  });
  await control('POST', 'webhooks', { mode: 'drop' });
  const { id } = await stripe.customers.create();
  await control('POST', 'webhooks', { mode: 'deliver' });
  const missed = await stripe.events.list({ delivery_success: false });
  expect(missed.data).toMatchObject([{ type: 'customer.created', data: { object: { id } } }]);
  expect((await stripe.events.list({ delivery_success: true })).data).toEqual([]);
});
