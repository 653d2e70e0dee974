/** Recovery where it once went astray: each of these was found by reading, and stays found. */
import { randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { DEFAULT_POLICY } from '../../domain/dunning-policy.js';
import type { RenewalId } from '../../domain/ids.js';
import { periodStartText } from '../../domain/workflow-ids.js';
import { newId } from '../../prisma/new-id.js';
import { readNextStep } from '../../prisma/next-step.js';
import { cancelSubscription } from '../../prisma/subscription-cancel.js';
import { lockSubscription } from '../../prisma/subscription.js';
import { storeWebhook } from '../../prisma/webhook-inbox.js';
import { HOUR, dashboard, workbench } from '../support/bench.js';
import { type House, openHouse } from '../support/house.js';
import { aPolicy, giveCard } from '../support/people.js';

let house: House;
beforeAll(async () => {
  house = await openHouse({ workers: false });
});
afterEach(async () => {
  await house.emulator.heal();
  await setAccount('open');
});
afterAll(() => house.close());

const decline = {
  class: 'insufficient_funds',
  code: 'insufficient_funds',
  message: 'No money',
  elsewhere: false,
} as const;

function setAccount(state: 'open' | 'closed') {
  return house.db.gatewayAccount.update({ where: { id: house.account.id }, data: { state } });
}

/** A renewal whose first charge was declined and whose case has entered its first stage. */
async function inRecovery(token: string, terms = {}) {
  const bench = workbench(house);
  const opened = await bench.plan(token, terms);
  await bench.activities.submitCharge(opened.charge.id);
  await bench.activities.openDunningCase({ renewalId: opened.renewalId, decline });
  await bench.activities.enterStage({ renewalId: opened.renewalId, stage: 'warned' });
  return { bench, ...opened };
}

/** The retry that the case would make next. */
async function nextRetry(bench: ReturnType<typeof workbench>, renewalId: RenewalId) {
  const decision = await bench.activities.readDunningCase(renewalId);
  if (decision.kind !== 'next' || decision.step.kind !== 'retry')
    throw new Error(`No retry is next: ${JSON.stringify(decision)}`);
  return decision.step;
}

test('a new card whose first send does not leave is sat out like any outage, then charged', async () => {
  const { bench, renewalId, person } = await inRecovery('pm_card_attachThen_insufficient_funds');
  await giveCard(house, person.customerId, 'pm_card_visa');
  await setAccount('closed');
  const step = await nextRetry(bench, renewalId);
  const charge = await bench.planMore(renewalId, step.round, 'dunning');
  expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'not_sent' });
  const collection = { kind: 'no_gateway' } as const;
  await bench.activities.recordRetry({ renewalId, step, collection });

  const waiting = await nextRetry(bench, renewalId);
  expect(waiting.at).toBeGreaterThan(bench.now().getTime() + 30_000);
  await setAccount('open');
  const again = await bench.planMore(renewalId, waiting.round, 'dunning');
  expect(await bench.activities.submitCharge(again.id)).toEqual({ kind: 'succeeded' });
});

test('a release refused because it was paid: the money is booked', async () => {
  const bench = workbench(house);
  const { charge, renewalId, person } = await bench.plan('pm_card_attachThen_do_not_honor_times_1');
  await bench.activities.submitCharge(charge.id);
  const { gatewayReference } = await bench.row(charge.id);
  await dashboard(house).paymentIntents.confirm(gatewayReference!, {
    payment_method: person.method,
    off_session: true,
  });
  await giveCard(house, person.customerId, 'pm_card_visa', true);
  const next = await bench.planMore(renewalId, 'second');
  expect(await bench.activities.submitCharge(next.id)).toMatchObject({ kind: 'not_sent' });
  expect((await bench.renewal(renewalId)).status).toBe('paid');
  expect(await house.emulator.paid(renewalId)).toHaveLength(1);
});

