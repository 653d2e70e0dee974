/** What an operator can do in the Temporal UI, at the worst moment: never a second charge, never a second case. */
import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { type Gates, openGates } from '../support/crash-gate.js';
import { type Wire, movesMoneyOf, openWire } from '../support/crash-wire.js';
import {
  DECLINES_ONCE,
  RECOVERED,
  becomes,
  charges,
  expectPaidOnce,
  retryNow,
  theRenewal,
} from '../support/crash.js';
import { type House, openHouse } from '../support/house.js';
import { aCustomer, aSubscription, dunningRun, renewalRun, until } from '../support/people.js';

let house: House;
let wire: Wire;
let gates: Gates;

beforeAll(async () => {
  // Long enough for two runs to stand at the gateway at once.
  house = await openHouse({
    environment: {
      GATEWAY_DEADLINE_SECONDS: '5',
      CHARGE_TIMEOUT_SECONDS: '12',
      SHUTDOWN_GRACE_SECONDS: '12',
    },
  });
  wire = await openWire(house);
  gates = await openGates(house);
});
afterAll(async () => {
  await wire.close();
  await gates.close();
  await house.close();
});

/** As the UI's "Reset", to the first moment at which the run had decided anything. */
async function resetToTheBeginning(workflowId: string): Promise<void> {
  const handle = house.client.workflow.getHandle(workflowId);
  const { runId } = await handle.describe();
  const { events } = await house.client.workflow.getHandle(workflowId, runId).fetchHistory();
  const begun = events!.find((event) => event.workflowTaskCompletedEventAttributes);
  await house.client.workflowService.resetWorkflowExecution({
    namespace: house.target.namespace,
    workflowExecution: { workflowId, runId },
    reason: 'a test',
    requestId: randomUUID(),
    workflowTaskFinishEventId: begun!.eventId!,
  });
}

/** A renewal whose first charge is held on the wire. */
async function midCharge(token: string, at: 'request' | 'answer') {
  const person = await aCustomer(house, token);
  const held = wire.hold(movesMoneyOf(person.method), at);
  const subscription = await aSubscription(house, person);
  await held.reached();
  const { id } = await theRenewal(house, subscription);
  return { person, held, id, run: renewalRun(house, subscription) };
}

test('cancel during a charge: the charge is finished, and it pays', async () => {
  const { held, id, run, person } = await midCharge('pm_card_visa', 'answer');
  await run.cancel();
  await held.release();
  expect(await run.result()).toEqual({ outcome: 'paid' });
  await expectPaidOnce(house, id);
  expect(wire.sends(person.method)).toHaveLength(1);
});

test('cancel during a charge that is then declined: the renewal is dropped, not dunned', async () => {
  const { held, id, run } = await midCharge(DECLINES_ONCE, 'answer');
  await run.cancel();
  await held.release();
  await run.result();
  const { status } = await house.db.renewal.findUniqueOrThrow({ where: { id } });
  expect(status).toBe('canceled');
  expect(await house.db.dunningCase.count({ where: { renewalId: id } })).toBe(0);
});

test('cancel of a case while its charge is under way: the charge is finished, and it pays', async () => {
  const person = await aCustomer(house, DECLINES_ONCE);
  const { id } = await theRenewal(house, await aSubscription(house, person));
  await becomes(house, id, 'past_due');
  const held = wire.hold(movesMoneyOf(person.method), 'answer');
  await retryNow(house, id);
  await held.reached();
  await dunningRun(house, id).cancel();
  await held.release();
  expect(await dunningRun(house, id).result()).toEqual({ outcome: 'recovered' });
  await expectPaidOnce(house, id, RECOVERED);
});

test('reset of a paid renewal: it is looked at again, and stays paid once', async () => {
  const person = await aCustomer(house, 'pm_card_visa');
  const subscription = await aSubscription(house, person);
  const run = renewalRun(house, subscription);
  await run.result();
  await resetToTheBeginning(run.workflowId);
  const again = house.client.workflow.getHandle(run.workflowId);
  expect(await again.result()).toEqual({ outcome: 'paid' });
  const { id } = await theRenewal(house, subscription);
  await expectPaidOnce(house, id);
  expect(wire.sends(person.method)).toHaveLength(1);
});

test.each(['request', 'answer'] as const)('reset during a charge, held at the %s', async (at) => {
  const { person, held, id, run } = await midCharge('pm_card_visa', at);
  await resetToTheBeginning(run.workflowId);
  if (at === 'request') await until(async () => wire.sends(person.method).length >= 2);
  await held.release();
  await expectPaidOnce(house, id);
  expect(new Set(wire.sends(person.method).map(({ key }) => key)).size).toBe(1);
});

