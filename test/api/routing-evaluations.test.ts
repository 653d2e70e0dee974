import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { type House, aCustomer, aKeyWith, aLiveKey, anAccount, openHouse } from './harness.js';

let house: House;
let live: string;
beforeAll(async () => {
  house = await openHouse();
  live = await aLiveKey(house);
  await anAccount(house, { name: 'paypal', gateway: 'paypal' });
  await anAccount(house, { name: 'stripe-us' });
  await anAccount(house, { name: 'stripe-live', mode: 'live' }, live);
});
afterAll(() => house.close());
beforeEach(async () => {
  await house.db.routingRule.deleteMany();
  await house.db.gatewayAccount.updateMany({ data: { state: 'open' } });
});

const evaluate = (body: object, key?: string) =>
  house.call('POST', '/v1/routing-rules/evaluations', { body, ...(key && { key }) });

const named = (...names: string[]) => names.map((gateway_account) => ({ gateway_account }));

async function aRule(name: string, accounts: object[], conditions: object = {}, key?: string) {
  const body = { name, accounts, conditions };
  const made = await house.call('POST', '/v1/routing-rules', { body, ...(key && { key }) });
  expect(made.status).toBe(201);
  return made.body.id as string;
}

let tokens = 0;
async function attach(customer: string, gateway_account: string, more: object = {}) {
  const body = { gateway_account, token: `tok_${++tokens}_here`, ...more };
  const path = `/v1/customers/${customer}/payment-methods`;
  return (await house.call('POST', path, { body })).body.id as string;
}

async function subscribe(customer: string, more: object = {}) {
  const terms = { amount_minor: 1900, currency: 'EUR', interval: 'month' };
  const body = { customer, ...terms, ...more };
  return (await house.call('POST', '/v1/subscriptions', { body })).body.id as string;
}

interface Shown {
  readonly payment_method: string;
  readonly gateway_account: { readonly name: string };
  readonly fallback?: boolean;
  readonly why: string;
}
const inWords = (all: Shown[]) =>
  all.map(
    ({ gateway_account: { name }, fallback, why }) =>
      `${name}${fallback ? ' (fallback)' : ''}: ${why}`,
  );

