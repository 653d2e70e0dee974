/** Sends are spaced per gateway account, so that whoever waited for a gateway does not run it down together. */
import { afterAll, beforeAll, expect, test } from 'vitest';

import { createBreakers } from '../../activities/breakers.js';
import { DEFAULT_POLICY } from '../../domain/dunning-policy.js';
import { workbench } from '../support/bench.js';
import { type House, openHouse } from '../support/house.js';
import { aPolicy, giveWallet } from '../support/people.js';

let house: House;
beforeAll(async () => {
  house = await openHouse({ workers: false, paypal: true });
});
afterAll(() => house.close());

function pace(sendsPerSecond: number | null) {
  const data = { sendsPerSecond, nextSendAt: null, nextByteAt: null, quietUntil: null };
  return house.db.gatewayAccount.update({ where: { id: house.account.id }, data });
}

/** Sends it as its run would: comes again when it is told to. */
async function sendInTurn(bench: ReturnType<typeof workbench>, id: string): Promise<void> {
  for (;;) {
    const outcome = await bench.activities.resolveCharge(id);
    if (outcome.kind === 'succeeded') return;
    if (!('askAgainMs' in outcome)) throw new Error(outcome.kind);
    await new Promise((resolve) => setTimeout(resolve, outcome.askAgainMs));
  }
}

test('those who come at once are sent one after another, each once', async () => {
  await pace(null);
  const bench = workbench(house);
  const opened = [];
  for (let n = 0; n < 8; n++) opened.push(await bench.plan('pm_card_visa'));
  await pace(4);
  await Promise.all(opened.map(({ charge }) => sendInTurn(bench, charge.id)));
  const rows = await Promise.all(opened.map(({ charge }) => bench.row(charge.id)));
  for (const row of rows) expect(row.firstSentAt! >= row.sendAt!).toBe(true);
  const places = rows.map((row) => row.sendAt!.getTime()).sort((a, b) => a - b);
  const gaps = places.slice(1).map((at, n) => at - places[n]!);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(250);
  for (const { renewalId } of opened) expect(await house.emulator.paid(renewalId)).toHaveLength(1);
});

test('a place far back in the queue is kept, and told', async () => {
  await pace(0.1);
  const bench = workbench(house);
  const [first, second] = [await bench.plan('pm_card_visa'), await bench.plan('pm_card_visa')];
  expect(await bench.activities.submitCharge(first.charge.id)).toEqual({ kind: 'succeeded' });
  const told = await bench.activities.submitCharge(second.charge.id);
  expect(told).toMatchObject({ kind: 'pending' });
  const { sendAt, status } = await bench.row(second.charge.id);
  expect(status).toBe('planned');
  await bench.activities.resolveCharge(second.charge.id);
  expect((await bench.row(second.charge.id)).sendAt).toEqual(sendAt);
});

test('being late for a turn is no outage: it stays planned, is told when to come again, and no wallet is charged', async () => {
  await pace(1);
  const bench = workbench(house);
  const policy = await aPolicy(house, { ...DEFAULT_POLICY, fallback: 'outage' });
  const { charge, renewalId, person } = await bench.plan('pm_card_visa', { policy });
  await giveWallet(house, person.customerId);
  const [missed, taken] = [-5_000, 60_000].map((ms) => new Date(Date.now() + ms));
  await house.db.charge.update({ where: { id: charge.id }, data: { sendAt: missed! } });
  const account = { where: { id: house.account.id } };
  await house.db.gatewayAccount.update({ ...account, data: { nextByteAt: taken! } });
  expect(await bench.activities.submitCharge(charge.id)).toMatchObject({
    kind: 'pending',
    askAgainMs: expect.any(Number),
  });
  expect((await bench.row(charge.id)).status).toBe('planned');
  expect((await bench.planMore(renewalId, 'first')).id).toBe(charge.id);
  await pace(null);
  expect(await bench.activities.resolveCharge(charge.id)).toEqual({ kind: 'succeeded' });
  expect(await house.paypal.emulator.paid(renewalId)).toEqual([]);
});

test('what an open breaker holds back anyway takes no place', async () => {
  await pace(0.1);
  const breakers = createBreakers({ failures: 1, probeAfterMs: 60_000 });
  const bench = workbench(house, { breakers });
  await breakers.through(
    house.account.id,
    () => Promise.resolve(),
    () => true,
  );
  for (const { charge } of [await bench.plan('pm_card_visa'), await bench.plan('pm_card_visa')]) {
    expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'not_sent' });
    expect((await bench.row(charge.id)).sendAt).toBeNull();
  }
});
