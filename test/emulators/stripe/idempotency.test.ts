import { describe, expect, test } from 'vitest';

import {
  type JournalEntry,
  OFF_SESSION,
  eventually,
  refusal,
  savedCard,
  useEmulator,
} from './emulator.js';

const bench = useEmulator();

async function moved(key: string): Promise<number> {
  const { entries } = await bench.control<{ entries: JournalEntry[] }>('GET', 'journal');
  return entries.filter((entry) => entry.idempotency_key === key).length;
}

describe('an idempotency key', () => {
  test('gets the same answer again, and the money moves once', async () => {
    const stripe = bench.client();
    const request = { ...OFF_SESSION, ...(await savedCard(stripe, 'pm_card_visa')) };
    const first = await stripe.paymentIntents.create(request, { idempotencyKey: 'replay' });
    const second = await stripe.paymentIntents.create(request, { idempotencyKey: 'replay' });
    expect(second).toEqual(first);
    expect(first.lastResponse.headers['idempotent-replayed']).toBeUndefined();
    expect(second.lastResponse.headers).toMatchObject({
      'idempotent-replayed': 'true',
      'idempotency-key': 'replay',
      'original-request': first.lastResponse.requestId,
    });
    expect(second.lastResponse.requestId).not.toBe(first.lastResponse.requestId);
    expect(await moved('replay')).toBe(1);
  });

  test('gets the same decline again, even when the card is good by now', async () => {
    const stripe = bench.client();
    const card = await savedCard(stripe, 'pm_card_chargeCustomerFail');
    const ask = () =>
      stripe.paymentIntents.create({ ...OFF_SESSION, ...card }, { idempotencyKey: 'declined' });
    const first = await refusal(ask());
    await bench.control('PUT', `payment_methods/${card.payment_method}/fate`, { fate: 'succeed' });
    const second = await refusal(ask());
    expect(second.charge).toBe(first.charge);
    expect(second.headers?.['idempotent-replayed']).toBe('true');
  });

  test('is refused for other parameters and for another path', async () => {
    const stripe = bench.client();
    const options = { idempotencyKey: 'mismatch' };
    await stripe.customers.create({ email: 'a@example.org' }, options);
    const other = await refusal(stripe.customers.create({ email: 'b@example.org' }, options));
    expect(other).toMatchObject({ statusCode: 400, type: 'StripeIdempotencyError' });
    const elsewhere = await refusal(stripe.setupIntents.create({}, options));
    expect(elsewhere.type).toBe('StripeIdempotencyError');
  });

  test('means nothing to another account', async () => {
    const options = { idempotencyKey: 'scoped' };
    const one = await bench.client().customers.create({}, options);
    const other = await bench.client().customers.create({}, options);
    expect(other.id).not.toBe(one.id);
  });

  test('is in use while its first request is under way', async () => {
    const stripe = bench.client();
    const options = { idempotencyKey: 'in-flight' };
    await bench.control('POST', 'faults', {
      match: { method: 'POST', path: '/v1/customers' },
      fault: 'delay',
      delay_ms: 1_000,
      times: 1,
    });
    const slow = stripe.customers.create({}, options);
    const early = await eventually(() =>
      stripe.customers.create({}, options).then(
        () => undefined,
        (error: unknown) => error as Error,
      ),
    );
    expect(early).toMatchObject({ statusCode: 409, code: 'idempotency_key_in_use' });
    const { id } = await slow;
    expect((await stripe.customers.create({}, options)).id).toBe(id);
  });

  test('keeps a 500 whose effect happened', async () => {
    const stripe = bench.client();
    const request = { ...OFF_SESSION, ...(await savedCard(stripe, 'pm_card_visa')) };
    const options = { idempotencyKey: 'error-after' };
    await bench.control('POST', 'faults', {
      match: { path: '/v1/payment_intents' },
      fault: 'error_after',
      times: 1,
    });
    for (let send = 1; send <= 3; send++)
      expect(await refusal(stripe.paymentIntents.create(request, options))).toMatchObject({
        statusCode: 500,
        type: 'StripeAPIError',
      });
    expect(await moved('error-after')).toBe(1);
    const { data } = await stripe.paymentIntents.list({ customer: request.customer });
    expect(data.map(({ status }) => status)).toEqual(['succeeded']);
  });

  test('does not keep what validation refused', async () => {
    const stripe = bench.client();
    const options = { idempotencyKey: 'invalid-first' };
    const refused = await refusal(
      stripe.paymentIntents.create({ amount: 1, currency: 'usd' }, options),
    );
    expect(refused.code).toBe('amount_too_small');
    const intent = await stripe.paymentIntents.create({ amount: 100, currency: 'usd' }, options);
    expect(intent.status).toBe('requires_payment_method');
  });

  test('keeps a refusal by the state of an object', async () => {
    const stripe = bench.client();
    const card = await savedCard(stripe, 'pm_card_attachThen_pending');
    const { id } = await stripe.paymentIntents.create({ ...OFF_SESSION, ...card });
    const cancel = () =>
      refusal(stripe.paymentIntents.cancel(id, {}, { idempotencyKey: 'release' }));
    expect((await cancel()).code).toBe('payment_intent_unexpected_state');
    await bench.control('POST', 'settle', { payment_intent: id, outcome: 'declined' });
    expect((await cancel()).headers?.['idempotent-replayed']).toBe('true');
  });

  test('is forgotten after 24 hours: the same request charges again', async () => {
    const stripe = bench.client();
    const request = { ...OFF_SESSION, ...(await savedCard(stripe, 'pm_card_visa')) };
    const options = { idempotencyKey: 'a-day' };
    const first = await stripe.paymentIntents.create(request, options);
    await bench.control('POST', 'clock', { advance_seconds: 23 * 3600 });
    expect((await stripe.paymentIntents.create(request, options)).id).toBe(first.id);
    await bench.control('POST', 'clock', { advance_seconds: 3601 });
    expect((await stripe.paymentIntents.create(request, options)).id).not.toBe(first.id);
    expect(await moved('a-day')).toBe(2);
  });
});
