/** PayPal lets a full refund through while a dispute is open, and closes the dispute for the buyer then. */
import { afterAll, beforeAll, expect, test } from 'vitest';

import { workbench } from '../support/bench.js';
import { ticketOf } from '../support/disputes.js';
import { type House, openHouse } from '../support/house.js';
import { booksOf, refundDesk } from '../support/refunding.js';

let house: House;
beforeAll(async () => {
  house = await openHouse({ workers: false, paypal: true });
});
afterAll(() => house.close());

async function moved(capture: string): Promise<number> {
  const journal = await house.paypal.emulator.journal();
  return journal
    .filter((e) => (e as { capture?: string }).capture === capture)
    .reduce((sum, e) => sum + (e.kind === 'charge' ? e.amount_minor : -e.amount_minor), 0);
}

test('a refund planned before a dispute opened is not sent while it is open (I29)', async () => {
  const bench = workbench(house);
  const desk = refundDesk(house, bench, 'paypal');
  const { chargeId, capture } = await desk.paid();
  const id = await desk.plan(chargeId);
  const dispute = await house.paypal.emulator.call<{ id: string }>(
    'POST',
    `captures/${capture}/dispute`,
    {},
  );
  await bench.activities.followDispute(ticketOf(house, dispute.id, house.paypal.account));
  const [row] = await house.db.dispute.findMany({ where: { chargeId } });
  expect(row).toMatchObject({ inquiry: false, status: 'needs_response' });
  await desk.look(id);
  expect(await desk.given(capture)).toEqual([]);
});

test('a refund that was lost on its way is not sent again while a dispute is open (I29)', async () => {
  const bench = workbench(house);
  const desk = refundDesk(house, bench, 'paypal');
  const { chargeId, capture } = await desk.paid();
  const id = await desk.plan(chargeId);
  await desk.emulator.fault({
    match: { method: 'POST', path: desk.path },
    fault: 'reset_before',
    times: 1,
  });
  expect(await desk.look(id)).toMatchObject({ status: 'unknown' });
  await desk.emulator.heal();
  const dispute = await house.paypal.emulator.call<{ id: string }>(
    'POST',
    `captures/${capture}/dispute`,
    {},
  );
  await bench.activities.followDispute(ticketOf(house, dispute.id, house.paypal.account));
  await desk.look(id);
  expect(await desk.given(capture)).toEqual([]);
});

test('reversed by a bank after a part was refunded: the books say what the gateway has', async () => {
  const bench = workbench(house);
  const desk = refundDesk(house, bench, 'paypal');
  const { chargeId, capture, renewalId } = await desk.paid();
  await desk.look(await desk.plan(chargeId, 500));
  await bench.reverse(capture);
  await bench.activities.resolveCharge(chargeId);
  const books = await booksOf(house, renewalId);
  expect([books['gateway'] ?? 0, (await bench.renewal(renewalId)).status]).toEqual([
    await moved(capture),
    'past_due',
  ]);
});
