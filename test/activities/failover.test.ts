/** docs/charging.md, rule 7: another gateway only on proof, another method only by policy, and never two at once. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { createBreakers } from '../../activities/breakers.js';
import { DEFAULT_POLICY } from '../../domain/dunning-policy.js';
import type { RenewalId } from '../../domain/ids.js';
import type { FallbackPolicy } from '../../domain/routing.js';
import { workbench } from '../support/bench.js';
import { type House, IMPATIENT, openHouse } from '../support/house.js';
import { aPolicy, giveWallet } from '../support/people.js';

let house: House;
beforeAll(async () => {
  house = await openHouse({ workers: false, paypal: true, environment: IMPATIENT });
});
afterEach(async () => {
  await house.emulator.heal();
  await house.paypal.emulator.heal();
  await reach('stripe');
  await setState('open');
});
afterAll(() => house.close());

const GOOD = 'pm_card_visa';
const NO_FUNDS = 'pm_card_attachThen_insufficient_funds';
const CREATE = { method: 'POST', path: '/v1/payment_intents' };

/** Where nobody listens, no byte leaves. */
function reach(what: 'stripe' | 'nobody') {
  const apiBase = what === 'stripe' ? house.emulator.url : 'http://127.0.0.1:65530';
  return house.db.gatewayAccount.update({ where: { id: house.account.id }, data: { apiBase } });
}

function setState(state: string) {
  return house.db.gatewayAccount.update({ where: { id: house.account.id }, data: { state } });
}

async function aPolicyWith(fallback: FallbackPolicy): Promise<string> {
  return aPolicy(house, { ...DEFAULT_POLICY, fallback });
}

/** A renewal of a customer with a card, by default, and a wallet. */
async function cardAndWallet(token: string, fallback: FallbackPolicy, fate = 'succeed') {
  const bench = workbench(house);
  const opened = await bench.plan(token, { policy: await aPolicyWith(fallback) });
  const wallet = await giveWallet(house, opened.person.customerId, fate);
  return { bench, wallet, ...opened };
}

async function paid(renewalId: RenewalId) {
  const entries = [
    ...(await house.emulator.paid(renewalId)),
    ...(await house.paypal.emulator.paid(renewalId)),
  ];
  return entries.length;
}

