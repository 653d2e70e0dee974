import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createApiKey } from '../../prisma/api-key.js';
import { type House, aKeyWith, aLiveKey, everythingStored, openHouse } from './harness.js';

let house: House;
let live: string;
beforeAll(async () => {
  house = await openHouse();
  live = await aLiveKey(house);
});
afterAll(() => house.close());

let names = 0;
const valid = () => ({
  name: `stripe-${++names}`,
  gateway: 'stripe',
  mode: 'test',
  secret_ref: 'env:STRIPE_TEST_KEY',
  webhook_secret_refs: ['file:/run/secrets/stripe-webhook'],
});

describe('gateway accounts', () => {
  it('keep references, a lane and the path for webhooks', async () => {
    const { status, body } = await house.call('POST', '/v1/gateway-accounts', { body: valid() });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      lane: 'gateway-stripe',
      state: 'open',
      api_base: null,
      webhook_url: `/webhooks/stripe/${body.id}`,
    });
    const path = `/v1/gateway-accounts/${body.id}`;
    const changed = await house.call('PATCH', path, {
      body: { state: 'drained', lane: 'gateway-busy', api_base: 'http://127.0.0.1:8081' },
    });
    expect(changed.body).toMatchObject({ state: 'drained', lane: 'gateway-busy' });
    expect((await house.call('GET', path)).body).toEqual(changed.body);
  });

  const secret = ['sk', 'live', 'x51TotallySecretKeyThatNobodyMaySee'].join('_');

  it.each([
    [{ secret_ref: secret }, 'secret_ref'],
    [{ webhook_secret_refs: ['whsec_TotallySecret'] }, 'webhook_secret_refs.0'],
    [{ secret_ref: 'env:DUNLIN_ADMIN_KEY' }, 'secret_ref'],
    [{ secret_ref: 'env:DATABASE_URL' }, 'secret_ref'],
    [{ secret_ref: 'env:SIGNING_KEY' }, 'secret_ref'],
    [{ secret_ref: 'env:SMTP_URL' }, 'secret_ref'],
    [{ secret_ref: 'file:/proc/self/environ' }, 'secret_ref'],
    [{ secret_ref: 'file:/run/../proc/self/environ' }, 'secret_ref'],
    [{ secret_ref: 'file://proc/1/environ' }, 'secret_ref'],
    [{ api_base: 'http://api.example.com' }, 'api_base'],
    [{ api_base: 'https://user:pass@api.example.com' }, 'api_base'],
    [{ api_base: 'ftp://localhost' }, 'api_base'],
    // Well written, and not among those that the installation permits.
    [{ api_base: 'https://collector.example' }, 'api_base'],
    [{ api_base: 'http://localhost:8081' }, 'api_base'],
    [{ gateway: 'bank' }, 'gateway'],
    [{ sends_per_second: 0 }, 'sends_per_second'],
    [{ sends_per_second: 1001 }, 'sends_per_second'],
    [{ debit_notice_days: 31 }, 'debit_notice_days'],
    [{ debit_notice_days: 1.5 }, 'debit_notice_days'],
    [{ quiet_until: '2099-01-01T00:00:00Z' }, 'quiet_until'],
    [{ name: 'Not A Slug' }, 'name'],
    [{ api_key: secret }, 'api_key'],
  ])('refuse %j without echoing it', async (wrong, field) => {
    const { status, body } = await house.call('POST', '/v1/gateway-accounts', {
      body: { ...valid(), ...wrong },
    });
    expect([status, body.errors[0].field]).toEqual([422, field]);
    expect(JSON.stringify(body)).not.toContain('TotallySecret');
  });

  it('never show a secret to the log or the database', async () => {
    for (const text of [house.logged.join(''), await everythingStored(house.databaseUrl)])
      expect(text).not.toContain('TotallySecret');
  });

  it('that are live send nowhere but to the vendor', async () => {
    const body = { ...valid(), mode: 'live', api_base: 'http://127.0.0.1:8081' };
    const { status, body: answer } = await house.call('POST', '/v1/gateway-accounts', {
      key: live,
      body,
    });
    expect([status, answer.errors[0].field]).toEqual([422, 'api_base']);
    const made = await house.call('POST', '/v1/gateway-accounts', {
      key: live,
      body: { ...valid(), mode: 'live' },
    });
    expect(made.status).toBe(201);
    const patch = { body: { api_base: 'https://example.com' } };
    const path = `/v1/gateway-accounts/${made.body.id}`;
    expect((await house.call('PATCH', path, { key: live, ...patch })).status).toBe(422);
    expect((await house.call('PATCH', path, { body: { state: 'closed' } })).status).toBe(403);
  });

  it('that are live are not for test keys', async () => {
    const { status, body } = await house.call('POST', '/v1/gateway-accounts', {
      body: { ...valid(), mode: 'live' },
    });
    expect([status, body.code]).toEqual([403, 'test_key']);
  });

  it('have one name each, and never change gateway or mode', async () => {
    const asked = valid();
    await house.call('POST', '/v1/gateway-accounts', { body: asked });
    const taken = await house.call('POST', '/v1/gateway-accounts', { body: asked });
    expect([taken.status, taken.body.code]).toEqual([409, 'name_taken']);
    const path = `/v1/gateway-accounts/${house.merchant.accountId}`;
    const fixed = await house.call('PATCH', path, { body: { mode: 'live' } });
    expect([fixed.status, fixed.body.code]).toEqual([422, 'immutable']);
  });
});

