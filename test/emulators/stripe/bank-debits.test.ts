import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';

import { courseOf } from '../../../emulators/stripe/debit-fates.js';
import { type JournalEntry, refusal, useEmulator } from './emulator.js';

const bench = useEmulator();
const DAY = 86_400;

const SEPA = { currency: 'eur', kind: 'sepa_debit' } as const;
const ACH = { currency: 'usd', kind: 'us_bank_account' } as const;
type Debit = typeof SEPA | typeof ACH;

/** A customer whose bank account may be debited. */
async function withMandate(stripe: Stripe, { kind }: Debit, token: string) {
  const { id: customer } = await stripe.customers.create();
  const setup = await stripe.setupIntents.create({
    customer,
    payment_method: token,
    allowed_payment_method_types: [kind],
    confirm: true,
    mandate_data: { customer_acceptance: { type: 'offline' } },
  });
  return { customer, payment_method: setup.payment_method as string, setup };
}

function ask(
  stripe: Stripe,
  { currency, kind }: Debit,
  { customer, payment_method }: { customer: string; payment_method: string },
  amount = 1999,
) {
  return stripe.paymentIntents.create(
    {
      amount,
      currency,
      customer,
      payment_method,
      confirm: true,
      off_session: true,
      allowed_payment_method_types: [kind],
      expand: ['latest_charge'],
    },
    { idempotencyKey: crypto.randomUUID() },
  );
}

const advance = (seconds: number) => bench.control('POST', 'clock', { advance_seconds: seconds });

const readAgain = (stripe: Stripe, { id }: Stripe.PaymentIntent) =>
  stripe.paymentIntents.retrieve(id, { expand: ['latest_charge'] });

async function journalOf({ id }: Stripe.PaymentIntent): Promise<[string, number][]> {
  const { entries } = await bench.control<{ entries: JournalEntry[] }>('GET', 'journal');
  const its = entries.filter((entry) => entry.payment_intent === id);
  return its.map(({ kind, amount_minor }) => [kind, amount_minor]);
}

async function eventsOf(stripe: Stripe): Promise<string[]> {
  const { data } = await stripe.events.list({ limit: 100 });
  const told = /^(payment_intent|charge|mandate)\./;
  return data
    .map(({ type }) => type)
    .filter((type) => told.test(type))
    .toReversed();
}

