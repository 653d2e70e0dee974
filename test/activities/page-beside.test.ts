/** docs/charging.md, rules 8.1 to 8.7: a page beside the automatic charges of its renewal, when the moment is unlucky. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { useLink } from '../../activities/payment-link.js';
import { cancelRenewal, lockRenewal } from '../../prisma/renewal.js';
import { dashboard, workbench } from '../support/bench.js';
import { type House, openHouse } from '../support/house.js';
import { aLink, completeOnPage, paidAnywhere } from '../support/page.js';
import { until } from '../support/people.js';

let house: House;
beforeAll(async () => {
  house = await openHouse({ workers: false, paypal: true });
});
afterEach(async () => {
  await house.emulator.heal();
  await house.paypal.emulator.heal();
  const usual = { sendsPerSecond: null, nextSendAt: null, nextByteAt: null, debitNoticeDays: null };
  await setUp({ ...usual, apiBase: house.emulator.url });
});
afterAll(() => house.close());

const CREATE = { method: 'POST', path: '/v1/payment_intents' };
const DEBIT = 'pm_sepaDebit_attachThen_pending';
const HALF_AN_HOUR = 31 * 60_000;
const DAY = 86_400_000;
const NO_FUNDS = {
  class: 'insufficient_funds',
  code: 'insufficient_funds',
  message: 'The account is empty',
  elsewhere: false,
} as const;

type Bench = ReturnType<typeof workbench>;

function setUp(data: object) {
  return house.db.gatewayAccount.update({ where: { id: house.account.id }, data });
}

/** The link's first use: the page is claimed, and its object made. */
async function open(bench: Bench, secret: string): Promise<string> {
  const page = await useLink(bench.deps, secret);
  if (page?.kind !== 'ready') throw new Error(page?.kind);
  return page.reference;
}

describe('while an automatic charge is planned', () => {
  test('and waits for its turn: the page is asked about, and what was paid on it is booked', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan('pm_card_visa');
    await setUp({ sendsPerSecond: 5 });
    const { chargeId, secret } = await aLink(house, renewalId);
    await completeOnPage(house, await open(bench, secret));
    await comeAgain(bench, charge.id);
    expect((await bench.row(chargeId)).status).toBe('succeeded');
    expect((await bench.renewal(renewalId)).status).toBe('paid');
    expect(await bench.sends(charge.id)).toEqual([]);
    expect(await paidAnywhere(house, renewalId)).toBe(1);
  });

  /** As its run does with the charge that it follows, until the charge is decided. */
  async function comeAgain(bench: Bench, chargeId: string) {
    for (let n = 0; n < 5; n++) {
      const outcome = await bench.activities.resolveCharge(chargeId);
      if (!('askAgainMs' in outcome)) return;
      await new Promise((resolve) => setTimeout(resolve, Math.min(outcome.askAgainMs, 1_000)));
    }
  }

  test('a run that begins anew follows the page, not the charge that waits behind it', async () => {
    const bench = workbench(house);
    const { renewalId } = await bench.plan('pm_card_visa');
    const { chargeId, secret } = await aLink(house, renewalId);
    await open(bench, secret);
    const plan = await bench.activities.planCharge({ renewalId, owner: 'renewal', round: 'first' });
    expect(plan).toMatchObject({ kind: 'charge', charge: { id: chargeId } });
  });

  test('and nobody has used the link: asking about the page begins nothing', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan('pm_card_visa');
    const { chargeId } = await aLink(house, renewalId);
    await bench.activities.resolveCharge(chargeId);
    expect((await bench.row(chargeId)).status).toBe('planned');
    expect(await bench.activities.submitCharge(charge.id)).toEqual({ kind: 'succeeded' });
  });

  test('and the order of the page is gone from PayPal: a run follows the page, so that a person can decide it', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.planWallet();
    const { chargeId, secret } = await aLink(house, renewalId);
    await open(bench, secret);
    await house.paypal.emulator.call('POST', 'reset', {});
    bench.advance(HALF_AN_HOUR);
    await bench.activities.resolveCharge(charge.id);
    const plan = await bench.activities.planCharge({ renewalId, owner: 'renewal', round: 'first' });
    expect(plan).toMatchObject({ charge: { id: chargeId } });
    expect(await paidAnywhere(house, renewalId)).toBe(0);
  });

  test('money shows on a charge that was decided: it is booked once the page is over', async () => {
    await setUp({ debitNoticeDays: 0 });
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan(DEBIT);
    await bench.activities.submitCharge(charge.id);
    await bench.decide(renewalId, charge);
    const { chargeId, secret } = await aLink(house, renewalId);
    await useLink(bench.deps, secret);
    await bench.settle(charge.id, 'succeeded');
    bench.advance(HALF_AN_HOUR);
    await bench.activities.resolveCharge(chargeId);
    await bench.activities.resolveCharge(charge.id);
    const paid = { renewalId, status: 'succeeded' };
    expect(await house.db.charge.count({ where: paid })).toBe(1);
    expect((await bench.renewal(renewalId)).status).toBe('paid');
  });
});

