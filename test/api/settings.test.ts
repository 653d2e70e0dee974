import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type House, aKeyWith, openHouse } from './harness.js';

let house: House;
beforeAll(async () => void (house = await openHouse()));
afterAll(() => house.close());

const read = async (key = house.merchant.admin) =>
  (await house.call('GET', '/v1/settings', { key })).body;
const change = (body: unknown, key = house.merchant.admin) =>
  house.call('PATCH', '/v1/settings', { body, key });

const DEFAULTS = {
  refund_approval_above: [],
  surplus: 'hold',
  on_dispute: 'keep',
  notices: null,
};

describe('the settings', () => {
  it('begin without a limit, and hold what nobody owed', async () => {
    const { admin } = await house.addMerchant();
    expect(await read(admin)).toEqual(DEFAULTS);
  });

  it('keep what is not named', async () => {
    const { admin } = await house.addMerchant();
    const limits = [
      { currency: 'EUR', amount_minor: 10_000 },
      { currency: 'JPY', amount_minor: 500_000 },
    ];
    const first = await change({ refund_approval_above: limits }, admin);
    expect([first.status, first.body]).toEqual([
      200,
      { ...DEFAULTS, refund_approval_above: limits },
    ]);
    await change({ surplus: 'refund' }, admin);
    const last = await change({ on_dispute: 'pause' }, admin);
    const changed = { refund_approval_above: limits, surplus: 'refund', on_dispute: 'pause' };
    const all = { ...DEFAULTS, ...changed };
    expect(last.body).toEqual(all);
    expect(await read(admin)).toEqual(all);
    expect((await change({}, admin)).body).toEqual(all);
  });

  it('name all limits at once: what is left out has none', async () => {
    const { admin } = await house.addMerchant();
    await change({ refund_approval_above: [{ currency: 'EUR', amount_minor: 1 }] }, admin);
    const dollars = [{ currency: 'USD', amount_minor: 2 }];
    const { body } = await change({ refund_approval_above: dollars }, admin);
    expect(body.refund_approval_above).toEqual(dollars);
    expect((await change({ refund_approval_above: [] }, admin)).body).toEqual(DEFAULTS);
  });

  it('changed by ten at once lose nothing', async () => {
    const { admin } = await house.addMerchant();
    const limits = [{ currency: 'EUR', amount_minor: 7 }];
    const changes = [
      { surplus: 'refund' },
      { on_dispute: 'cancel' },
      { refund_approval_above: limits },
    ];
    await Promise.all([...changes, ...changes, ...changes].map((one) => change(one, admin)));
    expect(await read(admin)).toEqual({
      ...DEFAULTS,
      refund_approval_above: limits,
      surplus: 'refund',
      on_dispute: 'cancel',
    });
  });

  it("are each merchant's own", async () => {
    const { admin } = await house.addMerchant();
    await change({ surplus: 'refund' }, admin);
    expect((await read()).surplus).toBe('hold');
  });

  it.each([
    ['read', [200, 403]],
    ['write', [403, 403]],
    ['operate', [403, 403]],
    ['admin', [200, 200]],
  ])('a key that may %s', async (scope, expected) => {
    const key = await aKeyWith(house, [scope]);
    const asked = await house.call('GET', '/v1/settings', { key });
    const changed = await change({}, key);
    expect([asked.status, changed.status]).toEqual(expected);
  });

  it.each([
    [{ surplus: 'keep' }, 'surplus'],
    [{ on_dispute: 'panic' }, 'on_dispute'],
    [{ refund_approval_above: { EUR: 5 } }, 'refund_approval_above'],
    [
      { refund_approval_above: [{ currency: 'EUR', amount_minor: 0 }] },
      'refund_approval_above.0.amount_minor',
    ],
    [
      { refund_approval_above: [{ currency: 'EURO', amount_minor: 5 }] },
      'refund_approval_above.0.currency',
    ],
    [
      {
        refund_approval_above: [
          { currency: 'EUR', amount_minor: 5 },
          { currency: 'EUR', amount_minor: 6 },
        ],
      },
      'refund_approval_above',
    ],
    [{ refund_limit: 5 }, 'refund_limit'],
  ])('%j is 422 and changes nothing', async (body, field) => {
    const before = await read();
    const answer = await change(body);
    expect([answer.status, answer.body.errors[0].field]).toEqual([422, field]);
    expect(await read()).toEqual(before);
  });
});
