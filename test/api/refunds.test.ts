import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { planRefund } from '../../activities/plan-refund.js';
import { isId } from '../../domain/ids.js';
import { gatewayNamed } from '../../gateways/index.js';
import type { Prisma } from '../../prisma/generated/client.js';
import { newId } from '../../prisma/new-id.js';
import { changeSettings } from '../../prisma/settings.js';
import { eventsOf } from '../support/refunding.js';
import { type House, type MerchantInHouse, aKeyWith, aLiveKey, openHouse } from './harness.js';
import { seedCharge, seedPastDue } from './seed.js';

let house: House;
/** Another key than the house's own, which asks. */
let second: string;
beforeAll(async () => {
  house = await openHouse();
  second = await aKeyWith(house, ['operate']);
});
afterAll(() => house.close());

/** A charge of EUR 19.00 that succeeded. */
async function paid(merchant: MerchantInHouse = house.merchant) {
  const seeded = await seedPastDue(house, merchant);
  const more = { ordinal: 2, round: 'retry 1' };
  const charge = await seedCharge(house, merchant, seeded, 'pending', more);
  await set(charge, { status: 'succeeded', gatewayChargeReference: `ch_${charge}` });
  return { ...seeded, charge };
}

const set = (id: string, data: Prisma.ChargeUncheckedUpdateInput) =>
  house.db.charge.update({ where: { id }, data });
const setRefund = (id: string, data: Prisma.RefundUncheckedUpdateInput) =>
  house.db.refund.update({ where: { id }, data });

interface More {
  readonly key?: string;
  readonly headers?: Record<string, string>;
}

const ask = (charge: string, body: object = {}, more: More = {}) =>
  house.call('POST', `/v1/charges/${charge}/refunds`, {
    body: { reason: 'The customer sent it back', ...body },
    ...more,
  });
const decide = (id: string, decision: string, more: More = { key: second }) =>
  house.call('POST', `/v1/refunds/${id}/approvals`, {
    body: { decision, reason: 'Looked at it' },
    ...more,
  });
const list = async (query: string) => (await house.call('GET', `/v1/refunds${query}`)).body;

async function withLimit<T>(minor: number, work: () => Promise<T>): Promise<T> {
  const limit = (refundApprovalAbove: Record<string, number>) =>
    changeSettings(house.db, house.merchant.id, { refundApprovalAbove });
  await limit({ EUR: minor });
  try {
    return await work();
  } finally {
    await limit({});
  }
}

/** A refund of a whole charge that waits for a second key. */
async function waiting() {
  const { charge, renewal, subscription } = await paid();
  const { body } = await withLimit(1_000, () => ask(charge));
  expect(body.status).toBe('awaiting_approval');
  return { charge, renewal, subscription, id: body.id as string };
}

async function dispute(
  { charge, renewal, subscription }: { charge: string; renewal: string; subscription: string },
  status: string,
  amountMinor = 1900,
) {
  const id = newId('dis');
  await house.db.dispute.create({
    data: {
      id,
      merchantId: house.merchant.id,
      renewalId: renewal,
      subscriptionId: subscription,
      chargeId: charge,
      gatewayAccountId: house.merchant.accountId,
      gatewayReference: `du_${id}`,
      inquiry: false,
      reason: 'fraudulent',
      amountMinor,
      currency: 'EUR',
      status,
      openedAt: new Date(),
      withdrawnAt: status === 'needs_response' ? null : new Date(),
    },
  });
}

