import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { bookActivities, gatewayActivities } from '../../activities/index.js';
import { type Workers, startWorkers } from '../../temporal/workers.js';
import { type House, openHouse } from '../support/house.js';
import { aCustomer, aSubscription, renewalRun, until } from '../support/people.js';

let house: House;
let workers: Workers;
const lanes: string[] = [];
beforeAll(async () => {
  house = await openHouse({ workers: false });
  workers = await startWorkers({
    ...house.target,
    bookActivities: bookActivities(house.deps),
    gatewayActivities: gatewayActivities(house.deps),
    listLanes: async () => lanes,
    laneConcurrency: 5,
    graceMs: 3_000,
    onFatal: (error) => {
      throw error;
    },
    // Every step is replayed from its history.
    maxCachedWorkflows: 0,
    workflowBundle: { codePath: inject('storiesPath') },
  });
});
afterAll(async () => {
  await workers.stop();
  await house.close();
});

test('a lane that appears later is served without a restart', async () => {
  const subscription = await aSubscription(house, await aCustomer(house, 'pm_card_visa'));
  await until(() => house.db.charge.findFirst({ where: { status: 'planned' } }));
  expect(workers.lanes()).toEqual([]);
  lanes.push(house.account.lane);
  expect(await renewalRun(house, subscription).result()).toEqual({ outcome: 'paid' });
  expect(workers.isReady()).toBe(true);
});

test('nothing about a person is in a history', async () => {
  const person = await aCustomer(house, 'pm_card_attachThen_do_not_honor');
  const canaries = { email: 'canary@example.com', name: 'Canary Bird' };
  await house.db.customer.update({ where: { id: person.customerId }, data: canaries });
  const subscription = await aSubscription(house, person);
  const run = renewalRun(house, subscription);
  expect(await run.result()).toEqual({ outcome: 'in_dunning' });
  const renewal = await house.db.renewal.findFirstOrThrow({
    where: { subscriptionId: subscription.id },
  });
  const histories = [await run.fetchHistory()];
  const dunning = house.client.workflow.getHandle(`dunning/${renewal.id}`);
  await until(async () => (await dunning.describe()).historyLength > 10);
  histories.push(await dunning.fetchHistory());
  const text = textOf(histories);
  expect(text, 'payloads are read').toContain('"do_not_honor"');
  for (const secret of ['canary', 'Canary', '···4242', person.method, 'sk_test'])
    expect(text).not.toContain(secret);
});

/** Every string and every payload of a history, as text. */
function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (value === null || typeof value !== 'object') return String(value);
  return Object.values(value).map(textOf).join('\n');
}
