/** docs/charging.md, rule 9.3: a report brings no verdict, but it must reach its charge, and not be forgotten. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { useLink } from '../../activities/payment-link.js';
import { workbench } from '../support/bench.js';
import { type House, openHouse } from '../support/house.js';
import { aLink, completeOnPage } from '../support/page.js';
import { report } from '../support/reports.js';

let house: House;
beforeAll(async () => {
  house = await openHouse({ workers: false, paypal: true });
  const data = { debitNoticeDays: 0 };
  await house.db.gatewayAccount.update({ where: { id: house.account.id }, data });
});
afterEach(async () => {
  await house.emulator.heal();
  await house.paypal.emulator.call('POST', 'reset', {});
});
afterAll(() => house.close());

const DEBIT = 'pm_sepaDebit_attachThen_pending';
const READ = { method: 'GET', path: '/v1/payment_intents/:id' };
const NO_FUNDS = {
  class: 'insufficient_funds',
  code: 'insufficient_funds',
  message: 'The account is empty',
  elsewhere: false,
} as const;

type Bench = ReturnType<typeof workbench>;

/** A link that was issued before the last retry, used after it: the page and the retry share a PaymentIntent. */
async function pageBelowARetry(token: string, decline: (bench: Bench, id: string) => unknown) {
  const bench = workbench(house);
  const { charge, renewalId } = await bench.plan(token);
  await bench.activities.submitCharge(charge.id);
  await decline(bench, charge.id);
  await bench.activities.openDunningCase({ renewalId, decline: NO_FUNDS });
  const { chargeId, secret } = await aLink(house, renewalId);
  const retry = await bench.planMore(renewalId, 'retry 1', 'dunning');
  await bench.activities.submitCharge(retry.id);
  await decline(bench, retry.id);
  const page = (await useLink(bench.deps, secret)) as { reference: string };
  expect((await bench.row(retry.id)).gatewayReference).toBe(page.reference);
  await bench.activities.resolveCharge(chargeId);
  return { bench, renewalId, chargeId, reference: page.reference };
}

describe('a report is passed on', () => {
  test('of a payment on a page: to the page, not to the retry that was declined on the same object', async () => {
    const { bench, renewalId, chargeId, reference } = await pageBelowARetry(
      'pm_card_attachThen_insufficient_funds',
      () => {},
    );
    await completeOnPage(house, reference);
    const about = { says: 'paid', reference, renewalId };
    expect(await report(bench.deps, house.account, about)).toEqual([chargeId]);
  });

  test('of a debit on a page that came back: to the page, and the return is booked', async () => {
    const { bench, renewalId, chargeId, reference } = await pageBelowARetry(
      DEBIT,
      (bench: Bench, id) => bench.settle(id, 'declined'),
    );
    await completeOnPage(house, reference, 'succeeded', DEBIT);
    await bench.activities.resolveCharge(chargeId);
    expect(await bench.settle(chargeId, 'succeeded')).toEqual({ kind: 'succeeded' });
    await bench.returnDebit(chargeId);
    // A dispute knows the PaymentIntent only.
    const told = await report(bench.deps, house.account, { says: 'returned', reference });
    expect(told).toEqual([chargeId]);
    await bench.activities.resolveCharge(chargeId);
    expect((await bench.renewal(renewalId)).status).toBe('past_due');
  });

  test('of a reversal at PayPal: to the row that has the money, not to the charge it was found from', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.planWallet();
    const match = { method: 'POST', path: '/v2/checkout/orders' };
    await house.paypal.emulator.fault({ match, fault: 'reset_after', times: 1 });
    await bench.activities.submitCharge(charge.id);
    await bench.decide(renewalId, charge);
    await house.paypal.emulator.call('POST', 'transactions', { lag_seconds: 0 });
    await house.paypal.emulator.advance(12 * 3600);
    bench.advance(12 * 3_600_000);
    await bench.activities.resolveCharge(charge.id);
    const found = await house.db.charge.findFirstOrThrow({ where: { foundFrom: charge.id } });
    await bench.reverse(found.gatewayChargeReference!);
    const reference = found.gatewayReference!;
    const about = { says: 'returned', reference, renewalId, chargeId: charge.id };
    expect(await report(bench.deps, house.paypal.account, about)).toEqual([found.id]);
    await bench.activities.resolveCharge(found.id);
    expect((await bench.renewal(renewalId)).status).toBe('past_due');
  });

  test('of money that names our renewal and no charge of ours: to a person', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan('pm_card_visa');
    await bench.activities.submitCharge(charge.id);
    const about = { says: 'paid', reference: 'pi_of_nobody', renewalId };
    expect(await report(bench.deps, house.account, about)).toEqual([]);
    expect((await bench.renewal(renewalId)).needsAttention).toMatchObject({
      why: expect.stringContaining('pi_of_nobody'),
    });
  });

  test('of our own payment, or of a renewal that is not there: to nobody', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan('pm_card_visa');
    await bench.activities.submitCharge(charge.id);
    const reference = (await bench.row(charge.id)).gatewayReference!;
    const about = { says: 'paid', reference, renewalId };
    expect(await report(bench.deps, house.account, about)).toEqual([]);
    expect((await bench.renewal(renewalId)).needsAttention).toBeNull();
    const strange = { says: 'paid', reference: 'pi_strange', renewalId: 'rnw_strange' };
    expect(await report(bench.deps, house.account, strange)).toEqual([]);
  });
});

describe('a report on a charge that was decided, while the gateway has a hiccup', () => {
  test('of money that came back: asking fails, is repeated, and the return is booked', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan(DEBIT);
    await bench.activities.submitCharge(charge.id);
    await bench.settle(charge.id, 'succeeded');
    await bench.returnDebit(charge.id);
    await house.emulator.fault({ match: READ, fault: 'reset_before', times: 1 });
    await expect(bench.activities.resolveCharge(charge.id)).rejects.toThrow('cannot be looked up');
    expect((await bench.renewal(renewalId)).status).toBe('paid');
    await bench.activities.resolveCharge(charge.id);
    expect((await bench.renewal(renewalId)).status).toBe('past_due');
  });

  test('of money that arrived late: asking fails, is repeated, and the money is booked', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan(DEBIT);
    await bench.activities.submitCharge(charge.id);
    await bench.decide(renewalId, charge);
    const { gatewayReference } = await bench.row(charge.id);
    await house.emulator.settle(gatewayReference!, 'succeeded');
    await house.emulator.fault({ match: READ, fault: 'reset_before', times: 1 });
    await expect(bench.activities.resolveCharge(charge.id)).rejects.toThrow('cannot be looked up');
    await bench.activities.resolveCharge(charge.id);
    expect((await bench.renewal(renewalId)).status).toBe('paid');
    expect(await house.db.charge.count({ where: { foundFrom: charge.id } })).toBe(1);
  });
});
