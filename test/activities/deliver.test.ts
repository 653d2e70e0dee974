/** Tries that meet what a person does to their endpoint in the same moment. */
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { type DeliveryDeps, deliverFirst } from '../../activities/deliver.js';
import type { SendOutcome } from '../../domain/delivery.js';
import { makeLogger } from '../../logger.js';
import { lockRow } from '../../prisma/lock-row.js';
import { claimDeliveries, listLeftAlone } from '../../prisma/delivery.js';
import { placeEvents, recordEvent } from '../../prisma/event.js';
import { activate } from '../../prisma/webhook-endpoint.js';
import { startRelay } from '../../processes/relay.js';
import { type House, aSubscription, openHouse } from '../api/harness.js';
import { until } from '../support/people.js';

let house: House;
beforeAll(async () => void (house = await openHouse()));
afterAll(() => house.close());

const limits = { claimMs: 30_000, limit: 64, perEndpoint: 4, busy: [], held: [] };

function answering(outcome: SendOutcome): DeliveryDeps {
  const messenger = { carry: () => Promise.resolve(outcome) };
  const tempo = { webhookDeadlineMs: 10_000 };
  return { db: house.db, messenger, tempo } as unknown as DeliveryDeps;
}

/** An endpoint, and the first event for it as a relay has just taken it. */
async function aTakenDelivery() {
  const body = { url: 'https://app.example/dunlin' };
  const { id } = (await house.call('POST', '/v1/webhook-endpoints', { body })).body;
  await aSubscription(house);
  await placeEvents(house.db, house.merchant.id);
  const taken = await claimDeliveries(house.db, limits);
  return { id: id as string, delivery: taken.find(({ endpointId }) => endpointId === id)! };
}

const statuses = async (id: string) => [
  (await house.db.webhookEndpoint.findUniqueOrThrow({ where: { id } })).status,
  (await house.db.delivery.findFirstOrThrow({ where: { endpointId: id } })).status,
];

/** An endpoint of a new merchant, and a subscription's first two events for it. */
async function aLineOfTwo() {
  const { id: merchantId, admin: key } = await house.addMerchant();
  const body = { url: 'https://app.example/dunlin' };
  const { id } = (await house.call('POST', '/v1/webhook-endpoints', { key, body })).body;
  const { id: subscriptionId } = await aSubscription(house, {}, key);
  const payload = { subscription: subscriptionId, status: 'active', service: 'full' };
  const event = { merchantId, subscriptionId, type: 'subscription.updated', payload };
  await house.db.$transaction((tx) => recordEvent(tx, { ...event, at: new Date() }));
  await placeEvents(house.db, merchantId);
  return id as string;
}

test('nothing is taken while an earlier event of its subscription has not arrived', async () => {
  const endpointId = await aLineOfTwo();
  const take = async () =>
    (await claimDeliveries(house.db, limits))
      .filter((it) => it.endpointId === endpointId)
      .map(({ sequence }) => Number(sequence));
  const firstBecomes = (data: object) =>
    house.db.delivery.updateMany({ where: { endpointId, sequence: 1 }, data });
  expect(await take()).toEqual([1]);
  expect(await take()).toEqual([]);
  await firstBecomes({ status: 'retrying' });
  expect(await take()).toEqual([]);
  await firstBecomes({ status: 'delivered' });
  expect(await take()).toEqual([2]);
});

test('what a relay has in its hands is its own for longer than a try can take', async () => {
  const endpointId = await aLineOfTwo();
  let answer = (_outcome: SendOutcome) => {};
  const answered = new Promise<SendOutcome>((resolve) => (answer = resolve));
  const deps = {
    ...answering({ kind: 'delivered', status: 200 }),
    messenger: { carry: () => answered },
  };
  const relay = startRelay(deps as unknown as DeliveryDeps, makeLogger('silent'));
  const taken = { endpointId, claimedUntil: { not: null } };
  const { claimedUntil } = await until(() => house.db.delivery.findFirst({ where: taken }));
  expect(claimedUntil!.getTime() - Date.now()).toBeGreaterThan(2 * deps.tempo.webhookDeadlineMs);
  answer({ kind: 'delivered', status: 200 });
  await relay.stop();
});

