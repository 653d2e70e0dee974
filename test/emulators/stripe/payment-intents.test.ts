import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';

import { type JournalEntry, OFF_SESSION, refusal, savedCard, useEmulator } from './emulator.js';

const bench = useEmulator();

async function journalOf(id: string): Promise<JournalEntry[]> {
  const { entries } = await bench.control<{ entries: JournalEntry[] }>('GET', 'journal');
  return entries.filter((entry) => entry.payment_intent === id);
}

describe('a charge that succeeds', () => {
  test('has a charge, a balance transaction and one line in the journal', async () => {
    const stripe = bench.client();
    const card = await savedCard(stripe, 'pm_card_visa');
    const intent = await stripe.paymentIntents.create(
      {
        ...OFF_SESSION,
        ...card,
        metadata: { renewal: 'rnw_1' },
        expand: ['latest_charge.balance_transaction', 'payment_method'],
      },
      { idempotencyKey: 'ch_ours_1' },
    );
    expect(intent.status).toBe('succeeded');
    expect(intent.amount_received).toBe(1999);
    expect(intent.lastResponse.apiVersion).toBe('2026-10-28.endive');
    const charge = intent.latest_charge as Stripe.Charge;
    expect(charge.outcome?.type).toBe('authorized');
    expect((charge.balance_transaction as Stripe.BalanceTransaction).net).toBe(1911);
    expect((intent.payment_method as Stripe.PaymentMethod).card?.last4).toBe('4242');
    expect(await journalOf(intent.id)).toMatchObject([
      {
        kind: 'charge',
        id: charge.id,
        amount_minor: 1999,
        currency: 'usd',
        metadata: { renewal: 'rnw_1' },
        idempotency_key: 'ch_ours_1',
      },
    ]);
  });

  test.each(['pm_card_visa', 'pm_card_mastercard', 'pm_card_amex', 'pm_card_attachThen_succeed'])(
    'is what %s stands for',
    async (token) => {
      const stripe = bench.client();
      const card = await savedCard(stripe, token);
      const intent = await stripe.paymentIntents.create({ ...OFF_SESSION, ...card });
      expect(intent.status).toBe('succeeded');
    },
  );
});

