import { afterEach, describe, expect, test } from 'vitest';

import { OFF_SESSION, refusal, savedCard, useEmulator } from './emulator.js';

const bench = useEmulator();

afterEach(() => bench.control('DELETE', 'faults'));

/** Charges a good card under the fault, and says what the client saw and how many charges there really are. */
async function chargeUnder(fault: Record<string, unknown>) {
  const stripe = bench.client();
  const request = { ...OFF_SESSION, ...(await savedCard(stripe, 'pm_card_visa')) };
  const options = { idempotencyKey: `fault-${String(fault['fault'])}-${crypto.randomUUID()}` };
  await bench.control('POST', 'faults', {
    match: { method: 'POST', path: '/v1/payment_intents' },
    ...fault,
  });
  const started = Date.now();
  const seen = await stripe.paymentIntents.create(request, options).catch((e: unknown) => e);
  const took = Date.now() - started;
  await bench.control('DELETE', 'faults');
  const { data } = await stripe.paymentIntents.list({ customer: request.customer });
  const again = () => stripe.paymentIntents.create(request, options);
  return { seen, took, made: data.length, again };
}

describe('a fault', () => {
  test('delay: the effect is there, and the answer is late', async () => {
    const { seen, took, made } = await chargeUnder({ fault: 'delay', delay_ms: 60 });
    expect(seen).toMatchObject({ status: 'succeeded' });
    expect(took).toBeGreaterThanOrEqual(55);
    expect(made).toBe(1);
  });

  test('delay with a late effect: nothing has happened while the client waits', async () => {
    const stripe = bench.client();
    const fault = { fault: 'delay', delay_ms: 1_000, effect: 'after' };
    await bench.control('POST', 'faults', {
      match: { path: '/v1/payment_intents' },
      ...fault,
      times: 1,
    });
    const slow = stripe.paymentIntents.create({ amount: 100, currency: 'usd' });
    expect((await stripe.paymentIntents.list()).data).toEqual([]);
    const { id } = await slow;
    expect((await stripe.paymentIntents.list()).data.map((intent) => intent.id)).toEqual([id]);
  });

  // The SDK sends once more by itself after a reset, hence two times.
  test('reset_before: the connection is cut and nothing was executed', async () => {
    const { seen, made, again } = await chargeUnder({ fault: 'reset_before', times: 2 });
    expect(seen).toMatchObject({ type: 'StripeConnectionError' });
    expect(made).toBe(0);
    expect((await again()).status).toBe('succeeded');
  });

  test('reset_after: the connection is cut and the money has moved', async () => {
    const { seen, made, again } = await chargeUnder({ fault: 'reset_after', times: 2 });
    expect(seen).toMatchObject({ type: 'StripeConnectionError' });
    expect(made).toBe(1);
    expect((await again()).lastResponse.headers['idempotent-replayed']).toBe('true');
  });

  test('error_before: a 500 without effect, which the key does not keep', async () => {
    const { seen, made, again } = await chargeUnder({ fault: 'error_before', times: 1 });
    expect(seen).toMatchObject({ type: 'StripeAPIError', statusCode: 500 });
    expect(made).toBe(0);
    expect((await again()).status).toBe('succeeded');
  });

  test('error_before, stored: a 500 without effect, which the key keeps', async () => {
    const { seen, made, again } = await chargeUnder({ fault: 'error_before', stored: true });
    expect(seen).toMatchObject({ statusCode: 500 });
    expect(made).toBe(0);
    expect(await refusal(again())).toMatchObject({ statusCode: 500 });
  });

  test('error_after: a 500 with effect', async () => {
    const { seen, made } = await chargeUnder({ fault: 'error_after', times: 1 });
    expect(seen).toMatchObject({ statusCode: 500 });
    expect(made).toBe(1);
  });

  test('truncate: the effect is there, half of the answer is not', async () => {
    const { seen, made, again } = await chargeUnder({ fault: 'truncate', times: 1 });
    expect(seen).toMatchObject({ type: 'StripeConnectionError' });
    expect(made).toBe(1);
    expect((await again()).status).toBe('succeeded');
  });

  test('rate_limit: a 429 that says why, before anything else', async () => {
    const { seen, made, again } = await chargeUnder({
      fault: 'rate_limit',
      retry_after: 7,
      times: 1,
    });
    expect(seen).toMatchObject({
      type: 'StripeRateLimitError',
      statusCode: 429,
      headers: { 'stripe-rate-limited-reason': 'global-rate', 'retry-after': '7' },
    });
    expect(made).toBe(0);
    expect((await again()).status).toBe('succeeded');
  });

  test.each([
    ['/v1/payment_intents*', true],
    ['/v1/payment_intents/:id/confirm', true],
    ['/v1/payment_intents/:id', false],
    ['/v1/refunds*', false],
  ])('aimed at %s strikes a confirm: %s', async (path, strikes) => {
    const stripe = bench.client();
    const card = await savedCard(stripe, 'pm_card_visa');
    const { id } = await stripe.paymentIntents.create({ amount: 100, currency: 'usd', ...card });
    await bench.control('POST', 'faults', { match: { method: 'POST', path }, fault: 'rate_limit' });
    const answer = await stripe.paymentIntents.confirm(id).catch((error: unknown) => error);
    expect(answer).toMatchObject(strikes ? { statusCode: 429 } : { status: 'succeeded' });
  });

  test('with no probability never strikes', async () => {
    const { made } = await chargeUnder({ fault: 'reset_before', probability: 0 });
    expect(made).toBe(1);
  });
});
