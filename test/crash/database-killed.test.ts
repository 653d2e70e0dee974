/** SIGKILL of PostgreSQL while apps have messages in their hands, alone and together with the worker: nothing is lost. */
import type { ServerResponse } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { findFreePort } from '../../embedded/port.js';
import { type EmbeddedPostgres, startPostgres } from '../../embedded/postgres.js';
import { migrate } from '../../prisma/migrate.js';
import { type WorkerProcess, startWorkerProcess } from '../support/crash.js';
import { type Listener, aListener, aQuietSubscription, happen } from '../support/event-app.js';
import { type House, openHouse } from '../support/house.js';
import { until } from '../support/people.js';
import { openSink } from '../support/sink.js';

const home = mkdtempSync(join(tmpdir(), 'dunlin-killed-'));
let port: number;
let postgres: EmbeddedPostgres;
let house: House;
let worker: WorkerProcess;
let app: Listener;
const held: ServerResponse[] = [];

beforeAll(async () => {
  port = await findFreePort();
  postgres = await startPostgres({ home, port });
  await migrate(postgres.url);
  house = await openHouse({
    workers: false,
    database: { url: postgres.url, drop: () => postgres.stop() },
    environment: { WEBHOOK_PRIVATE_TARGETS: 'on', WEBHOOK_TIMEOUT_SECONDS: '2' },
  });
  app = await aListener(house, { sink: await openSink() });
  worker = await startWorkerProcess(house);
});
afterAll(async () => {
  await worker.kill();
  await app.sink.close();
  await house.close();
  rmSync(home, { recursive: true, force: true });
});

/** Three subscriptions with three events each, of which the app has the first in its hands and has not answered. */
async function threeUnderWay(): Promise<readonly string[]> {
  const before = app.sink.heard.length;
  app.sink.answers((response) => void held.push(response));
  const subscriptions = await Promise.all([1, 2, 3].map(() => aQuietSubscription(house)));
  await Promise.all(subscriptions.map((id) => happen(house, id, 2)));
  await until(async () => app.sink.heard.length === before + 3);
  return subscriptions;
}

/** The app took them, and there is nothing to write that into. */
function answerAll(): void {
  for (const response of held.splice(0)) response.writeHead(200).end();
  app.sink.answers(200);
}

async function killDatabase(): Promise<void> {
  process.kill(postgres.pid, 'SIGKILL');
  await until(() =>
    house.db.event.count().then(
      () => false,
      () => true,
    ),
  );
}

/** Each in order, the one under way perhaps twice; what was heard is what happened, to the id. */
async function expectAllHeard(subscriptions: readonly string[]): Promise<void> {
  const undelivered = () => house.db.delivery.count({ where: { status: { not: 'delivered' } } });
  await until(
    () =>
      undelivered().then(
        (count) => count === 0,
        () => false,
      ),
    60_000,
  );
  for (const id of subscriptions) expect(app.sink.sequencesOf(id)).toEqual([1, 1, 2, 3]);
  const happened = await house.db.event.findMany({ select: { id: true } });
  const heard = [...new Set(app.sink.heard.map(({ id }) => id))];
  expect(heard.toSorted()).toEqual(happened.map(({ id }) => id).toSorted());
}

test('the database killed: the worker waits for it, and sends again what it could not record', async () => {
  const subscriptions = await threeUnderWay();
  await killDatabase();
  answerAll();
  postgres = await startPostgres({ home, port });
  await expectAllHeard(subscriptions);
  expect(worker.process.exitCode).toBeNull();
});

test('the database and the worker killed at once: the next worker goes on where they were', async () => {
  const subscriptions = await threeUnderWay();
  await Promise.all([killDatabase(), worker.kill()]);
  answerAll();
  postgres = await startPostgres({ home, port });
  worker = await startWorkerProcess(house);
  await expectAllHeard(subscriptions);
});