describe('a charge that is declined', () => {
  test.each([
    ['pm_card_visa_chargeDeclined', 'card_declined', 'generic_decline'],
    ['pm_card_chargeDeclined', 'card_declined', 'generic_decline'],
    ['pm_card_visa_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds'],
    ['pm_card_visa_chargeDeclinedLostCard', 'card_declined', 'lost_card'],
    ['pm_card_visa_chargeDeclinedStolenCard', 'card_declined', 'stolen_card'],
    ['pm_card_chargeDeclinedExpiredCard', 'expired_card', 'expired_card'],
    ['pm_card_chargeDeclinedIncorrectCvc', 'incorrect_cvc', 'incorrect_cvc'],
    ['pm_card_chargeDeclinedProcessingError', 'processing_error', 'processing_error'],
  ])('by %s says %s, %s, and cannot be saved', async (token, code, declineCode) => {
    const stripe = bench.client();
    const error = await refusal(
      stripe.paymentIntents.create({ ...OFF_SESSION, payment_method: token }),
    );
    expect(error).toMatchObject({ statusCode: 402, rawType: 'card_error', code });
    expect(error).toMatchObject({ decline_code: declineCode });
    const saving = await refusal(savedCard(stripe, token));
    expect(saving).toMatchObject({ statusCode: 402, code });
  });

  test.each([
    ['pm_card_chargeCustomerFail', 'card_declined', 'generic_decline'],
    ['pm_card_attachThen_insufficient_funds', 'card_declined', 'insufficient_funds'],
    ['pm_card_attachThen_expired_card', 'expired_card', 'expired_card'],
    ['pm_card_attachThen_stolen_card', 'card_declined', 'stolen_card'],
    ['pm_card_attachThen_do_not_honor', 'card_declined', 'do_not_honor'],
    ['pm_card_attachThen_processing_error', 'processing_error', 'processing_error'],
    ['pm_card_attachThen_issuer_not_available', 'card_declined', 'issuer_not_available'],
    [
      'pm_card_attachThen_authentication_required',
      'authentication_required',
      'authentication_required',
    ],
    ['pm_card_authenticationRequired', 'authentication_required', 'authentication_required'],
    ['pm_card_authenticationRequiredOnSetup', 'authentication_required', 'authentication_required'],
  ])('by %s was saved first, and says %s, %s', async (token, code, declineCode) => {
    const stripe = bench.client();
    const card = await savedCard(stripe, token);
    const error = await refusal(stripe.paymentIntents.create({ ...OFF_SESSION, ...card }));
    expect(error).toMatchObject({ statusCode: 402, code, decline_code: declineCode });
  });

  test('carries the whole PaymentIntent, the method, the failed charge and the advice', async () => {
    const stripe = bench.client();
    const token = 'pm_card_attachThen_do_not_honor_advice_do_not_try_again_mac_03';
    const card = await savedCard(stripe, token);
    const error = await refusal(stripe.paymentIntents.create({ ...OFF_SESSION, ...card }));
    expect(error).toMatchObject({
      decline_code: 'do_not_honor',
      advice_code: 'do_not_try_again',
      network_advice_code: '03',
      network_decline_code: '05',
      doc_url: 'https://stripe.com/docs/error-codes/card-declined',
      payment_method: { id: card.payment_method },
      payment_intent: { status: 'requires_payment_method', payment_method: null },
    });
    const charge = await stripe.charges.retrieve(error.charge!);
    expect(charge).toMatchObject({ status: 'failed', paid: false, failure_code: 'card_declined' });
    expect(charge.outcome).toMatchObject({
      type: 'issuer_declined',
      advice_code: 'do_not_try_again',
    });
    const intent = await stripe.paymentIntents.retrieve(error.payment_intent!.id);
    expect(intent.latest_charge).toBe(charge.id);
    expect(intent.last_payment_error).toMatchObject({ charge: charge.id, code: 'card_declined' });
    expect(await journalOf(intent.id)).toEqual([]);
  });

  test('by the fraud rules never reached the network', async () => {
    const stripe = bench.client();
    const card = await savedCard(stripe, 'pm_card_attachThen_blocked');
    const error = await refusal(stripe.paymentIntents.create({ ...OFF_SESSION, ...card }));
    const charge = await stripe.charges.retrieve(error.charge!);
    expect(error).toMatchObject({ code: 'card_declined', decline_code: 'generic_decline' });
    expect(charge.outcome).toMatchObject({
      type: 'blocked',
      network_status: 'not_sent_to_network',
    });
  });
});

