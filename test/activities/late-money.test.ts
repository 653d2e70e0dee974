/** docs/charging.md, rules 6 and 9: the gateway's own guard, and money that comes late. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { dashboard, workbench } from '../support/bench.js';
import { type House, openHouse } from '../support/house.js';
import { giveCard } from '../support/people.js';

let house: House;
beforeAll(async () => {
  house = await openHouse({ workers: false });
});
afterEach(() => house.emulator.heal());
afterAll(() => house.close());

const CANCEL = { method: 'POST', path: '/v1/payment_intents/:id/cancel' };

describe("6. the gateway's own guard", () => {
  test('one PaymentIntent per renewal, confirmed again for each charge; it names merchant and renewal', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan('pm_card_attachThen_insufficient_funds_times_2');
    await bench.activities.submitCharge(charge.id);
    const second = await bench.planMore(renewalId, 'second');
    await bench.activities.submitCharge(second.id);
    const third = await bench.planMore(renewalId, 'third');
    expect(await bench.activities.submitCharge(third.id)).toEqual({ kind: 'succeeded' });
    const rows = await Promise.all([charge, second, third].map(({ id }) => bench.row(id)));
    expect(new Set(rows.map(({ gatewayReference }) => gatewayReference)).size).toBe(1);
    const intent = await dashboard(house).paymentIntents.retrieve(rows[0]!.gatewayReference!);
    expect(intent.metadata).toEqual({
      dunlin_merchant: house.merchantId,
      dunlin_renewal: renewalId,
    });
  });

  test('a canceled PaymentIntent is not confirmed: the next charge makes a new one', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan('pm_card_attachThen_do_not_honor_times_1');
    await bench.activities.submitCharge(charge.id);
    const { gatewayReference } = await bench.row(charge.id);
    await dashboard(house).paymentIntents.cancel(gatewayReference!);
    const second = await bench.planMore(renewalId, 'second');
    expect(await bench.activities.submitCharge(second.id)).toMatchObject({ kind: 'not_sent' });
    const third = await bench.planMore(renewalId, 'second+1');
    expect(await bench.activities.submitCharge(third.id)).toEqual({ kind: 'succeeded' });
    expect((await bench.row(third.id)).gatewayReference).not.toBe(gatewayReference);
  });

  test('a card of another gateway customer: the old PaymentIntent is released, then a new one is made', async () => {
    const bench = workbench(house);
    const { charge, renewalId, person } = await bench.plan('pm_card_attachThen_do_not_honor');
    await bench.activities.submitCharge(charge.id);
    await giveCard(house, person.customerId, 'pm_card_visa', true);
    const second = await bench.planMore(renewalId, 'second');
    await house.emulator.fault({ match: CANCEL, fault: 'error_before', times: 1 });
    expect(await bench.activities.submitCharge(second.id), 'not released: it waits').toMatchObject({
      kind: 'not_sent',
    });
    const third = await bench.planMore(renewalId, 'second+1');
    expect(await bench.activities.submitCharge(third.id)).toEqual({ kind: 'succeeded' });
    const first = await bench.row(charge.id);
    expect(first.releasedAt).not.toBeNull();
    const old = await dashboard(house).paymentIntents.retrieve(first.gatewayReference!);
    expect(old.status).toBe('canceled');
    const keys = (await house.emulator.requests())
      .filter(({ path }) => path.endsWith(`${first.gatewayReference}/cancel`))
      .map(({ idempotency_key: key }) => key);
    expect(keys).toEqual([`${charge.id}:release:1`, `${charge.id}:release:2`]);
  });

  test('paid in the dashboard meanwhile: the charge is a duplicate, and the money is booked', async () => {
    const bench = workbench(house);
    const { charge, renewalId, person } = await bench.plan(
      'pm_card_attachThen_do_not_honor_times_1',
    );
    await bench.activities.submitCharge(charge.id);
    const { gatewayReference } = await bench.row(charge.id);
    await dashboard(house).paymentIntents.confirm(gatewayReference!, {
      payment_method: person.method,
      off_session: true,
    });
    const second = await bench.planMore(renewalId, 'second');
    expect(await bench.activities.submitCharge(second.id)).toMatchObject({
      kind: 'declined',
      decline: { class: 'duplicate_check' },
    });
    expect((await bench.renewal(renewalId)).status).toBe('paid');
    const found = await house.db.charge.findFirstOrThrow({ where: { foundFrom: charge.id } });
    expect(found).toMatchObject({ status: 'succeeded', surplus: false });
    expect(await house.emulator.paid(renewalId)).toHaveLength(1);
  });
});

describe('9. late money is booked, never refused', () => {
  async function paidLate(
    beforeAsking: (bench: ReturnType<typeof workbench>, renewalId: never) => Promise<void>,
  ) {
    const bench = workbench(house);
    const opened = await bench.plan('pm_card_attachThen_do_not_honor_times_1');
    await bench.activities.submitCharge(opened.charge.id);
    await beforeAsking(bench, opened.renewalId as never);
    const { gatewayReference } = await bench.row(opened.charge.id);
    await dashboard(house).paymentIntents.confirm(gatewayReference!, {
      payment_method: opened.person.method,
      off_session: true,
    });
    await bench.activities.resolveCharge(opened.charge.id);
    await bench.activities.resolveCharge(opened.charge.id);
    const charges = await house.db.charge.findMany({
      where: { renewalId: opened.renewalId },
      orderBy: { ordinal: 'asc' },
    });
    return { charges, renewal: await bench.renewal(opened.renewalId) };
  }

  test('a success on a declined charge gets a row of its own, once, and pays the renewal', async () => {
    const { charges, renewal } = await paidLate(async () => {});
    expect(charges.map(({ status }) => status)).toEqual(['declined', 'succeeded']);
    expect(charges[1]).toMatchObject({ foundFrom: charges[0]!.id, surplus: false });
    expect(renewal.status).toBe('paid');
  });

  test('it recovers an open case', async () => {
    const { renewal } = await paidLate(async (bench, renewalId) => {
      const decline = { class: 'issuer_soft', code: 'x', message: 'x', elsewhere: false } as const;
      await bench.activities.openDunningCase({ renewalId, decline });
    });
    expect(renewal.status).toBe('paid');
    const dunningCase = await house.db.dunningCase.findFirstOrThrow({
      where: { renewalId: renewal.id },
    });
    expect(dunningCase.status).toBe('recovered');
  });

  test('money that nobody is owed is a surplus, and somebody is called', async () => {
    const { charges, renewal } = await paidLate(async (bench, renewalId) => {
      const command = {
        kind: 'writeOff',
        id: `cmd_${String(renewalId)}`,
        actor: 'Mia',
        reason: 'gone',
      } as const;
      await bench.activities.commandRenewal({ renewalId, command });
    });
    expect(charges[1]).toMatchObject({ status: 'succeeded', surplus: true });
    expect(renewal).toMatchObject({ status: 'written_off' });
    expect(renewal.needsAttention).not.toBeNull();
  });
});
