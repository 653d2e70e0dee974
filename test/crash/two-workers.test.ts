/** Two worker processes: one is frozen, killed, or told to stop while charges are in its hands. */
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Gates } from '../support/crash-gate.js';
import { type CrashScene, openCrashScene } from '../support/crash-scene.js';
import { type Wire, movesMoneyOf } from '../support/crash-wire.js';
import {
  DECLINES_ONCE,
  RECOVERED,
  type Road,
  type WorkerProcess,
  becomes,
  charges,
  expectPaidOnce,
  retryNow,
  theRenewal,
} from '../support/crash.js';
import type { House } from '../support/house.js';
import { aCustomer, aSubscription, until } from '../support/people.js';

let house: House;
let wire: Wire;
let gates: Gates;
let road: Road;

let scene: CrashScene;
beforeAll(async () => {
  const environment = {
    GATEWAY_DEADLINE_SECONDS: '2',
    CHARGE_TIMEOUT_SECONDS: '5',
    SHUTDOWN_GRACE_SECONDS: '5',
  };
  scene = await openCrashScene(environment);
  ({ house, wire, gates, road } = scene);
});
afterAll(() => scene.close());

const aWorker = (temporalAddress?: string) => scene.aWorker(temporalAddress);

let survivor: WorkerProcess;

/** Whoever looks at the gateway's object then sees it paid, by this very charge: that is no duplicate. */
test('frozen after its claim, a worker wakes when another has charged', async () => {
  const frozen = await aWorker(road.address);
  const person = await aCustomer(house, DECLINES_ONCE);
  const { id } = await theRenewal(house, await aSubscription(house, person));
  await becomes(house, id, 'past_due');
  const claim = await gates.hold(person.customerId, 'claim');
  const answer = wire.hold(movesMoneyOf(person.method), 'answer');
  await retryNow(house, id);
  await claim.reached();
  frozen.process.kill('SIGSTOP');
  await road.close();
  await claim.release();

  survivor = await aWorker();
  await answer.reached(30_000);
  frozen.process.kill('SIGCONT');
  const second = { renewalId: id, ordinal: 2, status: { not: 'submitted' } };
  await until(() => house.db.charge.findFirst({ where: second }));
  await answer.release();
  await frozen.kill();
  await expectPaidOnce(house, id, RECOVERED);
});

test('one of two is killed with charges in its hands', async () => {
  const victim = await aWorker();
  const people = await Promise.all(
    Array.from({ length: 6 }, () => aCustomer(house, 'pm_card_visa')),
  );
  const held = people.map(({ method }) => wire.hold(movesMoneyOf(method), 'answer'));
  const subscriptions = await Promise.all(people.map((person) => aSubscription(house, person)));
  await Promise.all(held.map((it) => it.reached()));
  await victim.kill();
  await Promise.all(held.map((it) => it.release()));
  for (const subscription of subscriptions)
    await expectPaidOnce(house, (await theRenewal(house, subscription)).id);
});

test('SIGTERM during a charge: the worker finishes it, then exits', async () => {
  const person = await aCustomer(house, 'pm_card_visa');
  const held = wire.hold(movesMoneyOf(person.method), 'answer');
  const subscription = await aSubscription(house, person);
  await held.reached();
  const ended = survivor.terminate();
  await held.release();
  expect(await ended).toEqual({ code: 0, signal: null });

  const { id } = await theRenewal(house, subscription);
  expect(await charges(house, id)).toEqual(['charge 1 → succeeded']);
  await aWorker();
  await expectPaidOnce(house, id);
  expect(wire.sends(person.method)).toHaveLength(1);
});
