import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createApiKey } from '../../prisma/api-key.js';
import { type House, aCustomer, aSubscription, openHouse } from './harness.js';
import { seedPastDue } from './seed.js';

let house: House;
beforeAll(async () => void (house = await openHouse()));
afterAll(() => house.close());

const DAY = 86_400_000;
const ago = (ms: number) => new Date(Date.now() - ms).toISOString();
const TERMS = { amount_minor: 1900, currency: 'EUR', interval: 'month' };

async function refused(terms: object): Promise<[number, string[]]> {
  const customer = await aCustomer(house);
  const { status, body } = await house.call('POST', '/v1/subscriptions', {
    body: { customer, ...TERMS, ...terms },
  });
  return [status, (body.errors ?? []).map(({ field }: { field: string }) => field)];
}

describe('creating a subscription', () => {
  it('bills its first period now and owes its run a start', async () => {
    const made = await aSubscription(house);
    expect(made).toMatchObject({
      status: 'active',
      service: 'full',
      interval_count: 1,
      collection: 'automatic',
      time_zone: 'UTC',
      next_period_start: made['starts_at'],
    });
    const owed = house.sent.filter(({ workflowId }) => workflowId.includes(made.id));
    expect(owed.map(({ kind }) => kind)).toEqual(['start']);
    const row = await house.db.dispatch.findUniqueOrThrow({ where: { id: owed[0]!.id } });
    expect(row.sentAt).not.toBeNull();
  });

  it('takes the zone of its customer, and leaves a manual one without a run', async () => {
    const { body } = await house.call('POST', '/v1/customers', {
      body: { time_zone: 'Asia/Tokyo' },
    });
    const made = await aSubscription(house, { customer: body.id, collection: 'manual' });
    expect(made['time_zone']).toBe('Asia/Tokyo');
    expect(house.sent.some(({ workflowId }) => workflowId.includes(made.id))).toBe(false);
  });

  it('ends after its cycles', async () => {
    const made = await aSubscription(house, { starts_at: '2099-01-31T10:00:00Z', cycles: 3 });
    expect(made['ends_at']).toBe('2099-04-30T10:00:00.000Z');
  });

  it.each([
    [{ amount_minor: 0 }, 'amount_minor'],
    [{ amount_minor: -1 }, 'amount_minor'],
    [{ amount_minor: 9_007_199_254_740_992 }, 'amount_minor'],
    [{ amount_minor: 19.9 }, 'amount_minor'],
    [{ amount_minor: '1900' }, 'amount_minor'],
    [{ currency: 'eur' }, 'currency'],
    [{ currency: 'XXX' }, 'currency'],
    [{ interval: 'hour' }, 'interval'],
    [{ interval_count: 0 }, 'interval_count'],
    [{ cycles: 0 }, 'cycles'],
    [{ interval: 'year', interval_count: 1000, cycles: 10_000 }, 'cycles'],
    [{ starts_at: 'tomorrow' }, 'starts_at'],
    [{ starts_at: '2026-13-01T00:00:00Z' }, 'starts_at'],
    [{ starts_at: '1999-01-01T00:00:00Z', bill_past_periods: true }, 'starts_at'],
    [{ time_zone: 'Mars/Base' }, 'time_zone'],
    [{ dunning_policy: 'none' }, 'dunning_policy'],
    [{ payment_method: 'pm_01jxqv8b5e0c3k9m2n4p6r8s7t' }, 'payment_method'],
    [{ customer: 'cus_01jxqv8b5e0c3k9m2n4p6r8s7t' }, 'customer'],
    [{ status: 'active' }, 'status'],
  ])('refuses %j', async (terms, field) => {
    expect(await refused(terms)).toEqual([422, [field]]);
  });

  it('more than one interval in the past only when asked to bill it', async () => {
    expect(await refused({ interval: 'week', starts_at: ago(8 * DAY) })).toEqual([
      422,
      ['starts_at'],
    ]);
    await aSubscription(house, { interval: 'week', starts_at: ago(6 * DAY) });
    await aSubscription(house, {
      interval: 'week',
      starts_at: ago(80 * DAY),
      bill_past_periods: true,
    });
  });

  it('by the minute with a test key only', async () => {
    await aSubscription(house, { interval: 'minute' });
    const asked = {
      merchantId: house.merchant.id,
      name: 'app',
      mode: 'live',
      scopes: ['write'],
    } as const;
    const live = (await createApiKey(house.db, asked)).secret;
    const customer = await aCustomer(house);
    const { status, body } = await house.call('POST', '/v1/subscriptions', {
      key: live,
      body: { customer, ...TERMS, interval: 'minute' },
    });
    expect([status, body.errors[0].field]).toEqual([422, 'interval']);
  });

  it('succeeds while Temporal is away: what it owes is left to the sweep', async () => {
    house.edges.send = () => Promise.reject(new Error('14 UNAVAILABLE'));
    const made = await aSubscription(house).finally(
      () => void (house.edges.send = () => Promise.resolve()),
    );
    const owed = await house.db.dispatch.findFirstOrThrow({
      where: { workflowId: { contains: made.id } },
    });
    expect(owed.sentAt).toBeNull();
  });
});