describe('a bank debit', () => {
  test.each([
    [SEPA, 'pm_sepaDebit_attachThen_succeed', 5],
    [SEPA, 'pm_sepaDebit_success_de', 5],
    [ACH, 'pm_usBankAccount_attachThen_succeed', 4],
    [ACH, 'pm_usBankAccount_success', 4],
  ])('%o by %s is collected after %d days', async (debit, token, days) => {
    const stripe = bench.client();
    const asked = await ask(stripe, debit, await withMandate(stripe, debit, token));
    expect(asked).toMatchObject({ status: 'processing', amount_received: 0, processing: null });
    expect(asked.latest_charge).toMatchObject({
      status: 'pending',
      paid: false,
      payment_method_details: { type: debit.kind },
    });
    expect(await journalOf(asked)).toEqual([]);

    await advance(days * DAY - 60);
    expect((await readAgain(stripe, asked)).status).toBe('processing');
    await advance(60);
    const paid = await readAgain(stripe, asked);
    expect(paid).toMatchObject({ status: 'succeeded', amount_received: 1999 });
    expect(paid.latest_charge).toMatchObject({ status: 'succeeded', disputed: false });
    expect(await journalOf(asked)).toEqual([['charge', 1999]]);
    expect(await eventsOf(stripe)).toEqual([
      'payment_intent.created',
      'charge.pending',
      'payment_intent.processing',
      'charge.succeeded',
      'payment_intent.succeeded',
    ]);
  });

  test.each([
    [SEPA, 'pm_sepaDebit_attachThen_refer_to_customer', 'refer_to_customer'],
    [SEPA, 'pm_sepaDebit_insufficientFunds_de', 'insufficient_funds'],
    [ACH, 'pm_usBankAccount_accountClosed', 'account_closed'],
    [ACH, 'pm_usBankAccount_noAccount', 'no_account'],
    [ACH, 'pm_usBankAccount_attachThen_insufficient_funds', 'insufficient_funds'],
  ])('%o by %s fails after its days: %s', async (debit, token, code) => {
    const stripe = bench.client();
    const asked = await ask(stripe, debit, await withMandate(stripe, debit, token));
    await advance(5 * DAY);
    const failed = await readAgain(stripe, asked);
    expect(failed).toMatchObject({ status: 'requires_payment_method', payment_method: null });
    expect(failed.last_payment_error).toMatchObject({
      code,
      type: 'invalid_request_error',
      payment_method: { type: debit.kind },
    });
    expect(failed.latest_charge).toMatchObject({ status: 'failed', failure_code: code });
    expect(await journalOf(asked)).toEqual([]);
    expect((await eventsOf(stripe)).slice(-2)).toEqual([
      'charge.failed',
      'payment_intent.payment_failed',
    ]);
  });

  test('fails so many times, then succeeds', async () => {
    const stripe = bench.client();
    const token = 'pm_sepaDebit_attachThen_pending_10_insufficient_funds_times_1';
    const account = await withMandate(stripe, SEPA, token);
    const asked = await ask(stripe, SEPA, account);
    await advance(10);
    expect((await readAgain(stripe, asked)).status).toBe('requires_payment_method');
    const again = { payment_method: account.payment_method, off_session: true };
    await stripe.paymentIntents.confirm(asked.id, again);
    await advance(10);
    expect((await readAgain(stripe, asked)).status).toBe('succeeded');
  });

  test('stays processing until told, and is then settled in the words of banks', async () => {
    const stripe = bench.client();
    const account = await withMandate(stripe, ACH, 'pm_usBankAccount_processing');
    const asked = await ask(stripe, ACH, account);
    await advance(30 * DAY);
    expect((await readAgain(stripe, asked)).status).toBe('processing');
    await bench.control('POST', 'settle', { payment_intent: asked.id, outcome: 'declined' });
    const { last_payment_error: error } = await readAgain(stripe, asked);
    expect(error?.code).toBe('generic_could_not_process');
  });

  test('cannot be canceled or refunded while it is processing', async () => {
    const stripe = bench.client();
    const account = await withMandate(stripe, SEPA, 'pm_sepaDebit_attachThen_succeed');
    const asked = await ask(stripe, SEPA, account);
    const canceling = await refusal(stripe.paymentIntents.cancel(asked.id));
    expect(canceling).toMatchObject({ statusCode: 400, code: 'payment_intent_unexpected_state' });
    const refund = refusal(stripe.refunds.create({ payment_intent: asked.id }));
    expect((await refund).statusCode).toBe(400);
  });
});