describe('the pace of a gateway account', () => {
  it('is how many are sent each second, and how early payers of a debit are told', async () => {
    const body = { ...valid(), gateway: 'paypal', sends_per_second: 0.5, debit_notice_days: 5 };
    const made = await house.call('POST', '/v1/gateway-accounts', { body });
    expect(made.body).toMatchObject({
      lane: 'gateway-paypal',
      sends_per_second: 0.5,
      debit_notice_days: 5,
      quiet_until: null,
    });
    const path = `/v1/gateway-accounts/${made.body.id}`;
    const until = new Date('2099-01-01T00:00:00.000Z');
    await house.db.gatewayAccount.update({
      where: { id: made.body.id },
      data: { quietUntil: until },
    });
    const changed = await house.call('PATCH', path, {
      body: { sends_per_second: null, debit_notice_days: null },
    });
    expect(changed.body).toMatchObject({
      sends_per_second: null,
      debit_notice_days: null,
      quiet_until: until.toISOString(),
    });
  });

  it('stays as it is where a change does not name it', async () => {
    const body = { ...valid(), sends_per_second: 20 };
    const { body: made } = await house.call('POST', '/v1/gateway-accounts', { body });
    const path = `/v1/gateway-accounts/${made.id}`;
    const { body: changed } = await house.call('PATCH', path, { body: { state: 'closed' } });
    expect(changed).toEqual({ ...made, state: 'closed' });
  });
});

describe('an operator', () => {
  it('opens, drains and closes an account, and changes nothing else', async () => {
    const operator = await aKeyWith(house, ['operate']);
    const path = `/v1/gateway-accounts/${house.merchant.accountId}`;
    const patch = (body: object) => house.call('PATCH', path, { key: operator, body });
    for (const state of ['drained', 'closed', 'open']) {
      const { status, body } = await patch({ state });
      expect([status, body.state]).toEqual([200, state]);
    }
    for (const more of [{ lane: 'gateway-mine' }, { secret_ref: 'env:MINE' }, { api_base: null }]) {
      const { status, body } = await patch({ state: 'closed', ...more });
      expect([status, body.code]).toEqual([403, 'missing_scope']);
    }
    expect((await house.call('GET', path)).body.state).toBe('open');
  });
});

describe('API keys', () => {
  it('open nothing once they are revoked', async () => {
    const made = await house.call('POST', '/v1/api-keys', {
      body: { name: 'app', mode: 'test', scopes: ['read'] },
    });
    const key = made.body.secret as string;
    expect((await house.call('GET', '/v1/customers', { key })).status).toBe(200);
    const revoked = await house.call('DELETE', `/v1/api-keys/${made.body.id}`);
    expect(revoked.body.revoked_at).not.toBeNull();
    expect((await house.call('DELETE', `/v1/api-keys/${made.body.id}`)).body).toEqual(revoked.body);
    expect((await house.call('GET', '/v1/customers', { key })).status).toBe(401);
  });

  it('are listed without their secrets, and logged never', async () => {
    const { body } = await house.call('GET', '/v1/api-keys');
    for (const shown of body.data) expect(shown).not.toHaveProperty('secret');
    expect(house.logged.join('')).not.toContain('dk_test_');
  });

  it('of test mode make no live ones', async () => {
    const asked = { name: 'app', mode: 'live', scopes: ['admin'] };
    expect((await house.call('POST', '/v1/api-keys', { body: asked })).status).toBe(403);
    expect((await house.call('POST', '/v1/api-keys', { key: live, body: asked })).status).toBe(201);
  });

  it('made twice with a chosen secret are one', async () => {
    const secret = `dk_test_${'a'.repeat(40)}`;
    const asked = {
      merchantId: house.merchant.id,
      name: 'admin',
      mode: 'test',
      scopes: ['admin'],
      secret,
    } as const;
    const made = await Promise.all(Array.from({ length: 5 }, () => createApiKey(house.db, asked)));
    expect(new Set(made.map(({ row }) => row.id)).size).toBe(1);
  });
});