describe('one PaymentIntent', () => {
  test('is confirmed again after a decline, with a charge for each attempt', async () => {
    const stripe = bench.client();
    const card = await savedCard(stripe, 'pm_card_attachThen_insufficient_funds_times_2');
    const { id } = await stripe.paymentIntents.create({
      amount: 500,
      currency: 'eur',
      customer: card.customer,
    });
    const again = { payment_method: card.payment_method, off_session: true };
    await refusal(stripe.paymentIntents.confirm(id, again));
    await refusal(stripe.paymentIntents.confirm(id, again));
    const paid = await stripe.paymentIntents.confirm(id, again);
    expect(paid.status).toBe('succeeded');
    expect(paid.last_payment_error).toBeNull();
    const { data } = await stripe.charges.list({ payment_intent: id });
    expect(data.map((charge) => charge.status)).toEqual(['succeeded', 'failed', 'failed']);
    expect(await journalOf(id)).toHaveLength(1);
  });

  test('succeeds once: another confirm is refused and shows it', async () => {
    const stripe = bench.client();
    const card = await savedCard(stripe, 'pm_card_visa');
    const { id } = await stripe.paymentIntents.create({ ...OFF_SESSION, ...card });
    const error = await refusal(
      stripe.paymentIntents.confirm(id, { payment_method: card.payment_method }),
    );
    expect(error).toMatchObject({
      statusCode: 400,
      code: 'payment_intent_unexpected_state',
      payment_intent: { id, status: 'succeeded' },
    });
    expect(await journalOf(id)).toHaveLength(1);
  });

  test('needs a method named again after a decline', async () => {
    const stripe = bench.client();
    const card = await savedCard(stripe, 'pm_card_chargeCustomerFail');
    const declined = await refusal(stripe.paymentIntents.create({ ...OFF_SESSION, ...card }));
    const error = await refusal(stripe.paymentIntents.confirm(declined.payment_intent!.id));
    expect(error).toMatchObject({ statusCode: 400, code: 'payment_intent_unexpected_state' });
  });

  test('is canceled by the confirm after the twentieth', async () => {
    const stripe = bench.client();
    const card = await savedCard(stripe, 'pm_card_chargeCustomerFail');
    const { id } = await stripe.paymentIntents.create({
      amount: 500,
      currency: 'usd',
      customer: card.customer,
    });
    const confirm = () =>
      refusal(stripe.paymentIntents.confirm(id, { payment_method: card.payment_method }));
    for (let attempt = 1; attempt <= 20; attempt++) expect((await confirm()).statusCode).toBe(402);
    expect(await confirm()).toMatchObject({
      statusCode: 400,
      payment_intent: { status: 'canceled' },
    });
    expect((await stripe.paymentIntents.retrieve(id)).status).toBe('canceled');
  });

  test('is canceled while it is open, and not after it succeeded', async () => {
    const stripe = bench.client();
    const card = await savedCard(stripe, 'pm_card_visa');
    const open = await stripe.paymentIntents.create({ amount: 500, currency: 'usd', ...card });
    const canceled = await stripe.paymentIntents.cancel(open.id, {
      cancellation_reason: 'abandoned',
    });
    expect(canceled).toMatchObject({ status: 'canceled', cancellation_reason: 'abandoned' });
    const confirm = await refusal(stripe.paymentIntents.confirm(open.id));
    expect(confirm.code).toBe('payment_intent_unexpected_state');
    const paid = await stripe.paymentIntents.create({ ...OFF_SESSION, ...card });
    const cancel = await refusal(stripe.paymentIntents.cancel(paid.id));
    expect(cancel).toMatchObject({ statusCode: 400, payment_intent: { status: 'succeeded' } });
  });

  test('forgets its last error when it is updated', async () => {
    const stripe = bench.client();
    const card = await savedCard(stripe, 'pm_card_chargeCustomerFail');
    const declined = await refusal(stripe.paymentIntents.create({ ...OFF_SESSION, ...card }));
    const updated = await stripe.paymentIntents.update(declined.payment_intent!.id, {
      amount: 700,
      metadata: { a: '1' },
    });
    expect(updated).toMatchObject({ amount: 700, last_payment_error: null, metadata: { a: '1' } });
  });
});

describe('a charge that takes its time', () => {
  test('is processing until the clock says it is paid', async () => {
    const stripe = bench.client();
    const card = await savedCard(stripe, 'pm_card_attachThen_pending_3600');
    const parked = await stripe.paymentIntents.create(
      { ...OFF_SESSION, ...card },
      { idempotencyKey: 'slow-1' },
    );
    expect(parked.status).toBe('processing');
    expect(await journalOf(parked.id)).toEqual([]);
    const cancel = await refusal(stripe.paymentIntents.cancel(parked.id));
    expect(cancel.code).toBe('payment_intent_unexpected_state');
    await bench.control('POST', 'clock', { advance_seconds: 3601 });
    const paid = await stripe.paymentIntents.retrieve(parked.id, { expand: ['latest_charge'] });
    expect(paid.status).toBe('succeeded');
    expect((paid.latest_charge as Stripe.Charge).id).toBe(parked.latest_charge);
    expect(await journalOf(parked.id)).toMatchObject([{ idempotency_key: 'slow-1' }]);
  });

  test('may be declined in the end', async () => {
    const stripe = bench.client();
    const card = await savedCard(stripe, 'pm_card_attachThen_pendingThenDecline_60');
    const parked = await stripe.paymentIntents.create({ ...OFF_SESSION, ...card });
    await bench.control('POST', 'clock', { advance_seconds: 61 });
    const declined = await stripe.paymentIntents.retrieve(parked.id);
    expect(declined.status).toBe('requires_payment_method');
    expect(declined.last_payment_error?.decline_code).toBe('generic_decline');
  });

  test.each([
    ['succeeded', 'succeeded'],
    ['declined', 'requires_payment_method'],
  ])('waits for the control API to say %s', async (outcome, status) => {
    const stripe = bench.client();
    const card = await savedCard(stripe, 'pm_card_attachThen_pending');
    const parked = await stripe.paymentIntents.create({ ...OFF_SESSION, ...card });
    await bench.control('POST', 'clock', { advance_seconds: 86_400 });
    expect((await stripe.paymentIntents.retrieve(parked.id)).status).toBe('processing');
    await bench.control('POST', 'settle', {
      payment_intent: parked.id,
      outcome,
      decline_code: 'insufficient_funds',
    });
    expect((await stripe.paymentIntents.retrieve(parked.id)).status).toBe(status);
  });
});

