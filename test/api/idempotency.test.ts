import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type House, aCustomer, aSubscription, everythingStored, openHouse } from './harness.js';

let house: House;
beforeAll(async () => void (house = await openHouse()));
afterAll(() => house.close());

const keyed = (key: string) => ({ headers: { 'idempotency-key': key } });

describe('an Idempotency-Key', () => {
  it('makes a hundred parallel calls one customer', async () => {
    const before = await house.db.customer.count();
    const call = () =>
      house.call('POST', '/v1/customers', { body: { name: 'One' }, ...keyed('hundred') });
    const answers = await Promise.all(Array.from({ length: 100 }, call));
    expect(await house.db.customer.count()).toBe(before + 1);
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(answers.every(({ status }) => status === 201)).toBe(true);
    const replays = answers.filter(({ headers }) => headers.get('idempotency-replayed') === 'true');
    expect(replays).toHaveLength(99);
  });

  it('makes a hundred parallel calls one renewal', async () => {
    const { id } = await aSubscription(house, { collection: 'manual' });
    const call = () => house.call('POST', `/v1/subscriptions/${id}/renewals`, keyed('one-renewal'));
    const answers = await Promise.all(Array.from({ length: 100 }, call));
    expect(await house.db.renewal.count({ where: { subscriptionId: id } })).toBe(1);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(99);
  });

  it('replays the answer with its status and place, however the body is spelled', async () => {
    const first = await house.call('POST', '/v1/customers', {
      raw: '{"name":"Ada","country":"DE"}',
      ...keyed('spelled'),
    });
    const again = await house.call('POST', '/v1/customers', {
      raw: '{ "country": "DE", "name": "Ada" }',
      ...keyed('spelled'),
    });
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect([again.status, again.body]).toEqual([201, first.body]);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
  });

  it('refuses another body, and another route', async () => {
    const customer = await aCustomer(house);
    await house.call('POST', '/v1/customers', { body: {}, ...keyed('mine') });
    for (const answered of [
      await house.call('POST', '/v1/customers', { body: { name: 'Other' }, ...keyed('mine') }),
      await house.call('POST', '/v1/subscriptions', {
        body: { customer, amount_minor: 1, currency: 'EUR', interval: 'day' },
        ...keyed('mine'),
      }),
    ])
      expect([answered.status, answered.body.code]).toEqual([422, 'idempotency_key_reused']);
  });

  it('of one merchant is not that of another', async () => {
    const other = await house.addMerchant();
    const a = await house.call('POST', '/v1/customers', { body: {}, ...keyed('shared') });
    const b = await house.call('POST', '/v1/customers', {
      body: {},
      key: other.admin,
      ...keyed('shared'),
    });
    expect(b.headers.get('idempotency-replayed')).toBeNull();
    expect(b.body.id).not.toBe(a.body.id);
  });

  it('stores no refusal: the corrected world may be asked again', async () => {
    const customer = await aCustomer(house);
    const body = {
      customer,
      amount_minor: 1,
      currency: 'EUR',
      interval: 'day',
      dunning_policy: 'gentle',
    };
    const refused = await house.call('POST', '/v1/subscriptions', { body, ...keyed('later') });
    expect(refused.status).toBe(422);
    const policy = await house.db.dunningPolicy.findFirstOrThrow({
      where: { merchantId: house.merchant.id },
    });
    await house.db.dunningPolicy.create({
      data: { ...policy, document: policy.document!, id: 'dpo_gentle', name: 'gentle' },
    });
    expect(
      (await house.call('POST', '/v1/subscriptions', { body, ...keyed('later') })).status,
    ).toBe(201);
  });

  it.each(['', 'x'.repeat(256)])('must have 1 to 255 characters', async (key) => {
    const { status, body } = await house.call('POST', '/v1/customers', { body: {}, ...keyed(key) });
    expect([status, body.errors[0].field]).toEqual([422, 'Idempotency-Key']);
  });

  it('shows the secret of an API key once, and stores it never', async () => {
    const body = { name: 'app', mode: 'test', scopes: ['read'] };
    const first = await house.call('POST', '/v1/api-keys', { body, ...keyed('new key') });
    const again = await house.call('POST', '/v1/api-keys', { body, ...keyed('new key') });
    expect(first.body.secret).toMatch(/^dk_test_\w{32,}$/);
    expect(again.body).toEqual({ ...first.body, secret: null });
    expect(await everythingStored(house.databaseUrl)).not.toContain(first.body.secret);
  });

  it('becomes the key under which the gateway is asked, and the id of a command', async () => {
    const customer = await aCustomer(house);
    const path = `/v1/customers/${customer}/payment-methods`;
    const body = { gateway_account: 'stripe-eu', token: 'tok_cut_off' };
    house.edges.attach = () => ({ kind: 'unavailable', why: 'cut off' });
    expect((await house.call('POST', path, { body, ...keyed('attach') })).status).toBe(503);
    expect((await house.call('POST', path, { body, ...keyed('attach') })).status).toBe(503);
    expect((await house.call('POST', path, { body, ...keyed('another') })).status).toBe(503);
    const keys = house.attached.slice(-3).map(({ key }) => key);
    expect(keys[0]).toBe(keys[1]);
    expect(keys[2]).not.toBe(keys[0]);
  });
});
