/** SIGKILL of the API between its commit and Temporal, and runs that were lost: the sweep finds each of them. */
import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { money } from '../../domain/money.js';
import { markSent } from '../../prisma/dispatch.js';
import { startRenewal } from '../../prisma/start-renewal.js';
import { createSubscription } from '../../prisma/subscription-change.js';
import { lockSubscription } from '../../prisma/subscription.js';
import { storeWebhook } from '../../prisma/webhook-inbox.js';
import { type Wire, movesMoneyOf, openWire } from '../support/crash-wire.js';
import {
  DECLINES_ONCE,
  RECOVERED,
  becomes,
  expectPaidOnce,
  retryNow,
  theRenewal,
} from '../support/crash.js';
import { type House, IMPATIENT, openHouse } from '../support/house.js';
import {
  type Person,
  aCustomer,
  aSubscription,
  dunningRun,
  renewalRun,
  until,
} from '../support/people.js';

const MINUTE = 60_000;
let house: House;
let wire: Wire;

beforeAll(async () => {
  // Nobody asks by itself within the hour: whatever is found here was found because of the sweep.
  house = await openHouse({ environment: { ...IMPATIENT, ASK_LADDER_SECONDS: '3600' } });
  wire = await openWire(house);
});
afterAll(async () => {
  await wire.close();
  await house.close();
});

/** The sweep as its schedule runs it, right now. */
function sweep() {
  const workflowId = `sweep-${randomUUID()}`;
  const { taskQueue } = house.target;
  return house.client.workflow.execute('sweep', { workflowId, taskQueue, args: [] });
}

/** What the API commits when an app subscribes somebody; the process dies before it tells Temporal. */
async function subscribeAndDie({ customerId }: Person, startsAt: number, collection = 'automatic') {
  const now = new Date();
  const { subscription, dispatches } = await house.db.$transaction((tx) =>
    createSubscription(
      tx,
      {
        merchantId: house.merchantId,
        customerId,
        amount: money(1900, 'EUR'),
        cadence: { interval: 'month', intervalCount: 1, startsAt, timeZone: 'Europe/Berlin' },
        collection: collection as 'automatic' | 'manual',
        dunningPolicy: 'default',
        metadata: {},
      },
      now,
    ),
  );
  return { subscription, dispatches };
}

/** What the API commits when an app bills a period; the process dies before it tells Temporal. */
async function billAndDie(person: Person) {
  const { subscription } = await subscribeAndDie(person, Date.now(), 'manual');
  const { renewal, dispatches } = await house.db.$transaction(async (tx) => {
    const locked = await lockSubscription(tx, subscription.id);
    return startRenewal(tx, locked!, {}, new Date());
  });
  return { renewal, dispatches };
}

async function owedForLong(): Promise<void> {
  await house.db.dispatch.updateMany({
    where: { sentAt: null },
    data: { createdAt: new Date(Date.now() - MINUTE) },
  });
}

/** As if the renewal had been opened a while ago: nothing younger is looked at by the sweep. */
async function openedLongAgo(renewalId: string): Promise<void> {
  const createdAt = new Date(Date.now() - 3 * MINUTE);
  await house.db.renewal.update({ where: { id: renewalId }, data: { createdAt } });
}

test('the API dies between the commit of a subscription and its start', async () => {
  const person = await aCustomer(house, 'pm_card_visa');
  const { subscription } = await subscribeAndDie(person, Date.now());
  await owedForLong();
  await sweep();
  const { id } = await theRenewal(house, subscription);
  await expectPaidOnce(house, id);
  expect(await house.db.dispatch.count({ where: { sentAt: null } })).toBe(0);
});

test('the API dies between the commit of a renewal and its wake', async () => {
  const { renewal } = await billAndDie(await aCustomer(house, 'pm_card_visa'));
  await owedForLong();
  await sweep();
  await expectPaidOnce(house, renewal.id);
});

test('the API dies after telling Temporal, before it could note that', async () => {
  const { renewal, dispatches } = await billAndDie(await aCustomer(house, 'pm_card_visa'));
  for (const dispatch of dispatches) await house.deps.launch.send(dispatch);
  await becomes(house, renewal.id, 'paid');
  await owedForLong();
  await sweep();
  await expectPaidOnce(house, renewal.id);
});

test('a subscription due for three minutes has no run at all', async () => {
  const person = await aCustomer(house, 'pm_card_visa');
  const { subscription, dispatches } = await subscribeAndDie(person, Date.now() - 3 * MINUTE);
  for (const { id } of dispatches) await markSent(house.db, id);
  await sweep();
  const { id } = await theRenewal(house, subscription);
  await expectPaidOnce(house, id);
});

