import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type House, aSubscription, openHouse } from './harness.js';
import { DECLINE, seedPastDue } from './seed.js';

let house: House;
beforeAll(async () => void (house = await openHouse()));
afterAll(() => house.close());

const DAY = 86_400_000;
const ago = (ms: number) => new Date(Date.now() - ms).toISOString();
const bill = (id: string, body?: object, headers: Record<string, string> = {}) =>
  house.call('POST', `/v1/subscriptions/${id}/renewals`, { ...(body && { body }), headers });

/** What the run would do. */
async function settle(id: string): Promise<void> {
  await house.db.renewal.update({ where: { id }, data: { status: 'paid', paidAt: new Date() } });
}

describe('billing a period', () => {
  it('writes the renewal itself and wakes its run', async () => {
    const { id, starts_at } = await aSubscription(house);
    const { status, body, headers } = await bill(id);
    expect(status).toBe(202);
    expect(headers.get('location')).toBe(`/v1/renewals/${body.id}`);
    expect(body).toMatchObject({
      subscription: id,
      status: 'collecting',
      amount_minor: 1900,
      currency: 'EUR',
      period_start: starts_at,
      due_at: starts_at,
      charges: [],
      dunning_case: null,
      needs_attention: null,
    });
    expect(body.workflow.id).toMatch(new RegExp(`^renewal/${id}/`));
    expect(house.sent.at(-1)).toMatchObject({ kind: 'wake', workflowId: body.workflow.id });
  });

  it('twice is one renewal, whatever the key', async () => {
    const { id } = await aSubscription(house);
    const first = await bill(id, {}, { 'idempotency-key': 'a' });
    const second = await bill(id, {}, { 'idempotency-key': 'b' });
    expect([first.status, second.status]).toEqual([202, 200]);
    expect(second.body.id).toBe(first.body.id);
    expect(await house.db.renewal.count({ where: { subscriptionId: id } })).toBe(1);
  });

  it('a hundred times at once is one renewal', async () => {
    const { id } = await aSubscription(house);
    const answers = await Promise.all(Array.from({ length: 100 }, () => bill(id)));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
  });

  it('with another amount is a conflict', async () => {
    const { id } = await aSubscription(house);
    await bill(id, { amount_minor: 500, description: 'Usage in May' });
    expect((await bill(id, { amount_minor: 500 })).status).toBe(200);
    const { status, body } = await bill(id, { amount_minor: 501 });
    expect([status, body.code]).toEqual([409, 'amount_differs']);
    expect((await bill(id)).body).toMatchObject({ amount_minor: 500, description: 'Usage in May' });
  });

  it('begins with the oldest and goes on in order', async () => {
    const { id } = await aSubscription(house, {
      interval: 'day',
      starts_at: ago(2.5 * DAY),
      bill_past_periods: true,
      time_zone: 'UTC',
    });
    const starts: string[] = [];
    for (let n = 0; n < 4; n++) starts.push((await bill(id)).body.period_start);
    expect(starts[1]).toBe(new Date(Date.parse(starts[0]!) + DAY).toISOString());
    expect(starts[2]).toBe(new Date(Date.parse(starts[0]!) + 2 * DAY).toISOString());
    expect(starts[3]).toBe(starts[2]);
  });

  it('ahead needs its period_start, and no other than the next', async () => {
    const future = new Date(Date.now() + 5 * DAY).toISOString();
    const { id } = await aSubscription(house, { starts_at: future });
    const unnamed = await bill(id);
    expect([unnamed.status, unnamed.body.code]).toEqual([409, 'not_due']);
    const wrong = await bill(id, { period_start: ago(0) });
    expect([wrong.status, wrong.body.code]).toEqual([409, 'not_the_next_period']);
    const ahead = await bill(id, { period_start: future });
    expect([ahead.status, ahead.body.period_start]).toEqual([202, future]);
    expect((await bill(id, { period_start: future })).status).toBe(200);
  });

  it('is refused when no further period is owed', async () => {
    const { id } = await aSubscription(house);
    await house.call('POST', `/v1/subscriptions/${id}/cancellation`, { body: { at: 'now' } });
    const { status, body } = await bill(id);
    expect([status, body.code]).toEqual([409, 'not_owed']);
  });

  it('replayed a month later shows the renewal of then, not the next one', async () => {
    const { id } = await aSubscription(house, {
      interval: 'day',
      starts_at: ago(2.5 * DAY),
      bill_past_periods: true,
    });
    const first = await bill(id, {}, { 'idempotency-key': 'retry-later' });
    await bill(id);
    await settle(first.body.id);
    const replay = await bill(id, {}, { 'idempotency-key': 'retry-later' });
    expect(replay.headers.get('idempotency-replayed')).toBe('true');
    expect(replay.status).toBe(200);
    expect(replay.body).toMatchObject({ id: first.body.id, status: 'paid' });
    const other = await bill(id, { amount_minor: 5 }, { 'idempotency-key': 'retry-later' });
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused']);
  });
});

