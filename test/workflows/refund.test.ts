/** Refunds in real runs: asked for through the API, heard of by webhook or by asking, and made once. */
import { createHmac } from 'node:crypto';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { sendOwed } from '../../activities/dispatch.js';
import { restartLost } from '../../activities/sweep.js';
import { money, toDecimalString } from '../../domain/money.js';
import { refundWorkflowId } from '../../domain/workflow-ids.js';
import { makeLogger } from '../../logger.js';
import { createApiKey } from '../../prisma/api-key.js';
import { type ApiServer, runApi } from '../../processes/api-server.js';
import { dashboard, workbench } from '../support/bench.js';
import { type House, SECRETS, openHouse } from '../support/house.js';
import { aCustomer, aSubscription, giveWallet, skipTime, until } from '../support/people.js';
import { type Vendor, booksOf, eventsOf, refundDesk } from '../support/refunding.js';

let house: House;
let api: ApiServer;
let key: string;
beforeAll(async () => {
  // Asking is an hour away: whatever is settled sooner was settled by a webhook.
  house = await openHouse({
    paypal: true,
    environment: { ASK_LADDER_SECONDS: '3600', PORT: '0' },
  });
  api = await runApi(house.config, house, makeLogger('silent'));
  await house.emulator.sendWebhooksTo(stripeInbox(), SECRETS.TEST_STRIPE_WEBHOOK_SECRET);
  await house.paypal.emulator.call('POST', 'webhook_endpoints', {
    url: `${address()}/webhooks/paypal/${house.paypal.account.id}`,
    id: SECRETS.TEST_PAYPAL_WEBHOOK_ID,
  });
  const asked = { merchantId: house.merchantId, name: 'app', mode: 'test' } as const;
  key = (await createApiKey(house.db, { ...asked, scopes: ['read', 'write', 'operate'] })).secret;
});
afterEach(async () => {
  for (const { heal, webhooks } of [house.emulator, house.paypal.emulator]) {
    await heal();
    await webhooks('deliver');
  }
});
afterAll(async () => {
  await api.stop();
  await house.close();
});

const address = () => `http://127.0.0.1:${api.port}`;
const stripeInbox = () => `${address()}/webhooks/stripe/${house.account.id}`;
const runOf = (id: string) => house.client.workflow.getHandle(refundWorkflowId(id));

function deskOf(vendor: Vendor) {
  return refundDesk(house, workbench(house), vendor);
}

/** EUR 19.00 that a whole run has collected. `fate`: what becomes of its refunds. */
async function paid(vendor: Vendor, fate?: 'refund_pending' | 'refund_fail') {
  const token = fate ? `pm_card_attachThen_${fate}` : 'pm_card_visa';
  const person = await aCustomer(house, vendor === 'stripe' ? token : null);
  if (vendor === 'paypal')
    await giveWallet(house, person.customerId, fate ?? 'succeed', { isDefault: true });
  const { id: subscriptionId } = await aSubscription(house, person);
  const renewal = await until(
    () => house.db.renewal.findFirst({ where: { subscriptionId, status: 'paid' } }),
    30_000,
  );
  const charge = await house.db.charge.findFirstOrThrow({ where: { renewalId: renewal.id } });
  return { chargeId: charge.id, renewalId: renewal.id, capture: charge.gatewayChargeReference! };
}

interface Shown {
  readonly id: string;
  readonly status: string;
}