test('hold: when the case ends unpaid, held periods are not owed', async () => {
  const policy = await aPolicy(house, { ...DEFAULT_POLICY, laterPeriods: 'hold' });
  const { bench, renewalId, subscription } = await inRecovery(
    'pm_card_attachThen_insufficient_funds',
    { policy, interval: 'day' },
  );
  bench.advance(72 * HOUR);
  const sub = await house.db.subscription.findUniqueOrThrow({ where: { id: subscription.id } });
  const period = {
    subscriptionId: sub.id,
    periodStart: periodStartText(sub.nextPeriodStart.getTime()),
  };
  expect((await bench.activities.openRenewal(period)).kind).toBe('held');
  expect(await bench.activities.closeDunningCase(renewalId)).toBe('unpaid');
  const o = await bench.activities.openRenewal(period);
  expect(o).toMatchObject({ kind: 'closed' });
});

test('an amount that the gateway cannot be asked for is a parked renewal, not a lost one', async () => {
  const bench = workbench(house);
  const { subscription } = await bench.plan('pm_card_visa');
  const { nextPeriodStart } = await house.db.subscription.update({
    where: { id: subscription.id },
    data: { currency: 'KWD', amountMinor: 1905n, nextPeriodStart: new Date(Date.now() - 1000) },
  });
  const periodStart = periodStartText(nextPeriodStart.getTime());
  const opening = await bench.activities.openRenewal({
    subscriptionId: subscription.id,
    periodStart,
  });
  expect(opening).toMatchObject({ kind: 'opened', plan: { kind: 'nobody_left' } });
  expect(opening).toHaveProperty('plan.parked');
});

test('a subscription that is over stays without service', async () => {
  const { bench, renewalId, subscription } = await inRecovery(
    'pm_card_attachThen_insufficient_funds_times_1',
  );
  await house.db.$transaction(async (tx) =>
    cancelSubscription(
      tx,
      (await lockSubscription(tx, subscription.id))!,
      { at: 'now', keepDebt: true },
      new Date(),
    ),
  );
  const service = async () =>
    (await house.db.subscription.findUniqueOrThrow({ where: { id: subscription.id } })).service;
  const seen = [await service()];
  await bench.activities.enterStage({ renewalId, stage: 'restricted' });
  seen.push(await service());
  const more = await bench.planMore(renewalId, 'retry 1', 'dunning');
  await bench.activities.submitCharge(more.id);
  seen.push(await service());
  expect(seen).toEqual(['ended', 'ended', 'ended']);
});

test('canceled while a charge is open, and the run restarted: the charge is followed', async () => {
  const { bench, renewalId, person } = await inRecovery('pm_card_attachThen_insufficient_funds');
  await giveCard(house, person.customerId, 'pm_card_attachThen_pending');
  const { round } = await nextRetry(bench, renewalId);
  const charge = await bench.planMore(renewalId, round, 'dunning');
  await bench.activities.submitCharge(charge.id);
  const data = { cancelRequestedAt: new Date() };
  await house.db.renewal.update({ where: { id: renewalId }, data });
  bench.advance(30 * 24 * HOUR);
  const step = await nextRetry(bench, renewalId);
  expect(await bench.planMore(renewalId, step.round, 'dunning')).toEqual(charge);
});

test('money reported on a PaymentIntent whose newest charge was canceled', async () => {
  const bench = workbench(house);
  const { charge, renewalId, person, subscription } = await bench.plan(
    'pm_card_attachThen_do_not_honor_times_1',
  );
  await bench.activities.submitCharge(charge.id);
  await bench.planMore(renewalId, 'second');
  await house.db.$transaction(async (tx) =>
    cancelSubscription(
      tx,
      (await lockSubscription(tx, subscription.id))!,
      { at: 'now', keepDebt: false },
      new Date(),
    ),
  );
  const { gatewayReference } = await bench.row(charge.id);
  await dashboard(house).paymentIntents.confirm(gatewayReference!, {
    payment_method: person.method,
    off_session: true,
  });
  const stored = await storeWebhook(
    house.db,
    {
      account: house.account,
      eventId: randomUUID(),
      type: 'payment_intent.succeeded',
      payload: {},
      about: { says: 'other', reference: gatewayReference!, renewalId },
    },
    new Date(),
  );
  const told = await bench.row(stored!.chargeId!);
  await bench.activities.resolveCharge(told.id);
  const charges = await house.db.charge.findMany({
    where: { renewalId },
    select: { surplus: true },
  });
  expect(charges.some(({ surplus }) => surplus)).toBe(true);
});

