import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createGatewayAccount } from '../../prisma/gateway-account.js';
import { type House, aCustomer, openHouse } from './harness.js';
import { seedCharge, seedPastDue } from './seed.js';

let house: House;
beforeAll(async () => void (house = await openHouse()));
afterAll(() => house.close());

let tokens = 0;
async function attach(customer: string, more: object = {}) {
  const token = `tok_${++tokens}_here`;
  return house.call('POST', `/v1/customers/${customer}/payment-methods`, {
    body: { gateway_account: 'stripe-eu', token, ...more },
  });
}

describe('attaching a payment method', () => {
  it('asks the gateway at once and keeps only references', async () => {
    const { body: customer } = await house.call('POST', '/v1/customers', {
      body: { email: 'ada@example.com', name: 'Ada' },
    });
    const { status, body } = await attach(customer.id, { token: 'tok_first' });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: body.id,
      customer: customer.id,
      gateway: 'stripe',
      gateway_account: { id: house.merchant.accountId, name: 'stripe-eu' },
      instrument: null,
      kind: 'card',
      display: 'Visa ···4242',
      default: true,
      created_at: body.created_at,
      disabled_at: null,
    });
    expect(house.attached.at(-1)).toMatchObject({
      token: 'tok_first',
      customer: undefined,
      email: 'ada@example.com',
      name: 'Ada',
      customerId: customer.id,
    });
    expect((await house.call('GET', `/v1/payment-methods/${body.id}`)).body).toEqual(body);
  });

  it('names the customer at the gateway from then on, or the one that is given', async () => {
    const customer = await aCustomer(house);
    await attach(customer, { gateway_customer: 'cus_AtStripe' });
    expect(house.attached.at(-1)!.customer).toBe('cus_AtStripe');
    await attach(customer, { gateway_account: house.merchant.accountId });
    expect(house.attached.at(-1)!.customer).toBe('cus_AtStripe');
  });

  it('twice with the same token is one', async () => {
    const customer = await aCustomer(house);
    const first = await attach(customer, { token: 'tok_twice' });
    const again = await attach(customer, { token: 'tok_twice' });
    expect(again.body).toEqual(first.body);
  });

  it('makes it the default, and the only one', async () => {
    const customer = await aCustomer(house);
    const first = await attach(customer);
    const second = await attach(customer);
    const third = await attach(customer, { default: false });
    const { body } = await house.call('GET', `/v1/customers/${customer}/payment-methods`);
    const shown = body.data.map((it: { id: string; default: boolean }) => [it.id, it.default]);
    expect(Object.fromEntries(shown)).toEqual({
      [first.body.id]: false,
      [second.body.id]: true,
      [third.body.id]: false,
    });
  });

  it('in parallel leaves exactly one default', async () => {
    const customer = await aCustomer(house);
    const answers = await Promise.all(Array.from({ length: 10 }, () => attach(customer)));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(201));
    const defaults = { customerId: customer, isDefault: true };
    expect(await house.db.paymentMethod.count({ where: defaults })).toBe(1);
  });

  it('tells an open case at once', async () => {
    const seeded = await seedPastDue(house, house.merchant);
    await attach(seeded.customer);
    expect(house.sent.at(-1)).toMatchObject({
      kind: 'wake',
      workflowId: `dunning/${seeded.renewal}`,
    });
    const before = house.sent.length;
    await attach(seeded.customer, { default: false });
    expect(house.sent.length).toBe(before);
  });

  it('is a clear 422 when the gateway refuses, a 503 when it is away', async () => {
    const customer = await aCustomer(house);
    const accept = house.edges.attach;
    house.edges.attach = () => ({ kind: 'refused', why: 'Your card was declined.' });
    const refused = await attach(customer);
    expect([refused.status, refused.body.code, refused.body.detail]).toEqual([
      422,
      'payment_method_refused',
      'Your card was declined.',
    ]);
    house.edges.attach = () => ({ kind: 'unavailable', why: 'connect ECONNREFUSED 10.0.0.1' });
    const away = await attach(customer);
    house.edges.attach = accept;
    expect([away.status, away.body.code]).toEqual([503, 'gateway_unavailable']);
    expect(JSON.stringify(away.body)).not.toContain('10.0.0.1');
    expect(await house.db.paymentMethod.count({ where: { customerId: customer } })).toBe(0);
  });

  it('is refused on an account that is not there, not open, or live for a test key', async () => {
    const customer = await aCustomer(house);
    const common = {
      merchantId: house.merchant.id,
      gateway: 'stripe',
      secretRef: 'env:STRIPE_SECRET_KEY',
      webhookSecretRefs: [],
    } as const;
    await createGatewayAccount(house.db, {
      ...common,
      name: 'shut',
      mode: 'test',
      state: 'closed',
    });
    await createGatewayAccount(house.db, { ...common, name: 'real', mode: 'live' });
    const codes = [];
    for (const gateway_account of ['none', 'shut', 'real'])
      codes.push((await attach(customer, { gateway_account })).body.code);
    expect(codes).toEqual(['unknown_gateway_account', 'gateway_account_not_open', 'test_key']);
  });

  it('is a 503 without credentials, whose name is not told', async () => {
    const other = await openHouse({
      accountFor: () => {
        throw new Error('The secret env:HIDDEN_NAME is not set');
      },
    });
    try {
      const customer = await aCustomer(other);
      const { status, body } = await other.call(
        'POST',
        `/v1/customers/${customer}/payment-methods`,
        {
          body: { gateway_account: 'stripe-eu', token: 'tok' },
        },
      );
      expect([status, body.code]).toEqual([503, 'no_credentials']);
      expect(JSON.stringify(body)).not.toContain('HIDDEN_NAME');
    } finally {
      await other.close();
    }
  });
});