test('a renewal is collecting and has no run', async () => {
  const { renewal, dispatches } = await billAndDie(await aCustomer(house, 'pm_card_visa'));
  for (const { id } of dispatches) await markSent(house.db, id);
  await openedLongAgo(renewal.id);
  await sweep();
  await expectPaidOnce(house, renewal.id);
});

test('a case is open and its run was terminated', async () => {
  const subscription = await aSubscription(house, await aCustomer(house, DECLINES_ONCE));
  const { id } = await theRenewal(house, subscription);
  const run = dunningRun(house, id);
  await becomes(house, id, 'past_due');
  await until(() => house.deps.launch.isRunning(run.workflowId));
  await run.terminate('a test');
  await openedLongAgo(id);
  await sweep();
  expect(await house.deps.launch.isRunning(run.workflowId)).toBe(true);

  await retryNow(house, id);
  await expectPaidOnce(house, id, RECOVERED);
  expect(await house.db.dunningCase.count({ where: { renewalId: id } })).toBe(1);
});

test('a charge was claimed and its run terminated before the gateway saw it', async () => {
  const person = await aCustomer(house, 'pm_card_visa');
  const held = wire.hold(movesMoneyOf(person.method), 'request');
  const subscription = await aSubscription(house, person);
  await held.reached();
  const { id } = await theRenewal(house, subscription);
  await renewalRun(house, subscription).terminate('a test');
  await openedLongAgo(id);
  await sweep();
  await until(async () => wire.sends(person.method).length >= 2);
  await held.release();
  await expectPaidOnce(house, id);
  expect(new Set(wire.sends(person.method).map(({ key }) => key)).size).toBe(1);
});

test('a charge was made and its run terminated before the answer', async () => {
  const person = await aCustomer(house, 'pm_card_visa');
  const held = wire.hold(movesMoneyOf(person.method), 'answer');
  const subscription = await aSubscription(house, person);
  await held.reached();
  const { id } = await theRenewal(house, subscription);
  await renewalRun(house, subscription).terminate('a test');
  await openedLongAgo(id);
  await sweep();
  await becomes(house, id, 'paid');
  await held.release();
  await expectPaidOnce(house, id);
  expect(wire.sends(person.method)).toHaveLength(1);
});

test('a webhook was stored, and the API died before it passed it on', async () => {
  const person = await aCustomer(house, 'pm_card_attachThen_pending');
  const subscription = await aSubscription(house, person);
  const { id } = await theRenewal(house, subscription);
  const charge = await until(() =>
    house.db.charge.findFirst({ where: { renewalId: id, status: 'pending' } }),
  );
  const reference = charge.gatewayReference!;
  await house.emulator.settle(reference, 'succeeded');
  const type = 'payment_intent.succeeded';
  const about = { says: 'paid', reference, renewalId: id, chargeId: charge.id };
  const webhook = { account: house.account, eventId: `evt_${id}`, type, payload: {}, about };
  const received = new Date(Date.now() - MINUTE);
  await house.db.$transaction((tx) => storeWebhook(tx, webhook, received));
  await sweep();
  await expectPaidOnce(house, id);
  expect(await house.db.gatewayEvent.count({ where: { dispatchedAt: null } })).toBe(0);
});

test('two sweeps at once restart nothing twice', async () => {
  const { renewal, dispatches } = await billAndDie(await aCustomer(house, 'pm_card_visa'));
  for (const { id } of dispatches) await markSent(house.db, id);
  await openedLongAgo(renewal.id);
  await Promise.all([sweep(), sweep(), sweep()]);
  await expectPaidOnce(house, renewal.id);
});

test('a message that cannot be sent keeps no other from being sent', async () => {
  const { renewal, dispatches } = await billAndDie(await aCustomer(house, 'pm_card_visa'));
  const [dispatch] = dispatches;
  const poisoned = await house.db.dispatch.create({
    data: {
      ...dispatch!,
      input: dispatch!.input as object,
      id: `dsp_${randomUUID()}`,
      // Longer than Temporal takes.
      workflowId: 'x'.repeat(2_000),
      createdAt: new Date(Date.now() - 2 * MINUTE),
    },
  });
  await owedForLong();
  await house.db.dispatch.update({
    where: { id: poisoned.id },
    data: { createdAt: new Date(Date.now() - 2 * MINUTE) },
  });
  await sweep().catch(() => {});
  await house.db.dispatch.delete({ where: { id: poisoned.id } });
  await becomes(house, renewal.id, 'paid', 5_000);
  await expectPaidOnce(house, renewal.id);
});
