/** Refunds of unusual charges, at unusual moments. */
import { afterAll, beforeAll, expect, test } from 'vitest';

import { useLink } from '../../activities/payment-link.js';
import { adoptRefunds } from '../../activities/adopt-refunds.js';
import { listLedgerEntries } from '../../prisma/ledger-view.js';
import { entryLine } from '../../api/render/ledger-csv.js';
import { decideRefund } from '../../prisma/refund-view.js';
import { changeSettings } from '../../prisma/settings.js';
import { bookFound } from '../../activities/book-found.js';
import { planRefund } from '../../activities/plan-refund.js';
import { newId } from '../../prisma/new-id.js';
import { HOUR, dashboard, workbench } from '../support/bench.js';
import { type House, openHouse } from '../support/house.js';
import { aLink, completeOnPage } from '../support/page.js';
import { booksOf, refundDesk } from '../support/refunding.js';

let house: House;
beforeAll(async () => {
  house = await openHouse({ workers: false, paypal: true });
  await house.db.gatewayAccount.update({
    where: { id: house.account.id },
    data: { debitNoticeDays: 0 },
  });
});
afterAll(() => house.close());

test('a page charge is refunded like any other', async () => {
  const bench = workbench(house);
  const opened = await bench.plan('pm_card_attachThen_authentication_required_unless_set_up');
  await bench.activities.submitCharge(opened.charge.id);
  const issued = await aLink(house, opened.renewalId);
  const page = (await useLink(bench.deps, issued.secret)) as { reference: string };
  await completeOnPage(house, page.reference);
  expect(await bench.activities.resolveCharge(issued.chargeId)).toEqual({ kind: 'succeeded' });
  const desk = refundDesk(house, bench, 'stripe');
  expect(await desk.look(await desk.plan(issued.chargeId, 700))).toMatchObject({
    status: 'succeeded',
  });
  expect(await desk.look(await desk.plan(issued.chargeId))).toMatchObject({ status: 'succeeded' });
  expect((await booksOf(house, opened.renewalId))['gateway'] ?? 0).toBe(0);
});

test('approved twice at once, and after somebody refunded part of it elsewhere', async () => {
  await changeSettings(house.db, house.merchantId, { refundApprovalAbove: { EUR: 100 } });
  const bench = workbench(house);
  const desk = refundDesk(house, bench, 'stripe');
  const a = await desk.paid();
  const id = await desk.plan(a.chargeId);
  const row = await desk.row(id);
  const approve = (by: string) =>
    house.db.$transaction((tx) =>
      decideRefund(tx, row, { decidedBy: by, approved: true, why: 'ok' }, bench.now()),
    );
  const both = await Promise.allSettled([approve('k1'), approve('k2'), approve('k3')]);
  expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  await desk.look(id);
  expect(await desk.given(a.capture)).toEqual([1900]);

  const b = await desk.paid();
  const second = await desk.plan(b.chargeId, 1500);
  await dashboard(house).refunds.create({ charge: b.capture, amount: 1000 });
  await adoptRefunds(bench.deps, b.chargeId);
  const waiting = await desk.row(second);
  await expect(
    house.db.$transaction((tx) =>
      decideRefund(tx, waiting, { decidedBy: 'k2', approved: true, why: 'ok' }, bench.now()),
    ),
  ).rejects.toMatchObject({ reason: 'refund_exceeds_charge' });
  await changeSettings(house.db, house.merchantId, { refundApprovalAbove: {} });
});

test('a description that a spreadsheet with semicolons would take apart into a formula', async () => {
  const bench = workbench(house);
  const desk = refundDesk(house, bench, 'stripe');
  const { renewalId } = await desk.paid();
  const [entry] = await listLedgerEntries(house.db, {
    merchantId: house.merchantId,
    renewalId,
    order: 'newest_first',
    limit: 1,
  });
  const line = entryLine({ ...entry!, description: 'Pro;=HYPERLINK("http://evil.test")' });
  expect(line).not.toMatch(/;=/);
});

test('a charge came back while we hold a surplus of its renewal: that pays it, and nothing is charged a third time', async () => {
  const bench = workbench(house);
  const opened = await bench.plan('pm_sepaDebit_attachThen_succeed');
  await bench.activities.submitCharge(opened.charge.id);
  const { gatewayReference } = await bench.row(opened.charge.id);
  await house.emulator.settle(gatewayReference!, 'succeeded');
  await bench.activities.resolveCharge(opened.charge.id);
  const first = await bench.row(opened.charge.id);
  const { gatewayCustomerReference: customer } = await house.db.paymentMethod.findUniqueOrThrow({
    where: { id: first.paymentMethodId },
  });
  const twice = await house.emulator.call<{ id: string; latest_charge: string }>(
    'POST',
    'dashboard/payments',
    { customer, amount_minor: 1900, currency: 'eur', silent: true },
  );
  await bookFound(bench.deps, first, { reference: twice.id, chargeReference: twice.latest_charge });
  expect(
    await house.db.charge.count({ where: { renewalId: opened.renewalId, surplus: true } }),
  ).toBe(1);
  await bench.returnDebit(opened.charge.id);
  await bench.activities.resolveCharge(opened.charge.id);
  const books = await booksOf(house, opened.renewalId);
  expect(books).toEqual({ revenue: -1900, gateway: 1900 });
  expect(await bench.renewal(opened.renewalId)).toMatchObject({
    status: 'paid',
    needsAttention: null,
  });
  const plan = await bench.activities.planCharge({
    renewalId: opened.renewalId,
    owner: 'dunning',
    round: 'retry 1',
  });
  expect(plan.kind).not.toBe('charge');
});

test('asked again after a restore, a refund of "everything" that was of less then comes to an end', async () => {
  const bench = workbench(house);
  const desk = refundDesk(house, bench, 'stripe');
  const { chargeId, capture } = await desk.paid();
  const wish = { chargeId, kind: 'requested', reason: 'x', origin: 'app' } as const;
  const ask = (id: string, amountMinor?: number) =>
    house.db.$transaction((tx) =>
      planRefund(bench.deps, tx, { ...wish, id, amountMinor }, bench.now()),
    );
  const [a, b] = [newId('rfd'), newId('rfd')];
  await ask(a, 500);
  await desk.look(a);
  await ask(b);
  await desk.look(b);
  expect(await desk.given(capture)).toEqual([500, 1400]);
  // The database forgets both; the app repeats the second under its Idempotency-Key: the same id.
  await house.db.refund.deleteMany({ where: { id: { in: [a, b] } } });
  await ask(b);
  for (let n = 0; n < 3; n++) await desk.look(b);
  bench.advance(72 * HOUR);
  const look = await desk.look(b);
  await adoptRefunds(bench.deps, chargeId);
  const rows = await house.db.refund.findMany({ where: { chargeId } });
  const counted = rows
    .filter(({ status }) => status !== 'failed' && status !== 'canceled')
    .reduce((sum, { amountMinor }) => sum + Number(amountMinor), 0);
  expect(counted).toBeLessThanOrEqual(1900);
  expect(look.kind).toBe('settled');
});