describe('an instrument', () => {
  it('is the name that the app gives to what is behind a method', async () => {
    const customer = await aCustomer(house);
    const { body } = await attach(customer, { token: 'tok_named', instrument: 'ada-visa.4242' });
    expect(body.instrument).toBe('ada-visa.4242');
    expect((await house.call('GET', `/v1/payment-methods/${body.id}`)).body).toEqual(body);
    const again = await attach(customer, { token: 'tok_named' });
    expect([again.body.id, again.body.instrument]).toEqual([body.id, 'ada-visa.4242']);
    const renamed = await attach(customer, { token: 'tok_named', instrument: 'ada:visa' });
    expect([renamed.body.id, renamed.body.instrument]).toEqual([body.id, 'ada:visa']);
  });

  it.each([['with spaces in it'], [''], ['x'.repeat(101)], ['-dash'], ['4242424242424242']])(
    'is never %j',
    async (instrument) => {
      const { status, body } = await attach(await aCustomer(house), { instrument });
      expect([status, body.errors[0].field]).toEqual([422, 'instrument']);
    },
  );
});

describe('disabling a payment method', () => {
  it('keeps the row, and drops what was planned with it', async () => {
    const seeded = await seedPastDue(house, house.merchant);
    const planned = await seedCharge(house, house.merchant, seeded, 'planned', {
      ordinal: 2,
      round: 'retry 1',
    });
    const path = `/v1/payment-methods/${seeded.paymentMethod}`;
    const { status, body } = await house.call('DELETE', path);
    expect(status).toBe(200);
    expect(body).toMatchObject({ default: false });
    expect(body.disabled_at).not.toBeNull();
    expect((await house.call('DELETE', path)).body).toEqual(body);
    expect((await house.db.charge.findUniqueOrThrow({ where: { id: planned } })).status).toBe(
      'canceled',
    );
    const { status: refused } = await house.call(
      'PATCH',
      `/v1/subscriptions/${seeded.subscription}`,
      {
        body: { payment_method: seeded.paymentMethod },
      },
    );
    expect(refused).toBe(422);
  });
});
