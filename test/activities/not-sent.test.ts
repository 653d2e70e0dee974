/** docs/charging.md, rule 4: when a charge was certainly not sent, and when nobody may say so. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { findFreePort } from '../../embedded/port.js';
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
const CANCEL = { method: 'POST', path: '/v1/payment_intents/:id/cancel' };

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