describe('asking for a refund', () => {
  it('answers with the refund, and owes it a run', async () => {
    const { charge, renewal } = await paid();
    const { status, body, headers } = await ask(charge, { amount_minor: 700, kind: 'duplicate' });
    expect(status).toBe(201);
    expect(isId('rfd', body.id)).toBe(true);
    expect(headers.get('location')).toBe(`/v1/refunds/${body.id}`);
    expect(body).toMatchObject({
      charge,
      renewal,
      status: 'planned',
      amount_minor: 700,
      currency: 'EUR',
      origin: 'app',
      kind: 'duplicate',
      reason: 'The customer sent it back',
      gateway_account: { id: house.merchant.accountId, name: 'stripe-eu' },
      decided_by: null,
      settled_at: null,
      workflow: { id: `refund/${body.id}` },
    });
    expect(house.sent.at(-1)).toMatchObject({
      kind: 'wake',
      workflowType: 'refund',
      workflowId: `refund/${body.id}`,
      input: { refundId: body.id, renewalId: renewal },
    });
    expect((await house.call('GET', `/v1/refunds/${body.id}`)).body).toEqual(body);
  });

  it('without an amount takes what is left', async () => {
    const { charge } = await paid();
    await ask(charge, { amount_minor: 400 });
    const { body } = await ask(charge);
    expect([body.amount_minor, body.kind]).toEqual([1500, 'requested']);
  });

  it('is answered though Temporal is away: the sweep sends what is owed', async () => {
    const { charge } = await paid();
    house.edges.send = () => Promise.reject(new Error('away'));
    const { status, body } = await ask(charge);
    house.edges.send = () => Promise.resolve();
    expect(status).toBe(201);
    const workflowId = `refund/${body.id}`;
    expect(await house.db.dispatch.findFirst({ where: { workflowId } })).toMatchObject({
      sentAt: null,
    });
  });

  it('ten times at once, 20 % each: five are made and five refused', async () => {
    const { charge } = await paid();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => ask(charge, { amount_minor: 380 })),
    );
    const statuses = answers.map(({ status }) => status).sort((a, b) => a - b);
    expect(statuses).toEqual([201, 201, 201, 201, 201, 409, 409, 409, 409, 409]);
    expect(await house.db.refund.count({ where: { chargeId: charge } })).toBe(5);
  });
});

describe('a refusal says why', () => {
  it('nothing is left: already_refunded', async () => {
    const { charge } = await paid();
    await ask(charge);
    const { status, body } = await ask(charge, { amount_minor: 1 });
    expect([status, body.code]).toEqual([409, 'already_refunded']);
  });

  it('more than is left: refund_exceeds_charge, at amount_minor', async () => {
    const { charge } = await paid();
    await ask(charge, { amount_minor: 900 });
    const { status, body } = await ask(charge, { amount_minor: 1001 });
    expect([status, body.code]).toEqual([409, 'refund_exceeds_charge']);
    expect(body.errors).toMatchObject([{ field: 'amount_minor' }]);
    expect(body.detail).toContain('EUR 10.00');
  });

  it.each([
    ['was declined', 'declined', {}],
    ['is not decided yet', 'unknown', {}],
    ['went back already', 'pending', { status: 'succeeded', reversedAt: new Date() }],
    ['has no name at its gateway', 'pending', { status: 'succeeded' }],
  ])('of a charge that %s: charge_not_refundable', async (_, status, change) => {
    const seeded = await seedPastDue(house, house.merchant);
    const more = { ordinal: 2, round: 'retry 1' };
    const charge = await seedCharge(house, house.merchant, seeded, status, more);
    if ('status' in change) await set(charge, change);
    const answer = await ask(charge);
    expect([answer.status, answer.body.code]).toEqual([409, 'charge_not_refundable']);
  });

  it('while its bank decides about it: charge_disputed', async () => {
    const seeded = await paid();
    await dispute(seeded, 'under_review');
    const { status, body } = await ask(seeded.charge);
    expect([status, body.code]).toEqual([409, 'charge_disputed']);
  });

  it('what a dispute has lost is not there to be refunded', async () => {
    const seeded = await paid();
    await dispute(seeded, 'lost', 1500);
    const { body } = await ask(seeded.charge, { amount_minor: 401 });
    expect(body.code).toBe('refund_exceeds_charge');
    expect((await ask(seeded.charge)).body.amount_minor).toBe(400);
  });

  it('by a gateway that gives nothing back through its API: not_offered', async () => {
    const { refunding: _, ...bare } = gatewayNamed('stripe');
    const other = await openHouse({
      planRefund: (tx, wish, now) => planRefund({ gateways: () => bare }, tx, wish, now),
    });
    try {
      const seeded = await seedPastDue(other, other.merchant);
      const more = { ordinal: 2, round: 'retry 1' };
      const id = await seedCharge(other, other.merchant, seeded, 'pending', more);
      const taken = { status: 'succeeded', gatewayChargeReference: 'ch_1' };
      await other.db.charge.update({ where: { id }, data: taken });
      const body = { reason: 'x' };
      const refused = await other.call('POST', `/v1/charges/${id}/refunds`, { body });
      expect([refused.status, refused.body.code]).toEqual([409, 'not_offered']);
    } finally {
      await other.close();
    }
  });

  it.each([
    [{ amount_minor: 0 }, 'amount_minor'],
    [{ amount_minor: -5 }, 'amount_minor'],
    [{ amount_minor: 1.5 }, 'amount_minor'],
    [{ amount_minor: '700' }, 'amount_minor'],
    [{ kind: 'because' }, 'kind'],
    [{ reason: '' }, 'reason'],
    [{ reason: undefined }, 'reason'],
    [{ currency: 'EUR' }, 'currency'],
  ])('%j is 422 at its field', async (body, field) => {
    const { charge } = await paid();
    const answer = await ask(charge, body);
    expect([answer.status, answer.body.errors[0].field]).toEqual([422, field]);
    expect(await house.db.refund.count({ where: { chargeId: charge } })).toBe(0);
  });
});