describe('a debit that comes back', () => {
  test('had succeeded; its dispute is final and takes the money', async () => {
    const stripe = bench.client();
    const token = 'pm_sepaDebit_attachThen_return_insufficient_funds_after_3600';
    const asked = await ask(stripe, SEPA, await withMandate(stripe, SEPA, token));
    await advance(5 * DAY);
    expect((await readAgain(stripe, asked)).status).toBe('succeeded');
    await advance(3600);
    const back = await readAgain(stripe, asked);
    expect(back).toMatchObject({ status: 'succeeded', latest_charge: { disputed: true } });
    const { data } = await stripe.disputes.list({ payment_intent: asked.id });
    expect(data).toMatchObject([
      { amount: 1999, reason: 'insufficient_funds', status: 'lost', is_charge_refundable: false },
    ]);
    expect(data[0]!.evidence_details.due_by).toBeNull();
    expect(await journalOf(asked)).toEqual([
      ['charge', 1999],
      ['dispute', 1999],
    ]);
    expect((await eventsOf(stripe)).slice(-2)).toEqual([
      'charge.dispute.created',
      'charge.dispute.funds_withdrawn',
    ]);
    const closing = bench.control('POST', `disputes/${data[0]!.id}/close`, { outcome: 'won' });
    await expect(closing).rejects.toThrow(/lost already/);
  });

  test('comes back once, however it was sent back', async () => {
    const stripe = bench.client();
    const token = 'pm_sepaDebit_attachThen_pending_1_return_insufficient_funds_after_60';
    const asked = await ask(stripe, SEPA, await withMandate(stripe, SEPA, token));
    await advance(1);
    const { latest_charge: charge } = await readAgain(stripe, asked);
    const reason = { reason: 'incorrect_account_details' };
    await bench.control('POST', `charges/${(charge as Stripe.Charge).id}/dispute`, reason);
    await advance(60);
    const { data } = await stripe.disputes.list({ payment_intent: asked.id });
    expect(data).toMatchObject([reason]);
    expect(await journalOf(asked)).toHaveLength(2);
  });

  test('can be sent back at once, but not before it was collected', async () => {
    const stripe = bench.client();
    const account = await withMandate(stripe, ACH, 'pm_usBankAccount_success');
    const asked = await ask(stripe, ACH, account);
    const charge = (asked.latest_charge as Stripe.Charge).id;
    const path = `charges/${charge}/dispute`;
    await expect(bench.control('POST', path, {})).rejects.toThrow(/is pending/);
    await bench.control('POST', 'settle', { payment_intent: asked.id, outcome: 'succeeded' });
    expect(await bench.control('POST', path, {})).toMatchObject({
      reason: 'debit_not_authorized',
      status: 'lost',
    });
    expect(await journalOf(asked)).toEqual([
      ['charge', 1999],
      ['dispute', 1999],
    ]);
    expect(await eventsOf(stripe)).toContain('mandate.updated');
    const later = await refusal(ask(stripe, ACH, account));
    expect(later).toMatchObject({ statusCode: 400, code: 'payment_intent_mandate_invalid' });
  });
});

describe('a mandate', () => {
  test('is given at set-up, shown on the charge, and can be read', async () => {
    const stripe = bench.client();
    const account = await withMandate(stripe, SEPA, 'pm_sepaDebit_attachThen_succeed');
    expect(account.setup).toMatchObject({ status: 'succeeded' });
    const saved = await stripe.paymentMethods.retrieve(account.payment_method);
    expect(saved).toMatchObject({
      customer: account.customer,
      sepa_debit: { last4: '3000', country: 'DE' },
    });
    const mandate = await stripe.mandates.retrieve(account.setup.mandate as string);
    expect(mandate).toMatchObject({
      status: 'active',
      payment_method: account.payment_method,
      customer_acceptance: { type: 'offline' },
    });
    const { latest_charge: charge } = await ask(stripe, SEPA, account);
    expect((charge as Stripe.Charge).payment_method_details?.sepa_debit?.mandate).toBe(mandate.id);
  });

  test('is needed: attaching alone makes nothing chargeable', async () => {
    const stripe = bench.client();
    const { id: customer } = await stripe.customers.create();
    const token = 'pm_sepaDebit_attachThen_succeed';
    const { id } = await stripe.paymentMethods.attach(token, { customer });
    const error = await refusal(ask(stripe, SEPA, { customer, payment_method: id }));
    expect(error).toMatchObject({ statusCode: 400, code: 'payment_intent_mandate_invalid' });
    expect((await stripe.paymentIntents.list({ customer })).data).toEqual([]);
    const setup = stripe.setupIntents.create({ customer, payment_method: id, confirm: true });
    expect(await refusal(setup)).toMatchObject({
      code: 'parameter_missing',
      param: 'mandate_data',
    });
  });

  test('waits for the account to be verified', async () => {
    const stripe = bench.client();
    const token = 'pm_usBankAccount_failMicrodeposits';
    const { setup, customer } = await withMandate(stripe, ACH, token);
    expect(setup).toMatchObject({
      status: 'requires_action',
      next_action: { type: 'verify_with_microdeposits' },
    });
    const mandate = setup.mandate as string;
    expect((await stripe.mandates.retrieve(mandate)).status).toBe('pending');
    const method = setup.payment_method as string;
    const attaching = await refusal(stripe.paymentMethods.attach(method, { customer }));
    expect(attaching.code).toBe('bank_account_unverified');

    await bench.control('POST', 'authenticate', { setup_intent: setup.id });
    expect((await stripe.mandates.retrieve(mandate)).status).toBe('active');
    expect((await stripe.paymentMethods.retrieve(method)).customer).toBe(customer);
    const asked = await ask(stripe, ACH, { customer, payment_method: method });
    expect(asked.status).toBe('processing');
  });
});

