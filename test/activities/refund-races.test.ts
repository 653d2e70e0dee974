/** Refunds, looks at disputes and adoptions at once, in any order: the books end as the journal. */
import { afterAll, beforeAll, expect, test } from 'vitest';

import { adoptRefunds } from '../../activities/adopt-refunds.js';
import { planRefund } from '../../activities/plan-refund.js';
import { newId } from '../../prisma/new-id.js';
import { changeSettings } from '../../prisma/settings.js';
import { workbench } from '../support/bench.js';
import { ticketOf } from '../support/disputes.js';
import { type House, openHouse } from '../support/house.js';
import { booksOf, refundDesk } from '../support/refunding.js';

let house: House;
beforeAll(async () => {
  house = await openHouse({ workers: false, paypal: true });
});
afterAll(() => house.close());

const openDispute = (vendor: 'stripe' | 'paypal', at: string, body: object = {}) =>
  (vendor === 'stripe' ? house.emulator : house.paypal.emulator).call<{ id: string }>(
    'POST',
    `${vendor === 'stripe' ? 'charges' : 'captures'}/${at}/dispute`,
    body,
  );

async function netAt(vendor: 'stripe' | 'paypal', capture: string): Promise<number> {
  const journal = await (vendor === 'stripe' ? house.emulator : house.paypal.emulator).journal();
  return journal
    .filter((e) => {
      const { charge, capture: c } = e as { charge?: string; capture?: string };
      return (charge ?? c) === capture;
    })
    .reduce(
      (sum, e) =>
        sum +
        (e.kind === 'charge' || e.kind === 'dispute_reversal' || e.kind === 'refund_failure'
          ? e.amount_minor
          : -e.amount_minor),
      0,
    );
}

test.each(['stripe', 'paypal'] as const)(
  '%s: refund, adoption and dispute at once, in any order: the books end as the journal',
  async (vendor) => {
    for (let n = 0; n < 6; n++) {
      const bench = workbench(house);
      const desk = refundDesk(house, bench, vendor);
      const { chargeId, capture, renewalId } = await desk.paid();
      const id = await desk.plan(chargeId, 500);
      const account = vendor === 'stripe' ? house.account : house.paypal.account;
      const look = async () => {
        const d = await openDispute(vendor, capture, {});
        const t = ticketOf(house, d.id, account);
        await Promise.all([bench.activities.followDispute(t), bench.activities.followDispute(t)]);
        return t;
      };
      const steps = [() => desk.look(id), look, () => adoptRefunds(bench.deps, chargeId)];
      const order = n % 2 ? steps : steps.toReversed();
      const [, b] = await Promise.allSettled(order.map((s) => s()));
      await desk.look(id);
      const dispute = await house.db.dispute.findFirst({ where: { chargeId } });
      if (b && dispute) {
        const bank = vendor === 'stripe' ? house.emulator : house.paypal.emulator;
        await bank.call('POST', `disputes/${dispute.gatewayReference}/close`, {
          outcome: n % 3 ? 'lost' : 'won',
        });
        await bench.activities.followDispute(ticketOf(house, dispute.gatewayReference, account));
      }
      await desk.look(id);
      await adoptRefunds(bench.deps, chargeId);
      expect((await booksOf(house, renewalId))['gateway'] ?? 0).toBe(await netAt(vendor, capture));
    }
  },
);

test('late money for a written-off renewal, refunded by policy and by a person at once: given back once', async () => {
  await changeSettings(house.db, house.merchantId, { surplus: 'refund' });
  const bench = workbench(house);
  const { charge, renewalId } = await bench.plan('pm_card_visa');
  const match = { method: 'POST', path: '/v1/payment_intents' };
  await house.emulator.fault({ match, fault: 'reset_after', times: 1 });
  await bench.activities.submitCharge(charge.id);
  await house.emulator.heal();
  await bench.activities.commandRenewal({
    renewalId,
    command: { kind: 'writeOff', id: 'cmd_w9', actor: 'Mia', reason: 'A test' },
  });
  await Promise.all([
    bench.activities.resolveCharge(charge.id),
    bench.activities.resolveCharge(charge.id),
  ]);
  await changeSettings(house.db, house.merchantId, { surplus: 'hold' });
  const person = await house.db
    .$transaction((tx) =>
      planRefund(
        bench.deps,
        tx,
        { id: newId('rfd'), chargeId: charge.id, kind: 'requested', reason: 'x', origin: 'app' },
        bench.now(),
      ),
    )
    .then(
      () => 'planned',
      (e: { reason?: string }) => e.reason,
    );
  expect(person).toBe('already_refunded');
  for (const { id } of await house.db.refund.findMany({ where: { chargeId: charge.id } }))
    await bench.activities.followRefund(id);
  const { gatewayChargeReference: ch } = await bench.row(charge.id);
  expect(await netAt('stripe', ch!)).toBe(0);
  expect(await booksOf(house, renewalId)).toEqual({ revenue: -1900, bad_debt: 1900 });
});

test.each([
  ['JPY', 1900, 333],
  ['HUF', 190_000, 33_300],
] as const)('%s is refunded in its own units at PayPal', async (currency, amountMinor, part) => {
  const bench = workbench(house);
  const { aCustomer, giveWallet, aSubscription } = await import('../support/people.js');
  const person = await aCustomer(house, null);
  await giveWallet(house, person.customerId, 'succeed', { isDefault: true });
  const subscription = await aSubscription(house, person, {});
  await house.db.subscription
    .update({ where: { id: subscription.id }, data: { currency, amountMinor } })
    .catch(() => {});
  const { periodStartText } = await import('../../domain/workflow-ids.js');
  const opening = await bench.activities.openRenewal({
    subscriptionId: subscription.id,
    periodStart: periodStartText(subscription.startsAt.getTime()),
  });
  if (opening.kind !== 'opened' || opening.plan.kind !== 'charge') throw new Error(opening.kind);
  await bench.activities.submitCharge(opening.plan.charge.id);
  const row = await bench.row(opening.plan.charge.id);
  expect([row.status, row.currency]).toEqual(['succeeded', currency]);
  const desk = refundDesk(house, bench, 'paypal');
  expect(await desk.look(await desk.plan(row.id, part))).toMatchObject({ status: 'succeeded' });
  expect(await desk.look(await desk.plan(row.id))).toMatchObject({ status: 'succeeded' });
  expect((await booksOf(house, opening.renewalId))['gateway'] ?? 0).toBe(0);
});
