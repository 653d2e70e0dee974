/** docs/charging.md, rules 7.2 to 7.6: which method follows which, when the round did not go as planned. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { DEFAULT_POLICY } from '../../domain/dunning-policy.js';
import { disablePaymentMethod } from '../../prisma/payment-method.js';
import { offerNewMethod } from '../../prisma/subscription-change.js';
import { HOUR, workbench } from '../support/bench.js';
import { type House, openHouse } from '../support/house.js';
import { aCustomer, aPolicy, giveCard, giveWallet } from '../support/people.js';

let house: House;
let policy: string;
beforeAll(async () => {
  house = await openHouse({ workers: false, paypal: true });
  policy = await aPolicy(house, { ...DEFAULT_POLICY, fallback: 'outage' });
});
afterEach(async () => {
  await house.emulator.heal();
  await house.paypal.emulator.heal();
  const data = { quietUntil: null, nextSendAt: null };
  await house.db.gatewayAccount.update({ where: { id: house.account.id }, data });
});
afterAll(() => house.close());

const CREATE = { method: 'POST', path: '/v1/payment_intents' };
const DEBIT = 'pm_sepaDebit_attachThen_pending';

/** What DELETE /v1/payment-methods/{id} does. */
function remove(customerId: string, paymentMethodId: string) {
  return house.db.$transaction(async (tx) => {
    await disablePaymentMethod(tx, house.merchantId, paymentMethodId, new Date());
    await offerNewMethod(tx, { customerId }, new Date());
  });
}

function idsOf(...methods: readonly { readonly paymentMethodId: string }[]) {
  return methods.map(({ paymentMethodId }) => paymentMethodId);
}

describe("another of the customer's methods", () => {
  test('that must be announced for days is no way out of an outage of minutes', async () => {
    const bench = workbench(house);
    const person = await aCustomer(house, null);
    await giveCard(house, person.customerId, DEBIT);
    await giveCard(house, person.customerId, 'pm_card_visa');
    const { charge, renewalId } = await bench.planFor(person, { policy });
    await house.emulator.fault({ match: CREATE, fault: 'rate_limit', retry_after: 1, times: 1 });
    expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'not_sent' });
    const plan = await bench.activities.planCharge({ renewalId, owner: 'renewal', round: 'first' });
    expect(plan).toEqual({ kind: 'nobody_left' });
  });

  test('does not follow a charge that was canceled: the chosen one is planned again, in the same round', async () => {
    const bench = workbench(house);
    const person = await aCustomer(house, 'pm_card_visa');
    const chosen = await giveCard(house, person.customerId, 'pm_card_mastercard');
    await giveWallet(house, person.customerId);
    const { charge, renewalId } = await bench.planFor(person, { policy });
    await remove(person.customerId, person.paymentMethodId);
    expect(await bench.activities.submitCharge(charge.id)).toEqual({ kind: 'canceled' });
    const next = await bench.planMore(renewalId, 'first');
    const row = await bench.row(next.id);
    expect([row.paymentMethodId, row.fallback]).toEqual([...idsOf(chosen), false]);
    expect(await bench.activities.submitCharge(next.id)).toEqual({ kind: 'succeeded' });
  });

  test('does not follow a request that was refused: a person looks first', async () => {
    const { bench, renewalId } = await refused();
    for (let woken = 0; woken < 2; woken++)
      expect(
        await bench.activities.planCharge({ renewalId, owner: 'renewal', round: 'first' }),
      ).toMatchObject({ kind: 'nobody_left', parked: expect.any(String) });
    expect(await house.paypal.emulator.paid(renewalId)).toEqual([]);
  });

  test('follows it once the customer has chosen it', async () => {
    const { bench, renewalId, person } = await refused();
    const chosen = await giveCard(house, person.customerId, 'pm_card_mastercard');
    const next = await bench.planMore(renewalId, 'first');
    expect([(await bench.row(next.id)).paymentMethodId]).toEqual(idsOf(chosen));
    expect(await bench.activities.submitCharge(next.id)).toEqual({ kind: 'succeeded' });
  });

  /** Stripe answers 400: it does not know the card that the frozen request names. A wallet would be there. */
  async function refused() {
    const bench = workbench(house);
    const person = await aCustomer(house, 'pm_card_visa');
    const { paymentMethodId: id } = person;
    await house.db.paymentMethod.update({ where: { id }, data: { reference: `pm_gone_${id}` } });
    const { charge, renewalId } = await bench.planFor(person, { policy });
    await giveWallet(house, person.customerId);
    expect(await bench.activities.submitCharge(charge.id)).toMatchObject({
      kind: 'not_sent',
      parks: true,
    });
    return { bench, renewalId, person };
  }
});

describe('the method that a subscription names for itself', () => {
  test("was removed: the customer's default takes its place, and is no fallback", async () => {
    const bench = workbench(house);
    const person = await aCustomer(house, 'pm_card_visa');
    const { subscription, charge: first, renewalId } = await bench.planFor(person, { policy });
    const own = {
      where: { id: subscription.id },
      data: { paymentMethodId: person.paymentMethodId },
    };
    await house.db.subscription.update(own);
    const standing = await giveCard(house, person.customerId, 'pm_card_mastercard');
    await remove(person.customerId, person.paymentMethodId);
    expect((await bench.row(first.id)).status).toBe('canceled');
    const next = await bench.planMore(renewalId, 'first');
    const row = await bench.row(next.id);
    expect([row.paymentMethodId, row.fallback]).toEqual([...idsOf(standing), false]);
  });
});

describe('a payment at PayPal that nobody approved', () => {
  /** PayPal wants its payer; a card follows; then PayPal forgets the order, as it does after hours. */
  async function forgotten() {
    const bench = workbench(house);
    const { charge, renewalId, person } = await bench.planWallet('payer_action_required');
    const declined = await bench.activities.submitCharge(charge.id);
    expect(declined).toMatchObject({ kind: 'declined', decline: { class: 'authentication' } });
    if (declined.kind !== 'declined') throw new Error(declined.kind);
    await bench.activities.openDunningCase({ renewalId, decline: declined.decline });
    await giveCard(house, person.customerId, 'pm_card_visa');
    await house.paypal.emulator.call('POST', 'reset', {});
    return { bench, renewalId };
  }

  test('whose order is gone after hours keeps no other method back', async () => {
    const { bench, renewalId } = await forgotten();
    bench.advance(8 * HOUR);
    const card = await bench.planMore(renewalId, 'another card', 'dunning');
    expect(await bench.activities.submitCharge(card.id)).toEqual({ kind: 'succeeded' });
  });

  test('whose order is gone too early does: it may be the account that is another', async () => {
    const { bench, renewalId } = await forgotten();
    const card = await bench.planMore(renewalId, 'another card', 'dunning');
    expect(await bench.activities.submitCharge(card.id)).toMatchObject({ kind: 'not_sent' });
  });
});
