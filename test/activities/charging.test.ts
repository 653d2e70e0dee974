/** charging.md, clause by clause, against the real database, the real adapter and the emulator. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { CHARGE_TRANSITIONS, type ChargeStatus } from '../../domain/charge.js';
import { findFreePort } from '../../embedded/port.js';
import { HOUR, dashboard, workbench } from '../support/bench.js';
import { type House, openHouse } from '../support/house.js';
import { giveCard } from '../support/people.js';

let house: House;
beforeAll(async () => {
  house = await openHouse({ workers: false });
});
afterEach(() => house.emulator.heal());
afterAll(() => house.close());

const CREATE = { method: 'POST', path: '/v1/payment_intents' };
const CANCEL = { method: 'POST', path: '/v1/payment_intents/:id/cancel' };
const CONFIRM = { method: 'POST', path: '/v1/payment_intents/:id/confirm' };

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

describe('4. not_sent is proof', () => {
  test('a refused connection on the only send', async () => {
    const closed = `http://127.0.0.1:${await findFreePort()}`;
    const bench = workbench(house, {
      accountFor: (row) => ({ ...house.deps.accountFor(row), apiBase: closed }),
    });
    const { charge } = await bench.plan('pm_card_visa');
    expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'not_sent' });
  });

  test('a closed account: no byte leaves', async () => {
    const bench = workbench(house);
    const { charge } = await bench.plan('pm_card_visa');
    await house.db.gatewayAccount.update({
      where: { id: house.account.id },
      data: { state: 'closed' },
    });
    const outcome = await bench.activities.submitCharge(charge.id);
    await house.db.gatewayAccount.update({
      where: { id: house.account.id },
      data: { state: 'open' },
    });
    expect(outcome).toMatchObject({ kind: 'not_sent', parks: false });
    expect(await bench.sends(charge.id)).toHaveLength(0);
  });

  test('a 400 is our fault: it parks and needs attention', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan('pm_card_visa', { amountMinor: 1 });
    expect(await bench.activities.submitCharge(charge.id)).toMatchObject({
      kind: 'not_sent',
      parks: true,
    });
    expect((await bench.renewal(renewalId)).needsAttention).toMatchObject({
      why: expect.stringContaining('amount_too_small') as string,
    });
  });

  test('and whoever looks again, after a crash or a reset, finds it parked', async () => {
    const bench = workbench(house);
    const opened = await bench.plan('pm_card_visa', { amountMinor: 1 });
    await bench.activities.submitCharge(opened.charge.id);
    const { subscription, periodStart } = opened;
    const again = await bench.activities.openRenewal({
      subscriptionId: subscription.id,
      periodStart,
    });
    expect(again).toMatchObject({
      kind: 'opened',
      plan: { kind: 'nobody_left', parked: expect.stringContaining('amount_too_small') as string },
    });
  });

  test('a 401 needs attention, and is tried again by itself', async () => {
    const bench = workbench(house, {
      accountFor: (row) => ({ ...house.deps.accountFor(row), secret: 'not_a_key' }),
    });
    const { charge, renewalId } = await bench.plan('pm_card_visa');
    const outcome = await bench.activities.submitCharge(charge.id);
    expect(outcome).toMatchObject({ kind: 'not_sent', parks: false });
    expect((await bench.renewal(renewalId)).needsAttention).not.toBeNull();
  });

  test('a 429 on the only send, without anybody being called', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan('pm_card_visa');
    await house.emulator.fault({ match: CREATE, fault: 'rate_limit', times: 1 });
    expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'not_sent' });
    expect((await bench.renewal(renewalId)).needsAttention).toBeNull();
  });

  test.each(['rate_limit', 'refused connection', '401'])(
    'on a charge found open, a %s proves nothing',
    async (second) => {
      const bench = workbench(house);
      const { charge } = await bench.plan('pm_card_visa');
      await house.emulator.fault({ match: CREATE, fault: 'reset_after', times: 1 });
      expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'unknown' });
      const closed = `http://127.0.0.1:${await findFreePort()}`;
      if (second === 'rate_limit')
        await house.emulator.fault({
          match: { path: '/v1/payment_intents*' },
          fault: 'rate_limit',
        });
      const changed = workbench(house, {
        accountFor: (row) => ({
          ...house.deps.accountFor(row),
          ...(second === '401' && { secret: 'not_a_key' }),
          ...(second === 'refused connection' && { apiBase: closed }),
        }),
      });
      expect(await changed.activities.resolveCharge(charge.id)).toMatchObject({ kind: 'unknown' });
      await house.emulator.heal();
      expect(await bench.activities.resolveCharge(charge.id)).toEqual({ kind: 'succeeded' });
    },
  );
});

describe('4a. nor does a charge whose sender has died', () => {
  test('what was to be released first cannot be: it stays unknown, for it may have been sent', async () => {
    const bench = workbench(house);
    const { charge, renewalId, person } = await bench.plan('pm_card_attachThen_do_not_honor');
    await bench.activities.submitCharge(charge.id);
    await giveCard(house, person.customerId, 'pm_card_visa', true);
    const second = await bench.planMore(renewalId, 'second');
    const data = {
      status: 'submitted',
      firstSentAt: new Date(),
      keyValidUntil: new Date(Date.now() + HOUR),
    };
    await house.db.charge.update({ where: { id: second.id }, data });
    await house.emulator.fault({ match: CANCEL, fault: 'error_before' });
    expect(await bench.activities.resolveCharge(second.id)).toMatchObject({ kind: 'unknown' });
    await house.emulator.heal();
    expect(await bench.activities.resolveCharge(second.id)).toEqual({ kind: 'succeeded' });
    expect(await house.emulator.paid(renewalId)).toHaveLength(1);
  });
});

describe('5. unknown, and how it ends', () => {
  test.each([
    ['reset_before', 'declined later, never written as declined now'],
    ['reset_after', 'found'],
    ['error_after', 'found, although the 500 is replayed'],
    ['truncate', 'found'],
  ])('%s leaves it unknown; it ends by the gateway (%s)', async (fault) => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan('pm_card_visa');
    await house.emulator.fault({ match: CREATE, fault, times: 1 });
    expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'unknown' });
    expect((await bench.row(charge.id)).status).toBe('unknown');
    expect(await bench.activities.resolveCharge(charge.id)).toEqual({ kind: 'succeeded' });
    expect(await house.emulator.paid(renewalId)).toHaveLength(1);
  });

  test('a silent gateway is given up after the deadline, and asked', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan('pm_card_visa');
    await house.emulator.fault({ match: CREATE, fault: 'delay', delay_ms: 4_000, times: 1 });
    expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'unknown' });
    expect(await bench.activities.resolveCharge(charge.id)).toEqual({ kind: 'succeeded' });
    expect(await house.emulator.paid(renewalId)).toHaveLength(1);
  });

  test('a 2xx with another amount is unknown, and somebody is called at once', async () => {
    const other = await answering({
      id: 'pi_other',
      object: 'payment_intent',
      status: 'succeeded',
      amount_received: 1,
      currency: 'eur',
      latest_charge: 'ch_other',
      metadata: {},
    });
    const bench = workbench(house, {
      accountFor: (row) => ({ ...house.deps.accountFor(row), apiBase: other.url }),
    });
    const { charge, renewalId } = await bench.plan('pm_card_visa');
    expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'unknown' });
    expect((await bench.renewal(renewalId)).needsAttention).not.toBeNull();
    other.close();
  });

  test('not found is no outcome while the key lives: it is sent again', async () => {
    const bench = workbench(house);
    const { charge } = await bench.plan('pm_card_visa');
    await house.emulator.fault({ match: CREATE, fault: 'reset_before', times: 2 });
    await bench.activities.submitCharge(charge.id);
    bench.advance(22 * HOUR);
    expect(await bench.activities.resolveCharge(charge.id)).toMatchObject({ kind: 'unknown' });
    expect(await bench.sends(charge.id)).toHaveLength(2);
  });

  test("after the key's life plus an hour, absence is proof; the search is never used", async () => {
    const bench = workbench(house);
    const { charge } = await bench.plan('pm_card_visa');
    await house.emulator.fault({ match: CREATE, fault: 'reset_before' });
    await bench.activities.submitCharge(charge.id);
    bench.advance(24.5 * HOUR);
    expect(await bench.activities.resolveCharge(charge.id)).toMatchObject({ kind: 'unknown' });
    bench.advance(0.6 * HOUR);
    expect(await bench.activities.resolveCharge(charge.id)).toMatchObject({ kind: 'not_sent' });
    const paths = (await house.emulator.requests()).map(({ path }) => path);
    expect(paths.filter((path) => path.includes('search'))).toEqual([]);
  });

  test('money that shows after the life of the key is found, not lost', async () => {
    const bench = workbench(house);
    const { charge } = await bench.plan('pm_card_visa');
    await house.emulator.fault({ match: CREATE, fault: 'reset_after', times: 1 });
    await bench.activities.submitCharge(charge.id);
    bench.advance(30 * HOUR);
    expect(await bench.activities.resolveCharge(charge.id)).toEqual({ kind: 'succeeded' });
  });

  test('after three replayed errors it is only looked up', async () => {
    const bench = workbench(house);
    const { charge } = await bench.plan('pm_card_visa');
    await house.emulator.fault({ match: CREATE, fault: 'error_before' });
    await bench.activities.submitCharge(charge.id);
    for (let ask = 0; ask < 5; ask++) await bench.activities.resolveCharge(charge.id);
    expect(await bench.sends(charge.id)).toHaveLength(3);
  });

  test('a person decides an open charge, with evidence, and no other', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan('pm_card_visa');
    const verdict = {
      id: `cmd_${charge.id}`,
      actor: 'Mia',
      reason: 'The dashboard shows pi_77 as paid',
      chargeId: charge.id,
      outcome: 'succeeded',
      reference: 'pi_77',
    } as const;
    await bench.activities.decideCharge({ renewalId, verdict });
    expect((await bench.row(charge.id)).status, 'a planned charge is not open').toBe('planned');

    await house.emulator.fault({ match: CREATE, fault: 'reset_before' });
    await bench.activities.submitCharge(charge.id);
    await bench.activities.decideCharge({ renewalId, verdict: { ...verdict, id: 'cmd_2' } });
    expect(await bench.row(charge.id)).toMatchObject({
      status: 'succeeded',
      gatewayReference: 'pi_77',
    });
    expect((await bench.renewal(renewalId)).status).toBe('paid');
    expect(await house.db.command.findUnique({ where: { id: 'cmd_2' } })).toMatchObject({
      actor: 'Mia',
      kind: 'resolveUnknown',
    });
  });
});

describe('5a. a confirmation is told from the ones before it', () => {
  async function declinedOnce(token: string) {
    const bench = workbench(house);
    const opened = await bench.plan(token);
    await bench.activities.submitCharge(opened.charge.id);
    const second = await bench.planMore(opened.renewalId, 'again');
    return { bench, ...opened, second };
  }

  test('the newest attempt is committed before the confirmation is sent', async () => {
    const { bench, charge, second } = await declinedOnce('pm_card_attachThen_do_not_honor_times_1');
    await house.emulator.fault({ match: CONFIRM, fault: 'reset_before' });
    await bench.activities.submitCharge(second.id);
    const first = await bench.row(charge.id);
    expect((await bench.row(second.id)).baseline).toEqual({
      latestCharge: first.gatewayChargeReference,
    });
  });

  test('unchanged while the key lives: sent again; changed: that is the outcome', async () => {
    const { bench, second, renewalId } = await declinedOnce(
      'pm_card_attachThen_do_not_honor_times_1',
    );
    await house.emulator.fault({ match: CONFIRM, fault: 'reset_before', times: 1 });
    expect(await bench.activities.submitCharge(second.id)).toMatchObject({ kind: 'unknown' });
    await house.emulator.fault({ match: CONFIRM, fault: 'reset_after', times: 1 });
    expect(await bench.activities.resolveCharge(second.id)).toMatchObject({ kind: 'unknown' });
    expect(await bench.sends(second.id)).toHaveLength(2);
    expect(await bench.activities.resolveCharge(second.id)).toEqual({ kind: 'succeeded' });
    expect(await bench.sends(second.id), 'it was read, not sent a third time').toHaveLength(2);
    expect(await house.emulator.paid(renewalId)).toHaveLength(1);
  });

  test('canceled by somebody while it was unknown: not sent, and the next charge makes a new one', async () => {
    const { bench, second, renewalId } = await declinedOnce(
      'pm_card_attachThen_do_not_honor_times_1',
    );
    await house.emulator.fault({ match: CONFIRM, fault: 'reset_before', times: 1 });
    await bench.activities.submitCharge(second.id);
    const { gatewayReference } = await bench.row(second.id);
    await dashboard(house).paymentIntents.cancel(gatewayReference!);
    expect(await bench.activities.resolveCharge(second.id)).toMatchObject({ kind: 'not_sent' });
    const third = await bench.planMore(renewalId, 'again+1');
    expect(await bench.activities.submitCharge(third.id)).toEqual({ kind: 'succeeded' });
    expect((await bench.row(third.id)).gatewayReference).not.toBe(gatewayReference);
  });

  test("unchanged at the end of the key's life: not sent", async () => {
    const { bench, second } = await declinedOnce('pm_card_attachThen_do_not_honor_times_1');
    await house.emulator.fault({ match: CONFIRM, fault: 'reset_before' });
    await bench.activities.submitCharge(second.id);
    bench.advance(26 * HOUR);
    expect(await bench.activities.resolveCharge(second.id)).toMatchObject({ kind: 'not_sent' });
  });

  test('a claimer that died before committing the baseline cannot have sent: it is read, then sent', async () => {
    const { bench, second, renewalId } = await declinedOnce(
      'pm_card_attachThen_do_not_honor_times_1',
    );
    await house.db.charge.update({
      where: { id: second.id },
      data: {
        status: 'submitted',
        firstSentAt: new Date(),
        keyValidUntil: new Date(Date.now() + HOUR),
      },
    });
    expect(await bench.activities.resolveCharge(second.id)).toEqual({ kind: 'succeeded' });
    expect((await bench.row(second.id)).baseline).not.toBeNull();
    expect(await house.emulator.paid(renewalId)).toHaveLength(1);
  });
});

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

async function answering(body: object) {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}