describe('where a subscription would be charged', () => {
  it('is told with the reason for each place', async () => {
    const customer = await aCustomer(house);
    const card = await attach(customer, 'stripe-eu', { instrument: 'visa' });
    const twin = await attach(customer, 'stripe-us', { instrument: 'visa', default: false });
    const other = await attach(customer, 'paypal', { default: false });
    await aRule('US first', named('stripe-us', 'stripe-eu', 'paypal'), { currencies: ['EUR'] });
    const subscription = await subscribe(customer);
    const { status, body } = await evaluate({ subscription });
    expect(status).toBe(200);
    expect(body.candidates.map((it: Shown) => it.payment_method)).toEqual([twin, card, other]);
    expect(body.candidates[1]).toMatchObject({
      kind: 'card',
      gateway_account: { id: house.merchant.accountId, name: 'stripe-eu', state: 'open' },
      fallback: false,
    });
    expect(inWords(body.candidates)).toEqual([
      'stripe-us: the customer\'s chosen method at another gateway; rule "US first" puts stripe-us first',
      'stripe-eu: the customer\'s chosen method; rule "US first" puts stripe-eu second',
      'paypal (fallback): another of the customer\'s methods; rule "US first" puts paypal third',
    ]);
    expect(body.excluded).toEqual([]);
  });

  it('names what is left out, and why', async () => {
    const customer = await aCustomer(house);
    await attach(customer, 'stripe-eu', { instrument: 'visa' });
    await attach(customer, 'stripe-eu', { instrument: 'visa', default: false });
    await attach(customer, 'paypal', { default: false });
    await aRule('Only Europe', named('stripe-eu'));
    const { body } = await evaluate({ subscription: await subscribe(customer) });
    expect(inWords(body.candidates)).toEqual([
      'stripe-eu: the customer\'s chosen method; rule "Only Europe" puts stripe-eu first',
    ]);
    expect(inWords(body.excluded)).toEqual([
      'paypal: rule "Only Europe" does not name paypal',
      `stripe-eu: the same card or account as ${body.candidates[0].payment_method}, at stripe-eu too`,
    ]);
  });

  it('follows amount and metadata of the subscription', async () => {
    const customer = await aCustomer(house);
    await attach(customer, 'stripe-eu', { instrument: 'visa' });
    await attach(customer, 'stripe-us', { instrument: 'visa', default: false });
    await aRule('Large', named('stripe-us'), { currencies: ['EUR'], amount_min: 5000 });
    await aRule('Pro', named('stripe-us', 'stripe-eu'), { subscription_metadata: { plan: 'pro' } });
    const first = async (more: object) => {
      const { body } = await evaluate({ subscription: await subscribe(customer, more) });
      return body.candidates.map((it: Shown) => it.gateway_account.name);
    };
    expect(await first({})).toEqual(['stripe-eu', 'stripe-us']);
    expect(await first({ amount_minor: 5000 })).toEqual(['stripe-us']);
    expect(await first({ metadata: { plan: 'pro' } })).toEqual(['stripe-us', 'stripe-eu']);
  });

  it('is nowhere without a usable method', async () => {
    const subscription = await subscribe(await aCustomer(house));
    expect((await evaluate({ subscription })).body).toEqual({ candidates: [], excluded: [] });
  });

  it('heeds no rule of live accounts for a test method', async () => {
    const customer = await aCustomer(house);
    await attach(customer, 'stripe-eu');
    await aRule('Live', named('stripe-live'), {}, live);
    const { body } = await evaluate({ subscription: await subscribe(customer) });
    expect(inWords(body.candidates)).toEqual([
      "stripe-eu: the customer's chosen method; no rule says otherwise",
    ]);
  });
});

describe('where a renewal would be charged', () => {
  it('is told for the amount that it is about', async () => {
    const customer = await aCustomer(house);
    await attach(customer, 'stripe-eu', { instrument: 'visa' });
    await attach(customer, 'stripe-us', { instrument: 'visa', default: false });
    await aRule('Large', named('stripe-us'), { currencies: ['EUR'], amount_min: 5000 });
    const subscription = await subscribe(customer);
    const renewals = `/v1/subscriptions/${subscription}/renewals`;
    const made = await house.call('POST', renewals, { body: { amount_minor: 5000 } });
    await house.db.gatewayAccount.updateMany({
      where: { name: 'stripe-us' },
      data: { state: 'drained' },
    });
    const { body } = await evaluate({ renewal: made.body.id });
    expect(inWords(body.candidates)).toEqual([
      'stripe-us: the customer\'s chosen method at another gateway; rule "Large" puts stripe-us first; ' +
        'stripe-us is drained',
    ]);
  });
});

