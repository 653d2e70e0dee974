/** A charge that was given back wholly by our own will, and whose return a gateway reports afterwards. */
import { afterAll, beforeAll, expect, test } from 'vitest';

import { bookReturn } from '../../activities/book-return.js';
import { workbench } from '../support/bench.js';
import { type House, openHouse } from '../support/house.js';
import { booksOf, refundDesk } from '../support/refunding.js';

let house: House;
beforeAll(async () => {
  house = await openHouse({ workers: false, paypal: true });
});
afterAll(() => house.close());

test('nobody is dunned and charged again for what was refunded by our own will', async () => {
  const bench = workbench(house);
  const desk = refundDesk(house, bench, 'stripe');
  const { chargeId, renewalId } = await desk.paid();
  await desk.look(await desk.plan(chargeId));
  const decline = { class: 'insufficient_funds', code: 'reversed', message: '', elsewhere: false };
  await bookReturn(bench.deps, await bench.row(chargeId), decline as never);
  const books = await booksOf(house, renewalId);
  expect(books).toEqual({ revenue: -1900, refunds: 1900 });
  // The ledger says that nothing is owed.
  const plan = await bench.activities.planCharge({
    renewalId: renewalId as never,
    owner: 'dunning',
    round: 'retry 1',
  });
  expect({ status: (await bench.renewal(renewalId)).status, plan: plan.kind }).toEqual({
    status: 'paid',
    plan: 'not_owed',
  });
});

test('a refund that is under way when the bank takes the money back: no more goes back than was taken', async () => {
  const bench = workbench(house);
  const desk = refundDesk(house, bench, 'paypal');
  const { chargeId, capture, renewalId } = await desk.paid();
  const id = await desk.plan(chargeId, 500);
  await desk.emulator.fault({
    match: { method: 'POST', path: desk.path },
    fault: 'reset_after',
    times: 1,
  });
  expect(await desk.look(id)).toMatchObject({ status: 'unknown' });
  await desk.emulator.heal();
  // The refund of 5 was made; the bank takes the other 14; the return is heard of first.
  await bench.reverse(capture);
  await bench.activities.resolveCharge(chargeId);
  await desk.look(id);
  const net = (await house.paypal.emulator.journal())
    .filter((e) => (e as { capture?: string }).capture === capture)
    .reduce((sum, e) => sum + (e.kind === 'charge' ? e.amount_minor : -e.amount_minor), 0);
  expect(net).toBe(0);
  expect((await booksOf(house, renewalId))['gateway'] ?? 0).toBe(net);
});
