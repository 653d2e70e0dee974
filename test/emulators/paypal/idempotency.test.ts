import { describe, expect, test } from 'vitest';

import { ORDERS, captureIn, eventually, issueIn, renewal, useEmulator } from './emulator.js';

const bench = useEmulator();
const hours = (n: number) => ({ advance_seconds: n * 3600 });

describe('a request id', () => {
  test('makes a repeat harmless, and tells it by a 200', async () => {
    const merchant = bench.merchant();
    const body = renewal(await merchant.vaulted());
    const first = await merchant.post(ORDERS, body, { requestId: 'twice' });
    const second = await merchant.post(ORDERS, body, { requestId: 'twice' });
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.body).toEqual(first.body);
    expect(await bench.journal(merchant)).toHaveLength(1);
  });

  test('is answered with how things are now, not with how they were', async () => {
    const merchant = bench.merchant();
    const body = renewal(await merchant.vaulted('pending_ECHECK'));
    const first = await merchant.post(ORDERS, body, { requestId: 'current' });
    const { id } = captureIn(first.body);
    await bench.control('POST', 'settle', { capture: id, outcome: 'succeeded' });
    const second = await merchant.post(ORDERS, body, { requestId: 'current' });
    expect([captureIn(first.body).status, captureIn(second.body).status]).toEqual([
      'PENDING',
      'COMPLETED',
    ]);
    const minimal = { requestId: 'current', prefer: 'return=minimal' };
    expect((await merchant.post(ORDERS, body, minimal)).body.purchase_units).toBeUndefined();
  });

  test('is answered with the first request even when the second asks for something else', async () => {
    const merchant = bench.merchant();
    const vaultId = await merchant.vaulted();
    const ask = { requestId: 'reused' };
    await merchant.post(ORDERS, renewal(vaultId, { custom_id: 'one' }), ask);
    const other = await merchant.post(ORDERS, renewal(vaultId, { custom_id: 'two' }), ask);
    expect(captureIn(other.body).custom_id).toBe('one');
  });

  test('is refused again after a decline, unless the account is set to try anew', async () => {
    const merchant = bench.merchant();
    const vaultId = await merchant.vaulted('INSTRUMENT_DECLINED_times_1');
    const ask = () => merchant.post(ORDERS, renewal(vaultId), { requestId: 'declined' });
    const first = await ask();
    const second = await ask();
    expect([first.status, second.status]).toEqual([422, 422]);
    expect(second.body).toEqual(first.body);

    await bench.control('POST', 'declines', { client_id: merchant.clientId, enabled: false });
    const other = bench.merchant(merchant.clientId);
    const token = await other.vaulted('INSTRUMENT_DECLINED_times_1');
    const again = () => other.post(ORDERS, renewal(token), { requestId: 'anew' });
    expect([(await again()).status, (await again()).status]).toEqual([422, 201]);
  });

  test('means nothing to another account, nor to another endpoint', async () => {
    const ask = { requestId: 'shared' };
    const [one, other] = [bench.merchant(), bench.merchant()];
    const first = await one.post(ORDERS, renewal(await one.vaulted()), ask);
    const second = await other.post(ORDERS, renewal(await other.vaulted()), ask);
    expect([first.status, second.status]).toEqual([201, 201]);
    const { id } = captureIn(first.body);
    const refund = await one.post(`/v2/payments/captures/${id}/refund`, {}, ask);
    expect(refund.status).toBe(201);
  });

  test('is in progress while its first request is under way', async () => {
    const merchant = bench.merchant();
    const body = renewal(await merchant.vaulted());
    await bench.control('POST', 'faults', {
      match: { path: ORDERS },
      fault: 'delay',
      delay_ms: 1_000,
      times: 1,
    });
    const slow = merchant.post(ORDERS, body, { requestId: 'busy' });
    await bench.struck();
    const early = await eventually(async () => {
      const answer = await merchant.post(ORDERS, body, { requestId: 'busy' });
      return answer.status === 409 ? answer : undefined;
    });
    expect(early.body.name).toBe('RESOURCE_CONFLICT');
    expect(issueIn(early)).toBe('PREVIOUS_REQUEST_IN_PROGRESS');
    await slow;
    expect((await merchant.post(ORDERS, body, { requestId: 'busy' })).status).toBe(200);
    expect(await bench.journal(merchant)).toHaveLength(1);
  });
});

describe('a request id is forgotten', () => {
  test('after six hours by orders: then the money moves again', async () => {
    const merchant = bench.merchant();
    const body = renewal(await merchant.vaulted());
    const ask = () => merchant.post(ORDERS, body, { requestId: 'old' });
    await ask();
    await bench.control('POST', 'clock', hours(5.9));
    expect((await ask()).status).toBe(200);
    await bench.control('POST', 'clock', hours(0.2));
    expect((await ask()).status).toBe(201);
    expect(await bench.journal(merchant)).toHaveLength(2);
  });

  test('after three hours by the vault', async () => {
    const merchant = bench.merchant();
    const body = { payment_source: { paypal: { usage_type: 'MERCHANT' } } };
    const ask = () => merchant.post('/v3/vault/setup-tokens', body, { requestId: 'old' });
    const first = await ask();
    expect((await ask()).body.id).toBe(first.body.id);
    await bench.control('POST', 'clock', hours(3.1));
    const later = await ask();
    expect(later.status).toBe(201);
    expect(later.body.id).not.toBe(first.body.id);
  });

  test('after 45 days by refunds', async () => {
    const merchant = bench.merchant();
    const { body } = await merchant.post(ORDERS, renewal(await merchant.vaulted()), {
      requestId: 'paid',
    });
    const path = `/v2/payments/captures/${captureIn(body).id}/refund`;
    const late = bench.merchant(merchant.clientId);
    const part = { amount: { currency_code: 'USD', value: '1.00' } };
    const statuses = [(await merchant.post(path, part, { requestId: 'r' })).status];
    await bench.control('POST', 'clock', hours(24 * 44));
    statuses.push((await late.post(path, part, { requestId: 'r' })).status);
    await bench.control('POST', 'clock', hours(24 * 2));
    const later = bench.merchant(merchant.clientId);
    statuses.push((await later.post(path, part, { requestId: 'r' })).status);
    expect(statuses).toEqual([201, 200, 201]);
  });
});
