/** docs/charging.md, rules 9.5 to 9.8: whatever collected the money that came back, it can be collected again. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { useLink } from '../../activities/payment-link.js';
import type { RenewalId } from '../../domain/ids.js';
import { HOUR, workbench } from '../support/bench.js';
import { type House, openHouse } from '../support/house.js';
import { aLink, completeOnPage } from '../support/page.js';
import { giveCard } from '../support/people.js';
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
const ORDERS = { method: 'POST', path: '/v2/checkout/orders' };
const NO_FUNDS = {
  class: 'insufficient_funds',
  code: 'insufficient_funds',
  message: 'The account is empty',
  elsewhere: false,
} as const;

type Bench = ReturnType<typeof workbench>;

function foundFrom(chargeId: string) {
  return house.db.charge.findFirstOrThrow({ where: { foundFrom: chargeId } });
}

/** A renewal whose first debit failed, so that a case is open, and the PaymentIntent that both know. */
async function debitInDunning() {
  const bench = workbench(house);
  const { charge, renewalId } = await bench.plan(DEBIT);
  await bench.activities.submitCharge(charge.id);
  await bench.settle(charge.id, 'declined');
  await bench.activities.openDunningCase({ renewalId, decline: NO_FUNDS });
  return { bench, charge, renewalId };
}

async function retry(bench: Bench, renewalId: RenewalId, round: string) {
  const charge = await bench.planMore(renewalId, round, 'dunning');
  const outcome = await bench.activities.submitCharge(charge.id);
  return { id: charge.id, outcome };
}

/** It came back, and the run has heard of it. */
async function comesBack(bench: Bench, renewalId: RenewalId, chargeId: string) {
  await bench.returnDebit(chargeId);
  await bench.activities.resolveCharge(chargeId);
  expect((await bench.renewal(renewalId)).status).toBe('past_due');
}

describe('money that came back to a bank at Stripe', () => {
  test('of a retry: the next is sent on a new object, not on the one that both knew', async () => {
    const { bench, renewalId } = await debitInDunning();
    const { id } = await retry(bench, renewalId, 'retry 1');
    expect(await bench.settle(id, 'succeeded')).toEqual({ kind: 'succeeded' });
    await comesBack(bench, renewalId, id);
    const next = await retry(bench, renewalId, 'retry 1 of case 2');
    expect(next.outcome).toMatchObject({ kind: 'pending' });
    const [before, after] = [await bench.row(id), await bench.row(next.id)];
    expect(after.gatewayReference).not.toBe(before.gatewayReference);
    expect(await bench.settle(next.id, 'succeeded')).toEqual({ kind: 'succeeded' });
    expect((await bench.renewal(renewalId)).status).toBe('paid');
  });

  test('of a page that shared its object with declined charges: the next is sent on a new one', async () => {
    const { bench, renewalId } = await debitInDunning();
    const { chargeId, secret } = await aLink(house, renewalId);
    const { id } = await retry(bench, renewalId, 'retry 1');
    await bench.settle(id, 'declined');
    const page = (await useLink(bench.deps, secret)) as { reference: string };
    await completeOnPage(house, page.reference, 'succeeded', DEBIT);
    await bench.activities.resolveCharge(chargeId);
    await bench.settle(chargeId, 'succeeded');
    await comesBack(bench, renewalId, chargeId);
    const next = await retry(bench, renewalId, 'retry 1 of case 2');
    expect(next.outcome).toMatchObject({ kind: 'pending' });
    expect((await bench.row(next.id)).gatewayReference).not.toBe(page.reference);
  });

  test('of a payment found late: its return is booked on the row that has the money', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan(DEBIT);
    await bench.activities.submitCharge(charge.id);
    await bench.decide(renewalId, charge);
    expect(await bench.settle(charge.id, 'succeeded')).toMatchObject({ kind: 'not_sent' });
    const found = await foundFrom(charge.id);
    expect((await bench.renewal(renewalId)).status).toBe('paid');
    await comesBack(bench, renewalId, found.id);
    expect((await bench.row(found.id)).reversedAt).not.toBeNull();
    const next = await retry(bench, renewalId, 'retry 1 of case 2');
    expect(next.outcome).toMatchObject({ kind: 'pending' });
  });

  test('the retries of the second case are its own, and are not taken for those of the first', async () => {
    const { bench, renewalId } = await debitInDunning();
    const first = await retry(bench, renewalId, 'retry 1');
    await bench.settle(first.id, 'declined');
    const second = await retry(bench, renewalId, 'retry 2');
    await bench.settle(second.id, 'succeeded');
    await comesBack(bench, renewalId, second.id);
    const round = await nextRetry(bench, renewalId);
    expect(round).toBe('retry 1 of case 2');
    const plan = await bench.activities.planCharge({ renewalId, owner: 'dunning', round });
    expect(plan).toMatchObject({ kind: 'charge' });
  });

  /** Enters the stages that come first, at their time. */
  async function nextRetry(bench: Bench, renewalId: RenewalId): Promise<string> {
    let decision = await bench.activities.readDunningCase(renewalId);
    while (decision.kind === 'next') {
      const { step } = decision;
      bench.advance(Math.max(0, step.at - bench.now().getTime()));
      if (step.kind === 'retry') return step.round;
      if (step.kind !== 'enter_stage') break;
      decision = await bench.activities.enterStage({ renewalId, stage: step.stage });
    }
    throw new Error(decision.kind);
  }
});