test('what is given up while its endpoint is set active stops the endpoint again', async () => {
  const { id, delivery } = await aTakenDelivery();
  await house.db.webhookEndpoint.update({ where: { id }, data: { status: 'failing' } });
  let givingUp: Promise<void> | undefined;
  await house.db.$transaction(async (tx) => {
    await lockRow(tx, 'webhook_endpoint', id);
    await activate(tx, id);
    const gone = { kind: 'gone', status: 410, why: 'It answered 410' } as const;
    givingUp = deliverFirst(answering(gone), delivery);
    await Promise.race([givingUp, new Promise((resolve) => setTimeout(resolve, 500))]);
  });
  await givingUp;
  expect(await statuses(id)).toEqual(['disabled', 'failed']);
});

test('what fails while Temporal is silent gives its place back', async () => {
  const { id, delivery } = await aTakenDelivery();
  const refused = answering({ kind: 'refused', why: 'It answered 500' });
  const launch = { send: () => new Promise(() => {}) };
  await deliverFirst({ ...refused, launch } as unknown as DeliveryDeps, delivery);
  expect((await statuses(id))[1]).toBe('retrying');
  // No run has come to try it again: the sweep sees that ten minutes after it should have.
  const isLeftAlone = async (minutes: number) => {
    const later = new Date(Date.now() + minutes * 60_000);
    return (await listLeftAlone(house.db, later, 200)).some(({ endpointId }) => endpointId === id);
  };
  expect([await isLeftAlone(9), await isLeftAlone(11)]).toEqual([false, true]);
});

test.each([
  ['was taken over', { attempts: 2 }, 'pending'],
  ['was delivered by whoever took it over', { attempts: 2, status: 'delivered' }, 'delivered'],
])('a try that fails once its event %s changes nothing', async (_what, data, status) => {
  const { id, delivery } = await aTakenDelivery();
  await house.db.delivery.updateMany({ where: { endpointId: id }, data });
  await deliverFirst(answering({ kind: 'refused', why: 'It answered 500' }), delivery);
  expect(await statuses(id)).toEqual(['active', status]);
});

test('what was acknowledged is asked for no second time', async () => {
  const { id, delivery } = await aTakenDelivery();
  const endpoint = { ...delivery.endpoint, acknowledgedTypes: ['*'] };
  const where = { endpointId: id };
  const asks: boolean[] = [];
  for (const acknowledgedAt of [null, new Date()]) {
    await house.db.delivery.updateMany({ where, data: { status: 'pending' } });
    const delivered = answering({ kind: 'delivered', status: 200 });
    await deliverFirst(delivered, { ...delivery, endpoint, acknowledgedAt });
    asks.push((await house.db.delivery.findFirstOrThrow({ where })).acknowledgeBy !== null);
  }
  expect(asks).toEqual([true, false]);
});

/** Whether a merchant is sent its events while another machine, cut off for good, has left this undone. */
async function isServed(key: string, undone: string, values: unknown[]): Promise<void> {
  const body = { url: 'https://app.example/dunlin' };
  const { id } = (await house.call('POST', '/v1/webhook-endpoints', { key, body })).body;
  await aSubscription(house, {}, key);
  const client = new pg.Client({ connectionString: house.databaseUrl });
  await client.connect();
  await client.query('begin');
  await client.query(undone, values);
  const relay = startRelay(answering({ kind: 'delivered', status: 200 }), makeLogger('silent'));
  const isDelivered = () =>
    house.db.delivery.count({ where: { endpointId: id, status: 'delivered' } });
  try {
    await until(async () => (await isDelivered()) > 0, 8_000);
  } finally {
    await client.end();
    await relay.stop();
  }
}

test('a machine that is cut off while it places events of one merchant holds up no other', async () => {
  const [one, other] = [await house.addMerchant(), await house.addMerchant()];
  await aSubscription(house, {}, one.admin);
  const placing = `select pg_advisory_xact_lock(hashtext('place events'), hashtext($1))`;
  await isServed(other.admin, placing, [one.id]);
});

test('a machine that is cut off while it acknowledges one event holds up no other', async () => {
  const { id, delivery } = await aTakenDelivery();
  await house.db.delivery.updateMany({
    where: { endpointId: id },
    data: { status: 'delivered', acknowledgeBy: new Date(0) },
  });
  const { admin } = await house.addMerchant();
  const acknowledging = `update delivery set acknowledged_at = now() where event_id = $1`;
  await isServed(admin, acknowledging, [delivery.eventId]);
});

test('a machine that is cut off while it removes an endpoint holds up no other', async () => {
  const { id } = await aTakenDelivery();
  await aSubscription(house);
  const { admin } = await house.addMerchant();
  await isServed(admin, 'delete from webhook_endpoint where id = $1', [id]);
});