describe('where an imagined payment would go', () => {
  const payment = { currency: 'EUR', amount_minor: 1900, method_kind: 'card' };

  it('is the first rule that fits, with its accounts in order', async () => {
    const rule = await aRule('Germans', named('stripe-us', 'stripe-eu'), { countries: ['DE'] });
    await aRule('All others', named('paypal'));
    const { body } = await evaluate({ ...payment, country: 'DE' });
    expect(body.rule).toEqual({ id: rule, name: 'Germans' });
    expect(body.accounts.map((it: Shown) => it.gateway_account.name)).toEqual([
      'stripe-us',
      'stripe-eu',
    ]);
    expect(body.why).toBe('rule "Germans" is the first that fits');
    const other = await evaluate({ ...payment, country: 'FR' });
    expect(other.body.rule.name).toBe('All others');
    const nowhere = await evaluate(payment);
    expect(nowhere.body.rule.name).toBe('All others');
  });

  it('takes country and metadata from a customer, where none are given', async () => {
    const body = { country: 'AT', metadata: { plan: 'pro' } };
    const customer = (await house.call('POST', '/v1/customers', { body })).body.id as string;
    const conditions = { countries: ['AT'], customer_metadata: { plan: 'pro' } };
    await aRule('Austrian pros', named('paypal'), conditions);
    const asked = { ...payment, customer };
    expect((await evaluate(asked)).body.rule.name).toBe('Austrian pros');
    expect((await evaluate({ ...asked, country: 'DE' })).body.rule).toBeNull();
    expect((await evaluate({ ...asked, customer_metadata: {} })).body.rule).toBeNull();
  });

  it('draws weights for a customer, always the same', async () => {
    const weighted = named('stripe-us', 'stripe-eu').map((one) => ({ ...one, weight: 1 }));
    await aRule('Half and half', weighted);
    const customer = await aCustomer(house);
    const answers = await Promise.all(
      Array.from({ length: 3 }, () => evaluate({ ...payment, customer })),
    );
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(answers[0]!.body.why).toContain('have drawn the first account for this customer');
    const { body } = await evaluate(payment);
    expect(body.why).toContain('and none was named');
    expect(body.accounts.map((it: { weight: number }) => it.weight)).toEqual([1, 1]);
  });

  it('puts accounts last that take no charges now', async () => {
    await aRule('Three', named('stripe-us', 'paypal', 'stripe-eu'));
    await house.db.gatewayAccount.updateMany({
      where: { name: 'stripe-us' },
      data: { state: 'closed' },
    });
    const { body } = await evaluate(payment);
    expect(body.accounts.map((it: Shown) => it.gateway_account)).toMatchObject([
      { name: 'paypal', state: 'open' },
      { name: 'stripe-eu', state: 'open' },
      { name: 'stripe-us', state: 'closed' },
    ]);
  });

  it('is of the mode of the API key, or of the one that is named', async () => {
    await aRule('Test', named('stripe-eu'));
    await aRule('Live', named('stripe-live'), {}, live);
    expect((await evaluate(payment)).body.rule.name).toBe('Test');
    expect((await evaluate(payment, live)).body.rule.name).toBe('Live');
    expect((await evaluate({ ...payment, mode: 'live' })).body.rule.name).toBe('Live');
  });

  it('is told to follow the method where no rule fits', async () => {
    const { body } = await evaluate(payment);
    expect(body).toMatchObject({ rule: null, accounts: [] });
    expect(body.why).toContain('through its own account');
  });
});

describe('an evaluation', () => {
  it.each([
    [{}, ['currency', 'amount_minor', 'method_kind']],
    [{ currency: 'EUR', method_kind: 'card' }, ['amount_minor']],
    [
      {
        renewal: 'rnw_01jxqv8b5e0c3k9m2n4p6r8s7t',
        subscription: 'sub_01jxqv8b5e0c3k9m2n4p6r8s7t',
        country: 'DE',
      },
      ['subscription', 'country'],
    ],
  ])('is refused for %j', async (asked, fields) => {
    const { status, body } = await evaluate(asked);
    expect(status).toBe(422);
    expect(body.errors.map(({ field }: { field: string }) => field)).toEqual(fields);
  });

  it('writes nothing, and each one is a new look', async () => {
    const reader = await aKeyWith(house, ['read']);
    const asked = {
      key: reader,
      headers: { 'idempotency-key': 'look' },
      body: { currency: 'EUR', amount_minor: 1, method_kind: 'card' },
    };
    const path = '/v1/routing-rules/evaluations';
    expect((await house.call('POST', path, asked)).body.rule).toBeNull();
    await aRule('New', named('stripe-eu'));
    const again = await house.call('POST', path, asked);
    expect(again.body.rule.name).toBe('New');
    expect(again.headers.get('idempotency-replayed')).toBeNull();
    expect(await house.db.idempotencyKey.count({ where: { key: 'look' } })).toBe(0);
  });
});