describe('a charge the customer must authenticate', () => {
  test('waits on session for 3-D Secure, then succeeds', async () => {
    const stripe = bench.client();
    const card = await savedCard(stripe, 'pm_card_authenticationRequired');
    const waiting = await stripe.paymentIntents.create({
      amount: 500,
      currency: 'usd',
      confirm: true,
      return_url: 'http://127.0.0.1/back',
      ...card,
    });
    expect(waiting).toMatchObject({ status: 'requires_action', latest_charge: null });
    expect(waiting.next_action?.redirect_to_url?.return_url).toBe('http://127.0.0.1/back');
    await bench.control('POST', 'authenticate', {
      payment_intent: waiting.id,
      outcome: 'succeeded',
    });
    expect((await stripe.paymentIntents.retrieve(waiting.id)).status).toBe('succeeded');
  });

  test('fails when the customer fails', async () => {
    const stripe = bench.client();
    const card = await savedCard(stripe, 'pm_card_authenticationRequired');
    const waiting = await stripe.paymentIntents.create({
      amount: 500,
      currency: 'usd',
      confirm: true,
      ...card,
    });
    await bench.control('POST', 'authenticate', { payment_intent: waiting.id, outcome: 'failed' });
    const failed = await stripe.paymentIntents.retrieve(waiting.id);
    expect(failed.status).toBe('requires_payment_method');
    expect(failed.last_payment_error?.code).toBe('payment_intent_authentication_failure');
  });

  test('is free of it once the card was set up for it', async () => {
    const stripe = bench.client();
    const { id: customer } = await stripe.customers.create();
    const setup = await stripe.setupIntents.create({
      customer,
      payment_method: 'pm_card_authenticationRequiredOnSetup',
      confirm: true,
    });
    expect(setup.status).toBe('requires_action');
    await bench.control('POST', 'authenticate', { setup_intent: setup.id });
    const done = await stripe.setupIntents.retrieve(setup.id);
    expect(done.status).toBe('succeeded');
    const payment_method = done.payment_method as string;
    const paid = await stripe.paymentIntents.create({ ...OFF_SESSION, customer, payment_method });
    expect(paid.status).toBe('succeeded');
  });
});

describe('looking PaymentIntents up', () => {
  test('lists newest first, in pages, by customer and time', async () => {
    const stripe = bench.client();
    const card = await savedCard(stripe, 'pm_card_visa');
    await savedCard(stripe, 'pm_card_visa').then((other) =>
      stripe.paymentIntents.create({ ...OFF_SESSION, ...other }),
    );
    const made: string[] = [];
    for (let n = 0; n < 5; n++)
      made.unshift((await stripe.paymentIntents.create({ ...OFF_SESSION, ...card })).id);
    const { customer } = card;
    const first = await stripe.paymentIntents.list({ customer, limit: 2 });
    expect(first.has_more).toBe(true);
    expect(first.data.map(({ id }) => id)).toEqual(made.slice(0, 2));
    const before = await stripe.paymentIntents.list({
      customer,
      limit: 2,
      ending_before: made[3]!,
    });
    expect(before.data.map(({ id }) => id)).toEqual(made.slice(1, 3));
    const all = await stripe.paymentIntents
      .list({ customer, limit: 2 })
      .autoPagingToArray({ limit: 99 });
    expect(all.map(({ id }) => id)).toEqual(made);
    const later = all[0]!.created + 1;
    expect((await stripe.paymentIntents.list({ customer, created: { gte: later } })).data).toEqual(
      [],
    );
    expect(
      (await stripe.paymentIntents.list({ customer, created: { lt: later } })).data,
    ).toHaveLength(5);
  });

  test('finds nothing by search until the index has caught up', async () => {
    const stripe = bench.client();
    const card = await savedCard(stripe, 'pm_card_visa');
    const made = await stripe.paymentIntents.create({
      ...OFF_SESSION,
      ...card,
      metadata: { attempt_id: 'a1' },
    });
    const query = "metadata['attempt_id']:'a1' AND status:'succeeded'";
    expect((await stripe.paymentIntents.search({ query })).data).toEqual([]);
    await bench.control('POST', 'clock', { advance_seconds: 31 });
    const found = await stripe.paymentIntents.search({ query });
    expect(found.data.map(({ id }) => id)).toEqual([made.id]);
  });
});