describe('what a debit is refused for', () => {
  test.each([
    [SEPA, 'usd', 1999, 'payment_method_currency_mismatch'],
    [ACH, 'eur', 1999, 'payment_method_currency_mismatch'],
    [SEPA, 'eur', 1_000_001, 'amount_too_large'],
  ])('%o in %s of %d: %s', async (debit, currency, amount, code) => {
    const stripe = bench.client();
    const token =
      debit === SEPA ? 'pm_sepaDebit_attachThen_succeed' : 'pm_usBankAccount_attachThen_succeed';
    const account = await withMandate(stripe, debit, token);
    const asking = ask(stripe, { ...debit, currency } as Debit, account, amount);
    expect(await refusal(asking)).toMatchObject({ statusCode: 400, code });
    expect((await stripe.paymentIntents.list({ customer: account.customer })).data).toEqual([]);
  });

  test('the currency of a PaymentIntent that takes any kind', async () => {
    const stripe = bench.client();
    const account = await withMandate(stripe, SEPA, 'pm_sepaDebit_attachThen_succeed');
    const { customer, payment_method } = account;
    const { id } = await stripe.paymentIntents.create({ amount: 500, currency: 'usd', customer });
    const confirming = stripe.paymentIntents.confirm(id, { payment_method, off_session: true });
    expect((await refusal(confirming)).code).toBe('payment_method_currency_mismatch');
  });

  test('a kind that the PaymentIntent does not take, unless the confirmation names it', async () => {
    const stripe = bench.client();
    const account = await withMandate(stripe, SEPA, 'pm_sepaDebit_attachThen_succeed');
    const { id } = await stripe.paymentIntents.create({
      amount: 500,
      currency: 'eur',
      customer: account.customer,
      allowed_payment_method_types: ['card'],
    });
    const by = { payment_method: account.payment_method, off_session: true };
    const error = await refusal(stripe.paymentIntents.confirm(id, by));
    expect(error.code).toBe('payment_intent_incompatible_payment_method');
    const named = { ...by, allowed_payment_method_types: ['sepa_debit' as const] };
    expect((await stripe.paymentIntents.confirm(id, named)).status).toBe('processing');
  });
});

test('bank accounts are made from test numbers', async () => {
  const stripe = bench.client();
  const sepa = await stripe.paymentMethods.create({
    type: 'sepa_debit',
    sepa_debit: { iban: 'DE08 3704 0044 0532 0130 03' },
  });
  expect(sepa.sepa_debit).toMatchObject({ last4: '3003', country: 'DE' });
  const path = `payment_methods/${sepa.id}/fate`;
  expect(await bench.control('GET', path)).toMatchObject({ fate: 'pending_180' });
  const us = await stripe.paymentMethods.create({
    type: 'us_bank_account',
    us_bank_account: {
      account_holder_type: 'individual',
      account_number: '000123456789',
      routing_number: '110000000',
    },
  });
  expect(us.us_bank_account).toMatchObject({ last4: '6789', bank_name: 'STRIPE TEST BANK' });
  const unknown = stripe.paymentMethods.create({
    type: 'sepa_debit',
    sepa_debit: { iban: 'DE02120300000000202051' },
  });
  expect((await refusal(unknown)).statusCode).toBe(400);
  const nothing = await refusal(stripe.paymentMethods.retrieve('pm_sepaDebit_attachThen_Nothing'));
  expect(nothing.statusCode).toBe(404);
});

test.each([
  ['succeed', 5 * DAY, undefined, undefined],
  ['pending', undefined, undefined, undefined],
  ['pending_7', 7, undefined, undefined],
  ['pending_7_account_closed', 7, 'account_closed', undefined],
  ['return_bank_cannot_process', 5 * DAY, undefined, ['bank_cannot_process', DAY]],
  ['pending_7_return_general_after_9', 7, undefined, ['general', 9]],
])('the fate %s', (fate, seconds, failure, back) => {
  const comesBack = back && { reason: back[0], afterSeconds: back[1] };
  expect(courseOf('sepa_debit', fate, 0)).toEqual({ seconds, failure, comesBack });
});