describe('an Idempotency-Key', () => {
  it('makes one refund of many asks, and shows how it stands now', async () => {
    const { charge } = await paid();
    const headers = { 'idempotency-key': 'return-77' };
    const first = await ask(charge, { amount_minor: 500 }, { headers });
    await setRefund(first.body.id, { status: 'submitted' });
    await setRefund(first.body.id, { status: 'succeeded', settledAt: new Date() });
    const again = await ask(charge, { amount_minor: 500 }, { headers });
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
    expect(again.headers.get('location')).toBe(`/v1/refunds/${first.body.id}`);
    expect(again.body).toMatchObject({ id: first.body.id, status: 'succeeded' });
    expect(await house.db.refund.count({ where: { chargeId: charge } })).toBe(1);
    const other = await ask(charge, { amount_minor: 501 }, { headers });
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused']);
  });

  it('ten times at once is one refund', async () => {
    const { charge } = await paid();
    const headers = { 'idempotency-key': 'at-once' };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => ask(charge, { amount_minor: 100 }, { headers })),
    );
    expect(new Set(answers.map(({ body }) => body.id as string)).size).toBe(1);
    expect(await house.db.refund.count({ where: { chargeId: charge } })).toBe(1);
  });

  it('is kept for success only: a refusal may be asked again', async () => {
    const { charge } = await paid();
    const headers = { 'idempotency-key': 'too-much' };
    const whole = (await ask(charge)).body.id as string;
    expect((await ask(charge, {}, { headers })).status).toBe(409);
    await setRefund(whole, { status: 'canceled' });
    expect((await ask(charge, {}, { headers })).status).toBe(201);
  });
});

describe('Prefer: wait', () => {
  it('answers as soon as the gateway has been heard', async () => {
    const { charge } = await paid();
    house.edges.send = ({ workflowId }) => {
      const id = workflowId.replace('refund/', '');
      const succeed = async () => {
        await setRefund(id, { status: 'submitted' });
        await setRefund(id, { status: 'succeeded', settledAt: new Date() });
      };
      setTimeout(() => void succeed(), 300);
      return Promise.resolve();
    };
    const begun = Date.now();
    const { status, body, headers } = await ask(charge, {}, { headers: { prefer: 'wait=20' } });
    house.edges.send = () => Promise.resolve();
    expect([status, body.status]).toEqual([201, 'succeeded']);
    expect(headers.get('preference-applied')).toBe('wait=20');
    expect(Date.now() - begun).toBeLessThan(5_000);
  });

  it('answers when the time is up, with what is known', async () => {
    const { charge } = await paid();
    const begun = Date.now();
    const { status, body } = await ask(charge, {}, { headers: { prefer: 'wait=1' } });
    expect([status, body.status]).toEqual([201, 'planned']);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(990);
  });

  it('does not wait for a second key', async () => {
    const { charge } = await paid();
    const begun = Date.now();
    const headers = { prefer: 'wait=20' };
    const { body } = await withLimit(1_000, () => ask(charge, {}, { headers }));
    expect(body.status).toBe('awaiting_approval');
    expect(Date.now() - begun).toBeLessThan(5_000);
  });
});

