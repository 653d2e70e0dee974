import { afterEach, describe, expect, test } from 'vitest';

import { ORDERS, amount, askForToken, speak, useEmulator } from './emulator.js';

const bench = useEmulator();
const ORDER = { intent: 'CAPTURE', purchase_units: [{ amount: amount('1.00') }] };

describe('an access token', () => {
  afterEach(() => bench.control('POST', 'tokens', { lifetime_seconds: 31_668 }));

  test('is bought with a client id and a secret', async () => {
    const { status, body } = await askForToken(bench.url(), 'some-client', 'some-secret');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      access_token: expect.stringMatching(/^A21AA/),
      token_type: 'Bearer',
      expires_in: 31_668,
      app_id: expect.stringMatching(/^APP-/),
      scope: expect.any(String),
      nonce: expect.any(String),
    });
  });

  test.each([
    ['', ''],
    ['x', 'y'],
    ['live-client', 'some-secret'],
    ['some-client', 'LIVE_secret'],
    ['some client', 'some-secret'],
  ])('is not sold to %o:%o', async (client, secret) => {
    const { status, body } = await askForToken(bench.url(), client, secret);
    expect([status, body.error]).toEqual([401, 'invalid_client']);
  });

  test('is not sold for a wrong secret of a registered client', async () => {
    const client = { client_id: 'registered-client', secret: 'right-secret' };
    await bench.control('POST', 'clients', client);
    const ask = (secret: string) => askForToken(bench.url(), client.client_id, secret);
    expect((await ask('wrong-secret')).body.error).toBe('invalid_client');
    expect((await ask('right-secret')).status).toBe(200);
  });

  test('is not sold for another grant, nor in another form', async () => {
    const other = await askForToken(bench.url(), 'some-client', 'some-secret', 'grant_type=mine');
    expect([other.status, other.body.error]).toEqual([400, 'unsupported_grant_type']);
    const none = await askForToken(bench.url(), 'some-client', 'some-secret', 'x=y');
    expect([none.status, none.body.error]).toEqual([400, 'invalid_request']);
    const json = await speak(`${bench.url()}/v1/oauth2/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from('some-client:some-secret').toString('base64')}`,
        'content-type': 'application/json',
      },
      body: 'grant_type=client_credentials',
    });
    expect(json.status).toBe(415);
  });

  test('can be revoked, one client’s or everybody’s', async () => {
    const [one, other] = [bench.merchant(), bench.merchant()];
    for (const merchant of [one, other])
      expect((await merchant.post(ORDERS, ORDER)).status).toBe(201);
    const revoked = await bench.control('POST', 'tokens/revoke', { client_id: one.clientId });
    expect(revoked).toEqual({ revoked: 1 });
    const refused = await one.post(ORDERS, ORDER);
    expect([refused.status, refused.body.error]).toEqual([401, 'invalid_token']);
    expect((await other.post(ORDERS, ORDER)).status).toBe(201);
    await bench.control('POST', 'tokens/revoke', {});
    expect((await other.post(ORDERS, ORDER)).status).toBe(401);
  });

  test('ends by the emulator’s clock', async () => {
    await bench.control('POST', 'tokens', { lifetime_seconds: 600 });
    const merchant = bench.merchant();
    expect((await merchant.post(ORDERS, ORDER)).status).toBe(201);
    await bench.control('POST', 'clock', { advance_seconds: 601 });
    const late = await merchant.post(ORDERS, ORDER);
    expect([late.status, late.body.error_description]).toEqual([401, 'The token has expired']);
  });
});

test('the log of requests shows what was asked, without secrets or card numbers', async () => {
  const merchant = bench.merchant();
  const card = { number: '4111111111111111', expiry: '2039-12' };
  await merchant.post(
    '/v3/vault/setup-tokens',
    { payment_source: { card } },
    { requestId: 'log-1' },
  );
  const { requests } = await bench.control('GET', 'requests');
  const logged = requests.find(
    (one: { idempotency_key: string }) => one.idempotency_key === 'log-1',
  );
  expect(logged).toMatchObject({
    method: 'POST',
    path: '/v3/vault/setup-tokens',
    status: 201,
    prefer: 'return=representation',
    replayed: false,
    body: { payment_source: { card: '[not logged]' } },
  });
  const all = JSON.stringify(requests);
  for (const secret of ['4111111111111111', 'bench-secret', 'A21AA'])
    expect(all).not.toContain(secret);
});
