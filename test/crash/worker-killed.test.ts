/**
 * SIGKILL of a real worker process, at every point of a charge.
 *
 * Twelve renewals are brought to twelve points, where each stands still. Then the one worker is killed at once with
 * all of them in its hands, and a second one is started.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Gate, Gates } from '../support/crash-gate.js';
import { type CrashScene, openCrashScene } from '../support/crash-scene.js';
import { type Held, type Wire, movesMoneyOf } from '../support/crash-wire.js';
import {
  DECLINES_ONCE,
  RECOVERED,
  type Road,
  becomes,
  charges,
  expectPaidOnce,
  retryNow,
  theRenewal,
} from '../support/crash.js';
import type { House } from '../support/house.js';
import { type Person, aCustomer, aSubscription, until } from '../support/people.js';

/** The renewals stand at their points for a few seconds: nothing may time out before the kill. */
const PATIENT = {
  GATEWAY_DEADLINE_SECONDS: '4',
  CHARGE_TIMEOUT_SECONDS: '8',
  SHUTDOWN_GRACE_SECONDS: '8',
};

let house: House;
let wire: Wire;
let gates: Gates;
let road: Road;

let scene: CrashScene;
beforeAll(async () => {
  scene = await openCrashScene(PATIENT);
  ({ house, wire, gates, road } = scene);
});
afterAll(() => scene.close());

const aWorker = (temporalAddress?: string) => scene.aWorker(temporalAddress);

interface Case {
  readonly person: Person;
  readonly renewalId: () => Promise<string>;
}

/** A customer whose renewal is due when `begin` is called. */
async function aDebtor(token = 'pm_card_visa') {
  const person = await aCustomer(house, token);
  let subscription: Promise<{ id: string }> | undefined;
  const begin = () => (subscription = aSubscription(house, person));
  const renewalId = async () => (await theRenewal(house, await subscription!)).id;
  return { person, begin, renewalId };
}

/** A customer in recovery, whose second charge is sent when `begin` is called. */
async function aDebtorInRecovery() {
  const { person, begin: subscribe, renewalId } = await aDebtor(DECLINES_ONCE);
  await subscribe();
  const id = await renewalId();
  await becomes(house, id, 'past_due');
  const begin = () => retryNow(house, id);
  return { person, begin, renewalId };
}

const sendOf = ({ person }: Case) => movesMoneyOf(person.method);

const first: Record<string, Case> = {};
const second: Record<string, Case> = {};
let declining: Case;

beforeAll(async () => {
  const [victim, ...debtors] = await Promise.all([
    aWorker(road.address),
    ...['P0', 'P1a', 'P1b', 'P2', 'P3', 'P4', 'P5'].map(async (point) => {
      const debtor = await aDebtor();
      first[point] = debtor;
      return debtor;
    }),
  ]);
  const again = await Promise.all(
    ['P1b', 'P2', 'P3', 'P4'].map(async (point) => {
      const debtor = await aDebtorInRecovery();
      second[point] = debtor;
      return debtor;
    }),
  );
  const declined = await aDebtor(DECLINES_ONCE);
  declining = declined;

  const held: Record<string, Held> = {
    P1b: wire.hold(sendOf(first['P1b']!), 'request'),
    P2: wire.hold(sendOf(first['P2']!), 'request'),
    P3: wire.hold(sendOf(first['P3']!), 'answer'),
    P5: wire.hold(sendOf(first['P5']!), 'answer'),
    'again P1b': wire.hold(sendOf(second['P1b']!), 'request'),
    'again P2': wire.hold(sendOf(second['P2']!), 'request'),
    'again P3': wire.hold(sendOf(second['P3']!), 'answer'),
    declined: wire.hold(sendOf(declining), 'answer'),
  };
  const gated: Record<string, Gate> = {
    P0: await gates.hold(first['P0']!.person.customerId, 'open'),
    P1a: await gates.hold(first['P1a']!.person.customerId, 'claim'),
    P4: await gates.hold(first['P4']!.person.customerId, 'settle'),
    'again P4': await gates.hold(second['P4']!.person.customerId, 'settle'),
  };
  await Promise.all([...debtors, ...again, declined].map(({ begin }) => begin()));
  await Promise.all([...Object.values(held), ...Object.values(gated)].map((it) => it.reached()));

  road.cut();
  await held['P5']!.release();
  const p5 = await first['P5']!.renewalId();
  await becomes(house, p5, 'paid');
  await victim.kill();

  await gated['P1a']!.cutOff();
  for (const gate of Object.values(gated)) await gate.release();
  for (const name of ['P1b', 'again P1b']) held[name]!.lose();
  for (const name of ['P3', 'again P3', 'declined']) await held[name]!.release();
  await aWorker();
  // What the dead worker sent arrives late, just when the second worker sends it again.
  for (const [name, { person }] of [
    ['P2', first['P2']!],
    ['again P2', second['P2']!],
  ] as const) {
    const sends = name === 'P2' ? 2 : 3;
    await until(async () => wire.sends(person.method).length >= sends, 30_000);
    await held[name]!.release();
  }
});

test('P0: killed before the renewal exists', async () => {
  await expectPaidOnce(house, await first['P0']!.renewalId());
});

test('P1: killed with a charge planned and not claimed', async () => {
  await expectPaidOnce(house, await first['P1a']!.renewalId());
});

test('P1: killed with a charge claimed and not sent', async () => {
  const { renewalId, person } = first['P1b']!;
  await expectPaidOnce(house, await renewalId());
  const keys = new Set(wire.sends(person.method).map(({ key }) => key));
  expect(keys.size).toBe(1);
});

test('P2: killed after sending; the gateway acts on it late, beside the second send', async () => {
  const { renewalId, person } = first['P2']!;
  await expectPaidOnce(house, await renewalId());
  const keys = new Set(wire.sends(person.method).map(({ key }) => key));
  expect(keys.size).toBe(1);
});

test('P3: killed after the gateway charged, before its answer', async () => {
  const { renewalId, person } = first['P3']!;
  await expectPaidOnce(house, await renewalId());
  // The gateway was asked, and that was enough.
  expect(wire.sends(person.method)).toHaveLength(1);
});

test('P4: killed with the answer in hand, before it was committed', async () => {
  await expectPaidOnce(house, await first['P4']!.renewalId());
});

test('P5: killed with the outcome committed, before Temporal heard of it', async () => {
  await expectPaidOnce(house, await first['P5']!.renewalId());
});

test.each(['P1b', 'P2', 'P3', 'P4'])('%s of a second charge, in recovery', async (point) => {
  const { renewalId } = second[point]!;
  await expectPaidOnce(house, await renewalId(), RECOVERED);
  const intents = await house.db.charge.findMany({ where: { renewalId: await renewalId() } });
  expect(new Set(intents.map(({ gatewayReference }) => gatewayReference)).size).toBe(1);
});

test('P3 of a decline: it counts once, and leads to one case', async () => {
  const id = await declining.renewalId();
  await becomes(house, id, 'past_due');
  expect(await charges(house, id)).toEqual(['charge 1 → declined: insufficient_funds']);
  expect(wire.sends(declining.person.method)).toHaveLength(1);
  expect(await house.db.dunningCase.count({ where: { renewalId: id } })).toBe(1);
});
