/** Failing tests from a second reading, with runs: each says what should be so. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { stripe } from '../../gateways/stripe/index.js';
import { dashboard } from '../support/bench.js';
import { openGates, type Gates } from '../support/crash-gate.js';
import { DECLINES_ONCE, becomes, retryNow, theRenewal } from '../support/crash.js';
import { type House, openHouse } from '../support/house.js';
import { aCustomer, aSubscription, dunningRun, giveCard, renewalRun, until } from '../support/people.js';

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
const sleep = (ms: number) => new Promise((r) => setTimeout(r, ms));
const wish = { actor: 'a', reason: 'b' };
const row = (id: string) => house.db.renewal.findUniqueOrThrow({ where: { id } });

test('R1 a new card during an outage: the run waits instead of spinning', async () => {
  const person = await aCustomer(house, 'pm_card_attachThen_insufficient_funds');
  const { id } = await theRenewal(house, await aSubscription(house, person));
  await becomes(house, id, 'past_due');
  await until(() => house.deps.launch.isRunning(dunningRun(house, id).workflowId));
  await house.db.gatewayAccount.update({ where: { id: house.account.id }, data: { state: 'closed' } });
  await giveCard(house, person.customerId, 'pm_card_visa');
  await sleep(5_000);
  await house.db.gatewayAccount.update({ where: { id: house.account.id }, data: { state: 'open' } });
  const a = Number((await dunningRun(house, id).describe()).historyLength);
  await sleep(5_000);
  const b = Number((await dunningRun(house, id).describe()).historyLength);
  console.log('R1 history', a, b, (await row(id)).status, (await row(id)).needsAttention);
  await dunningRun(house, id).terminate('end of test');
  expect(a).toBeLessThan(60);
});

test('R3 canceled in the Temporal UI before it is due: nothing is charged', async () => {
  const person = await aCustomer(house, 'pm_card_visa');
  const subscription = await aSubscription(house, person, { startsAt: Math.ceil(Date.now() / 1000) * 1000 + 3000 });
  const run = renewalRun(house, subscription);
  await run.cancel();
  const result = await run.result().catch((e: unknown) => String(e));
  const renewal = await house.db.renewal.findFirst({ where: { subscriptionId: subscription.id } });
  console.log('R3', result, renewal?.status);
  expect(renewal ? await house.emulator.paid(renewal.id) : []).toEqual([]);
});

test('R4 parked for our own fault: a wake does not dun the customer', async () => {
  const person = await aCustomer(house, 'pm_card_attachThen_testmode_decline');
  const subscription = await aSubscription(house, person);
  const { id } = await theRenewal(house, subscription);
  await until(async () => (await row(id)).needsAttention);
  console.log('R4', (await row(id)).status, (await row(id)).needsAttention);
  await renewalRun(house, subscription).signal('wake', { id: 'x' });
  await sleep(3_000);
  const events = await house.db.event.findMany({ where: { subscriptionId: subscription.id }, select: { type: true } });
  console.log('R4', (await row(id)).status, events.map(({ type }) => type));
  expect((await row(id)).status).toBe('collecting');
});

test('R5 found to be paid already: the case ends and calls nobody', async () => {
  const person = await aCustomer(house, DECLINES_ONCE);
  const { id } = await theRenewal(house, await aSubscription(house, person));
  await becomes(house, id, 'past_due');
  const charge = await house.db.charge.findFirstOrThrow({ where: { renewalId: id } });
  await dashboard(house).paymentIntents.confirm(charge.gatewayReference!, { payment_method: person.method, off_session: true });
  await retryNow(house, id);
  await becomes(house, id, 'paid');
  await sleep(3_000);
  const { status } = await dunningRun(house, id).describe();
  console.log('R5', status.name, (await row(id)).needsAttention);
  await dunningRun(house, id).terminate('end of test');
  expect((await row(id)).needsAttention).toBeNull();
});

test('R15 a write-off that was taken is heeded, even when the run hands over', async () => {
  const person = await aCustomer(house, 'pm_card_attachThen_insufficient_funds');
  const gate = await gates.hold(person.customerId, 'case');
  const subscription = await aSubscription(house, person);
  await gate.reached();
  const { id } = await theRenewal(house, subscription);
  const taken = renewalRun(house, subscription).executeUpdate('writeOff', { args: [wish] });
  await taken;
  await gate.release();
  await renewalRun(house, subscription).result();
  await sleep(1_000);
  console.log('R15', (await row(id)).status, await house.db.command.count({ where: { renewalId: id } }));
  expect(await house.db.command.count({ where: { renewalId: id } })).toBe(1);
});

test('R17 a processing PaymentIntent whose newest attempt did not change is pending', async () => {
  const intent = { id: 'pi_1', object: 'payment_intent', status: 'processing', latest_charge: 'ch_old', amount: 1900, currency: 'eur', amount_received: 0, last_payment_error: null, metadata: {} };
  const server = createServer((_q, s) => { s.setHeader('content-type', 'application/json'); s.end(JSON.stringify(intent)); }).listen(0);
  const apiBase = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const seen = await stripe.lookUp({ name: 'x', secret: 'sk_test_x', apiBase, deadlineMs: 1000 }, {
    id: 'chg_2', renewalId: 'r', amount: { amountMinor: 1900, currency: 'EUR' } as never, firstSentAt: Date.now(), reference: 'pi_1', otherReferences: [],
    baseline: { latestCharge: 'ch_old' },
    request: { mode: 'confirm', paymentIntent: 'pi_1', params: { payment_method: 'pm', off_session: true } },
  });
  server.close();
  console.log('R17', seen);
  expect(seen.kind).toBe('pending');
});

test('R18 a write-off that was taken before the first charge is heeded before it', async () => {
  const person = await aCustomer(house, 'pm_card_attachThen_insufficient_funds');
  const gate = await gates.hold(person.customerId, 'open');
  const subscription = await aSubscription(house, person);
  await gate.reached();
  const refused = await renewalRun(house, subscription).executeUpdate('writeOff', { args: [wish] }).then(() => 'taken', String);
  await gate.release();
  const { id } = await theRenewal(house, subscription);
  await renewalRun(house, subscription).result();
  console.log('R18', refused, (await row(id)).status, await house.db.command.count({ where: { renewalId: id } }));
  expect((await row(id)).status).toBe('written_off');
});
