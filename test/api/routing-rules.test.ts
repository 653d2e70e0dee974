import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { isId } from '../../domain/ids.js';
import { type House, aKeyWith, aLiveKey, anAccount, openHouse } from './harness.js';

let house: House;
let paypal: string;
let live: string;
beforeAll(async () => {
  house = await openHouse();
  paypal = await anAccount(house, { name: 'paypal', gateway: 'paypal' });
  live = await aLiveKey(house);
  await anAccount(house, { name: 'stripe-live', mode: 'live' }, live);
});
afterAll(() => house.close());
beforeEach(() => house.db.routingRule.deleteMany());

const ACCOUNTS = [{ gateway_account: 'stripe-eu' }];
let names = 0;
const add = (more: object = {}, key?: string) =>
  house.call('POST', '/v1/routing-rules', {
    body: { name: `Rule ${++names}`, accounts: ACCOUNTS, ...more },
    ...(key && { key }),
  });
const listed = async () => {
  const { body } = await house.call('GET', '/v1/routing-rules');
  return body.data.map(({ name }: { name: string }) => name) as string[];
};

describe('a routing rule', () => {
  it('says for which payments which accounts are preferred', async () => {
    const conditions = {
      countries: ['DE', 'AT'],
      currencies: ['EUR'],
      method_kinds: ['card'],
      amount_min: 100,
      amount_max: 5000,
      customer_metadata: { plan: 'pro' },
      subscription_metadata: { region: 'eu' },
    };
    const accounts = [
      { gateway_account: 'paypal', weight: 30 },
      { gateway_account: house.merchant.accountId, weight: 70 },
    ];
    const { status, headers, body } = await add({ name: 'Cards of Europe', conditions, accounts });
    expect(status).toBe(201);
    expect(isId('rul', body.id)).toBe(true);
    expect(headers.get('location')).toBe(`/v1/routing-rules/${body.id}`);
    expect(body).toEqual({
      id: body.id,
      name: 'Cards of Europe',
      position: 1,
      mode: 'test',
      conditions,
      accounts: [
        { gateway_account: { id: paypal, name: 'paypal', state: 'open' }, weight: 30 },
        {
          gateway_account: { id: house.merchant.accountId, name: 'stripe-eu', state: 'open' },
          weight: 70,
        },
      ],
      created_at: body.created_at,
    });
    expect((await house.call('GET', `/v1/routing-rules/${body.id}`)).body).toEqual(body);
    const row = await house.db.routingRule.findUniqueOrThrow({ where: { id: body.id } });
    expect(row.accounts).toEqual([
      { gateway_account: paypal, weight: 30 },
      { gateway_account: house.merchant.accountId, weight: 70 },
    ]);
  });

  it('keeps its accounts when they are renamed', async () => {
    const account = await anAccount(house, { name: 'old-name' });
    const { body } = await add({ accounts: [{ gateway_account: 'old-name' }] });
    const renamed = { name: 'new-name' };
    await house.call('PATCH', `/v1/gateway-accounts/${account}`, { body: renamed });
    const { body: shown } = await house.call('GET', `/v1/routing-rules/${body.id}`);
    expect(shown.accounts[0].gateway_account).toMatchObject({ id: account, name: 'new-name' });
  });

  it('comes after the last, unless it is given a place', async () => {
    await add({ name: 'first' });
    await add({ name: 'second' });
    await add({ name: 'before all', position: 0 });
    await add({ name: 'far away', position: 500 });
    const { body } = await add({ name: 'last' });
    expect(body.position).toBe(501);
    expect(await listed()).toEqual(['before all', 'first', 'second', 'far away', 'last']);
  });

  it('is listed in the order in which it is asked, page by page', async () => {
    for (const name of ['c', 'a', 'b']) await add({ name, position: 'abc'.indexOf(name) });
    const first = (await house.call('GET', '/v1/routing-rules?limit=2')).body;
    expect(first.data.map(({ name }: { name: string }) => name)).toEqual(['a', 'b']);
    expect(first.has_more).toBe(true);
    const rest = `/v1/routing-rules?limit=2&starting_after=${first.data[1].id}`;
    const { body } = await house.call('GET', rest);
    expect([body.data[0].name, body.data.length, body.has_more]).toEqual(['c', 1, false]);
    await house.call('DELETE', `/v1/routing-rules/${first.data[1].id}`);
    const lost = await house.call('GET', rest);
    expect([lost.status, lost.body.errors[0].field]).toEqual([422, 'starting_after']);
  });

  it('changes only in what a change names', async () => {
    const conditions = { currencies: ['EUR'], amount_max: 100 };
    const { body: before } = await add({ conditions });
    const path = `/v1/routing-rules/${before.id}`;
    const moved = await house.call('PATCH', path, { body: { position: 7, name: 'Moved' } });
    expect(moved.body).toEqual({ ...before, position: 7, name: 'Moved' });
    const body = { conditions: {}, accounts: [{ gateway_account: 'paypal' }] };
    const emptied = await house.call('PATCH', path, { body });
    expect(emptied.body.conditions).toEqual({});
    expect(emptied.body.accounts[0].gateway_account.id).toBe(paypal);
  });

  it('is gone once it is deleted', async () => {
    const { body } = await add();
    const path = `/v1/routing-rules/${body.id}`;
    const gone = await house.call('DELETE', path);
    expect([gone.status, gone.body]).toEqual([204, undefined]);
    expect((await house.call('DELETE', path)).status).toBe(404);
    expect(await listed()).toEqual([]);
  });

  it('has a name of its own', async () => {
    await add({ name: 'Same' });
    const { body: other } = await add({ name: 'Other' });
    const again = await add({ name: 'Same' });
    expect([again.status, again.body.code]).toEqual([409, 'name_taken']);
    const body = { name: 'Same' };
    const changed = await house.call('PATCH', `/v1/routing-rules/${other.id}`, { body });
    expect([changed.status, changed.body.code]).toEqual([409, 'name_taken']);
  });

  it('is made once under one Idempotency-Key', async () => {
    const asked = {
      body: { name: 'Once', accounts: ACCOUNTS },
      headers: { 'idempotency-key': 'rule once' },
    };
    const first = await house.call('POST', '/v1/routing-rules', asked);
    const again = await house.call('POST', '/v1/routing-rules', asked);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.body).toEqual(first.body);
    expect(await listed()).toEqual(['Once']);
  });

  it('is one of a hundred at most', async () => {
    const first = (await add()).body;
    const { accounts } = await house.db.routingRule.findUniqueOrThrow({ where: { id: first.id } });
    await house.db.routingRule.createMany({
      data: Array.from({ length: 99 }, (_, index) => ({
        id: `rul_${index}`,
        merchantId: house.merchant.id,
        name: `Many ${index}`,
        position: index,
        conditions: {},
        accounts: accounts as object[],
        createdAt: new Date(),
      })),
    });
    const { status, body } = await add();
    expect([status, body.code]).toEqual([409, 'too_many_rules']);
  });
});

