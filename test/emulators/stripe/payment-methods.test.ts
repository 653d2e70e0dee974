import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';

import { OFF_SESSION, refusal, savedCard, useEmulator } from './emulator.js';

const bench = useEmulator();

describe('a payment method', () => {
  test('is made from a token when it is attached, once for each use', async () => {
    const stripe = bench.client();
    const { id: customer } = await stripe.customers.create();
    const visa = await stripe.paymentMethods.attach('pm_card_visa', { customer });
    const amex = await stripe.paymentMethods.attach('pm_card_amex', { customer });
    expect(visa).toMatchObject({ customer, type: 'card', card: { brand: 'visa', last4: '4242' } });
    expect(visa.id).toMatch(/^pm_\w+$/);
    expect(visa.id).not.toBe('pm_card_visa');
    const ids = [amex.id, visa.id];
    const listed = await stripe.paymentMethods.list({ customer, type: 'card' });
    expect(listed.data.map(({ id }) => id)).toEqual(ids);
    const own = await stripe.customers.listPaymentMethods(customer);
    expect(own.data.map(({ id }) => id)).toEqual(ids);
  });

  test('is made from a card token, then attached, then detached', async () => {
    const stripe = bench.client();
    const { id: customer } = await stripe.customers.create({ email: 'a@example.org' });
    const made = await stripe.paymentMethods.create({ type: 'card', card: { token: 'tok_visa' } });
    expect(made.customer).toBeNull();
    await stripe.paymentMethods.attach(made.id, { customer });
    expect((await stripe.paymentMethods.detach(made.id)).customer).toBeNull();
    expect((await stripe.paymentMethods.retrieve(made.id)).customer).toBeNull();
    expect((await refusal(stripe.paymentMethods.detach(made.id))).statusCode).toBe(400);
  });

  test('has the fingerprint of its number; our own tokens are a card each', async () => {
    const stripe = bench.client();
    const fingerprint = async (token: string) => {
      const { payment_method: id } = await savedCard(stripe, token);
      return (await stripe.paymentMethods.retrieve(id)).card?.fingerprint;
    };
    expect(await fingerprint('pm_card_visa')).toBe(await fingerprint('pm_card_visa'));
    const own = 'pm_card_attachThen_do_not_honor';
    expect(await fingerprint(own)).not.toBe(await fingerprint(own));
  });

  test('that does not exist is missing', async () => {
    const error = await refusal(bench.client().paymentMethods.retrieve('pm_none'));
    expect(error).toMatchObject({ statusCode: 404, code: 'resource_missing' });
  });

  test('changes its fate when the control API says so', async () => {
    const stripe = bench.client();
    const card = await savedCard(stripe, 'pm_card_chargeCustomerFail');
    await refusal(stripe.paymentIntents.create({ ...OFF_SESSION, ...card }));
    const path = `payment_methods/${card.payment_method}/fate`;
    expect(await bench.control('GET', path)).toMatchObject({
      fate: 'generic_decline',
      declines: 1,
    });
    await bench.control('PUT', path, { fate: 'succeed' });
    const paid = await stripe.paymentIntents.create({ ...OFF_SESSION, ...card });
    expect(paid.status).toBe('succeeded');
  });
});

describe('a SetupIntent', () => {
  test('saves a card for the customer', async () => {
    const stripe = bench.client();
    const { id: customer } = await stripe.customers.create();
    const setup = await stripe.setupIntents.create({ customer, usage: 'off_session' });
    expect(setup.status).toBe('requires_payment_method');
    const done = await stripe.setupIntents.confirm(setup.id, { payment_method: 'pm_card_visa' });
    expect(done.status).toBe('succeeded');
    const method = await stripe.paymentMethods.retrieve(done.payment_method as string);
    expect(method.customer).toBe(customer);
    const again = await refusal(stripe.setupIntents.confirm(setup.id));
    expect(again).toMatchObject({ statusCode: 400, code: 'setup_intent_unexpected_state' });
  });

  test('is refused with a card that always declines', async () => {
    const stripe = bench.client();
    const { id: customer } = await stripe.customers.create();
    const error = await refusal(
      stripe.setupIntents.create({
        customer,
        confirm: true,
        payment_method: 'pm_card_visa_chargeDeclinedInsufficientFunds',
      }),
    );
    expect(error).toMatchObject({
      statusCode: 402,
      decline_code: 'insufficient_funds',
      setup_intent: { status: 'requires_payment_method' },
    });
    expect((error.setup_intent as Stripe.SetupIntent).last_setup_error?.code).toBe('card_declined');
  });

  test('is canceled while it is open', async () => {
    const stripe = bench.client();
    const { id } = await stripe.setupIntents.create();
    expect((await stripe.setupIntents.cancel(id)).status).toBe('canceled');
    expect((await refusal(stripe.setupIntents.cancel(id))).statusCode).toBe(400);
  });
});
