import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import {
  type House,
  aCustomer,
  aLiveKey,
  anAccount,
  everythingStored,
  openHouse,
} from './harness.js';

let house: House;
let live: string;
beforeAll(async () => {
  house = await openHouse();
  live = await aLiveKey(house);
  await anAccount(house, { name: 'paypal', gateway: 'paypal' });
  await anAccount(house, { name: 'stripe-live', mode: 'live' }, live);
  await anAccount(house, { name: 'extra' });
});
afterAll(() => house.close());

let before: House['edges']['setup'];
beforeAll(() => void (before = house.edges.setup));
/** A second account that takes cards, for those stories that need one. */
const setExtra = (state: string) =>
  house.db.gatewayAccount.updateMany({ where: { name: 'extra' }, data: { state } });
beforeEach(async () => {
  house.edges.setup = before;
  await house.db.routingRule.deleteMany();
  await house.db.gatewayAccount.updateMany({ data: { state: 'open' } });
  await setExtra('closed');
});

const ADDRESSES = {
  return_url: 'https://app.example.com/back',
  cancel_url: 'https://app.example.com/billing',
};
const open = (body: object, more: { key?: string; headers?: Record<string, string> } = {}) =>
  house.call('POST', '/v1/payment-method-sessions', {
    body: { kind: 'card', ...ADDRESSES, ...body },
    ...more,
  });

describe('a payment method session', () => {
  it("offers the gateway's fields, for a customer that the gateway knows from now on", async () => {
    const customer = await aCustomer(house);
    const { status, body } = await open({ customer, gateway_account: 'stripe-eu' });
    expect(status).toBe(201);
    const { account, request } = house.setups.at(-1)!;
    expect(account).toBe('stripe-eu');
    expect(request).toEqual({
      customer: undefined,
      merchantId: house.merchant.id,
      customerId: customer,
      kinds: ['card'],
      returnUrl: ADDRESSES.return_url,
      cancelUrl: ADDRESSES.cancel_url,
      key: request.key,
    });
    expect(request.key).toMatch(/^setup:/);
    expect(body).toEqual({
      reference: `setup_${request.key}`,
      customer,
      kind: 'card',
      gateway: 'stripe',
      gateway_account: { id: house.merchant.accountId, name: 'stripe-eu' },
      url: null,
      client_secret: `secret_of_${request.key}`,
    });
    await open({ customer, kind: 'sepa_debit' });
    expect(house.setups.at(-1)!.request).toMatchObject({
      customer: `cus_at_gateway_${customer}`,
      kinds: ['sepa_debit'],
    });
  });

  it("leads over the gateway's page, and back to a method that can be charged", async () => {
    house.edges.setup = () => ({
      kind: 'ready',
      reference: 'setup-token-1',
      customer: undefined,
      url: 'https://www.sandbox.paypal.com/agreements/approve?token=1',
    });
    const customer = await aCustomer(house);
    const { body } = await open({ customer, kind: 'paypal' });
    expect(body).toMatchObject({
      reference: 'setup-token-1',
      gateway: 'paypal',
      gateway_account: { name: 'paypal' },
      url: 'https://www.sandbox.paypal.com/agreements/approve?token=1',
      client_secret: null,
    });
    expect(await house.db.gatewayCustomer.count({ where: { customerId: customer } })).toBe(0);
    const attached = await house.call('POST', `/v1/customers/${customer}/payment-methods`, {
      body: { gateway_account: body.gateway_account.id, token: body.reference },
    });
    expect(attached.status).toBe(201);
    expect(house.attached.at(-1)!.token).toBe('setup-token-1');
  });

  it('is one session under one Idempotency-Key, whose secrets are kept nowhere', async () => {
    const customer = await aCustomer(house);
    const headers = { 'idempotency-key': 'session 1' };
    const first = await open({ customer }, { headers });
    const again = await open({ customer }, { headers });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect([again.status, again.body]).toEqual([201, first.body]);
    expect(first.body.client_secret).not.toBeNull();
    const keys = house.setups.slice(-2).map(({ request }) => request.key);
    expect(keys[0]).toBe(keys[1]);
    expect(await everythingStored(house.databaseUrl)).not.toContain(first.body.client_secret);
    expect(house.logged.join('')).not.toContain(first.body.client_secret);
    const other = await open({ customer, kind: 'sepa_debit' }, { headers });
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused']);
  });

  it('shows no secrets of another one, when the gateway has forgotten the key', async () => {
    const customer = await aCustomer(house);
    const headers = { 'idempotency-key': 'session 2' };
    const first = await open({ customer }, { headers });
    house.edges.setup = () => ({
      kind: 'ready',
      reference: 'another',
      customer: undefined,
      clientSecret: 'of another',
    });
    const { body } = await open({ customer }, { headers });
    expect(body).toEqual({ ...first.body, client_secret: null });
  });
});