test('reset between the decline and the hand-over: one case, no second charge', async () => {
  const person = await aCustomer(house, DECLINES_ONCE);
  const gate = await gates.hold(person.customerId, 'case');
  const subscription = await aSubscription(house, person);
  await gate.reached();
  const { id } = await theRenewal(house, subscription);
  await resetToTheBeginning(renewalRun(house, subscription).workflowId);
  await gate.release();
  await becomes(house, id, 'past_due');
  expect(await charges(house, id)).toEqual(['charge 1 → declined: insufficient_funds']);
  await retryNow(house, id);
  await expectPaidOnce(house, id, RECOVERED);
  expect(await house.db.dunningCase.count({ where: { renewalId: id } })).toBe(1);
});

test('reset after the hand-over: the case goes on with the run it has', async () => {
  const person = await aCustomer(house, DECLINES_ONCE);
  const subscription = await aSubscription(house, person);
  const run = renewalRun(house, subscription);
  expect(await run.result()).toEqual({ outcome: 'in_dunning' });
  const { id } = await theRenewal(house, subscription);
  await until(() => house.deps.launch.isRunning(dunningRun(house, id).workflowId));
  const before = await dunningRun(house, id).describe();
  await resetToTheBeginning(run.workflowId);
  await house.client.workflow.getHandle(run.workflowId).result();
  const after = await dunningRun(house, id).describe();
  expect(after.runId).toBe(before.runId);
  expect(await charges(house, id)).toEqual(['charge 1 → declined: insufficient_funds']);

  await retryNow(house, id);
  await expectPaidOnce(house, id, RECOVERED);
  expect(await house.db.dunningCase.count({ where: { renewalId: id } })).toBe(1);
});

test('reset of the renewal after its recovery is over: nothing begins again', async () => {
  const person = await aCustomer(house, DECLINES_ONCE);
  const subscription = await aSubscription(house, person);
  const run = renewalRun(house, subscription);
  await run.result();
  const { id } = await theRenewal(house, subscription);
  await retryNow(house, id);
  await expectPaidOnce(house, id, RECOVERED);
  await resetToTheBeginning(run.workflowId);
  const again = house.client.workflow.getHandle(run.workflowId);
  expect(await again.result()).toEqual({ outcome: 'paid' });
  await expectPaidOnce(house, id, RECOVERED);
  expect(await house.db.dunningCase.count({ where: { renewalId: id } })).toBe(1);
});

test.each(['request', 'answer'] as const)(
  'reset of a case during its charge, held at the %s',
  async (at) => {
    const person = await aCustomer(house, DECLINES_ONCE);
    const { id } = await theRenewal(house, await aSubscription(house, person));
    await becomes(house, id, 'past_due');
    const held = wire.hold(movesMoneyOf(person.method), at);
    await retryNow(house, id);
    await held.reached();
    await resetToTheBeginning(dunningRun(house, id).workflowId);
    if (at === 'request') await until(async () => wire.sends(person.method).length >= 3);
    await held.release();
    await expectPaidOnce(house, id, RECOVERED);
    expect(new Set(wire.sends(person.method).map(({ key }) => key)).size).toBe(2);
  },
);

test('reset of a case after its recovery: it stays recovered', async () => {
  const person = await aCustomer(house, DECLINES_ONCE);
  const { id } = await theRenewal(house, await aSubscription(house, person));
  await becomes(house, id, 'past_due');
  await retryNow(house, id);
  await expectPaidOnce(house, id, RECOVERED);
  const { workflowId } = dunningRun(house, id);
  await resetToTheBeginning(workflowId);
  const again = house.client.workflow.getHandle(workflowId);
  expect(await again.result()).toEqual({ outcome: 'recovered' });
  await expectPaidOnce(house, id, RECOVERED);
});

/** Whoever looks at the gateway's object then sees it paid by this very charge: that is no duplicate. */
test('terminate of a case before its charge was sent; it still sends while the next run looks', async () => {
  const person = await aCustomer(house, DECLINES_ONCE);
  const { id } = await theRenewal(house, await aSubscription(house, person));
  await becomes(house, id, 'past_due');
  const charge = await house.db.charge.findFirstOrThrow({ where: { renewalId: id } });
  const looks = ({ method, path }: { method: string; path: string }) =>
    method === 'GET' && path.startsWith(`/v1/payment_intents/${charge.gatewayReference}`);
  const firstLook = wire.hold(looks, 'request');
  await retryNow(house, id);
  await firstLook.reached();

  const secondLook = wire.hold(looks, 'request');
  const run = dunningRun(house, id);
  await run.terminate('a test');
  const { merchantId } = house;
  const { workflowId } = run;
  const input = { renewalId: id };
  await house.deps.launch.start({ merchantId, workflowType: 'dunning', workflowId, input });
  await secondLook.reached();

  const answer = wire.hold(movesMoneyOf(person.method), 'answer');
  await firstLook.release();
  await answer.reached();
  await secondLook.release();
  await until(async () => {
    const [, second] = await house.db.charge.findMany({
      where: { renewalId: id },
      orderBy: { ordinal: 'asc' },
    });
    return second?.status !== 'submitted';
  });
  await answer.release();
  await expectPaidOnce(house, id, RECOVERED);
});
