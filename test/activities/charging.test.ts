/** docs/charging.md, rules 1 to 3: rows, planning and sending, against the real database, the real adapter and the emulator. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { CHARGE_TRANSITIONS, type ChargeStatus } from '../../domain/charge.js';
import { HOUR, workbench } from '../support/bench.js';
import { type House, openHouse } from '../support/house.js';
import { giveCard } from '../support/people.js';

let house: House;
beforeAll(async () => {
  house = await openHouse({ workers: false });
});
afterEach(() => house.emulator.heal());
afterAll(() => house.close());

const CREATE = { method: 'POST', path: '/v1/payment_intents' };

describe('1. rows and states', () => {
  test('a final charge never changes its status, whoever asks', async () => {
    const bench = workbench(house);
    const { charge } = await bench.plan('pm_card_visa');
    expect(await bench.activities.submitCharge(charge.id)).toEqual({ kind: 'succeeded' });
    for (const status of ['planned', 'submitted', 'pending', 'unknown', 'declined', 'not_sent'])
      await expect(
        house.db.charge.update({ where: { id: charge.id }, data: { status } }),
      ).rejects.toThrow(/may not go from succeeded/);
  });

  test('the database lets a charge move along the listed edges, and no others', async () => {
    const bench = workbench(house);
    const { charge } = await bench.plan('pm_card_visa');
    const template = await bench.row(charge.id);
    await house.db.charge.delete({ where: { id: charge.id } });
    const statuses = Object.keys(CHARGE_TRANSITIONS) as ChargeStatus[];
    const moved: string[] = [];
    for (const from of statuses)
      for (const to of statuses) {
        const firstSentAt = new Date();
        await house.db.charge.create({ data: { ...template, status: from, firstSentAt } as never });
        const where = { id: charge.id };
        await house.db.charge.update({ where, data: { status: to } }).then(
          () => from !== to && moved.push(`${from} → ${to}`),
          () => {},
        );
        await house.db.charge.delete({ where });
      }
    const listed = statuses.flatMap((from) =>
      CHARGE_TRANSITIONS[from].filter((to) => from !== to).map((to) => `${from} → ${to}`),
    );
    expect(moved.sort()).toEqual(listed.sort());
  });

  test('what is frozen stays frozen: amount, method, account, request', async () => {
    const { charge } = await workbench(house).plan('pm_card_visa');
    for (const data of [{ amountMinor: 1n }, { currency: 'USD' }, { request: {} }, { round: 'x' }])
      await expect(house.db.charge.update({ where: { id: charge.id }, data })).rejects.toThrow(
        /is frozen/,
      );
  });

  test('the database refuses a second charge under way', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan('pm_card_attachThen_pending');
    await bench.activities.submitCharge(charge.id);
    const { id: _id, ...first } = await bench.row(charge.id);
    const second = { ...first, id: `chg_${Date.now()}`, ordinal: 2, round: 'other' };
    await expect(house.db.charge.create({ data: second as never })).rejects.toThrow(
      /Unique constraint|one_live_charge/,
    );
    expect(await house.db.charge.count({ where: { renewalId } })).toBe(1);
  });
});

describe('2. planning', () => {
  test('a repeated step finds the charge it already planned', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan('pm_card_visa');
    expect(await bench.planMore(renewalId, 'first')).toEqual(charge);
    const again = await Promise.all([1, 2, 3].map(() => bench.planMore(renewalId, 'first')));
    expect(again.map(({ id }) => id)).toEqual([charge.id, charge.id, charge.id]);
  });

  test('a charge under way is followed before anything else is planned', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan('pm_card_attachThen_pending');
    await bench.activities.submitCharge(charge.id);
    expect((await bench.planMore(renewalId, 'another round')).id).toBe(charge.id);
  });

  test('a round whose only candidate was declined has nobody left, and says why', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan('pm_card_attachThen_do_not_honor');
    await bench.activities.submitCharge(charge.id);
    const plan = await bench.activities.planCharge({ renewalId, owner: 'renewal', round: 'first' });
    expect(plan).toMatchObject({ kind: 'nobody_left', decline: { code: 'do_not_honor' } });
  });

  test('who does not own the renewal plans nothing', async () => {
    const bench = workbench(house);
    const { renewalId } = await bench.plan('pm_card_visa');
    expect(
      await bench.activities.planCharge({ renewalId, owner: 'dunning', round: 'retry 1' }),
    ).toEqual({ kind: 'not_owed', status: 'collecting' });
  });

  test('no usable payment method is a hard decline without a charge', async () => {
    const { plan, renewalId } = await workbench(house).open(null);
    expect(plan).toEqual({ kind: 'no_payment_method' });
    expect(await house.db.charge.count({ where: { renewalId } })).toBe(0);
  });

  test('replacing the payment method cancels the planned charge, which is then never sent', async () => {
    const bench = workbench(house);
    const { charge, person } = await bench.plan('pm_card_visa');
    await giveCard(house, person.customerId, 'pm_card_mastercard');
    expect(await bench.activities.submitCharge(charge.id)).toEqual({ kind: 'canceled' });
    expect(await bench.sends(charge.id)).toHaveLength(0);
  });

  test('a write-off cancels the planned charge', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan('pm_card_visa');
    const command = {
      kind: 'writeOff',
      id: `cmd_${charge.id}`,
      actor: 'Mia',
      reason: 'gone',
    } as const;
    expect(await bench.activities.commandRenewal({ renewalId, command })).toBe('written_off');
    expect(await bench.activities.submitCharge(charge.id)).toEqual({ kind: 'canceled' });
  });
});

describe('3. sending', () => {
  test('of two executions one is the sender, the other asks', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan('pm_card_visa');
    await Promise.all([1, 2, 3, 4].map(() => bench.activities.submitCharge(charge.id)));
    expect(await bench.activities.resolveCharge(charge.id)).toEqual({ kind: 'succeeded' });
    expect(await house.emulator.paid(renewalId)).toHaveLength(1);
  });

  test("the key is the charge's id, and lives 23 hours from the first send", async () => {
    const bench = workbench(house);
    const { charge } = await bench.plan('pm_card_visa');
    await bench.activities.submitCharge(charge.id);
    expect(await bench.sends(charge.id)).toHaveLength(1);
    const { firstSentAt, keyValidUntil } = await bench.row(charge.id);
    expect(keyValidUntil!.getTime() - firstSentAt!.getTime()).toBe(23 * HOUR);
  });

  test('a re-send says the same bytes under the same key, and is committed first', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan('pm_card_visa');
    await house.emulator.fault({ match: CREATE, fault: 'reset_before', times: 2 });
    expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'unknown' });
    await house.emulator.heal();
    expect(await bench.activities.resolveCharge(charge.id)).toEqual({ kind: 'succeeded' });
    const sends = await bench.sends(charge.id);
    expect(sends.length).toBeGreaterThan(1);
    expect(new Set(sends.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect((await bench.row(charge.id)).resentAt).not.toBeNull();
    expect(await house.emulator.paid(renewalId)).toHaveLength(1);
  });

  test('the SDK sends once: not even a reset connection makes it send again by itself', async () => {
    const bench = workbench(house);
    const { charge } = await bench.plan('pm_card_visa');
    await house.emulator.fault({ match: CREATE, fault: 'reset_before' });
    await bench.activities.submitCharge(charge.id);
    expect(await bench.sends(charge.id)).toHaveLength(1);
  });

  test('nothing is re-sent when the key is too old', async () => {
    const bench = workbench(house);
    const { charge } = await bench.plan('pm_card_visa');
    await house.emulator.fault({ match: CREATE, fault: 'reset_before', times: 1 });
    await bench.activities.submitCharge(charge.id);
    bench.advance(23 * HOUR - 500);
    expect(await bench.activities.resolveCharge(charge.id)).toMatchObject({ kind: 'unknown' });
    expect(await bench.sends(charge.id)).toHaveLength(1);
  });

  test('nothing is re-sent once nobody wants the money', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan('pm_card_visa');
    await house.emulator.fault({ match: CREATE, fault: 'reset_before', times: 1 });
    await bench.activities.submitCharge(charge.id);
    await house.db.renewal.update({
      where: { id: renewalId },
      data: { cancelRequestedAt: new Date() },
    });
    expect(await bench.activities.resolveCharge(charge.id)).toMatchObject({ kind: 'unknown' });
    expect(await bench.sends(charge.id)).toHaveLength(1);
  });

  test('a claimer that is out of time sends nothing, and the next one sends', async () => {
    const late = workbench(house, {
      tempo: { ...house.deps.tempo, chargeTimeoutMs: house.deps.tempo.deadlineMs - 1 },
    });
    const { charge } = await late.plan('pm_card_visa');
    expect(await late.activities.submitCharge(charge.id)).toMatchObject({ kind: 'unknown' });
    expect(await late.sends(charge.id)).toHaveLength(0);
    expect(await workbench(house).activities.resolveCharge(charge.id)).toEqual({
      kind: 'succeeded',
    });
  });
});
