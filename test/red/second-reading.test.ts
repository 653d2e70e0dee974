/** Failing tests from a second reading: each says what should be so. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../domain/dunning-policy.js';
import { newId } from '../../prisma/new-id.js';
import { offerNewMethod } from '../../prisma/subscription-change.js';
import { cancelSubscription } from '../../prisma/subscription-cancel.js';
import { lockSubscription } from '../../prisma/subscription.js';
import { storeWebhook } from '../../prisma/webhook-inbox.js';
import { periodStartText } from '../../domain/workflow-ids.js';
import { HOUR, dashboard, workbench } from '../support/bench.js';
import { type House, openHouse } from '../support/house.js';
import { aPolicy, giveCard } from '../support/people.js';

let house: House;
beforeAll(async () => {
  house = await openHouse({ workers: false });
});
afterEach(() => house.emulator.heal());
afterAll(() => house.close());
const decline = { class: 'insufficient_funds', code: 'insufficient_funds', message: 'x', elsewhere: false } as const;

async function inRecovery(token: string, terms = {}) {
  const bench = workbench(house);
  const o = await bench.plan(token, terms);
  await bench.activities.submitCharge(o.charge.id);
  await bench.activities.openDunningCase({ renewalId: o.renewalId, decline });
  await bench.activities.enterStage({ renewalId: o.renewalId, stage: 'warned' });
  return { bench, ...o };
}

test('E1 a new card whose first send is refused on the way is sat out, not spun on', async () => {
  const { bench, renewalId, person } = await inRecovery('pm_card_attachThen_insufficient_funds');
  await giveCard(house, person.customerId, 'pm_card_visa');
  await house.db.gatewayAccount.update({ where: { id: house.account.id }, data: { state: 'closed' } });
  const steps: unknown[] = [];
  let d = await bench.activities.readDunningCase(renewalId);
  for (let i = 0; i < 4; i++) {
    if (d.kind !== 'next' || d.step.kind !== 'retry') break;
    steps.push([d.step.round, d.step.at - bench.now().getTime()]);
    const plan = await bench.activities.planCharge({ renewalId, owner: 'dunning', round: d.step.round });
    if (plan.kind === 'charge') await bench.activities.submitCharge(plan.charge.id);
    d = await bench.activities.recordRetry({ renewalId, step: d.step, collection: { kind: 'no_gateway' } });
    if (i === 1) await house.db.gatewayAccount.update({ where: { id: house.account.id }, data: { state: 'open' } });
  }
  await house.db.gatewayAccount.update({ where: { id: house.account.id }, data: { state: 'open' } });
  console.log('E1', JSON.stringify(steps), await house.db.charge.count({ where: { renewalId } }));
  expect(d.kind === 'next' && d.step.at).toBeGreaterThan(bench.now().getTime() + 30_000);
});

test('E2 a release refused because it was paid: the money is booked', async () => {
  const bench = workbench(house);
  const { charge, renewalId, person } = await bench.plan('pm_card_attachThen_do_not_honor_times_1');
  await bench.activities.submitCharge(charge.id);
  const { gatewayReference } = await bench.row(charge.id);
  await dashboard(house).paymentIntents.confirm(gatewayReference!, { payment_method: person.method, off_session: true });
  await giveCard(house, person.customerId, 'pm_card_visa', true);
  for (const round of ['second', 'second+1']) {
    const next = await bench.planMore(renewalId, round);
    console.log('E2', await bench.activities.submitCharge(next.id));
  }
  expect((await bench.renewal(renewalId)).status).toBe('paid');
});

test('E6 hold: when the case ends unpaid, held periods are not owed', async () => {
  const policy = await aPolicy(house, { ...DEFAULT_POLICY, laterPeriods: 'hold' });
  const { bench, renewalId, subscription } = await inRecovery('pm_card_attachThen_insufficient_funds', { policy, interval: 'day' });
  bench.advance(72 * HOUR);
  const sub = await house.db.subscription.findUniqueOrThrow({ where: { id: subscription.id } });
  const period = { subscriptionId: sub.id, periodStart: periodStartText(sub.nextPeriodStart.getTime()) };
  expect((await bench.activities.openRenewal(period)).kind).toBe('held');
  expect(await bench.activities.closeDunningCase(renewalId)).toBe('unpaid');
  const o = await bench.activities.openRenewal(period);
  const s = await house.db.subscription.findUniqueOrThrow({ where: { id: subscription.id } });
  console.log('E6', o, s.status, s.service);
  expect(o).toMatchObject({ kind: 'closed' });
});

test('E7 an amount the gateway cannot hold calls somebody', async () => {
  const bench = workbench(house);
  const { subscription } = await bench.plan('pm_card_visa');
  const next = await house.db.subscription.update({ where: { id: subscription.id }, data: { currency: 'KWD', amountMinor: 1905n, nextPeriodStart: new Date(Date.now() - 1000) } });
  const r = await bench.activities.openRenewal({ subscriptionId: next.id, periodStart: periodStartText(next.nextPeriodStart.getTime()) }).catch((e: unknown) => e);
  console.log('E7', String(r), await house.db.renewal.findMany({ where: { subscriptionId: next.id }, select: { status: true, needsAttention: true, currency: true } }));
  expect(r).not.toBeInstanceOf(Error);
});

test('E8 a subscription that is over stays without service', async () => {
  const { bench, renewalId, subscription, charge } = await inRecovery('pm_card_attachThen_insufficient_funds_times_1');
  await house.db.$transaction(async (tx) => cancelSubscription(tx, (await lockSubscription(tx, subscription.id))!, { at: 'now', keepDebt: true }, new Date()));
  const service = async () => (await house.db.subscription.findUniqueOrThrow({ where: { id: subscription.id } })).service;
  const seen = [await service()];
  await bench.activities.enterStage({ renewalId, stage: 'restricted' });
  seen.push(await service());
  const more = await bench.planMore(renewalId, 'retry 1', 'dunning');
  await bench.activities.submitCharge(more.id);
  seen.push(await service());
  console.log('E8', seen, charge.id);
  expect(seen).toEqual(['ended', 'ended', 'ended']);
});

test('E9 canceled while a charge is open, run restarted: the charge is followed', async () => {
  const { bench, renewalId, person } = await inRecovery('pm_card_attachThen_insufficient_funds');
  await giveCard(house, person.customerId, 'pm_card_attachThen_pending');
  const d0 = await bench.activities.readDunningCase(renewalId);
  if (d0.kind !== 'next' || d0.step.kind !== 'retry') throw new Error('x');
  const c = await bench.planMore(renewalId, d0.step.round, 'dunning');
  await bench.activities.submitCharge(c.id);
  await house.db.renewal.update({ where: { id: renewalId }, data: { cancelRequestedAt: new Date() } });
  bench.advance(30 * HOUR);
  // The run is started anew.
  const d = await bench.activities.readDunningCase(renewalId);
  if (d.kind !== 'next' || d.step.kind !== 'retry') throw new Error(JSON.stringify(d));
  const plan = await bench.activities.planCharge({ renewalId, owner: 'dunning', round: d.step.round });
  console.log('E9', d.step, plan);
  expect(plan).toMatchObject({ kind: 'charge' });
});

test('E10 money reported on a PaymentIntent whose newest charge was canceled', async () => {
  const bench = workbench(house);
  const { charge, renewalId, person, subscription } = await bench.plan('pm_card_attachThen_do_not_honor_times_1');
  await bench.activities.submitCharge(charge.id);
  await bench.planMore(renewalId, 'second');
  await house.db.$transaction(async (tx) => cancelSubscription(tx, (await lockSubscription(tx, subscription.id))!, { at: 'now', keepDebt: false }, new Date()));
  const { gatewayReference } = await bench.row(charge.id);
  await dashboard(house).paymentIntents.confirm(gatewayReference!, { payment_method: person.method, off_session: true });
  const stored = await storeWebhook(house.db, { account: house.account, eventId: newId('gev'), type: 'payment_intent.succeeded', payload: {}, about: { reference: gatewayReference!, renewalId } }, new Date());
  const told = await bench.row(stored!.chargeId!);
  await bench.activities.resolveCharge(told.id);
  const charges = await house.db.charge.findMany({ where: { renewalId }, select: { status: true, surplus: true } });
  console.log('E10', told.ordinal, told.status, charges);
  expect(charges.some((x) => x.surplus)).toBe(true);
});

test('E11 a retryNow of the collecting time is not spent again in recovery', async () => {
  const bench = workbench(house);
  const { charge, renewalId } = await bench.plan('pm_card_attachThen_insufficient_funds');
  const command = { id: newId('cmd'), kind: 'retryNow', actor: 'a', reason: 'b' } as const;
  await bench.activities.commandRenewal({ renewalId, command });
  await bench.activities.submitCharge(charge.id);
  await bench.activities.openDunningCase({ renewalId, decline });
  const d = await bench.activities.readDunningCase(renewalId);
  console.log('E11', d);
  expect(d.kind === 'next' && d.step.kind).toBe('enter_stage');
});

test('E12 after a restart the waits are counted on', async () => {
  const bench = workbench(house);
  const { charge, renewalId, periodStart, subscription } = await bench.plan('pm_card_visa');
  await house.db.gatewayAccount.update({ where: { id: house.account.id }, data: { state: 'closed' } });
  await bench.activities.submitCharge(charge.id);
  for (const round of ['first+1', 'first+2', 'first+3', 'cmd_x']) {
    const c = await bench.planMore(renewalId, round);
    await bench.activities.submitCharge(c.id);
  }
  await house.db.gatewayAccount.update({ where: { id: house.account.id }, data: { state: 'open' } });
  const o = await bench.activities.openRenewal({ subscriptionId: subscription.id, periodStart });
  if (o.kind !== 'opened') throw new Error('x');
  console.log('E12', o.round, o.waits);
  const plan = await bench.activities.planCharge({ renewalId, owner: 'renewal', round: `first+${o.waits + 1}` });
  expect(plan.kind).toBe('charge');
});

test('E16 another card of the customer does not stop a subscription that names its own', async () => {
  const bench = workbench(house);
  const { renewalId, person, subscription } = await bench.plan('pm_card_visa');
  await house.db.subscription.update({ where: { id: subscription.id }, data: { paymentMethodId: person.paymentMethodId } });
  await house.db.$transaction((tx) => offerNewMethod(tx, { customerId: person.customerId }, new Date()));
  const plan = await bench.activities.planCharge({ renewalId, owner: 'renewal', round: 'first' });
  console.log('E16', plan);
  expect(plan.kind).toBe('charge');
});

test('E13 what a sweep of n open cases costs', async () => {
  const { renewalId } = await inRecovery('pm_card_attachThen_insufficient_funds');
  await house.deps.launch.start({ merchantId: house.merchantId, workflowType: 'dunning', workflowId: `dunning/${renewalId}`, input: { renewalId } });
  const t = Date.now();
  for (let i = 0; i < 200; i++) await house.deps.launch.isRunning(`dunning/${renewalId}`);
  console.log('E13 ms per describe', (Date.now() - t) / 200);
});
