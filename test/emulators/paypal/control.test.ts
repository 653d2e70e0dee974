import { afterEach, describe, expect, test } from 'vitest';

import { ORDERS, captureIn, renewal, speak, useEmulator } from './emulator.js';

const bench = useEmulator();

describe('the control API', () => {
  afterEach(() => bench.control('POST', 'reset'));

  test('forgets everything on a reset but the root it signs under', async () => {
    const root = () => speak(`${bench.url()}/_emulator/root_certificate`);
    const before = await root();
    expect(before.body).toContain('BEGIN CERTIFICATE');
    const merchant = bench.merchant();
    await merchant.vaulted();
    await bench.control('POST', 'clock', { advance_seconds: 86_400 });
    await bench.control('POST', 'faults', { fault: 'rate_limit' });
    await bench.control('POST', 'reset');
    expect((await merchant.get(`${ORDERS}/x`)).status).toBe(401);
    const { now_ms } = await bench.control<{ now_ms: number }>('GET', 'clock');
    expect(now_ms).toBeLessThan(Date.now() + 1000);
    expect(await root()).toMatchObject({ body: before.body });
    const fresh = bench.merchant(merchant.clientId);
    const body = renewal(await fresh.vaulted());
    const { body: order } = await fresh.post(ORDERS, body, { requestId: 'fresh' });
    expect(captureIn(order).status).toBe('COMPLETED');
    expect(await bench.journal(fresh)).toHaveLength(1);
  });

  test('answers 201 for a fault, and lists it', async () => {
    const body = JSON.stringify({ match: { path: '/v2/*' }, fault: 'delay', delay_ms: 5 });
    const answer = await speak(`${bench.url()}/_emulator/faults`, { method: 'POST', body });
    expect(answer.status).toBe(201);
    const { faults } = await bench.control('GET', 'faults');
    expect(faults).toMatchObject([{ fault: 'delay', delay_ms: 5, effect: 'before' }]);
  });

  test.each([
    ['POST', 'faults', { fault: 'earthquake' }],
    ['POST', 'clock', { advance_seconds: 'soon' }],
    ['POST', 'settle', { capture: 'NONE', outcome: 'succeeded' }],
    ['POST', 'approve', { order: 'NONE' }],
    ['POST', 'approve', {}],
    ['POST', 'setup_tokens', { client_id: 'some-client', fate: 'be happy' }],
    ['POST', 'setup_tokens', { fate: 'succeed' }],
    ['POST', 'clients', { client_id: 'live-client', secret: 'some-secret' }],
    ['PUT', 'payment_tokens/none/fate', { fate: 'succeed' }],
    ['POST', 'webhooks', { mode: 'shred' }],
    ['POST', 'webhook_endpoints', { url: 'http://shop.example.com/' }],
    ['POST', 'webhooks/forge', { webhook_id: 'X', event: {}, cert: 'perfect' }],
    ['POST', 'transactions', { lag_seconds: -1 }],
    ['GET', 'nothing', undefined],
  ])('refuses %s %s %o', async (method, path, body) => {
    await expect(bench.control(method, path, body)).rejects.toThrow(/: 40[04] /);
  });
});