describe('above the limit', () => {
  it('nothing is sent until another key approves it', async () => {
    const { id } = await waiting();
    expect(house.sent.some(({ workflowId }) => workflowId === `refund/${id}`)).toBe(false);
    const { status, body } = await decide(id, 'approve');
    expect([status, body.status]).toEqual([200, 'planned']);
    expect(body.decided_by).toMatch(/^key_/);
    expect(body.decided_by).not.toBe(body.requested_by);
    expect(house.sent.at(-1)).toMatchObject({ kind: 'wake', workflowId: `refund/${id}` });
    expect(await eventsOf(house, id)).toEqual(['refund.awaiting_approval', 'refund.requested']);
  });

  it('a rejection cancels it, and its amount is free again', async () => {
    const { id, charge } = await waiting();
    expect((await ask(charge)).body.code).toBe('already_refunded');
    const { status, body } = await decide(id, 'reject');
    expect([status, body.status, body.why]).toEqual([200, 'canceled', 'Looked at it']);
    expect(body.settled_at).not.toBeNull();
    expect(house.sent.some(({ workflowId }) => workflowId === `refund/${id}`)).toBe(false);
    expect(await eventsOf(house, id)).toEqual(['refund.awaiting_approval', 'refund.canceled']);
    expect((await ask(charge)).body).toMatchObject({ status: 'planned', amount_minor: 1900 });
  });

  it.each(['approve', 'reject'])('who asked for it may not %s it: same_key', async (decision) => {
    const { id } = await waiting();
    const { status, body } = await decide(id, decision, {});
    expect([status, body.code]).toEqual([403, 'same_key']);
    expect((await house.call('GET', `/v1/refunds/${id}`)).body.status).toBe('awaiting_approval');
  });

  it('it is not taken off the list of what waits for a person: only a decision does that', async () => {
    const { id } = await waiting();
    const path = `/v1/attention/${id}/acknowledgements`;
    const { status, body } = await house.call('POST', path, { body: { reason: 'Seen' } });
    expect([status, body.code]).toEqual([409, 'awaiting_approval']);
    const { needs_attention } = (await house.call('GET', `/v1/refunds/${id}`)).body;
    expect(needs_attention).not.toBeNull();
  });

  it('it is decided once: not_awaiting_approval', async () => {
    const { id } = await waiting();
    const third = await aKeyWith(house, ['operate']);
    const answers = await Promise.all([
      decide(id, 'approve'),
      decide(id, 'reject', { key: third }),
      decide(id, 'approve', { key: third }),
    ]);
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 409, 409]);
    const late = await decide(id, 'reject');
    expect([late.status, late.body.code]).toEqual([409, 'not_awaiting_approval']);
  });

  it('one that waited for none cannot be approved', async () => {
    const { charge } = await paid();
    const { body } = await ask(charge);
    expect((await decide(body.id, 'approve')).body.code).toBe('not_awaiting_approval');
  });

  it.each([
    ['its bank has begun to decide', 'under_review', 'charge_disputed'],
    ['a dispute was lost', 'lost', 'already_refunded'],
  ])('while it waited %s: it can be rejected, not approved', async (_, status, code) => {
    const it = await waiting();
    await dispute(it, status);
    const refused = await decide(it.id, 'approve');
    expect([refused.status, refused.body.code]).toEqual([409, code]);
    expect((await decide(it.id, 'reject')).body.status).toBe('canceled');
  });

  it('once under one Idempotency-Key', async () => {
    const { id } = await waiting();
    const more = { key: second, headers: { 'idempotency-key': `decided ${id}` } };
    await decide(id, 'approve', more);
    const again = await decide(id, 'approve', more);
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([200, 'true']);
    expect(again.body.status).toBe('planned');
  });

  it('small ones add up', async () => {
    const { charge } = await paid();
    await withLimit(1_000, async () => {
      const asked = [600, 400, 100].map((amount_minor) => ({ amount_minor }));
      const statuses: string[] = [];
      for (const body of asked) statuses.push((await ask(charge, body)).body.status as string);
      expect(statuses).toEqual(['planned', 'planned', 'awaiting_approval']);
    });
  });

  it.each([
    [{ decision: 'maybe', reason: 'x' }, 'decision'],
    [{ decision: 'approve' }, 'reason'],
    [{ decision: 'approve', reason: '  ' }, 'reason'],
    [{ decision: 'approve', reason: 'x', amount_minor: 5 }, 'amount_minor'],
  ])('%j is 422', async (body, field) => {
    const { id } = await waiting();
    const path = `/v1/refunds/${id}/approvals`;
    const answer = await house.call('POST', path, { body, key: second });
    expect([answer.status, answer.body.errors[0].field]).toEqual([422, field]);
  });
});

