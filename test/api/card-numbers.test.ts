import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { routes } from '../../api/routes.js';
import { type House, everythingStored, openHouse } from './harness.js';
import { seedPastDue } from './seed.js';

/** Two spellings of one number, which is in no seed and in no id. */
const CARD = '5555555555554444';
const SPACED = '5555 5555 5555 4444';

let house: House;
let ids: Record<string, string>;

beforeAll(async () => {
  house = await openHouse();
  const seeded = await seedPastDue(house, house.merchant);
  ids = {
    customers: seeded.customer,
    subscriptions: seeded.subscription,
    renewals: seeded.renewal,
    'dunning-cases': seeded.dunningCase,
    'gateway-accounts': house.merchant.accountId,
  };
});
afterAll(() => house.close());

const writes = routes.filter(({ method }) => method === 'post' || method === 'patch');
const at = (path: string) => path.replace('{id}', ids[path.split('/')[2]!]!);
const positions = writes.flatMap(({ method, path, body }) =>
  [...Object.keys(body?.shape ?? {}), 'not_a_field'].map((field) => [method, path, field] as const),
);

describe('a card number', () => {
  it.each(positions)(
    '%s %s: is refused in %s, alone, deep, as a number and as a key',
    async (method, path, field) => {
      const bodies: [unknown, string][] = [
        [CARD, field],
        [Number(CARD), field],
        [`card ${SPACED}, thanks`, field],
        [{ note: [{ deep: CARD }] }, `${field}.note[0].deep`],
        [{ [CARD]: 'x' }, field],
      ];
      for (const [value, place] of bodies) {
        const { status, body } = await house.call(method.toUpperCase(), at(path), {
          body: { [field]: value },
        });
        expect([status, body.code]).toEqual([422, 'card_number']);
        expect(body.errors[0].field).toContain(place);
        expect(JSON.stringify(body)).not.toContain(CARD);
      }
    },
  );

  it('is refused in the query, the path, and the Idempotency-Key', async () => {
    const refusals = [
      await house.call('GET', `/v1/customers?starting_after=${CARD}`),
      await house.call('GET', `/v1/customers?${CARD}=1`),
      await house.call('GET', `/v1/customers/${CARD}`),
      await house.call('GET', `/v1/customers/${encodeURIComponent(SPACED)}`),
      await house.call('POST', '/v1/customers', {
        body: {},
        headers: { 'idempotency-key': CARD },
      }),
      await house.call('GET', `/nowhere/${CARD}`, { key: null }),
    ];
    for (const { status, body } of refusals) {
      expect([status, body.code]).toEqual([422, 'card_number']);
      expect(JSON.stringify(body)).not.toContain(CARD);
    }
  });

  it('is not taken for a request id, and not echoed from a body that is no JSON', async () => {
    const asked = await house.call('GET', '/v1/customers', { headers: { 'x-request-id': CARD } });
    expect(asked.headers.get('x-request-id')).toMatch(/^req_/);
    const broken = await house.call('POST', '/v1/customers', { raw: `{"name": ${CARD}x}` });
    expect([broken.status, broken.body.code]).toEqual([400, 'malformed_json']);
    expect(JSON.stringify(broken.body)).not.toContain(CARD);
    await fetch(`${house.url}/webhooks/stripe/${CARD}`, { method: 'POST', body: CARD });
  });

  it('is then in no row and in no line of the log', async () => {
    const lines = house.logged.join('');
    expect(house.logged.length).toBeGreaterThan(positions.length);
    for (const text of [await everythingStored(house.databaseUrl), lines]) {
      expect(text).not.toContain(CARD);
      expect(text).not.toContain(SPACED);
      expect(text).not.toContain(encodeURIComponent(SPACED));
    }
  });

  it('has a look-alike that passes: an id, a UUID, an order number without a check digit', async () => {
    const metadata = { order: '5555555555554445', uuid: '4242d242-4242-4242-4242-424242424242' };
    const { status } = await house.call('POST', '/v1/customers', { body: { metadata } });
    expect(status).toBe(201);
  });
});

it('every write takes an object', () => {
  for (const { body } of writes) if (body) expect(body).toBeInstanceOf(z.ZodObject);
});