describe('the account of a session', () => {
  const addRule = async (
    name: string,
    accounts: object[],
    conditions: object = {},
    key?: string,
  ) => {
    const body = { name, accounts, conditions };
    const made = await house.call('POST', '/v1/routing-rules', { body, ...(key && { key }) });
    expect(made.status).toBe(201);
  };
  const chosen = async (body: object, key?: string) => {
    const asked = await open(
      { customer: await aCustomer(house), ...body },
      { ...(key && { key }) },
    );
    return asked.status === 201
      ? asked.body.gateway_account.name
      : `${asked.status} ${asked.body.errors[0].field}: ${asked.body.errors[0].message}`;
  };

  it('is the only open one that offers the kind', async () => {
    expect(await chosen({ kind: 'card' })).toBe('stripe-eu');
    expect(await chosen({ kind: 'paypal' })).toBe('paypal');
    expect(await chosen({ kind: 'card' }, live)).toBe('stripe-live');
    expect(await chosen({ kind: 'paypal' }, live)).toBe(
      '422 gateway_account: no open live account offers paypal',
    );
  });

  it('must be named where several could do it and no rule chooses', async () => {
    await setExtra('open');
    expect(await chosen({})).toBe(
      '422 gateway_account: several open accounts offer card and no rule chooses: name one',
    );
    await addRule('Dollars', [{ gateway_account: 'extra' }], { currencies: ['USD'] });
    expect(await chosen({ currency: 'USD' })).toBe('extra');
    expect(await chosen({ currency: 'EUR' })).toContain('name one');
    expect(await chosen({})).toContain('name one');
    expect(await chosen({ gateway_account: 'stripe-eu' })).toBe('stripe-eu');
  });

  it("follows the customer's country, and the first open account of the rule", async () => {
    await setExtra('open');
    const accounts = [{ gateway_account: 'extra' }, { gateway_account: 'stripe-eu' }];
    await addRule('Germans', accounts, { countries: ['DE'] });
    const body = { country: 'DE' };
    const customer = (await house.call('POST', '/v1/customers', { body })).body.id as string;
    expect(await chosen({ customer })).toBe('extra');
    await setExtra('drained');
    expect(await chosen({ customer })).toBe('stripe-eu');
  });

  it('is always the same for a customer where weights draw', async () => {
    await setExtra('open');
    const accounts = ['extra', 'stripe-eu'].map((it) => ({ gateway_account: it, weight: 1 }));
    await addRule('Half', accounts);
    // So many that a fair draw never gives all of them to one account.
    const customers = await Promise.all(Array.from({ length: 50 }, () => aCustomer(house)));
    const draw = () => Promise.all(customers.map((customer) => chosen({ customer })));
    const drawn = await draw();
    expect(new Set(drawn)).toEqual(new Set(['extra', 'stripe-eu']));
    expect(await draw()).toEqual(drawn);
  });

  it('is none that the rule would not charge later', async () => {
    await addRule('Only PayPal', [{ gateway_account: 'paypal' }]);
    expect(await chosen({ kind: 'card' })).toBe(
      '422 gateway_account: rule "Only PayPal" names no open account that offers card',
    );
  });

  it('does not follow a rule about amounts, which nobody knows yet', async () => {
    await setExtra('open');
    const large = { currencies: ['EUR'], amount_min: 1 };
    await addRule('Large', [{ gateway_account: 'extra' }], large);
    expect(await chosen({ currency: 'EUR' })).toContain('name one');
  });

  it('is refused when it cannot do it', async () => {
    expect(await chosen({ gateway_account: 'nobody' })).toContain('422 gateway_account');
    expect(await chosen({ gateway_account: 'stripe-live' })).toContain('403 gateway_account');
    expect(await chosen({ gateway_account: 'paypal', kind: 'card' })).toBe(
      '422 kind: paypal does not offer card',
    );
    await house.db.gatewayAccount.updateMany({
      where: { name: 'paypal' },
      data: { state: 'drained' },
    });
    expect(await chosen({ gateway_account: 'paypal', kind: 'paypal' })).toContain(
      '409 gateway_account: It is drained',
    );
  });
});

describe('a session is refused', () => {
  it.each([
    ['http://app.example.com', 'return_url'],
    ['javascript:alert(1)', 'return_url'],
    ['https://user:pass@app.example.com', 'return_url'],
    ['not an address', 'return_url'],
  ])('with the address %s', async (return_url, field) => {
    const { status, body } = await open({ customer: await aCustomer(house), return_url });
    expect([status, body.errors[0].field]).toEqual([422, field]);
  });

  it('with an address on this machine, unless it is a test', async () => {
    const customer = await aCustomer(house);
    const local = { return_url: 'http://localhost:3000/a', cancel_url: 'http://127.0.0.1:3000' };
    expect((await open({ customer, ...local })).status).toBe(201);
    const { status, body } = await open({ customer, ...local }, { key: live });
    expect(status).toBe(422);
    expect(body.errors.map(({ field }: { field: string }) => field)).toEqual([
      'return_url',
      'cancel_url',
    ]);
  });

  it('for another kind, or for nobody', async () => {
    const customer = await aCustomer(house);
    expect((await open({ customer, kind: 'cash' })).body.errors[0].field).toBe('kind');
    const nobody = await open({ customer: 'cus_01jxqv8b5e0c3k9m2n4p6r8s7t' });
    expect([nobody.status, nobody.body.errors[0].field]).toEqual([422, 'customer']);
  });

  it('when the gateway refuses it or is away, and can be asked again', async () => {
    const customer = await aCustomer(house);
    const headers = { 'idempotency-key': 'patient' };
    house.edges.setup = () => ({ kind: 'refused', why: 'This kind is not enabled' });
    const refused = await open({ customer }, { headers });
    expect([refused.status, refused.body.code, refused.body.detail]).toEqual([
      422,
      'payment_method_refused',
      'This kind is not enabled',
    ]);
    house.edges.setup = () => ({ kind: 'unavailable', why: 'ECONNREFUSED 10.0.0.1' });
    const away = await open({ customer }, { headers });
    expect([away.status, away.body.code]).toEqual([503, 'gateway_unavailable']);
    expect(JSON.stringify(away.body)).not.toContain('10.0.0.1');
    house.edges.setup = before;
    expect((await open({ customer }, { headers })).status).toBe(201);
  });
});