describe('a routing rule is refused', () => {
  it.each([
    [
      'an unknown account',
      { accounts: [{ gateway_account: 'nobody' }] },
      'accounts.0.gateway_account',
    ],
    [
      'an account named twice',
      { accounts: [{ gateway_account: 'paypal' }, { gateway_account: 'paypal' }] },
      'accounts.1.gateway_account',
    ],
    [
      'test and live in one',
      { accounts: [...ACCOUNTS, { gateway_account: 'stripe-live' }] },
      'accounts.1.gateway_account',
    ],
    ['no account', { accounts: [] }, 'accounts'],
    [
      'more than twenty',
      { accounts: Array.from({ length: 21 }, (_, n) => ({ gateway_account: `a${n}` })) },
      'accounts',
    ],
    ['a weight in parts', { accounts: [{ ...ACCOUNTS[0], weight: 0.5 }] }, 'accounts.0.weight'],
    ['too much weight', { accounts: [{ ...ACCOUNTS[0], weight: 1001 }] }, 'accounts.0.weight'],
    ['an unknown field', { accounts: [{ ...ACCOUNTS[0], share: 1 }] }, 'accounts.0.share'],
    ['a country in words', { conditions: { countries: ['Germany'] } }, 'conditions.countries.0'],
    ['an unknown country', { conditions: { countries: ['DE', 'XX'] } }, 'conditions.countries.1'],
    ['no country', { conditions: { countries: [] } }, 'conditions.countries'],
    ['an unknown currency', { conditions: { currencies: ['EUX'] } }, 'conditions.currencies.0'],
    ['an odd kind', { conditions: { method_kinds: ['A card'] } }, 'conditions.method_kinds.0'],
    ['bounds without a currency', { conditions: { amount_min: 1 } }, 'conditions.currencies'],
    [
      'bounds in two currencies',
      { conditions: { amount_max: 1, currencies: ['EUR', 'USD'] } },
      'conditions.currencies',
    ],
    [
      'bounds that cross',
      { conditions: { amount_min: 2, amount_max: 1, currencies: ['EUR'] } },
      'conditions.amount_max',
    ],
    ['an unknown condition', { conditions: { weekday: 'friday' } }, 'conditions.weekday'],
    [
      'metadata that is no text',
      { conditions: { customer_metadata: { vip: true } } },
      'conditions.customer_metadata.vip',
    ],
    ['a place before all places', { position: -1 }, 'position'],
  ])('with %s', async (_, more, field) => {
    const { status, body } = await add(more);
    expect(status).toBe(422);
    expect(body.errors.map((it: { field: string }) => it.field)).toEqual([field]);
    expect(await listed()).toEqual([]);
  });

  it('naming every account at fault at once', async () => {
    const named = ['nobody', 'stripe-eu', 'no-one', 'stripe-eu'];
    const accounts = named.map((gateway_account) => ({ gateway_account }));
    const { body } = await add({ accounts });
    expect(body.errors).toEqual([
      { field: 'accounts.0.gateway_account', message: 'is no gateway account' },
      { field: 'accounts.2.gateway_account', message: 'is no gateway account' },
      { field: 'accounts.3.gateway_account', message: 'is named twice' },
    ]);
  });

  it('to whoever is no admin', async () => {
    const key = await aKeyWith(house, ['read', 'write', 'operate']);
    const { body: rule } = await add();
    const path = `/v1/routing-rules/${rule.id}`;
    expect((await add({}, key)).status).toBe(403);
    expect((await house.call('PATCH', path, { key, body: {} })).status).toBe(403);
    expect((await house.call('DELETE', path, { key })).status).toBe(403);
    expect((await house.call('GET', path, { key })).status).toBe(200);
  });

  it('to a test key, when real money follows it', async () => {
    const accounts = [{ gateway_account: 'stripe-live' }];
    const { status, body } = await add({ accounts });
    expect([status, body.code]).toEqual([403, 'test_key']);
    const { body: rule } = await add({ accounts }, live);
    expect(rule.mode).toBe('live');
    const path = `/v1/routing-rules/${rule.id}`;
    for (const [method, asked] of [
      ['PATCH', { body: { accounts: ACCOUNTS } }],
      ['DELETE', {}],
    ] as const)
      expect((await house.call(method, path, asked)).body.code).toBe('test_key');
    const test = (await add()).body.id as string;
    const changed = await house.call('PATCH', `/v1/routing-rules/${test}`, { body: { accounts } });
    expect(changed.body.code).toBe('test_key');
    expect((await house.call('DELETE', path, { key: live })).status).toBe(204);
  });
});
