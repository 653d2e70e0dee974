import { afterEach, describe, expect, test } from 'vitest';

import { ORDERS, askForToken, renewal, useEmulator } from './emulator.js';

const bench = useEmulator();

afterEach(() => bench.control('DELETE', 'faults'));

/** Charges a good wallet under the fault: what the client saw, what moved, and what a repeat is told. */
async function chargeUnder(fault: Record<string, unknown>) {
  const merchant = bench.merchant();
  const body = renewal(await merchant.vaulted(), { custom_id: 'ch_fault' });
  const ask = { requestId: crypto.randomUUID() };
  await bench.control('POST', 'faults', { match: { method: 'POST', path: ORDERS }, ...fault });
  const started = Date.now();
  const seen = await merchant.post(ORDERS, body, ask).then(
    ({ status }) => status,
    () => 'no answer',
  );
  const took = Date.now() - started;
  await bench.control('DELETE', 'faults');
  const moved = (await bench.journal(merchant)).length;
  const again = (await merchant.post(ORDERS, body, ask)).status;
  const movedInAll = (await bench.journal(merchant)).length;
  return { seen, took, moved, again, movedInAll };
}

describe('a fault', () => {
  test.each([
    ['reset_before', {}, 'no answer', 0, 201],
    ['reset_after', {}, 'no answer', 1, 200],
    ['error_before', {}, 500, 0, 201],
    ['error_before', { stored: true }, 500, 0, 201],
    ['error_after', {}, 500, 1, 200],
    ['truncate', {}, 'no answer', 1, 200],
    ['rate_limit', { retry_after: 7 }, 429, 0, 201],
    ['delay', { delay_ms: 60 }, 201, 1, 200],
  ])('%s %o is seen as %s with %i moved, and a repeat as %i', async (fault, more, ...expected) => {
    const { seen, took, moved, again, movedInAll } = await chargeUnder({ fault, ...more });
    expect([seen, moved, again]).toEqual(expected);
    expect(movedInAll).toBe(1);
    if (fault === 'delay') expect(took).toBeGreaterThanOrEqual(55);
  });

  test('with a late effect shows nothing while the client waits', async () => {
    const merchant = bench.merchant();
    const body = renewal(await merchant.vaulted());
    await bench.control('POST', 'faults', {
      match: { path: ORDERS },
      fault: 'delay',
      delay_ms: 1_000,
      effect: 'after',
      times: 1,
    });
    const slow = merchant.post(ORDERS, body, { requestId: 'slow' });
    await bench.struck();
    expect(await bench.journal(merchant)).toEqual([]);
    await slow;
    expect(await bench.journal(merchant)).toHaveLength(1);
  });

  test('strikes the requests whose body says so, however deep', async () => {
    const merchant = bench.merchant();
    const vaultId = await merchant.vaulted();
    await bench.control('POST', 'faults', {
      match: { path: '/v2/checkout/*', body: { 'purchase_units.0.custom_id': 'ch_b' } },
      fault: 'error_before',
    });
    const charge = async (custom_id: string) => {
      const body = renewal(vaultId, { custom_id });
      return (await merchant.post(ORDERS, body, { requestId: custom_id })).status;
    };
    expect([await charge('ch_a'), await charge('ch_b')]).toEqual([201, 500]);
  });

  test('can strike the purchase of a token, so many times', async () => {
    const fault = { match: { path: '/v1/oauth2/token' }, fault: 'error_before', times: 1 };
    await bench.control('POST', 'faults', fault);
    const ask = async () => (await askForToken(bench.url(), 'fault-client', 'a-secret')).status;
    expect([await ask(), await ask()]).toEqual([500, 200]);
  });

  test.each([
    ['/v2/checkout/orders/:id/capture', 500],
    ['/v2/checkout/orders/:id', 404],
    ['/v2/checkout*', 500],
  ])('aimed at %s lets a capture see %i', async (path, status) => {
    await bench.control('POST', 'faults', { match: { path }, fault: 'error_before' });
    const answer = await bench.merchant().post(`${ORDERS}/none/capture`);
    expect(answer.status).toBe(status);
  });
});