describe('another gateway', () => {
  test('no byte left for the first: the wallet pays, and the charge says why', async () => {
    const { bench, charge, renewalId } = await cardAndWallet(GOOD, 'outage');
    await reach('nobody');
    expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'not_sent' });
    const second = await bench.planMore(renewalId, 'first');
    expect(await bench.activities.submitCharge(second.id)).toEqual({ kind: 'succeeded' });
    const row = await bench.row(second.id);
    expect(row).toMatchObject({ fallback: true, gatewayAccountId: house.paypal.account.id });
    expect(row.why).toBe("another of the customer's methods; no rule says otherwise");
    expect((await bench.renewal(renewalId)).status).toBe('paid');
    expect(await paid(renewalId)).toBe(1);
  });

  test('the policy says never: the round ends without a bank, and the renewal waits', async () => {
    const { bench, charge, renewalId } = await cardAndWallet(GOOD, 'never');
    await reach('nobody');
    await bench.activities.submitCharge(charge.id);
    const plan = await bench.activities.planCharge({ renewalId, owner: 'renewal', round: 'first' });
    expect(plan).toEqual({ kind: 'nobody_left' });
    await reach('stripe');
    const next = await bench.planMore(renewalId, 'first+1');
    expect(await bench.activities.submitCharge(next.id)).toEqual({ kind: 'succeeded' });
  });

  test('an account that is closed or drained takes no new charge: the other does', async () => {
    for (const state of ['closed', 'drained']) {
      await setState('open');
      const { bench, charge, renewalId } = await cardAndWallet(GOOD, 'outage');
      await setState(state);
      expect(await bench.activities.submitCharge(charge.id)).toMatchObject({
        kind: 'not_sent',
        why: `stripe-eu is ${state}`,
      });
      const second = await bench.planMore(renewalId, 'first');
      expect(await bench.activities.submitCharge(second.id)).toEqual({ kind: 'succeeded' });
      expect(await paid(renewalId)).toBe(1);
    }
  });

  test('an open breaker sends nothing: that is proof, and the wallet pays', async () => {
    const breakers = createBreakers({ failures: 1, probeAfterMs: 60_000 });
    const bench = workbench(house, { breakers });
    await house.emulator.fault({ match: CREATE, fault: 'reset_before' });
    const lost = await bench.plan(GOOD);
    expect(await bench.activities.submitCharge(lost.charge.id)).toMatchObject({ kind: 'unknown' });

    const { charge, renewalId, person } = await bench.plan(GOOD);
    await giveWallet(house, person.customerId);
    expect(await bench.activities.submitCharge(charge.id)).toMatchObject({
      kind: 'not_sent',
      why: 'stripe-eu keeps failing: its breaker is open',
    });
    const second = await bench.planMore(renewalId, 'first');
    expect(await bench.activities.submitCharge(second.id)).toEqual({ kind: 'succeeded' });
    expect(await paid(renewalId)).toBe(1);
  });

  test('a second attempt that finds the breaker open proves nothing about the first', async () => {
    const breakers = createBreakers({ failures: 1, probeAfterMs: 60_000 });
    const bench = workbench(house, { breakers });
    await house.emulator.fault({ match: CREATE, fault: 'reset_before', times: 1 });
    const { charge, renewalId, person } = await bench.plan(GOOD);
    await giveWallet(house, person.customerId);
    await bench.activities.submitCharge(charge.id);
    for (const again of ['submitCharge', 'resolveCharge'] as const)
      expect(await bench.activities[again](charge.id)).toMatchObject({
        kind: 'unknown',
        why: 'stripe-eu keeps failing: its breaker is open',
      });
    const plan = await bench.activities.planCharge({ renewalId, owner: 'renewal', round: 'first' });
    expect(plan, 'no other charge while this one is unknown').toMatchObject({
      kind: 'charge',
      charge: { id: charge.id },
    });
    const healed = workbench(house);
    expect(await healed.activities.resolveCharge(charge.id)).toEqual({ kind: 'succeeded' });
    expect(await paid(renewalId)).toBe(1);
  });

  test('a timeout never fails over: the charge stays unknown, and is found', async () => {
    const { bench, charge, renewalId } = await cardAndWallet(GOOD, 'decline');
    await house.emulator.fault({ match: CREATE, fault: 'delay', delay_ms: 2_500, times: 1 });
    expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'unknown' });
    const same = await bench.planMore(renewalId, 'first');
    expect(same.id).toBe(charge.id);
    expect(await bench.activities.resolveCharge(charge.id)).toEqual({ kind: 'succeeded' });
    expect(await paid(renewalId)).toBe(1);
    expect(await house.paypal.emulator.paid(renewalId)).toEqual([]);
  });

  test('Retry-After is honored: nothing new is sent before, and no other account is asked for it', async () => {
    const { bench, charge, renewalId } = await cardAndWallet(GOOD, 'never');
    await house.emulator.fault({ match: CREATE, fault: 'rate_limit', retry_after: 30, times: 1 });
    expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'not_sent' });
    const next = await bench.planMore(renewalId, 'first+1');
    const outcome = await bench.activities.submitCharge(next.id);
    expect(outcome).toMatchObject({ kind: 'pending' });
    expect((outcome as { askAgainMs: number }).askAgainMs).toBeGreaterThan(25_000);
    expect(await bench.sends(next.id)).toEqual([]);
    const data = { quietUntil: null };
    await house.db.gatewayAccount.update({ where: { id: house.account.id }, data });
    expect(await bench.activities.resolveCharge(next.id)).toEqual({ kind: 'succeeded' });
  });
});

