/** SIGKILL of a real worker process while apps have its messages in their hands: nothing is lost, order is kept. */
import { afterAll, beforeAll, expect, test } from 'vitest';

import { type WorkerProcess, startWorkerProcess } from '../support/crash.js';
import { type Listener, aListener, aQuietSubscription, happen } from '../support/event-app.js';
import { type House, openHouse } from '../support/house.js';
import { until } from '../support/people.js';
import { openSink } from '../support/sink.js';

let house: House;
let app: Listener;
const processes: WorkerProcess[] = [];

beforeAll(async () => {
  house = await openHouse({
    workers: false,
    environment: { WEBHOOK_PRIVATE_TARGETS: 'on', WEBHOOK_TIMEOUT_SECONDS: '2' },
  });
  app = await aListener(house, { sink: await openSink(() => {}) });
});
afterAll(async () => {
  for (const worker of processes) await worker.kill();
  await app.sink.close();
  await house.close();
});

async function aWorker(): Promise<WorkerProcess> {
  const worker = await startWorkerProcess(house);
  processes.push(worker);
  return worker;
}

test('a worker killed while it delivers loses nothing: another sends it again, under the same id', async () => {
  const victim = await aWorker();
  const subscriptions = await Promise.all([1, 2, 3].map(() => aQuietSubscription(house)));
  await Promise.all(subscriptions.map((id) => happen(house, id, 2)));
  await until(async () => app.sink.heard.length === 3);
  await victim.kill();
  app.sink.answers(200);
  await aWorker();
  // What the dead one had claimed is free after three times as long as a try takes.
  await until(
    async () => (await house.db.delivery.count({ where: { status: 'delivered' } })) === 9,
    50_000,
  );
  expect(app.sink.heard.length).toBe(12);
  for (const id of subscriptions) expect(app.sink.sequencesOf(id)).toEqual([1, 1, 2, 3]);
  expect(new Set(app.sink.heard.map(({ id }) => id)).size).toBe(9);
});
