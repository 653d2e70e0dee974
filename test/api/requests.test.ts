import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openDatabase } from '../../prisma/client.js';
import { type House, aCustomer, aSubscription, openHouse } from './harness.js';

let house: House;
beforeAll(async () => void (house = await openHouse()));
afterAll(() => house.close());

describe('a request that cannot be read', () => {
  it.each([
    ['{"name": ', 400, 'malformed_json'],
    ['"text"', 400, 'malformed_json'],
    ['[]', 422, 'invalid_request'],
    [`{"name":"${'x'.repeat(110_000)}"}`, 413, 'too_large'],
  ])('is a problem %#', async (raw, status, code) => {
    const answered = await house.call('POST', '/v1/customers', { raw });
    expect([answered.status, answered.body.code]).toEqual([status, code]);
  });

  it('because it is no JSON is a 415', async () => {
    const { status } = await house.call('POST', '/v1/customers', {
      raw: 'name=Ada',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(status).toBe(415);
  });

  it('because it leads nowhere is a 404', async () => {
    const { status, body } = await house.call('GET', '/v1/unicorns');
    expect([status, body.code]).toEqual([404, 'unknown_route']);
    expect((await house.call('GET', '/nowhere', { key: null })).body.code).toBe('unknown_route');
    expect((await house.call('GET', '/v1/customers/%E0%A4%A')).status).toBe(400);
  });

  it.each([
    ['POST', '/v1/subscriptions', {}, ['customer', 'amount_minor', 'currency', 'interval']],
    ['POST', '/v1/webhook-endpoints', {}, ['url']],
    ['PATCH', '/v1/settings', { notices: {} }, ['notices.from', 'notices.brand']],
    ['GET', '/v1/statements', undefined, ['from', 'to']],
  ])('because fields are missing names each: %s %s', async (method, path, body, fields) => {
    const { status, body: problem } = await house.call(method, path, body ? { body } : {});
    const message = 'is required';
    expect([status, problem.errors]).toEqual([422, fields.map((field) => ({ field, message }))]);
  });

  it('because it nests too deep is refused all the same', async () => {
    const raw = `{"metadata":${'{"a":'.repeat(9_000)}1${'}'.repeat(9_001)}`;
    expect((await house.call('POST', '/v1/customers', { raw })).status).toBe(422);
  });
});

describe('an API key', () => {
  it.each([
    'Bearer nonsense',
    'Basic abc',
    `Bearer dk_test_${'f'.repeat(48)}`,
    `dk_test_${'f'.repeat(48)}`,
  ])('like "%s" opens nothing', async (authorization) => {
    const { status } = await house.call('GET', '/v1/customers', {
      key: null,
      headers: { authorization },
    });
    expect(status).toBe(401);
  });
});

describe('a request id', () => {
  it('is taken over, or made', async () => {
    const given = await house.call('GET', '/v1/customers', {
      headers: { 'x-request-id': 'abc-1' },
    });
    expect(given.headers.get('x-request-id')).toBe('abc-1');
    const bad = await house.call('GET', '/v1/customers', { headers: { 'x-request-id': 'a b"c' } });
    expect(bad.headers.get('x-request-id')).toMatch(/^req_/);
  });
});

describe('the log', () => {
  it('has one line of listed facts per request', async () => {
    house.logged.length = 0;
    await house.call('POST', '/v1/customers', {
      body: { email: 'secret@example.com' },
      headers: { 'x-request-id': 'logged-1', 'x-other': 'unlogged' },
    });
    await house.call('GET', '/v1/customers?limit=77');
    const lines = house.logged.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatchObject({
      method: 'POST',
      path: '/v1/customers',
      status: 201,
      request_id: 'logged-1',
      merchant_id: house.merchant.id,
    });
    const known = ['level', 'time', 'pid', 'hostname', 'msg', 'method', 'path', 'status'];
    const more = ['duration_ms', 'request_id', 'merchant_id'];
    for (const line of lines)
      expect([...known, ...more]).toEqual(expect.arrayContaining(Object.keys(line)));
    expect(house.logged.join('')).not.toMatch(/secret@example|unlogged|77"|dk_test/);
  });
});

describe('too many requests', () => {
  it('are refused per key', async () => {
    const strict = await openHouse({ rateLimit: { perKey: 3, webhooksPerAddress: 2 } });
    const other = (await strict.addMerchant()).admin;
    const statuses = [];
    for (let n = 0; n < 4; n++) statuses.push((await strict.call('GET', '/v1/customers')).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    expect((await strict.call('GET', '/v1/customers', { key: other })).status).toBe(200);
    const hook = () => strict.call('POST', '/webhooks/stripe/gwa_x', { key: null, body: {} });
    expect([(await hook()).status, (await hook()).status, (await hook()).status]).toEqual([
      404, 404, 429,
    ]);
    await strict.close();
  });
});

describe('headers', () => {
  it('are safe ones', async () => {
    const { headers } = await house.call('GET', '/v1/customers');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('cache-control')).toBe('no-store');
  });
});

describe('health', () => {
  it('is alive, and ready while both stores answer', async () => {
    expect((await house.call('GET', '/healthz', { key: null })).body).toEqual({ status: 'ok' });
    expect((await house.call('GET', '/readyz', { key: null })).status).toBe(200);
  });

  it('names what is away', async () => {
    const db = openDatabase({ url: 'postgresql://nobody@127.0.0.1:1/none', maxConnections: 2 });
    const broken = await openHouse({ db });
    broken.edges.ping = () => Promise.reject(new Error('14 UNAVAILABLE'));
    const { status, body } = await broken.call('GET', '/readyz', { key: null });
    expect([status, body.detail]).toEqual([503, 'Not reachable: PostgreSQL, Temporal']);
    expect((await broken.call('GET', '/healthz', { key: null })).status).toBe(200);
    expect((await broken.call('GET', '/v1/customers')).status).toBe(503);
    await broken.close();
    await db.$disconnect();
  });
});

describe('the documentation', () => {
  it('comes from this machine alone', async () => {
    const page = await (await fetch(`${house.url}/docs`)).text();
    const sources = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source!);
    expect(sources.length).toBeGreaterThan(3);
    for (const source of sources) {
      expect(source).toMatch(/^\/docs\//);
      const { status, headers } = await fetch(house.url + source);
      expect(status, source).toBe(200);
      expect(headers.get('content-security-policy')).toContain("default-src 'self'");
    }
    expect(await (await fetch(`${house.url}/docs/initializer.js`)).text()).toContain(
      "'/openapi.json'",
    );
  });
});

describe('events', () => {
  it('are read oldest first, by subscription and by type', async () => {
    const { id } = await aSubscription(house);
    await house.call('POST', `/v1/subscriptions/${id}/pause`);
    await house.call('DELETE', `/v1/subscriptions/${id}/pause`);
    const { body } = await house.call('GET', `/v1/events?subscription=${id}`);
    const types = body.data.map(({ type }: { type: string }) => type);
    expect(types).toEqual(['subscription.created', 'subscription.paused', 'subscription.resumed']);
    expect(body.data.map(({ sequence }: { sequence: number }) => sequence)).toEqual([1, 2, 3]);

    const page = `/v1/events?subscription=${id}&limit=1&starting_after=${body.data[0].id}`;
    const next = await house.call('GET', page);
    expect([next.body.data, next.body.has_more]).toEqual([[body.data[1]], true]);
    const typed = await house.call('GET', `/v1/events?subscription=${id}&type=subscription.paused`);
    expect(typed.body.data).toEqual([body.data[1]]);
    const misspelled = await house.call('GET', '/v1/events?type=subscription.pausd');
    expect(misspelled.body.errors).toEqual([{ field: 'type', message: 'is no type of event' }]);
    expect((await house.call('GET', `/v1/events/${body.data[0].id}`)).body).toEqual(body.data[0]);
  });
});

it('a customer is still made after all this', async () => {
  expect(await aCustomer(house)).toMatch(/^cus_/);
});