/** As an app asks for it. */
async function askFor(chargeId: string, body: object = {}, wait = 20): Promise<Shown> {
  const response = await fetch(`${address()}/v1/charges/${chargeId}/refunds`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      prefer: `wait=${wait}`,
    },
    body: JSON.stringify({ reason: 'A test asks', ...body }),
  });
  const answer = (await response.json()) as Shown;
  if (response.status !== 201) throw new Error(`${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

function becomes(id: string, status: string, withinMs = 20_000) {
  return until(() => house.db.refund.findFirst({ where: { id, status } }), withinMs);
}

/** What a sweep looks at: nothing that was written a moment ago. */
async function longAgo(id: string): Promise<void> {
  const createdAt = new Date(Date.now() - 180_000);
  await house.db.refund.update({ where: { id }, data: { createdAt } });
  const workflowId = refundWorkflowId(id);
  await house.db.dispatch.updateMany({ where: { workflowId }, data: { createdAt } });
}

/** A delivery as Stripe would sign it. */
async function deliver(event: object): Promise<number> {
  const body = JSON.stringify(event);
  const t = Math.floor(Date.now() / 1000);
  const v1 = createHmac('sha256', SECRETS.TEST_STRIPE_WEBHOOK_SECRET)
    .update(`${t}.${body}`)
    .digest('hex');
  const headers = { 'content-type': 'application/json', 'stripe-signature': `t=${t},v1=${v1}` };
  return (await fetch(stripeInbox(), { method: 'POST', headers, body })).status;
}

/** Everything about a refund that a person or a program could see. */
async function stateOf(id: string, renewalId: string) {
  const row = await deskOf('stripe').row(id);
  return { row, books: await booksOf(house, renewalId), events: await eventsOf(house, id) };
}

describe.each(['stripe', 'paypal'] as const)('at %s', (vendor) => {
  const emulator = () => deskOf(vendor).emulator;

  /** Somebody gives money back on the gateway's own pages. */
  async function byHand(capture: string, minor: number): Promise<void> {
    if (vendor === 'stripe') {
      await dashboard(house).refunds.create({ charge: capture, amount: minor });
    } else {
      const amount = { currency_code: 'EUR', value: toDecimalString(money(minor, 'EUR')) };
      await emulator().call('POST', 'dashboard/refunds', { capture, amount });
    }
  }

  test('a refund asked for is given, and whoever waits is told so', async () => {
    const { chargeId, renewalId, capture } = await paid(vendor);
    const { id, status } = await askFor(chargeId);
    expect(status).toBe('succeeded');
    expect(await runOf(id).result()).toEqual({ outcome: 'succeeded' });
    expect(await deskOf(vendor).given(capture)).toEqual([1900]);
    expect(await deskOf(vendor).sends(id)).toHaveLength(1);
    expect(await booksOf(house, renewalId)).toEqual({ refunds: 1900, revenue: -1900 });
    expect(await eventsOf(house, id)).toEqual(['refund.requested', 'refund.succeeded']);
  });

  test('a pending one is settled by its webhook, long before anybody would ask', async () => {
    const { chargeId, capture } = await paid(vendor, 'refund_pending');
    const { id, status } = await askFor(chargeId);
    expect(status).toBe('pending');
    await emulator().advance(3);
    expect(await runOf(id).result()).toEqual({ outcome: 'succeeded' });
    expect(await deskOf(vendor).given(capture)).toEqual([1900]);
  });

  test('without webhooks a pending one is settled by asking', async () => {
    const { chargeId, renewalId } = await paid(vendor, 'refund_pending');
    await emulator().webhooks('drop');
    const { id } = await askFor(chargeId);
    await becomes(id, 'pending');
    await emulator().advance(3);
    await skipTime(house, refundWorkflowId(id));
    expect(await runOf(id).result()).toEqual({ outcome: 'succeeded' });
    expect(await booksOf(house, renewalId)).toEqual({ refunds: 1900, revenue: -1900 });
  });

  test('one that fails is still owed to the customer, and somebody is told', async () => {
    const { chargeId, renewalId } = await paid(vendor, 'refund_fail');
    const { id } = await askFor(chargeId);
    await emulator().advance(3);
    const row = await becomes(id, 'failed');
    expect(row.needsAttention).toMatchObject({
      next: expect.stringContaining('still owed') as string,
    });
    expect(await eventsOf(house, id)).toContain('refund.failed');
    expect(await booksOf(house, renewalId)).toEqual({ gateway: 1900, revenue: -1900 });
  });

  test("somebody's refund in the dashboard is booked from its webhook alone", async () => {
    const { chargeId, renewalId, capture } = await paid(vendor);
    await byHand(capture, 700);
    const found = await until(() => house.db.refund.findFirst({ where: { chargeId } }));
    expect(found).toMatchObject({ origin: 'gateway', status: 'succeeded', amountMinor: 700n });
    expect(await eventsOf(house, found.id)).toEqual(['refund.found']);
    expect(await booksOf(house, renewalId)).toEqual({
      gateway: 1200,
      refunds: 700,
      revenue: -1900,
    });
    await expect(askFor(chargeId, { amount_minor: 1300 })).rejects.toThrow(/EUR 12\.00/);
  });

  test('one from the dashboard that is pending there is followed to its end', async () => {
    const { chargeId, renewalId, capture } = await paid(vendor, 'refund_pending');
    await byHand(capture, 700);
    const { id } = await until(() => house.db.refund.findFirst({ where: { chargeId } }));
    await becomes(id, 'pending');
    await emulator().advance(3);
    await becomes(id, 'succeeded');
    expect(await runOf(id).result()).toEqual({ outcome: 'succeeded' });
    expect(await house.db.refund.count({ where: { chargeId } })).toBe(1);
    expect(await booksOf(house, renewalId)).toMatchObject({ gateway: 1200, refunds: 700 });
  });

  test('its webhook overtakes the answer: one refund, one booking', async () => {
    const { chargeId, renewalId, capture } = await paid(vendor);
    const { path } = deskOf(vendor);
    const match = { method: 'POST', path };
    await emulator().fault({ match, fault: 'delay', delay_ms: 700, effect: 'before', times: 1 });
    const { id } = await askFor(chargeId);
    expect(await runOf(id).result()).toEqual({ outcome: 'succeeded' });
    expect(await house.db.refund.count({ where: { chargeId } })).toBe(1);
    expect(await deskOf(vendor).given(capture)).toEqual([1900]);
    expect(await booksOf(house, renewalId)).toEqual({ refunds: 1900, revenue: -1900 });
  });

  test.each([
    ['in the wrong order', 'reverse'],
    ['twice at once', 'duplicate'],
  ])('its webhooks %s: the same end', async (_, mode) => {
    const { chargeId, renewalId, capture } = await paid(vendor, 'refund_pending');
    await emulator().webhooks('hold');
    const { id } = await askFor(chargeId);
    await emulator().advance(3);
    await emulator().webhooks(mode);
    await emulator().flush();
    expect(await runOf(id).result()).toEqual({ outcome: 'succeeded' });
    expect(await house.db.refund.count({ where: { chargeId } })).toBe(1);
    expect(await deskOf(vendor).given(capture)).toEqual([1900]);
    expect(await booksOf(house, renewalId)).toEqual({ refunds: 1900, revenue: -1900 });
  });

  test('a lost start is made up by the sweep', async () => {
    const { chargeId, capture } = await paid(vendor);
    const bench = workbench(house);
    // Planned and owed its start, and then the process died.
    const id = await refundDesk(house, bench, vendor).plan(chargeId);
    await longAgo(id);
    await sendOwed(bench.deps);
    expect(await runOf(id).result()).toEqual({ outcome: 'succeeded' });
    expect(await deskOf(vendor).given(capture)).toEqual([1900]);
  });

  test('terminated in the middle it is restarted by the sweep', async () => {
    const { chargeId, capture } = await paid(vendor, 'refund_pending');
    const { id } = await askFor(chargeId);
    await runOf(id).terminate('An operator slipped');
    await emulator().webhooks('drop');
    await emulator().advance(3);
    await longAgo(id);
    await restartLost(workbench(house).deps);
    expect(await runOf(id).result()).toEqual({ outcome: 'succeeded' });
    expect(await deskOf(vendor).given(capture)).toEqual([1900]);
  });

  test('"Request Cancellation" in the Temporal UI changes nothing', async () => {
    const { chargeId, capture } = await paid(vendor, 'refund_pending');
    const { id } = await askFor(chargeId);
    await runOf(id).cancel();
    await emulator().advance(3);
    expect(await runOf(id).result()).toEqual({ outcome: 'succeeded' });
    expect((await runOf(id).describe()).status.name).toBe('COMPLETED');
    expect(await deskOf(vendor).given(capture)).toEqual([1900]);
  });
});

describe('a success that fails late', () => {
  async function givenThenLost() {
    const { chargeId, renewalId } = await paid('stripe', 'refund_fail');
    const { id } = await askFor(chargeId);
    expect(await runOf(id).result()).toEqual({ outcome: 'succeeded' });
    expect(await booksOf(house, renewalId)).toEqual({ refunds: 1900, revenue: -1900 });
    return { chargeId, renewalId, id };
  }

  test('is heard by webhook after its run has ended', async () => {
    const { chargeId, renewalId, id } = await givenThenLost();
    const { runId } = await runOf(id).describe();
    await house.emulator.advance(3);
    const row = await becomes(id, 'failed');
    expect(row.needsAttention).toMatchObject({
      why: expect.stringContaining('failed') as string,
      next: expect.stringContaining('still owed') as string,
    });
    expect((await runOf(id).describe()).runId).not.toBe(runId);
    expect(await runOf(id).result()).toEqual({ outcome: 'failed' });
    expect(await eventsOf(house, id)).toEqual([
      'refund.requested',
      'refund.succeeded',
      'refund.failed',
    ]);
    expect(await booksOf(house, renewalId)).toEqual({ gateway: 1900, revenue: -1900 });
    // Another try is another refund.
    expect((await askFor(chargeId)).id).not.toBe(id);
  });

  test('while Stripe has a hiccup it is not forgotten: the run asks again', async () => {
    const { id } = await givenThenLost();
    const match = { method: 'GET', path: '/v1/refunds/:id' };
    await house.emulator.fault({ match, fault: 'reset_before', times: 10 });
    await house.emulator.advance(3);
    await until(async () => (await runOf(id).describe()).status.name === 'RUNNING');
    await until(async () => {
      const { events } = await runOf(id).fetchHistory();
      return events!.some(({ timerStartedEventAttributes: timer }) => timer);
    });
    await house.emulator.heal();
    await skipTime(house, refundWorkflowId(id));
    expect(await runOf(id).result()).toEqual({ outcome: 'failed' });
  });
});

describe('twenty copies of each webhook in parallel, in any order', () => {
  test('of a refund that is settled: nothing changes', async () => {
    const { chargeId, renewalId, capture } = await paid('stripe');
    const { id } = await askFor(chargeId);
    await runOf(id).result();
    const refund = await dashboard(house).refunds.retrieve(
      (await deskOf('stripe').row(id)).gatewayReference!,
    );
    const before = await stateOf(id, renewalId);
    await twentyOf(['failed', 'updated', 'created'], refund);
    await until(async () => !(await house.deps.launch.isRunning(refundWorkflowId(id))));
    expect(await stateOf(id, renewalId)).toEqual(before);
    expect(await deskOf('stripe').given(capture)).toEqual([1900]);
    expect(await deskOf('stripe').sends(id)).toHaveLength(1);
  });

  test('of one that somebody made in the dashboard: it is booked once', async () => {
    const { chargeId, renewalId, capture } = await paid('stripe');
    await house.emulator.webhooks('drop');
    const made = await dashboard(house).refunds.create({ charge: capture });
    await twentyOf(['updated', 'created'], made);
    const { id } = await until(() => house.db.refund.findFirst({ where: { chargeId } }));
    await until(async () => (await eventsOf(house, id)).length > 0);
    await until(async () => !(await house.deps.launch.isRunning(`refund/of/${chargeId}`)));
    expect(await house.db.refund.count({ where: { chargeId } })).toBe(1);
    expect(await eventsOf(house, id)).toEqual(['refund.found']);
    expect(await booksOf(house, renewalId)).toEqual({ refunds: 1900, revenue: -1900 });
  });

  async function twentyOf(kinds: readonly string[], refund: { readonly id: string }) {
    const events = kinds.map((kind) => ({
      id: `evt_${kind}_${refund.id}`,
      object: 'event',
      type: `refund.${kind}`,
      request: null,
      data: { object: refund },
    }));
    const copies = events.flatMap((event) => Array.from({ length: 20 }, () => event));
    const answers = await Promise.all(copies.map(deliver));
    expect(new Set(answers)).toEqual(new Set([200]));
    const eventId = { in: events.map(({ id }) => id) };
    await until(
      async () =>
        (await house.db.gatewayEvent.count({ where: { eventId, dispatchedAt: { not: null } } })) ===
        events.length,
    );
  }
});