describe('whose it is', () => {
  it("another merchant's charge or refund is a 404", async () => {
    const stranger = await house.addMerchant();
    const { charge } = await paid(stranger);
    const { body: theirs } = await ask(charge, {}, { key: stranger.admin });
    for (const answer of [
      await ask(charge),
      await house.call('GET', `/v1/refunds/${theirs.id}`),
      await decide(theirs.id, 'approve'),
      await ask(newId('chg')),
      await house.call('GET', `/v1/refunds/${newId('rfd')}`),
    ])
      expect([answer.status, answer.body.code]).toEqual([404, 'not_found']);
    expect((await list(`?charge=${charge}`)).data).toEqual([]);
    const { data } = await list('?limit=100');
    expect(data.map(({ id }: { id: string }) => id)).not.toContain(theirs.id);
    // What they have refunded counts for them alone.
    expect(await house.db.refund.count({ where: { merchantId: stranger.id } })).toBe(1);
  });

  it('a malformed id is refused before anything is read', async () => {
    expect((await ask('chg_nonsense')).status).toBe(404);
    expect((await house.call('GET', '/v1/refunds/chg_1')).status).toBe(404);
  });

  it.each([
    ['read', [200, 403, 403]],
    ['write', [403, 403, 403]],
    ['operate', [403, 201, 200]],
  ])('a key that may only %s', async (scope, expected) => {
    const key = await aKeyWith(house, [scope]);
    const { charge } = await paid();
    const { id } = await waiting();
    const answers = [
      await house.call('GET', '/v1/refunds', { key }),
      await ask(charge, { amount_minor: 1 }, { key }),
      await decide(id, 'approve', { key }),
    ];
    expect(answers.map(({ status }) => status)).toEqual(expected);
  });

  it('a key that nobody has decides nothing', async () => {
    const { id } = await waiting();
    expect((await decide(id, 'approve', { key: 'dk_test_gone' })).status).toBe(401);
  });

  it('a test key does not give live money back, nor approve that', async () => {
    const live = await aLiveKey(house);
    const { charge } = await paid();
    const { id } = await waiting();
    const mode = (to: string) =>
      house.db.gatewayAccount.update({
        where: { id: house.merchant.accountId },
        data: { mode: to },
      });
    await mode('live');
    const asked = await ask(charge);
    const approved = await decide(id, 'approve');
    const byLive = await ask(charge, {}, { key: live });
    await mode('test');
    expect([asked.status, asked.body.code]).toEqual([403, 'test_key']);
    expect([approved.status, approved.body.code]).toEqual([403, 'test_key']);
    expect(byLive.status).toBe(201);
  });
});

describe('the list', () => {
  it('shows pages, newest first', async () => {
    const { charge } = await paid();
    const ids: string[] = [];
    for (const amount_minor of [1, 2, 3])
      ids.unshift((await ask(charge, { amount_minor })).body.id as string);
    const first = await list(`?charge=${charge}&limit=2`);
    expect(first.data.map(({ id }: { id: string }) => id)).toEqual(ids.slice(0, 2));
    expect(first.has_more).toBe(true);
    const rest = await list(`?charge=${charge}&limit=2&starting_after=${ids[1]}`);
    expect(rest.data.map(({ id }: { id: string }) => id)).toEqual(ids.slice(2));
    expect(rest.has_more).toBe(false);
  });

  it('filters by charge, renewal and status', async () => {
    const { charge, renewal } = await paid();
    const { body: planned } = await ask(charge, { amount_minor: 5 });
    const { body: over } = await ask(charge, { amount_minor: 6 });
    await setRefund(over.id, { status: 'canceled', settledAt: new Date() });
    const idsOf = async (query: string) =>
      (await list(query)).data.map(({ id }: { id: string }) => id) as string[];
    expect(await idsOf(`?renewal=${renewal}`)).toEqual([over.id, planned.id]);
    expect(await idsOf(`?renewal=${renewal}&status=canceled`)).toEqual([over.id]);
    expect(await idsOf(`?charge=${charge}&status=planned`)).toEqual([planned.id]);
    expect(await idsOf(`?charge=${newId('chg')}`)).toEqual([]);
  });

  it.each(['?status=lost', '?charge=ch_1', '?limit=0', '?limit=101', '?color=red'])(
    '%s is 422',
    async (query) => {
      expect((await house.call('GET', `/v1/refunds${query}`)).status).toBe(422);
    },
  );
});
