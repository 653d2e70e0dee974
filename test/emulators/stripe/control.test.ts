import { afterEach, describe, expect, test } from 'vitest';

import { OFF_SESSION, refusal, savedCard, useEmulator } from './emulator.js';

const bench = useEmulator();

describe('the control API', () => {
  afterEach(() => bench.control('POST', 'reset'));

  test('forgets everything on a reset', async () => {
    const stripe = bench.client();
    const { id } = await stripe.customers.create();
    await bench.control('POST', 'clock', { advance_seconds: 86_400 });
    await bench.control('POST', 'faults', { fault: 'rate_limit' });
    await bench.control('POST', 'reset');
    expect((await refusal(stripe.customers.retrieve(id))).statusCode).toBe(404);
    const { now_ms } = await bench.control<{ now_ms: number }>('GET', 'clock');
    expect(now_ms).toBeLessThan(Date.now() + 1000);
    const card = await savedCard(stripe, 'pm_card_visa');
    expect((await stripe.paymentIntents.create({ ...OFF_SESSION, ...card })).status).toBe(
      'succeeded',
    );
    const { entries } = await bench.control<{ entries: unknown[] }>('GET', 'journal');
    expect(entries).toHaveLength(1);
  });

  test('answers 201 for a fault, and lists it', async () => {
    const answer = await fetch(`${bench.url()}/_emulator/faults`, {
      method: 'POST',
      body: JSON.stringify({ match: { path: '/v1/refunds*' }, fault: 'delay', delay_ms: 5 }),
    });
    expect(answer.status).toBe(201);
    const { faults } = await bench.control<{ faults: unknown[] }>('GET', 'faults');
    expect(faults).toMatchObject([
      { fault: 'delay', delay_ms: 5, effect: 'before', probability: 1 },
    ]);
  });

  test.each([
    ['POST', 'faults', { fault: 'earthquake' }],
    ['POST', 'clock', { advance_seconds: 'soon' }],
    ['POST', 'settle', { payment_intent: 'pi_none', outcome: 'succeeded' }],
    ['PUT', 'payment_methods/pm_none/fate', { fate: 'succeed' }],
    ['POST', 'webhooks', { mode: 'shred' }],
    ['GET', 'nothing', undefined],
  ])('refuses %s %s %o', async (method, path, body) => {
    await expect(bench.control(method, path, body)).rejects.toThrow(/: 40[04] /);
  });
});

test('a property that cannot be expanded is refused before anything happens', async () => {
  const stripe = bench.client();
  const card = await savedCard(stripe, 'pm_card_visa');
  const charge = { ...OFF_SESSION, ...card, expand: ['latest_charge.nonsense'] };
  expect((await refusal(stripe.paymentIntents.create(charge))).statusCode).toBe(400);
  expect((await stripe.paymentIntents.list()).data).toEqual([]);
  const listed = await stripe.paymentIntents.list({ expand: ['data.payment_method'] });
  expect(listed.data).toEqual([]);
});