describe('changing a subscription', () => {
  it('applies to amount, description, method and metadata', async () => {
    const { id } = await aSubscription(house);
    const changes = { amount_minor: 2500, description: 'Team', metadata: { seats: '5' } };
    const { body } = await house.call('PATCH', `/v1/subscriptions/${id}`, { body: changes });
    expect(body).toMatchObject(changes);
    const cleared = await house.call('PATCH', `/v1/subscriptions/${id}`, {
      body: { description: null },
    });
    expect(cleared.body).toMatchObject({ amount_minor: 2500, description: null });
  });

  it('says which terms never change', async () => {
    const { id } = await aSubscription(house);
    const { status, body } = await house.call('PATCH', `/v1/subscriptions/${id}`, {
      body: { interval: 'year', currency: 'USD', starts_at: ago(0), time_zone: 'UTC' },
    });
    expect([status, body.code]).toEqual([422, 'immutable']);
    expect(body.errors).toHaveLength(4);
    expect(body.detail).toContain('create another');
  });

  it('is refused once it is over', async () => {
    const { id } = await aSubscription(house);
    await house.call('POST', `/v1/subscriptions/${id}/cancellation`, { body: { at: 'now' } });
    const { status, body } = await house.call('PATCH', `/v1/subscriptions/${id}`, {
      body: { amount_minor: 1 },
    });
    expect([status, body.code]).toEqual([409, 'subscription_over']);
  });
});

describe('pausing', () => {
  it('and resuming, each as often as you like', async () => {
    const { id } = await aSubscription(house);
    for (let n = 0; n < 2; n++) {
      const { status, body } = await house.call('POST', `/v1/subscriptions/${id}/pause`);
      expect([status, body.status]).toEqual([200, 'paused']);
      expect(body.paused_at).not.toBeNull();
    }
    for (let n = 0; n < 2; n++) {
      const { status, body } = await house.call('DELETE', `/v1/subscriptions/${id}/pause`);
      expect([status, body.status, body.paused_at]).toEqual([200, 'active', null]);
    }
  });

  it('is refused for one that is canceled', async () => {
    const { id } = await aSubscription(house);
    await house.call('POST', `/v1/subscriptions/${id}/cancellation`, { body: { at: 'now' } });
    expect((await house.call('POST', `/v1/subscriptions/${id}/pause`)).status).toBe(409);
  });
});

describe('canceling', () => {
  it("at the period's end keeps it active until then", async () => {
    const { id } = await aSubscription(house, { starts_at: ago(DAY) });
    const { body } = await house.call('POST', `/v1/subscriptions/${id}/cancellation`, {
      body: { at: 'period_end' },
    });
    expect(body.status).toBe('active');
    expect(Date.parse(body.ends_at)).toBeGreaterThan(Date.now());
  });

  it('now ends it, drops what is owed, and ends the sleeping run', async () => {
    const { id } = await aSubscription(house);
    const billed = await house.call('POST', `/v1/subscriptions/${id}/renewals`);
    const { body } = await house.call('POST', `/v1/subscriptions/${id}/cancellation`, {
      body: { at: 'now' },
    });
    expect(body).toMatchObject({ status: 'canceled', service: 'ended', next_period_start: null });
    const renewal = await house.call('GET', `/v1/renewals/${billed.body.id}`);
    expect(renewal.body.status).toBe('canceled');
    expect(house.terminated.at(-1)).toContain(`renewal/${id}/`);
  });

  it('now with keep_debt leaves it to be collected', async () => {
    const { id } = await aSubscription(house);
    const billed = await house.call('POST', `/v1/subscriptions/${id}/renewals`);
    await house.call('POST', `/v1/subscriptions/${id}/cancellation`, {
      body: { at: 'now', keep_debt: true },
    });
    const renewal = await house.call('GET', `/v1/renewals/${billed.body.id}`);
    expect(renewal.body.status).toBe('collecting');
  });

  it("while paused at the period's end leaves an open renewal alone", async () => {
    const { id } = await aSubscription(house);
    const billed = await house.call('POST', `/v1/subscriptions/${id}/renewals`);
    await house.call('POST', `/v1/subscriptions/${id}/pause`);
    await house.call('POST', `/v1/subscriptions/${id}/cancellation`, {
      body: { at: 'period_end' },
    });
    expect((await house.call('GET', `/v1/renewals/${billed.body.id}`)).body.status).toBe(
      'collecting',
    );
  });

  it('knows keep_debt only with now', async () => {
    const { id } = await aSubscription(house);
    const { status, body } = await house.call('POST', `/v1/subscriptions/${id}/cancellation`, {
      body: { at: 'period_end', keep_debt: true },
    });
    expect([status, body.errors[0].field]).toEqual([422, 'keep_debt']);
  });
});

it('a request that meets a run head on is not lost to the deadlock', async () => {
  const { id } = await aSubscription(house);
  const billed = await house.call('POST', `/v1/subscriptions/${id}/renewals`);
  const wait = (ms: number) => new Promise((resolve) => void setTimeout(resolve, ms));
  let answered: ReturnType<House['call']> | undefined;
  await house.db.$transaction(async (tx) => {
    await tx.$queryRaw`select 1 from renewal where id = ${billed.body.id} for update`;
    answered = house.call('POST', `/v1/subscriptions/${id}/cancellation`, { body: { at: 'now' } });
    await wait(500);
    await tx.subscription.update({ where: { id }, data: { service: 'restricted' } });
  });
  expect((await answered!).body).toMatchObject({ status: 'canceled', service: 'ended' });
});

describe('listing subscriptions', () => {
  it('filters by customer and by status, past due included', async () => {
    const seeded = await seedPastDue(house, house.merchant);
    const list = async (query: string) =>
      (await house.call('GET', `/v1/subscriptions?${query}`)).body.data.map(
        (it: { id: string }) => it.id,
      ) as string[];
    expect(await list(`customer=${seeded.customer}`)).toEqual([seeded.subscription]);
    expect(await list('status=past_due')).toEqual([seeded.subscription]);
    expect(await list('status=active&limit=100')).not.toContain(seeded.subscription);
    const { body } = await house.call('GET', `/v1/subscriptions/${seeded.subscription}`);
    expect(body.status).toBe('past_due');
  });
});