describe('the debt is dropped', () => {
  test('while the page is being made: its object is withdrawn, and the link is over', async () => {
    const { accountFor } = house.deps;
    const bench = workbench(house, {
      accountFor: (row) => ({ ...accountFor(row), deadlineMs: 10_000 }),
    });
    const { renewalId } = await bench.open('pm_card_visa');
    const { chargeId, secret } = await aLink(house, renewalId);
    await house.emulator.fault({
      match: CREATE,
      fault: 'delay',
      delay_ms: 2_000,
      effect: 'after',
      times: 1,
    });
    const using = useLink(bench.deps, secret);
    await until(async () => (await house.emulator.faults()).length === 0);
    await house.db.$transaction(async (tx) =>
      cancelRenewal(tx, await lockRenewal(tx, renewalId), new Date()),
    );
    await bench.activities.resolveCharge(chargeId);
    expect(await using).toMatchObject({ kind: 'over' });
    const { data } = await dashboard(house).paymentIntents.list({ limit: 100 });
    const made = data.filter(({ metadata }) => metadata['dunlin_renewal'] === renewalId);
    expect(made.map(({ status }) => status)).toEqual(['canceled']);
    expect(await paidAnywhere(house, renewalId)).toBe(0);
  });
});

describe('the case comes to its end', () => {
  test('with a customer on the page: it is not closed as unpaid', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan('pm_card_attachThen_insufficient_funds');
    await bench.activities.submitCharge(charge.id);
    await bench.activities.openDunningCase({ renewalId, decline: NO_FUNDS });
    const { secret } = await aLink(house, renewalId);
    await open(bench, secret);
    await expect(bench.activities.closeDunningCase(renewalId)).rejects.toThrow('under way');
    expect((await bench.renewal(renewalId)).status).toBe('past_due');
  });
});

describe('a bank debit on a page', () => {
  test('that is being processed when the half hour is over is not withdrawn', async () => {
    await setUp({ debitNoticeDays: 0 });
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan(DEBIT);
    await bench.activities.submitCharge(charge.id);
    await bench.settle(charge.id, 'declined');
    const { chargeId, secret } = await aLink(house, renewalId);
    const intent = await open(bench, secret);
    await completeOnPage(house, intent, 'succeeded', DEBIT);
    for (const later of [0, HALF_AN_HOUR, DAY]) {
      bench.advance(later);
      expect(await bench.activities.resolveCharge(chargeId)).toMatchObject({ kind: 'pending' });
    }
    const cancel = `/v1/payment_intents/${intent}/cancel`;
    expect((await house.emulator.requests()).filter(({ path }) => path === cancel)).toEqual([]);
    expect(await bench.settle(chargeId, 'succeeded')).toEqual({ kind: 'succeeded' });
  });
});

describe('a link that nobody has used', () => {
  test('in an outage: a run that begins anew goes on with its own round, and nobody is dunned', async () => {
    const bench = workbench(house);
    const { charge, renewalId, subscription, periodStart } = await bench.plan('pm_card_visa');
    await setUp({ apiBase: 'http://127.0.0.1:65530' });
    expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'not_sent' });
    await aLink(house, renewalId);
    const period = { subscriptionId: subscription.id, periodStart };
    const opening = await bench.activities.openRenewal(period);
    expect(opening).toMatchObject({
      kind: 'opened',
      round: 'first',
      plan: { kind: 'nobody_left' },
    });
    expect(opening).not.toHaveProperty('plan.decline');
  });

  test('on a renewal that its run has not yet taken up: the first charge is planned', async () => {
    const bench = workbench(house);
    const { charge, renewalId, subscription, periodStart } = await bench.plan('pm_card_visa');
    // As the API leaves a renewal that it has just written.
    await house.db.charge.delete({ where: { id: charge.id } });
    await aLink(house, renewalId);
    const period = { subscriptionId: subscription.id, periodStart };
    const opening = await bench.activities.openRenewal(period);
    expect(opening).toMatchObject({ kind: 'opened', round: 'first', plan: { kind: 'charge' } });
  });
});
