/** Wishes of people: what was taken is heeded, whatever the run is about to do. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { dashboard } from '../support/bench.js';
import { type Gates, openGates } from '../support/crash-gate.js';
import { DECLINES_ONCE, becomes, retryNow, theRenewal } from '../support/crash.js';
import { type House, openHouse } from '../support/house.js';
import {
  aCustomer,
  aSubscription,
  dunningRun,
  giveCard,
  renewalRun,
  skipTime,
  until,
} from '../support/people.js';

let house: House;
let gates: Gates;
beforeAll(async () => {
  house = await openHouse();
  gates = await openGates(house);
});
afterEach(() => house.emulator.heal());
afterAll(async () => {
  await gates.close();
  await house.close();
});

const wish = { actor: 'Mia', reason: 'The customer left' };
const row = (id: string) => house.db.renewal.findUniqueOrThrow({ where: { id } });

test('canceled in the Temporal UI before it is due: nothing is charged', async () => {
  const person = await aCustomer(house, 'pm_card_visa');
  const startsAt = Date.now() + 3_600_000;
  const subscription = await aSubscription(house, person, { startsAt });
  const run = renewalRun(house, subscription);
  await run.cancel();
  await skipTime(house, run.workflowId);
  expect(await run.result()).toEqual({ outcome: 'canceled' });
  const { id, status } = await house.db.renewal.findFirstOrThrow({
    where: { subscriptionId: subscription.id },
  });
  expect(status).toBe('canceled');
  expect(await house.emulator.paid(id)).toEqual([]);
});

test('a write-off taken before the first charge is heeded before it', async () => {
  const person = await aCustomer(house, 'pm_card_visa');
  const gate = await gates.hold(person.customerId, 'open');
  const subscription = await aSubscription(house, person);
  const run = renewalRun(house, subscription);
  await gate.reached();
  await run.executeUpdate('writeOff', { args: [wish] });
  await gate.release();
  expect(await run.result()).toEqual({ outcome: 'written_off' });
  const { id } = await theRenewal(house, subscription);
  expect(await house.emulator.paid(id)).toEqual([]);
});

test('a write-off taken while the run hands over is heeded by the case', async () => {
  const person = await aCustomer(house, 'pm_card_attachThen_insufficient_funds');
  const gate = await gates.hold(person.customerId, 'case');
  const subscription = await aSubscription(house, person);
  await gate.reached();
  const { id } = await theRenewal(house, subscription);
  await renewalRun(house, subscription).executeUpdate('writeOff', { args: [wish] });
  await gate.release();
  await becomes(house, id, 'written_off');
  expect(await house.db.command.count({ where: { renewalId: id } })).toBe(1);
});

test('found to be paid already: the case ends, and calls nobody', async () => {
  const person = await aCustomer(house, DECLINES_ONCE);
  const { id } = await theRenewal(house, await aSubscription(house, person));
  await becomes(house, id, 'past_due');
  const charge = await house.db.charge.findFirstOrThrow({ where: { renewalId: id } });
  await dashboard(house).paymentIntents.confirm(charge.gatewayReference!, {
    payment_method: person.method,
    off_session: true,
  });
  await retryNow(house, id);
  expect(await dunningRun(house, id).result()).toEqual({ outcome: 'recovered' });
  expect(await row(id)).toMatchObject({ status: 'paid', needsAttention: null });
});

test('a new card during an outage: the run waits instead of spinning', async () => {
  const account = { where: { id: house.account.id } };
  const person = await aCustomer(house, 'pm_card_attachThen_insufficient_funds');
  const { id } = await theRenewal(house, await aSubscription(house, person));
  await becomes(house, id, 'past_due');
  await until(() => house.deps.launch.isRunning(dunningRun(house, id).workflowId));
  await house.db.gatewayAccount.update({ ...account, data: { state: 'closed' } });
  const before = await house.db.charge.count({ where: { renewalId: id } });
  await giveCard(house, person.customerId, 'pm_card_visa');
  await until(async () => (await house.db.charge.count({ where: { renewalId: id } })) > before);
  const waiting = await until(async () => {
    const { outage } = await house.db.dunningCase.findFirstOrThrow({ where: { renewalId: id } });
    return outage as { waits: number } | null;
  });
  expect(waiting.waits).toBe(1);
  await house.db.gatewayAccount.update({ ...account, data: { state: 'open' } });
});
