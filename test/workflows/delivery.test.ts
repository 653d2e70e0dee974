/** Events on their way to apps: real HTTP, real runs for what fails, and their waits skipped. */
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { sendOwed } from '../../activities/dispatch.js';
import { restartLost } from '../../activities/sweep.js';
import { deliveryWorkflowId } from '../../domain/workflow-ids.js';
import { makeLogger } from '../../logger.js';
import { remindUnacknowledged, sendAgain } from '../../prisma/delivery.js';
import { activate, changeEndpoint, rotateSecret } from '../../prisma/webhook-endpoint.js';
import { type Relay, startRelay } from '../../processes/relay.js';
import { workbench } from '../support/bench.js';
import { type Listener, aListener, aQuietSubscription, happen } from '../support/event-app.js';
import { type House, openHouse } from '../support/house.js';
import { fastForward, skipTime, until } from '../support/people.js';
import { type Heard, openSink } from '../support/sink.js';

const DAY = 86_400_000;
const silent = makeLogger('silent');

let house: House;
let relays: Relay[];
const listeners: Listener[] = [];
beforeAll(async () => {
  house = await openHouse({ environment: { WEBHOOK_PRIVATE_TARGETS: 'on' } });
  relays = [startRelay(house.deps, silent)];
});
afterEach(async () => {
  for (const { sink, endpointId } of listeners.splice(0)) {
    await house.db.webhookEndpoint.delete({ where: { id: endpointId } });
    await sink.close();
  }
});
afterAll(async () => {
  for (const relay of relays) await relay.stop();
  await house.close();
});

async function listener(
  ...asked: Parameters<typeof aListener> extends [unknown, ...infer R] ? R : never
) {
  const made = await aListener(house, ...asked);
  listeners.push(made);
  return made;
}

const deliveriesTo = (endpointId: string, status?: string) =>
  house.db.delivery.findMany({
    where: { endpointId, ...(status && { status }) },
    orderBy: { position: 'asc' },
  });
const allDelivered = async (endpointId: string, count: number) =>
  (await deliveriesTo(endpointId, 'delivered')).length === count;
const endpoint = (id: string) => house.db.webhookEndpoint.findUniqueOrThrow({ where: { id } });
const runOf = (eventId: string, endpointId: string) => deliveryWorkflowId(eventId, endpointId);

/** Once the run is there. */
async function firstRetry(endpointId: string) {
  const [row] = await until(async () => {
    const rows = await deliveriesTo(endpointId, 'retrying');
    return rows.length > 0 && rows;
  });
  const workflowId = runOf(row!.eventId, endpointId);
  await until(() => house.deps.launch.isRunning(workflowId));
  return { eventId: row!.eventId, workflowId };
}

function verifies({ raw, headers }: Heard, secret: string): boolean {
  try {
    new Webhook(secret).verify(raw, headers as Record<string, string>);
    return true;
  } catch {
    return false;
  }
}