test('a retryNow of the collecting time is not spent again in recovery', async () => {
  const bench = workbench(house);
  const { charge, renewalId } = await bench.plan('pm_card_attachThen_insufficient_funds');
  const command = { id: newId('cmd'), kind: 'retryNow', actor: 'a', reason: 'b' } as const;
  await bench.activities.commandRenewal({ renewalId, command });
  await bench.activities.submitCharge(charge.id);
  await bench.activities.openDunningCase({ renewalId, decline });
  const d = await bench.activities.readDunningCase(renewalId);
  expect(d.kind === 'next' && d.step.kind).toBe('enter_stage');
});

test('after a restart the waits are counted on', async () => {
  const bench = workbench(house);
  const { charge, renewalId, periodStart, subscription } = await bench.plan('pm_card_visa');
  await setAccount('closed');
  await bench.activities.submitCharge(charge.id);
  for (const round of ['first+1', 'first+2', 'first+3', 'cmd_x']) {
    const c = await bench.planMore(renewalId, round);
    await bench.activities.submitCharge(c.id);
  }
  await setAccount('open');
  const o = await bench.activities.openRenewal({ subscriptionId: subscription.id, periodStart });
  if (o.kind !== 'opened') throw new Error('x');
  const plan = await bench.activities.planCharge({
    renewalId,
    owner: 'renewal',
    round: `first+${o.waits + 1}`,
  });
  expect(plan.kind).toBe('charge');
});

test('a second retryNow of a parked case is a new round', async () => {
  const { bench, renewalId } = await inRecovery('pm_card_attachThen_insufficient_funds');
  const command = () =>
    ({ id: newId('cmd'), kind: 'retryNow', actor: 'Mia', reason: 'Fixed' }) as const;
  const [one, two] = [command(), command()];
  await bench.activities.recordCommand({ renewalId, command: one });
  const step = await nextRetry(bench, renewalId);
  expect(step.round).toBe(one.id);
  const collection = { kind: 'parked', why: 'amount_too_small' } as const;
  expect(await bench.activities.recordRetry({ renewalId, step, collection })).toMatchObject({
    step: { kind: 'await_operator' },
  });
  await bench.activities.recordCommand({ renewalId, command: two });
  expect((await nextRetry(bench, renewalId)).round).toBe(two.id);
});

test('a case parked for our own fault sends nothing by itself, and the API says so', async () => {
  const { bench, renewalId, person } = await inRecovery('pm_card_attachThen_insufficient_funds');
  await house.emulator.setFate(person.method, 'testmode_decline');
  bench.advance(48 * HOUR);
  const step = await nextRetry(bench, renewalId);
  const charge = await bench.planMore(renewalId, step.round, 'dunning');
  expect(await bench.activities.submitCharge(charge.id)).toMatchObject({
    decline: { class: 'merchant_config' },
  });
  const collection = { kind: 'parked', why: 'testmode_decline' } as const;
  await bench.activities.recordRetry({ renewalId, step, collection });
  bench.advance(20 * 24 * HOUR);
  expect(await bench.activities.readDunningCase(renewalId)).toMatchObject({
    step: { kind: 'await_operator', why: 'testmode_decline' },
  });
  expect(await readNextStep(house.db, renewalId)).toMatchObject({ kind: 'await_operator' });
  expect((await bench.renewal(renewalId)).needsAttention).not.toBeNull();
});

test('a look-up that fails does not make a pending charge unknown', async () => {
  const bench = workbench(house);
  const { charge } = await bench.plan('pm_card_attachThen_pending');
  expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'pending' });
  await house.emulator.fault({
    match: { method: 'GET', path: '/v1/payment_intents/:id' },
    fault: 'reset_before',
    times: 1,
  });
  const o = await bench.activities.resolveCharge(charge.id);
  expect(o.kind).toBe('pending');
});

test('another card of the customer does not stop a subscription that names its own', async () => {
  const bench = workbench(house);
  const { renewalId, person, charge, subscription } = await bench.plan('pm_card_visa');
  await house.db.subscription.update({
    where: { id: subscription.id },
    data: { paymentMethodId: person.paymentMethodId },
  });
  await giveCard(house, person.customerId, 'pm_card_mastercard');
  expect(await bench.planMore(renewalId, 'first')).toEqual(charge);
});