describe('the payment elsewhere is dead before another is made', () => {
  const CANNOT_PROCESS = 'pm_card_attachThen_processing_error_times_1';

  /** A card that Stripe could not process just now, and the wallet's charge that follows. */
  async function leadsOn() {
    const given = await cardAndWallet(CANNOT_PROCESS, 'outage');
    const { bench, charge, renewalId } = given;
    expect(await bench.activities.submitCharge(charge.id)).toMatchObject({
      kind: 'declined',
      decline: { elsewhere: true },
    });
    const { gatewayReference } = await bench.row(charge.id);
    const second = await bench.planMore(renewalId, 'first');
    expect((await bench.row(second.id)).gatewayAccountId).toBe(house.paypal.account.id);
    return { ...given, second, intent: gatewayReference! };
  }

  function complete(intent: string, outcome: string, token = 'pm_card_visa') {
    return house.emulator.call('POST', 'complete', { payment_intent: intent, token, outcome });
  }

  test('the customer has just finished 3-D Secure: nothing is sent elsewhere, and the money is booked', async () => {
    const { bench, renewalId, second, intent } = await leadsOn();
    await complete(intent, 'succeeded');
    expect(await bench.activities.submitCharge(second.id)).toMatchObject({ kind: 'not_sent' });
    expect((await bench.renewal(renewalId)).status).toBe('paid');
    expect(await house.paypal.emulator.paid(renewalId)).toEqual([]);
    expect(await paid(renewalId)).toBe(1);
  });

  test('the customer is in the middle of 3-D Secure: it is withdrawn first, and cannot be finished', async () => {
    const { bench, renewalId, second, intent } = await leadsOn();
    await complete(intent, 'abandoned', 'pm_card_attachThen_authentication_required');
    expect(await bench.activities.submitCharge(second.id)).toEqual({ kind: 'succeeded' });
    await expect(complete(intent, 'succeeded')).rejects.toThrow();
    expect(await paid(renewalId)).toBe(1);
  });

  test('it cannot be withdrawn, because that gateway is away: the other one waits', async () => {
    const { bench, renewalId, second } = await leadsOn();
    await reach('nobody');
    expect(await bench.activities.submitCharge(second.id)).toMatchObject({ kind: 'not_sent' });
    expect(await paid(renewalId)).toBe(0);
  });
});

describe('another method', () => {
  test('a decline about the card is not shopped around', async () => {
    const { bench, charge } = await cardAndWallet(NO_FUNDS, 'outage');
    const outcome = await bench.activities.submitCharge(charge.id);
    expect(outcome).toMatchObject({ kind: 'declined', decline: { elsewhere: false } });
    expect(outcome).not.toHaveProperty('leadsOn');
  });

  test('unless the policy allows it: the wallet pays after the decline', async () => {
    const { bench, charge, renewalId } = await cardAndWallet(NO_FUNDS, 'decline');
    const outcome = await bench.activities.submitCharge(charge.id);
    expect(outcome).toMatchObject({ kind: 'declined', leadsOn: true });
    const second = await bench.planMore(renewalId, 'first');
    expect(await bench.activities.submitCharge(second.id)).toEqual({ kind: 'succeeded' });
    expect(await bench.activities.submitCharge(charge.id), 'the same from every execution').toEqual(
      outcome,
    );
  });

  test('both decline: the case follows the decline of the chosen one', async () => {
    const given = await cardAndWallet(NO_FUNDS, 'decline', 'issue_PAYER_ACCOUNT_RESTRICTED');
    const { bench, charge, renewalId } = given;
    await bench.activities.submitCharge(charge.id);
    const second = await bench.planMore(renewalId, 'first');
    expect(await bench.activities.submitCharge(second.id)).toMatchObject({ kind: 'declined' });
    const plan = await bench.activities.planCharge({ renewalId, owner: 'renewal', round: 'first' });
    expect(plan).toMatchObject({
      kind: 'nobody_left',
      decline: { class: 'insufficient_funds' },
    });
  });

  test('a fallback that declines in an outage begins no dunning, and is tried once', async () => {
    const given = await cardAndWallet(GOOD, 'outage', 'issue_INSTRUMENT_DECLINED');
    const { bench, charge, renewalId } = given;
    await reach('nobody');
    await bench.activities.submitCharge(charge.id);
    const second = await bench.planMore(renewalId, 'first');
    expect(await bench.activities.submitCharge(second.id)).toMatchObject({
      kind: 'declined',
      leadsOn: true,
    });
    const over = await bench.activities.planCharge({ renewalId, owner: 'renewal', round: 'first' });
    expect(over).toEqual({ kind: 'nobody_left' });
    const third = await bench.planMore(renewalId, 'first+1');
    expect((await bench.row(third.id)).gatewayAccountId).toBe(house.account.id);
    await bench.activities.submitCharge(third.id);
    const again = { renewalId, owner: 'renewal', round: 'first+1' } as const;
    expect(await bench.activities.planCharge(again)).toEqual({ kind: 'nobody_left' });
  });
});
