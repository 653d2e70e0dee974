import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { routes } from '../../api/routes.js';
import { type House, openHouse } from './harness.js';
import { type Seeded, seedMoneyBack, seedNotice, seedPastDue } from './seed.js';

let house: House;
let stranger: string;
let ids: Record<string, string>;
let seeded: Seeded;

beforeAll(async () => {
  house = await openHouse();
  stranger = (await house.addMerchant()).admin;
  seeded = await seedPastDue(house, house.merchant);
  const events = await house.call('GET', '/v1/events');
  const rule = await house.call('POST', '/v1/routing-rules', {
    body: { name: 'All', accounts: [{ gateway_account: 'stripe-eu' }] },
  });
  const keys = await house.call('GET', '/v1/api-keys');
  const endpoint = await house.call('POST', '/v1/webhook-endpoints', {
    body: { url: 'https://app.example/' },
  });
  await seedNotice(house, seeded);
  const money = await seedMoneyBack(house, house.merchant, seeded);
  ids = {
    customers: seeded.customer,
    'payment-methods': seeded.paymentMethod,
    subscriptions: seeded.subscription,
    renewals: seeded.renewal,
    'dunning-cases': seeded.dunningCase,
    events: events.body.data[0].id,
    charges: seeded.charge,
    'routing-rules': rule.body.id,
    'gateway-accounts': house.merchant.accountId,
    'api-keys': keys.body.data[0].id,
    'webhook-endpoints': endpoint.body.id,
    ...money,
  };
});
afterAll(() => house.close());

const addressed = routes.filter(({ path }) => path.includes('{id}'));
const at = (path: string) => path.replace('{id}', ids[path.split('/')[2]!]!);

/** Settings and balances are one for each merchant, and a statement is text: they name no thing of their own. */
function isList(schema: unknown): boolean {
  return 'has_more' in ((schema as { shape?: object }).shape ?? {});
}

const BODIES: Record<string, object> = {
  'payment-methods': { gateway_account: 'stripe-eu', token: 'tok_foreign' },
  cancellation: { at: 'now' },
  retries: { reason: 'mine' },
  'payment-links': { return_url: 'https://a.test/', cancel_url: 'https://a.test/' },
  'write-off': { reason: 'mine' },
  resolution: { outcome: 'not_sent', reason: 'mine' },
  refunds: { reason: 'mine' },
  approvals: { decision: 'approve', reason: 'mine' },
  '/v1/events/{id}/acknowledgements': {},
  acknowledgements: { reason: 'mine' },
  evidence: { text: 'mine' },
  resolutions: { action: 'accept', reason: 'mine' },
  redeliveries: { endpoint: 'whe_01jxqv8b5e0c3k9m2n4p6r8s7t' },
  hold: { reason: 'mine', until: '2099-01-01T00:00:00Z' },
};

describe('a merchant', () => {
  it.each(addressed.filter(({ method }) => method === 'get').map(({ path }) => path))(
    'reads its own %s and nobody else can',
    async (path) => {
      expect((await house.call('GET', at(path))).status).toBe(200);
      const { status, body } = await house.call('GET', at(path), { key: stranger });
      expect([status, body.code]).toEqual([404, 'not_found']);
    },
  );

  it.each(addressed.filter(({ method }) => method !== 'get').map((it) => [it.method, it.path]))(
    'is out of reach of another: %s %s',
    async (method, path) => {
      const before = await snapshot();
      const body = BODIES[path] ?? BODIES[path.split('/').at(-1)!];
      const options = {
        key: stranger,
        ...(body && method !== 'patch' && method !== 'delete' && { body }),
      };
      const { status } = await house.call(method.toUpperCase(), at(path), options);
      expect(status).toBe(404);
      expect(await snapshot()).toEqual(before);
    },
  );

  const lists = routes.filter(
    ({ path, method, answers }) =>
      method === 'get' &&
      !path.includes('{') &&
      answers[200]?.schema &&
      isList(answers[200].schema),
  );
  it.each(lists)('lists only its own: $path', async ({ path }) => {
    const mine = await house.call('GET', path);
    const theirs = await house.call('GET', path, { key: stranger });
    expect(mine.body.data.length).toBeGreaterThan(0);
    const own = new Set(mine.body.data.map(({ id }: { id: string }) => id));
    for (const { id } of theirs.body.data) expect(own.has(id)).toBe(false);
  });

  it('cannot be named in the body of another', async () => {
    const mine = (await house.call('POST', '/v1/customers', { key: stranger, body: {} })).body.id;
    const terms = { amount_minor: 1, currency: 'EUR', interval: 'month' };
    const foreign = await house.call('POST', '/v1/subscriptions', {
      key: stranger,
      body: { ...terms, customer: seeded.customer },
    });
    expect([foreign.status, foreign.body.errors[0].field]).toEqual([422, 'customer']);
    const method = await house.call('POST', '/v1/subscriptions', {
      key: stranger,
      body: { ...terms, customer: mine, payment_method: seeded.paymentMethod },
    });
    expect([method.status, method.body.errors[0].field]).toEqual([422, 'payment_method']);
    const account = await house.call('POST', `/v1/customers/${mine}/payment-methods`, {
      key: stranger,
      body: { gateway_account: house.merchant.accountId, token: 'tok' },
    });
    expect([account.status, account.body.errors[0].field]).toEqual([422, 'gateway_account']);
    const rule = await house.call('POST', '/v1/routing-rules', {
      key: stranger,
      body: { name: 'Theirs', accounts: [{ gateway_account: house.merchant.accountId }] },
    });
    expect([rule.status, rule.body.errors[0].field]).toEqual([422, 'accounts.0.gateway_account']);
    const urls = { return_url: 'https://a.example', cancel_url: 'https://a.example' };
    const session = await house.call('POST', '/v1/payment-method-sessions', {
      key: stranger,
      body: { ...urls, kind: 'card', customer: seeded.customer },
    });
    expect([session.status, session.body.errors[0].field]).toEqual([422, 'customer']);
    for (const named of [
      { renewal: seeded.renewal },
      { subscription: seeded.subscription },
      { customer: seeded.customer, currency: 'EUR', amount_minor: 1, method_kind: 'card' },
    ]) {
      const body = named;
      const asked = { key: stranger, body };
      const { status, body: answer } = await house.call(
        'POST',
        '/v1/routing-rules/evaluations',
        asked,
      );
      expect([status, answer.errors[0].field]).toEqual([422, Object.keys(named)[0]]);
    }
  });

  it('cannot take over a token that another has attached', async () => {
    const customer = (await house.call('POST', '/v1/customers', { body: {} })).body.id;
    const token = house.attached[0]!.token;
    const { status, body } = await house.call('POST', `/v1/customers/${customer}/payment-methods`, {
      body: { gateway_account: 'stripe-eu', token },
    });
    expect([status, body.code]).toEqual([409, 'payment_method_taken']);
  });
});

async function snapshot(): Promise<unknown> {
  const { db } = house;
  return [
    await db.subscription.findMany(),
    await db.paymentMethod.findMany(),
    await db.gatewayAccount.findMany(),
    await db.routingRule.findMany(),
    await db.apiKey.findMany({ where: { revokedAt: { not: null } } }),
    await db.renewal.findMany(),
    await db.refund.findMany(),
    await db.dispute.findMany(),
    await db.difference.findMany(),
    await db.webhookEndpoint.findMany(),
    await db.delivery.findMany(),
    house.wishes.length,
    house.attached.length,
  ];
}