describe('an event', () => {
  test('is sent at once to the endpoints that named its type, and says what happened', async () => {
    const every = await listener();
    const changes = await listener({ types: ['subscription.updated'] });
    const refunds = await listener({ types: ['refund.*'] });
    const subscription = await aQuietSubscription(house);
    await happen(house, subscription);
    await until(() => allDelivered(every.endpointId, 2));
    await until(() => allDelivered(changes.endpointId, 1));
    expect(every.sink.heard.map(({ type }) => type)).toEqual([
      'subscription.created',
      'subscription.updated',
    ]);
    expect(JSON.parse(changes.sink.heard[0]!.raw)).toMatchObject({
      id: expect.stringMatching(/^evt_/),
      type: 'subscription.updated',
      sequence: 2,
      subscription,
      data: { subscription, status: 'active', service: 'full' },
    });
    expect(refunds.sink.heard).toEqual([]);
  });

  test('is verified by the official library before, during and after a rotation', async () => {
    const { sink, endpointId } = await listener();
    const { messenger } = house.deps;
    const [old, fresh] = [messenger.secretOf(endpointId, 1), messenger.secretOf(endpointId, 2)];
    const subscription = await aQuietSubscription(house);
    await until(() => allDelivered(endpointId, 1));
    await rotateSecret(house.db, endpointId, new Date(Date.now() + 60_000));
    await happen(house, subscription);
    await until(() => allDelivered(endpointId, 2));
    await house.db.webhookEndpoint.update({
      where: { id: endpointId },
      data: { previousUntil: new Date() },
    });
    await happen(house, subscription);
    await until(() => allDelivered(endpointId, 3));
    expect(sink.heard.map((one) => [verifies(one, old), verifies(one, fresh)])).toEqual([
      [true, false],
      [true, true],
      [false, true],
    ]);
    const changed = { ...sink.heard[2]!, raw: sink.heard[2]!.raw.replace('active', 'paused') };
    expect(verifies(changed, fresh)).toBe(false);
  });

  test('is sent once by two relays that work side by side', async () => {
    const other = startRelay(house.deps, silent);
    relays.push(other);
    const { sink, endpointId } = await listener();
    const subscriptions = await Promise.all(
      [1, 2, 3, 4, 5, 6].map(() => aQuietSubscription(house)),
    );
    await Promise.all(subscriptions.map((id) => happen(house, id, 9)));
    await until(() => allDelivered(endpointId, 60), 40_000);
    expect(new Set(sink.heard.map(({ id }) => id)).size).toBe(60);
    expect(sink.heard.length).toBe(60);
    for (const id of subscriptions)
      expect(sink.sequencesOf(id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test('does not wait for an endpoint that hangs', async () => {
    const hung = await listener({ sink: await openSink(() => {}) });
    const quick = await listener();
    const subscriptions = await Promise.all(
      [1, 2, 3, 4, 5, 6].map(() => aQuietSubscription(house)),
    );
    await Promise.all(subscriptions.map((id) => happen(house, id, 2)));
    await until(() => allDelivered(quick.endpointId, 18), 9_000);
    expect(await deliveriesTo(hung.endpointId, 'delivered')).toEqual([]);
    hung.sink.answers(200);
  });
});

describe('an app that is down', () => {
  test('for a day then gets every event, in order, none lost and none invented', async () => {
    const { sink, endpointId } = await listener({ sink: await openSink(503) });
    const subscriptions = await Promise.all([1, 2, 3].map(() => aQuietSubscription(house)));
    await Promise.all(subscriptions.map((id) => happen(house, id, 3)));
    await until(async () => (await deliveriesTo(endpointId, 'retrying')).length === 3);
    const runs = (await deliveriesTo(endpointId, 'retrying')).map(({ eventId }) =>
      runOf(eventId, endpointId),
    );
    await until(async () => {
      const running = await Promise.all(runs.map((id) => house.deps.launch.isRunning(id)));
      return running.every(Boolean);
    });
    await Promise.all(runs.map((id) => fastForward(house, id, DAY)));
    const aDayOfTries = async () =>
      (await deliveriesTo(endpointId, 'retrying')).every(({ attempts }) => attempts >= 11);
    await until(aDayOfTries, 40_000);
    // Whatever happened meanwhile has waited behind the first of its subscription.
    expect(new Set(sink.heard.map(({ sequence }) => sequence))).toEqual(new Set([1]));
    const tries = sink.heard.length;

    sink.answers(200);
    await Promise.all(runs.map((id) => fastForward(house, id, DAY / 3)));
    await until(() => allDelivered(endpointId, 12), 40_000);
    const taken = sink.heard.slice(tries);
    for (const id of subscriptions)
      expect(
        taken.filter((one) => one.subscription === id).map(({ sequence }) => sequence),
      ).toEqual([1, 2, 3, 4]);
    const told = await house.db.event.findMany({
      where: { subscriptionId: { in: subscriptions } },
    });
    expect(taken.map(({ id }) => id).toSorted()).toEqual(told.map(({ id }) => id).toSorted());
  });

  test('for three days is given up and called failing; set active, it gets what waits in order', async () => {
    const { sink, endpointId } = await listener({ sink: await openSink(500) });
    const subscription = await aQuietSubscription(house);
    await happen(house, subscription, 2);
    const { workflowId, eventId } = await firstRetry(endpointId);
    await skipTime(house, workflowId);
    const run = house.client.workflow.getHandle(workflowId);
    expect(await run.result()).toEqual({ outcome: 'failed' });
    const stopped = await endpoint(endpointId);
    expect(stopped.status).toBe('failing');
    expect(stopped.needsAttention).toMatchObject({
      why: `${eventId} could not be delivered for three days: It answered 500`,
    });
    const history = await run.describe();
    const took = history.closeTime!.getTime() - history.startTime.getTime();
    expect(took / DAY).toBeGreaterThan(2.7);
    expect(took / DAY).toBeLessThanOrEqual(3.01);

    const tries = sink.heard.length;
    await happen(house, subscription);
    await until(async () => (await deliveriesTo(endpointId)).length === 4);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(sink.heard.length).toBe(tries);
    sink.answers(200);
    await activate(house.db, endpointId);
    await until(() => allDelivered(endpointId, 4));
    expect(sink.sequencesOf(subscription).slice(tries)).toEqual([1, 2, 3, 4]);
  });

  test('set active, gets at once what a run was to try again hours later', async () => {
    const { sink, endpointId } = await listener({ sink: await openSink(500) });
    const subscription = await aQuietSubscription(house);
    await happen(house, subscription);
    const { workflowId } = await firstRetry(endpointId);
    await fastForward(house, workflowId, DAY);
    await until(async () => (await deliveriesTo(endpointId))[0]!.attempts >= 11, 40_000);
    // Another event has been given up meanwhile.
    await house.db.webhookEndpoint.update({
      where: { id: endpointId },
      data: { status: 'failing' },
    });
    const tries = sink.heard.length;
    sink.answers(200);
    await activate(house.db, endpointId);
    await until(() => allDelivered(endpointId, 2));
    expect(sink.sequencesOf(subscription).slice(tries)).toEqual([1, 2]);
    const run = house.client.workflow.getHandle(workflowId);
    // It may have looked by itself already.
    await run.signal('wake', { id: 'dsp_test' }).catch(() => {});
    expect(await run.result()).toEqual({ outcome: 'over' });
  });

  test('and says 410 Gone is sent nothing more', async () => {
    const { sink, endpointId } = await listener({ sink: await openSink(410) });
    const subscription = await aQuietSubscription(house);
    await until(async () => (await endpoint(endpointId)).status === 'disabled');
    await happen(house, subscription);
    await until(() =>
      house.db.event.findFirst({
        where: { subscriptionId: subscription, sequence: 2, position: { gt: 0 } },
      }),
    );
    expect(await deliveriesTo(endpointId, 'pending')).toEqual([]);
    expect(sink.heard.length).toBe(1);
  });

  test('is tried at once when its run is woken, and what a lost run left is taken up by the sweep', async () => {
    const { sink, endpointId } = await listener({ sink: await openSink(500) });
    await aQuietSubscription(house);
    const { workflowId } = await firstRetry(endpointId);
    const run = house.client.workflow.getHandle(workflowId);
    await run.terminate('A test does this');
    await house.db.delivery.updateMany({
      where: { endpointId },
      data: { claimedUntil: new Date(0) },
    });
    const { deps } = workbench(house);
    await restartLost(deps);
    await sendOwed(deps);
    await until(() => house.deps.launch.isRunning(workflowId));
    sink.answers(200);
    await run.signal('wake', { id: 'dsp_test' });
    await until(() => allDelivered(endpointId, 1));
  });

  test('and moves gets what failed at its new address', async () => {
    const { endpointId } = await listener({ sink: await openSink(500) });
    await aQuietSubscription(house);
    const { workflowId } = await firstRetry(endpointId);
    const moved = await openSink();
    await changeEndpoint(house.db, endpointId, { url: moved.url });
    await skipTime(house, workflowId);
    await until(() => allDelivered(endpointId, 1));
    expect(moved.heard.length).toBe(1);
    await moved.close();
  });
});

test('a redelivery sends the same event under the same id', async () => {
  const { sink, endpointId } = await listener();
  await aQuietSubscription(house);
  await until(() => allDelivered(endpointId, 1));
  const event = await house.db.event.findUniqueOrThrow({ where: { id: sink.heard[0]!.id } });
  await house.db.$transaction((tx) => sendAgain(tx, event, endpointId));
  await until(async () => sink.heard.length === 2);
  expect(sink.heard[1]!.raw).toBe(sink.heard[0]!.raw);
});

test('an event that must be acknowledged is sent again until it is', async () => {
  const { sink, endpointId } = await listener({ acknowledged: ['subscription.created'] });
  await aQuietSubscription(house);
  await until(() => allDelivered(endpointId, 1));
  const row = async () => (await deliveriesTo(endpointId))[0]!;
  const { acknowledgeBy } = await row();
  expect(acknowledgeBy!.getTime() - Date.now()).toBeGreaterThan(3_500_000);
  expect(await remindUnacknowledged(house.db, new Date(), 24)).toBe(0);
  const anHourLater = new Date(Date.now() + 3_700_000);
  expect(await remindUnacknowledged(house.db, anHourLater, 24)).toBe(1);
  await until(async () => sink.heard.length === 2 && (await allDelivered(endpointId, 1)));
  expect(new Set(sink.heard.map(({ id }) => id)).size).toBe(1);
  await house.db.delivery.updateMany({
    where: { endpointId },
    data: { acknowledgedAt: new Date() },
  });
  expect(await remindUnacknowledged(house.db, new Date(Date.now() + DAY), 24)).toBe(0);
  await house.db.delivery.updateMany({
    where: { endpointId },
    data: { acknowledgedAt: null, reminders: 24 },
  });
  expect(await remindUnacknowledged(house.db, new Date(Date.now() + DAY), 24)).toBe(0);
});