describe('Prefer: wait', () => {
  it('answers 201 with the outcome as soon as it is there', async () => {
    const { id } = await aSubscription(house);
    house.edges.send = async ({ workflowId, kind }) => {
      if (kind !== 'wake' || !workflowId.includes(id)) return;
      const row = await house.db.renewal.findFirstOrThrow({ where: { subscriptionId: id } });
      setTimeout(() => void settle(row.id), 400);
    };
    const begun = Date.now();
    const { status, body, headers } = await bill(id, {}, { prefer: 'wait=20' });
    house.edges.send = () => Promise.resolve();
    expect([status, body.status]).toEqual([201, 'paid']);
    expect(body.paid_at).not.toBeNull();
    expect(headers.get('preference-applied')).toBe('wait=20');
    expect(Date.now() - begun).toBeLessThan(5_000);
    expect((await bill(id, {}, { prefer: 'wait=20' })).status).toBe(200);
  });

  it('answers 202 when the time is up, and waits a minute at most', async () => {
    const { id } = await aSubscription(house);
    const begun = Date.now();
    const { status, headers } = await bill(id, {}, { prefer: 'respond-async, wait=1' });
    expect(status).toBe(202);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(990);
    expect(headers.get('location')).toMatch(/^\/v1\/renewals\/rnw_/);
    await settle((await bill(id)).body.id);
    const long = await bill(id, {}, { prefer: 'wait=9999' });
    expect(long.headers.get('preference-applied')).toBe('wait=60');
  });

  it('ends at once when the process stops', async () => {
    const stopping = new AbortController();
    const other = await openHouse({ stopping: stopping.signal });
    try {
      const { id } = await aSubscription(other);
      setTimeout(() => stopping.abort(), 200);
      const begun = Date.now();
      const { status } = await other.call('POST', `/v1/subscriptions/${id}/renewals`, {
        headers: { prefer: 'wait=30' },
      });
      expect(status).toBe(202);
      expect(Date.now() - begun).toBeLessThan(5_000);
    } finally {
      await other.close();
    }
  });
});

describe('reading renewals', () => {
  it('shows charges, the case, the next step and the run that owns it', async () => {
    const seeded = await seedPastDue(house, house.merchant);
    const { body } = await house.call('GET', `/v1/renewals/${seeded.renewal}`);
    expect(Object.keys(body)).toEqual(
      'id subscription customer status amount_minor currency description period_start period_end due_at paid_at needs_attention charges dunning_case next_step workflow'.split(
        ' ',
      ),
    );
    expect(body).toMatchObject({
      status: 'past_due',
      dunning_case: seeded.dunningCase,
      next_step: { kind: 'retry', why: 'A test says so' },
      workflow: {
        id: `dunning/${seeded.renewal}`,
        url: `http://temporal.test/dunning%2F${seeded.renewal}`,
      },
    });
    const { elsewhere: _, ...decline } = DECLINE;
    expect(body.charges).toMatchObject([
      {
        id: seeded.charge,
        status: 'declined',
        gateway: 'stripe',
        decline,
        ordinal: 1,
        round: 'first',
      },
    ]);
    const charges = await house.call('GET', `/v1/renewals/${seeded.renewal}/charges`);
    expect(charges.body).toEqual({ data: body.charges, has_more: false });
  });

  it('filters by subscription, status and need of attention', async () => {
    const seeded = await seedPastDue(house, house.merchant);
    const needsAttention = { since: ago(0), why: 'The key is wrong', next: 'Waits for a person' };
    const parked = (await bill((await aSubscription(house)).id)).body.id as string;
    await house.db.renewal.update({ where: { id: parked }, data: { needsAttention } });
    const list = async (query: string) =>
      (await house.call('GET', `/v1/renewals?${query}`)).body.data as { id: string }[];
    expect(await list('needs_attention=true')).toMatchObject([
      { id: parked, needs_attention: needsAttention },
    ]);
    expect((await list(`subscription=${seeded.subscription}`)).map(({ id }) => id)).toEqual([
      seeded.renewal,
    ]);
    const ids = (await list('status=past_due&limit=100')).map(({ id }) => id);
    expect(ids).toContain(seeded.renewal);
    expect(ids).not.toContain(parked);
  });
});

describe('retrying a parked renewal', () => {
  it('is a wish to its own run, with the name of the key', async () => {
    const { body } = await bill((await aSubscription(house)).id);
    const asked = await house.call('POST', `/v1/renewals/${body.id}/retries`, {
      body: { reason: 'The key was replaced' },
    });
    expect(asked.status).toBe(202);
    expect(asked.headers.get('location')).toBe(`/v1/renewals/${body.id}`);
    expect(house.wishes.at(-1)).toEqual([
      body.workflow.id,
      'retryNow',
      { actor: 'ops', reason: 'The key was replaced' },
      asked.body.id,
    ]);
  });

  it('is refused once it is decided', async () => {
    const { body } = await bill((await aSubscription(house)).id);
    await settle(body.id);
    const asked = await house.call('POST', `/v1/renewals/${body.id}/retries`, {
      body: { reason: 'Again' },
    });
    expect([asked.status, asked.body.code]).toEqual([409, 'renewal_closed']);
  });
});
