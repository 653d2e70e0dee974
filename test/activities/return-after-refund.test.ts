/** Money that comes back by a bank after some of it was refunded: what is owed again, and what is charged. */
import { afterAll, beforeAll, expect, test } from 'vitest';

import { planRefund } from '../../activities/plan-refund.js';
import { newId } from '../../prisma/new-id.js';
import { workbench } from '../support/bench.js';
import { type House, openHouse } from '../support/house.js';
import { booksOf } from '../support/refunding.js';

let house: House;
beforeAll(async () => {
  house = await openHouse({ workers: false, paypal: true });
  await house.db.gatewayAccount.update({
    where: { id: house.account.id },
    data: { debitNoticeDays: 0 },
  });
});
afterAll(() => house.close());

async function paidByDebit() {
  const bench = workbench(house);
  const opened = await bench.plan('pm_sepaDebit_attachThen_succeed');
  await bench.activities.submitCharge(opened.charge.id);
  const { gatewayReference } = await bench.row(opened.charge.id);
  await house.emulator.settle(gatewayReference!, 'succeeded');
  expect(await bench.activities.resolveCharge(opened.charge.id)).toEqual({ kind: 'succeeded' });
  const plan = (amountMinor?: number) =>
    house.db
      .$transaction((tx) =>
        planRefund(
          bench.deps,
          tx,
          {
            id: newId('rfd'),
            chargeId: opened.charge.id,
            amountMinor,
            kind: 'requested',
            reason: 'x',
            origin: 'app',
            requestedBy: 'key_app',
          },
          bench.now(),
        ),
      )
      .then(({ refund }) => refund.id);
  return { bench, ...opened, planRefund: plan };
}

test('EUR 5 of 19 were refunded, the bank took back the other 14: a person decides whether 19 are collected again', async () => {
  const { bench, renewalId, charge, planRefund: plan } = await paidByDebit();
  await bench.activities.followRefund(await plan(500));
  await bench.returnDebit(charge.id);
  await bench.activities.resolveCharge(charge.id);
  const books = await booksOf(house, renewalId);
  expect(books).toEqual({ revenue: -1900, refunds: 500, receivable: 1400 });
  const decision = await bench.activities.readDunningCase(renewalId);
  expect(decision).toMatchObject({ kind: 'next', step: { kind: 'await_operator' } });
  expect((await bench.renewal(renewalId)).needsAttention).not.toBeNull();
});

test('the same at PayPal, wholly refunded, then "reversed": nobody is charged again', async () => {
  const bench = workbench(house);
  const opened = await bench.planWallet();
  await bench.activities.submitCharge(opened.charge.id);
  const capture = (await bench.row(opened.charge.id)).gatewayChargeReference!;
  const { refund } = await house.db.$transaction((tx) =>
    planRefund(
      bench.deps,
      tx,
      {
        id: newId('rfd'),
        chargeId: opened.charge.id,
        kind: 'requested',
        reason: 'x',
        origin: 'app',
      },
      bench.now(),
    ),
  );
  await bench.activities.followRefund(refund.id);
  await bench.reverse(capture).catch(() => {});
  await bench.activities.resolveCharge(opened.charge.id);
  expect((await bench.renewal(opened.renewalId)).status).toBe('paid');
});

test('a refund that was planned, but not sent, when the bank took the debit back is not sent', async () => {
  const { bench, charge, planRefund: plan } = await paidByDebit();
  const id = await plan(1900);
  await bench.returnDebit(charge.id);
  await bench.activities.resolveCharge(charge.id);
  expect((await bench.row(charge.id)).reversedAt).not.toBeNull();
  await bench.activities.followRefund(id);
  const sends = (await house.emulator.requests()).filter((r) => r.idempotency_key === id);
  expect(sends).toHaveLength(0);
});

test('two surplus payments on one renewal: refunding the first leaves the second on the desk', async () => {
  const bench = workbench(house);
  const { charge, renewalId } = await bench.plan('pm_card_visa');
  await bench.activities.submitCharge(charge.id);
  const first = await bench.row(charge.id);
  const renewal = await bench.renewal(renewalId);
  const { bookFound } = await import('../../activities/book-found.js');
  const { gatewayCustomerReference: customer } = await house.db.paymentMethod.findUniqueOrThrow({
    where: { id: first.paymentMethodId },
  });
  const surplus: string[] = [];
  for (let n = 0; n < 2; n++) {
    const intent = await house.emulator.call<{ id: string; latest_charge: string }>(
      'POST',
      'dashboard/payments',
      { customer, amount_minor: 1900, currency: 'eur', silent: true },
    );
    await bookFound(bench.deps, first, {
      reference: intent.id,
      chargeReference: intent.latest_charge,
    });
  }
  const rows = await house.db.charge.findMany({ where: { renewalId, surplus: true } });
  expect(rows).toHaveLength(2);
  surplus.push(...rows.map(({ id }) => id));
  expect((await bench.renewal(renewalId)).needsAttention).not.toBeNull();
  const { refund } = await house.db.$transaction((tx) =>
    planRefund(
      bench.deps,
      tx,
      { id: newId('rfd'), chargeId: surplus[0]!, kind: 'duplicate', reason: 'x', origin: 'app' },
      bench.now(),
    ),
  );
  expect(await bench.activities.followRefund(refund.id)).toMatchObject({ status: 'succeeded' });
  expect(renewal.status).toBe('paid');
  expect((await bench.renewal(renewalId)).needsAttention).not.toBeNull();
});
