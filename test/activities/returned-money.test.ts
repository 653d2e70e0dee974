/** docs/charging.md, rule 9: collected money that comes back, and bank debits, which are announced and take days. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { workbench } from '../support/bench.js';
import { type House, openHouse } from '../support/house.js';

let house: House;
beforeAll(async () => {
  house = await openHouse({ workers: false });
});
afterAll(() => house.close());

const DAY = 86_400_000;
const DEBIT = 'pm_sepaDebit_attachThen_';

function tellPayers(debitNoticeDays: number | null) {
  return house.db.gatewayAccount.update({
    where: { id: house.account.id },
    data: { debitNoticeDays },
  });
}

/** A renewal paid by a bank debit that settled. */
async function paidByDebit(fate = 'succeed') {
  await tellPayers(0);
  const bench = workbench(house);
  const opened = await bench.plan(`${DEBIT}${fate}`);
  expect(await bench.activities.submitCharge(opened.charge.id)).toMatchObject({ kind: 'pending' });
  const { gatewayReference } = await bench.row(opened.charge.id);
  await house.emulator.settle(gatewayReference!, 'succeeded');
  expect(await bench.activities.resolveCharge(opened.charge.id)).toEqual({ kind: 'succeeded' });
  return { bench, ...opened };
}

function openCases(renewalId: string) {
  return house.db.dunningCase.findMany({ where: { renewalId, status: 'open' } });
}

async function returnDebit(chargeId: string, reason = 'insufficient_funds') {
  const { gatewayChargeReference } = await house.db.charge.findUniqueOrThrow({
    where: { id: chargeId },
  });
  await house.emulator.call('POST', `charges/${gatewayChargeReference}/dispute`, { reason });
}

describe('a bank debit', () => {
  test('is asked about once a day, not every minute', async () => {
    await tellPayers(0);
    const bench = workbench(house);
    const { charge } = await bench.plan(`${DEBIT}pending`);
    const outcome = await bench.activities.submitCharge(charge.id);
    expect(outcome).toEqual({ kind: 'pending', askAgainMs: DAY });
  });

  test('that fails after days is a decline', async () => {
    await tellPayers(0);
    const bench = workbench(house);
    const { charge } = await bench.plan(`${DEBIT}pending`);
    await bench.activities.submitCharge(charge.id);
    const { gatewayReference } = await bench.row(charge.id);
    await house.emulator.settle(gatewayReference!, 'declined');
    expect(await bench.activities.resolveCharge(charge.id)).toMatchObject({ kind: 'declined' });
  });

  test('is announced first: the payer is told once, and nothing is sent before the day', async () => {
    await tellPayers(null);
    const bench = workbench(house);
    const { renewalId, plan } = await bench.open(`${DEBIT}succeed`);
    if (plan.kind !== 'later') throw new Error(plan.kind);
    expect(plan.at - Date.now()).toBeGreaterThan(2 * DAY - 60_000);
    const again = { renewalId, owner: 'renewal', round: 'first' } as const;
    expect(await bench.activities.planCharge(again)).toEqual(plan);
    expect(
      await house.db.event.count({
        where: {
          type: 'renewal.debit_announced',
          payload: { path: ['renewal'], equals: renewalId },
        },
      }),
    ).toBe(1);
    bench.advance(2 * DAY);
    expect(await bench.activities.planCharge(again)).toMatchObject({ kind: 'charge' });
  });
});

describe('money that came back', () => {
  test('reopens the renewal into a case of its own, with the run that recovers it', async () => {
    const { bench, charge, renewalId } = await paidByDebit();
    await returnDebit(charge.id);
    await bench.activities.resolveCharge(charge.id);
    const renewal = await bench.renewal(renewalId);
    expect(renewal).toMatchObject({ status: 'past_due', paidAt: null });
    expect((await bench.row(charge.id)).reversedAt).not.toBeNull();
    const [opened, ...more] = await openCases(renewalId);
    expect(more).toEqual([]);
    expect(opened).toMatchObject({ number: 1, lastDecline: { class: 'insufficient_funds' } });
    const owed = await house.db.dispatch.findFirst({
      where: { workflowType: 'dunning', input: { path: ['renewalId'], equals: renewalId } },
    });
    expect(owed?.sentAt).not.toBeNull();
  });

  test('said a hundred times, it is booked once', async () => {
    const { bench, charge, renewalId } = await paidByDebit();
    await returnDebit(charge.id);
    const asked = Array.from({ length: 20 }, () => bench.activities.resolveCharge(charge.id));
    // Stripe may be too slow for so many at once: what fails is asked again.
    await Promise.allSettled(asked);
    await bench.activities.resolveCharge(charge.id);
    expect(await house.db.dunningCase.count({ where: { renewalId } })).toBe(1);
    const type = 'renewal.payment_returned';
    const payload = { path: ['renewal'], equals: renewalId };
    expect(await house.db.event.count({ where: { type, payload } })).toBe(1);
  });

  test('a retry is a new payment at the gateway, and pays the renewal again', async () => {
    const { bench, charge, renewalId } = await paidByDebit();
    await returnDebit(charge.id);
    await bench.activities.resolveCharge(charge.id);
    const retry = await bench.planMore(renewalId, 'retry 1', 'dunning');
    await bench.activities.submitCharge(retry.id);
    const row = await bench.row(retry.id);
    expect(row.gatewayReference).not.toBe((await bench.row(charge.id)).gatewayReference);
    await house.emulator.settle(row.gatewayReference!, 'succeeded');
    expect(await bench.activities.resolveCharge(retry.id)).toEqual({ kind: 'succeeded' });
    expect((await bench.renewal(renewalId)).status).toBe('paid');
    expect(await openCases(renewalId)).toEqual([]);
  });

  test('a second return follows no policy again: the renewal ends unpaid', async () => {
    const { bench, charge, renewalId } = await paidByDebit();
    await returnDebit(charge.id);
    await bench.activities.resolveCharge(charge.id);
    const retry = await bench.planMore(renewalId, 'retry 1', 'dunning');
    await bench.activities.submitCharge(retry.id);
    const { gatewayReference } = await bench.row(retry.id);
    await house.emulator.settle(gatewayReference!, 'succeeded');
    await bench.activities.resolveCharge(retry.id);
    await returnDebit(retry.id);
    await bench.activities.resolveCharge(retry.id);
    expect(await bench.activities.readDunningCase(renewalId)).toMatchObject({ kind: 'exhausted' });
    expect(await bench.activities.closeDunningCase(renewalId)).toBe('unpaid');
    expect((await bench.renewal(renewalId)).status).toBe('unpaid');
  });

  test('a disputed card is not a return: it stays paid', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan('pm_card_visa');
    await bench.activities.submitCharge(charge.id);
    await returnDebit(charge.id, 'fraudulent');
    await bench.activities.resolveCharge(charge.id);
    expect((await bench.renewal(renewalId)).status).toBe('paid');
  });
});