describe('money that PayPal gave back', () => {
  /** PayPal has captured, and its answer was lost. */
  async function lostAnswer() {
    const bench = workbench(house);
    await house.paypal.emulator.fault({ match: ORDERS, fault: 'reset_after', times: 1 });
    const { charge, renewalId, person } = await bench.planWallet();
    expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'unknown' });
    const [entry] = (await house.paypal.emulator.paid(renewalId)) as unknown as Capture[];
    return { bench, charge, renewalId, person, capture: entry!.id, order: entry!.order };
  }

  interface Capture {
    readonly id: string;
    readonly order: string;
  }

  test('is asked for again under the next invoice', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.planWallet();
    await bench.activities.submitCharge(charge.id);
    await bench.reverse((await bench.row(charge.id)).gatewayChargeReference!);
    await bench.activities.resolveCharge(charge.id);
    expect((await bench.renewal(renewalId)).status).toBe('past_due');
    const { outcome } = await retry(bench, renewalId, 'retry 1 of case 2');
    expect(outcome).toEqual({ kind: 'succeeded' });
  });

  test('after it was found late, by its order: a card at the other gateway may be asked', async () => {
    const { bench, charge, renewalId, person, capture, order } = await lostAnswer();
    const paid = { says: 'paid', reference: order, renewalId, chargeId: charge.id };
    await report(bench.deps, house.paypal.account, paid);
    await bench.decide(renewalId, charge);
    await bench.activities.resolveCharge(charge.id);
    expect((await bench.renewal(renewalId)).status).toBe('paid');
    await bench.reverse(capture);
    await bench.activities.resolveCharge(charge.id);
    expect((await bench.renewal(renewalId)).status).toBe('past_due');
    await giveCard(house, person.customerId, 'pm_card_visa');
    const { outcome } = await retry(bench, renewalId, 'another card');
    expect(outcome).toEqual({ kind: 'succeeded' });
  });

  test('after it was found late, in the books: the row that has it can be asked about', async () => {
    const { bench, charge, renewalId, capture } = await lostAnswer();
    await bench.decide(renewalId, charge);
    bench.advance(12 * HOUR);
    await house.paypal.emulator.call('POST', 'transactions', { lag_seconds: 0 });
    await house.paypal.emulator.advance(12 * 3600);
    await bench.activities.resolveCharge(charge.id);
    const found = await foundFrom(charge.id);
    expect(await bench.activities.resolveCharge(found.id)).toEqual({ kind: 'succeeded' });
    await bench.reverse(capture);
    await bench.activities.resolveCharge(found.id);
    expect((await bench.row(found.id)).reversedAt).not.toBeNull();
    expect((await bench.renewal(renewalId)).status).toBe('past_due');
  });

  test('after a person decided, by the transaction id that PayPal shows: its reversal is booked', async () => {
    const { bench, charge, renewalId, capture, order } = await lostAnswer();
    await bench.decide(renewalId, charge, capture);
    expect((await bench.renewal(renewalId)).status).toBe('paid');
    await bench.reverse(capture);
    const about = { says: 'returned', reference: order, renewalId, chargeId: charge.id };
    expect(await report(bench.deps, house.paypal.account, about)).toEqual([charge.id]);
    await bench.activities.resolveCharge(charge.id);
    expect((await bench.renewal(renewalId)).status).toBe('past_due');
  });
});
