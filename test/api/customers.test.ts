import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type House, aCustomer, openHouse } from './harness.js';

let house: House;
beforeAll(async () => void (house = await openHouse()));
afterAll(() => house.close());

const ADA = {
  email: 'ada@example.com',
  name: 'Ada Lovelace',
  country: 'GB',
  locale: 'en-GB',
  time_zone: 'Europe/London',
  metadata: { plan: 'pro' },
};

describe('customers', () => {
  it('are created, read and changed', async () => {
    const created = await house.call('POST', '/v1/customers', { body: ADA });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject(ADA);
    expect(created.headers.get('location')).toBe(`/v1/customers/${created.body.id}`);

    const path = `/v1/customers/${created.body.id}`;
    const changed = await house.call('PATCH', path, { body: { name: null, metadata: {} } });
    expect(changed.body).toEqual({ ...created.body, name: null, metadata: {} });
    expect((await house.call('GET', path)).body).toEqual(changed.body);
  });

  it('live in UTC unless they say where', async () => {
    const { body } = await house.call('POST', '/v1/customers', { body: {} });
    expect(body).toMatchObject({ time_zone: 'UTC', email: null, country: null });
  });

  it('name every bad field at once, an unknown one too', async () => {
    const { status, body } = await house.call('POST', '/v1/customers', {
      body: {
        email: 'no',
        country: 'XX',
        locale: 'english!',
        time_zone: '+01:00',
        metadata: { ['k'.repeat(41)]: 'v', n: 1 },
        vip: true,
        name: 'half \ud800 a character',
      },
    });
    expect(status).toBe(422);
    const fields = body.errors.map(({ field }: { field: string }) => field);
    for (const field of ['email', 'country', 'locale', 'time_zone', 'metadata.n', 'vip', 'name'])
      expect(fields).toContain(field);
  });

  it('take at most 50 metadata keys', async () => {
    const metadata = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, 'v']));
    const { status, body } = await house.call('POST', '/v1/customers', { body: { metadata } });
    expect([status, body.errors[0].field]).toEqual([422, 'metadata']);
  });

  it('are listed newest first, page by page, each once', async () => {
    const made: string[] = [];
    for (let n = 0; n < 7; n++) made.push(await aCustomer(house));
    const seen: string[] = [];
    let after = '';
    for (let page = 0; page < 20; page++) {
      const { body } = await house.call('GET', `/v1/customers?limit=3${after}`);
      seen.push(...body.data.map(({ id }: { id: string }) => id));
      if (!body.has_more) break;
      expect(body.data).toHaveLength(3);
      after = `&starting_after=${body.data.at(-1).id}`;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(seen.toSorted().toReversed());
    expect(seen).toEqual(expect.arrayContaining(made));
  });

  it.each([
    'limit=0',
    'limit=101',
    'limit=x',
    'starting_after=nope',
    'unknown=1',
    'limit=1&limit=2',
  ])('refuse a list of ?%s', async (query) => {
    const { status, body } = await house.call('GET', `/v1/customers?${query}`);
    expect([status, body.code]).toEqual([422, 'invalid_request']);
  });

  it.each(['0', '101', 'x', '1.5', '1&limit=2'])('say what a limit of %s may be', async (limit) => {
    const { body } = await house.call('GET', `/v1/customers?limit=${limit}`);
    const message = 'must be a whole number from 1 to 100';
    expect(body.errors).toEqual([{ field: 'limit', message }]);
  });
});
