import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { methodLinks } from '../../notices/link.js';
import { type House, anAccount, openHouse } from './harness.js';
import { type Seeded, seedPastDue } from './seed.js';

const links = methodLinks('a key of thirty-two characters or more');
const BACK = { return_url: 'https://nest.example/', cancel_url: 'https://nest.example/' };

let house: House;
let seeded: Seeded;
let path: string;
beforeAll(async () => void (house = await openHouse()));
beforeEach(async () => {
  seeded = await seedPastDue(house, house.merchant);
  path = pathOf(seeded);
  house.sent.splice(0);
  house.setups.splice(0);
});
afterAll(() => house.close());

function pathOf({ customer, renewal }: Pick<Seeded, 'customer' | 'renewal'>, at = new Date()) {
  const token = links.sign({ customerId: customer, renewalId: renewal }, at);
  return `/update-payment-method/${token}`;
}

const call = (method: string, more = '', body?: object) =>
  house.call(method, path + more, { key: null, ...(body && { body }) });

describe('behind the link of a notice', () => {
  it('the customer sees what is open, and who asks', async () => {
    const name = 'Nest';
    const notices = { from: 'billing@nest.example', brand: name };
    await house.call('PATCH', '/v1/settings', { body: { notices } });
    const { status, body, headers } = await call('GET');
    expect(status).toBe(200);
    expect(body).toMatchObject({ brand: name, status: 'open', amount_minor: 1900 });
    expect(body.kinds).toContain('card');
    expect(Object.keys(body)).toHaveLength(5);
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('a session is opened for that customer only', async () => {
    const { status, body } = await call('POST', '/sessions', { kind: 'card', ...BACK });
    expect(status).toBe(201);
    expect(body).toMatchObject({ gateway: 'stripe', gateway_account: house.merchant.accountId });
    expect(body.client_secret).toMatch(/^secret_of_/);
    expect(house.setups.map(({ request }) => request.customerId)).toEqual([seeded.customer]);
    const other = { kind: 'card', ...BACK, customer: 'cus_01jxqv8b5e0c3k9m2n4p6r8s7t' };
    expect((await call('POST', '/sessions', other)).status).toBe(422);
  });

  it('what was given becomes the default, and wakes the case', async () => {
    const given = { gateway_account: house.merchant.accountId, token: 'tok_new_card' };
    const { status, body } = await call('POST', '/payment-methods', given);
    expect([status, body]).toEqual([201, { kind: 'card', display: 'Visa ···4242' }]);
    const methods = await house.db.paymentMethod.findMany({
      where: { customerId: seeded.customer, isDefault: true },
    });
    expect(methods.map(({ reference }) => reference)).toEqual(['attached_tok_new_card']);
    expect(house.sent).toMatchObject([
      { workflowType: 'dunning', workflowId: `dunning/${seeded.renewal}`, kind: 'wake' },
    ]);
  });

  it.each([
    [{ token: 'tok_x' }, 'gateway_account'],
    [{ gateway_account: 'live-account', token: 'tok_x' }, 'gateway_account'],
    [{ gateway_account: 'stripe-eu', token: '4242424242424242' }, 'token'],
    [{ gateway_account: 'stripe-eu', token: 'tok_x', gateway_customer: 'c' }, 'gateway_customer'],
  ])('%j is refused', async (body, field) => {
    const { status, body: refusal } = await call('POST', '/payment-methods', body);
    expect([status, refusal.errors[0].field]).toEqual([422, field]);
  });

  it('no test method is given for live money', async () => {
    const live = { where: { id: house.merchant.accountId }, data: { mode: 'live' } };
    await house.db.gatewayAccount.update(live);
    const name = 'stripe-test';
    await anAccount(house, { name });
    const given = { gateway_account: name, token: 'tok_test_card' };
    const { status, body } = await call('POST', '/payment-methods', given);
    await house.db.gatewayAccount.update({ ...live, data: { mode: 'test' } });
    expect([status, body.errors[0].field]).toEqual([422, 'gateway_account']);
  });

  it('nothing can be given once it is paid', async () => {
    await house.db.renewal.update({ where: { id: seeded.renewal }, data: { status: 'paid' } });
    expect((await call('GET')).body.status).toBe('paid');
    const session = await call('POST', '/sessions', { kind: 'card', ...BACK });
    expect([session.status, session.body.code]).toEqual([410, 'link_over']);
    const given = { gateway_account: 'stripe-eu', token: 'tok_late' };
    expect((await call('POST', '/payment-methods', given)).status).toBe(410);
  });
});

describe('a link is worth nothing', () => {
  const refused = async (at: string) => {
    for (const [method, more] of [
      ['GET', ''],
      ['POST', '/sessions'],
      ['POST', '/payment-methods'],
    ] as const) {
      const { status, body } = await house.call(method, at + more, { key: null });
      expect([status, body.code]).toEqual([404, 'not_found']);
    }
  };

  it('when it is forged', () => refused(`${path.slice(0, -4)}AAAA`));
  it('when it has expired', () => refused(pathOf(seeded, new Date(Date.now() - 31 * 86_400_000))));
  it('for the renewal of another customer', async () => {
    const other = await seedPastDue(house, house.merchant);
    await refused(pathOf({ customer: other.customer, renewal: seeded.renewal }));
  });
});

it('no link is in the log', async () => {
  await call('GET');
  const token = path.split('/').at(-1)!;
  expect(house.logged.join('\n')).not.toContain(token.slice(0, 40));
  expect(house.logged.join('\n')).toContain('/update-payment-method/(secret)');
});
