/** Refunds: money goes back once, never more than was taken, whatever dies or answers late. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { adoptRefunds } from '../../activities/adopt-refunds.js';
import { claimRefund } from '../../prisma/refund.js';
import { changeSettings } from '../../prisma/settings.js';
import { HOUR, dashboard, workbench } from '../support/bench.js';
import { type House, IMPATIENT, openHouse } from '../support/house.js';
import { booksOf, eventsOf, refundDesk } from '../support/refunding.js';

let house: House;
beforeAll(async () => {
  house = await openHouse({ workers: false, paypal: true, environment: IMPATIENT });
});
afterAll(() => house.close());

describe.each(['stripe', 'paypal'] as const)('a refund at %s', (vendor) => {
  const open = () => {
    const bench = workbench(house);
    return { bench, ...refundDesk(house, bench, vendor) };
  };

  test('is made once, booked, and told', async () => {
    const desk = open();
    const { chargeId, capture, renewalId } = await desk.paid();
    const id = await desk.plan(chargeId);
    expect(await desk.look(id)).toEqual({ kind: 'settled', status: 'succeeded' });
    expect(await desk.look(id)).toEqual({ kind: 'settled', status: 'succeeded' });
    expect(await desk.given(capture)).toEqual([1900]);
    expect(await desk.sends(id)).toHaveLength(1);
    expect(await booksOf(house, renewalId)).toEqual({ revenue: -1900, refunds: 1900 });
    expect(await eventsOf(house, id)).toEqual(['refund.requested', 'refund.succeeded']);
  });

  test('in parts, until nothing is left', async () => {
    const desk = open();
    const { chargeId, capture } = await desk.paid();
    for (const part of [400, 500]) await desk.look(await desk.plan(chargeId, part));
    await expect(desk.plan(chargeId, 1001)).rejects.toMatchObject({
      code: 'conflict',
      reason: 'refund_exceeds_charge',
      message: expect.stringContaining('EUR 10.00') as string,
    });
    await desk.look(await desk.plan(chargeId));
    await expect(desk.plan(chargeId, 1)).rejects.toMatchObject({ reason: 'already_refunded' });
    expect(await desk.given(capture)).toEqual([400, 500, 1000]);
  });

  test('died between claim and send: the next look sends it under the same key', async () => {
    const desk = open();
    const { chargeId, capture } = await desk.paid();
    const id = await desk.plan(chargeId);
    await claimRefund(house.db, id, desk.bench.now(), 23 * HOUR);
    expect(await desk.given(capture)).toEqual([]);
    expect(await desk.look(id)).toEqual({ kind: 'settled', status: 'succeeded' });
    expect(await desk.given(capture)).toEqual([1900]);
    expect(await desk.sends(id)).toHaveLength(1);
  });

  test.each([
    ['a reset before its effect', { fault: 'reset_before' }, 0],
    ['a reset after its effect', { fault: 'reset_after' }, 1],
    ['its own error before its effect', { fault: 'error_before' }, 0],
    ['its own error after its effect', { fault: 'error_after' }, 1],
    ['silence after its effect', { fault: 'delay', delay_ms: 1_500, effect: 'before' }, 1],
    ['half an answer', { fault: 'truncate' }, 1],
  ] as const)('answered with %s: unknown, then settled, given once', async (_, fault, moved) => {
    const desk = open();
    const { chargeId, capture } = await desk.paid();
    const id = await desk.plan(chargeId);
    const match = { method: 'POST', path: desk.path };
    await desk.emulator.fault({ match, ...fault, times: 1 });
    expect(await desk.look(id)).toMatchObject({ kind: 'open', status: 'unknown' });
    await desk.emulator.heal();
    expect(await desk.given(capture)).toHaveLength(moved);
    expect(await desk.look(id)).toEqual({ kind: 'settled', status: 'succeeded' });
    expect(await desk.given(capture)).toEqual([1900]);
  });

  test('that the gateway pays later is followed to its end', async () => {
    const desk = open();
    const { chargeId, renewalId } = await desk.paid('refund_pending');
    const id = await desk.plan(chargeId);
    expect(await desk.look(id)).toMatchObject({ kind: 'open', status: 'pending' });
    expect(await booksOf(house, renewalId)).toEqual({ gateway: 1900, revenue: -1900 });
    await desk.emulator.advance(3);
    expect(await desk.look(id)).toEqual({ kind: 'settled', status: 'succeeded' });
    expect(await booksOf(house, renewalId)).toEqual({ refunds: 1900, revenue: -1900 });
  });

  test('that fails after it was accepted is still owed to the customer, and somebody is told', async () => {
    const desk = open();
    const { chargeId, renewalId } = await desk.paid('refund_fail');
    const id = await desk.plan(chargeId);
    await desk.look(id);
    await desk.emulator.advance(3);
    expect(await desk.look(id)).toEqual({ kind: 'settled', status: 'failed' });
    const row = await desk.row(id);
    expect(row.needsAttention).toMatchObject({
      next: expect.stringContaining('still owed') as string,
    });
    expect(await eventsOf(house, id)).toContain('refund.failed');
    expect(await booksOf(house, renewalId)).toEqual({ gateway: 1900, revenue: -1900 });
    // What failed is free again: another try is another refund.
    await expect(desk.plan(chargeId)).resolves.toMatch(/^rfd_/);
  });

  test('asked for twenty times at once never gives back more than was taken', async () => {
    const desk = open();
    const { chargeId, capture } = await desk.paid();
    const wishes = await Promise.allSettled(
      Array.from({ length: 20 }, () => desk.plan(chargeId, 380)),
    );
    const ids = wishes.filter((wish) => wish.status === 'fulfilled').map(({ value }) => value);
    expect(ids).toHaveLength(5);
    for (const wish of wishes.filter((one) => one.status === 'rejected'))
      expect(wish.reason).toMatchObject({ code: 'conflict', reason: 'already_refunded' });
    for (const id of ids) await desk.look(id);
    expect(await desk.given(capture)).toEqual([380, 380, 380, 380, 380]);
  });

  test('looked at by two executions at once is sent once', async () => {
    const desk = open();
    const { chargeId, capture } = await desk.paid();
    const id = await desk.plan(chargeId);
    await Promise.all([desk.look(id), desk.look(id), desk.look(id)]);
    await desk.look(id);
    expect(await desk.given(capture)).toEqual([1900]);
  });

  test('goes through while its account is closed for charges', async () => {
    const desk = open();
    const { chargeId } = await desk.paid();
    const id = await desk.plan(chargeId);
    const { account } = vendor === 'stripe' ? house : house.paypal;
    await house.db.gatewayAccount.update({ where: { id: account.id }, data: { state: 'closed' } });
    expect(await desk.look(id)).toEqual({ kind: 'settled', status: 'succeeded' });
    await house.db.gatewayAccount.update({ where: { id: account.id }, data: { state: 'open' } });
  });

  test('that somebody made in the dashboard first: ours fails, and theirs is booked', async () => {
    const desk = open();
    const { chargeId, capture, renewalId } = await desk.paid();
    const id = await desk.plan(chargeId);
    await refundByHand(vendor, capture);
    expect(await desk.look(id)).toEqual({ kind: 'settled', status: 'failed' });
    expect(await desk.row(id)).toMatchObject({ failure: 'already_refunded' });
    const found = await house.db.refund.findFirstOrThrow({
      where: { chargeId, origin: 'gateway' },
    });
    expect(found).toMatchObject({ status: 'succeeded', amountMinor: 1900n });
    expect(await booksOf(house, renewalId)).toEqual({ refunds: 1900, revenue: -1900 });
    expect(await adoptRefunds(desk.bench.deps, chargeId)).toBe(0);
    await expect(desk.plan(chargeId)).rejects.toMatchObject({ reason: 'already_refunded' });
  });

  test('whose row a restored database has lost comes back under its own name', async () => {
    const desk = open();
    const { chargeId, capture } = await desk.paid();
    const id = await desk.plan(chargeId);
    await desk.look(id);
    await house.db.refund.delete({ where: { id } });
    expect(await adoptRefunds(desk.bench.deps, chargeId)).toBe(1);
    expect(await desk.row(id)).toMatchObject({ status: 'succeeded', origin: 'gateway' });
    expect(await desk.given(capture)).toEqual([1900]);
  });
});

test("what the gateway never shows in its key's life was never made", async () => {
  const bench = workbench(house);
  const desk = refundDesk(house, bench, 'stripe');
  const { chargeId, capture } = await desk.paid();
  const id = await desk.plan(chargeId);
  const match = { method: 'POST', path: desk.path };
  await desk.emulator.fault({ match, fault: 'reset_before', times: 50 });
  expect(await desk.look(id)).toMatchObject({ status: 'unknown' });
  bench.advance(24 * HOUR);
  expect(await desk.look(id)).toMatchObject({ status: 'unknown' });
  bench.advance(2 * HOUR);
  expect(await desk.look(id)).toEqual({ kind: 'settled', status: 'failed' });
  await desk.emulator.heal();
  expect(await desk.given(capture)).toEqual([]);
});

test('the database itself refuses a refund of more than is left', async () => {
  const bench = workbench(house);
  const desk = refundDesk(house, bench, 'stripe');
  const { chargeId } = await desk.paid();
  const planned = await desk.row(await desk.plan(chargeId, 1000));
  const more = { ...planned, id: 'rfd_by_hand', amountMinor: 901n, request: {} };
  await expect(
    house.db.refund.create({ data: { ...more, needsAttention: undefined! } }),
  ).rejects.toThrow(/refund_exceeds_charge/);
});

test('a disputed charge is not refunded: its bank may pay it back as well', async () => {
  const bench = workbench(house);
  const desk = refundDesk(house, bench, 'stripe');
  const { chargeId, renewalId, subscription } = await desk.paid();
  const { merchantId, gatewayAccountId } = await bench.row(chargeId);
  await house.db.dispute.create({
    data: {
      id: 'dis_open',
      merchantId,
      renewalId,
      chargeId,
      gatewayAccountId,
      subscriptionId: subscription.id,
      gatewayReference: 'du_open',
      inquiry: false,
      reason: 'fraudulent',
      amountMinor: 1900,
      currency: 'EUR',
      status: 'needs_response',
      openedAt: new Date(),
    },
  });
  await expect(desk.plan(chargeId)).rejects.toMatchObject({ reason: 'charge_disputed' });
});

test('above the limit it waits for another key; many small ones are one large one', async () => {
  const bench = workbench(house);
  const desk = refundDesk(house, bench, 'stripe');
  await changeSettings(house.db, house.merchantId, { refundApprovalAbove: { EUR: 1000 } });
  const { chargeId } = await desk.paid();
  const small = await desk.plan(chargeId, 600);
  const beyond = await desk.plan(chargeId, 600);
  expect(await desk.row(small)).toMatchObject({ status: 'planned' });
  expect(await desk.row(beyond)).toMatchObject({ status: 'awaiting_approval' });
  expect((await desk.row(beyond)).needsAttention).toMatchObject({
    why: expect.stringContaining('approval of another API key') as string,
  });
  expect(await desk.look(beyond)).toMatchObject({ kind: 'open', status: 'awaiting_approval' });
  expect(await desk.sends(beyond)).toEqual([]);
  await changeSettings(house.db, house.merchantId, { refundApprovalAbove: {} });
});

test('surplus money goes back by itself when the merchant has decided so', async () => {
  await changeSettings(house.db, house.merchantId, { surplus: 'refund' });
  const bench = workbench(house);
  const desk = refundDesk(house, bench, 'stripe');
  const { charge, renewalId } = await bench.plan('pm_card_visa');
  const match = { method: 'POST', path: '/v1/payment_intents' };
  await house.emulator.fault({ match, fault: 'reset_after', times: 1 });
  await bench.activities.submitCharge(charge.id);
  await house.emulator.heal();
  await bench.activities.commandRenewal({
    renewalId,
    command: { kind: 'writeOff', id: 'cmd_w', actor: 'Mia', reason: 'A test' },
  });
  await bench.activities.resolveCharge(charge.id);
  const refund = await house.db.refund.findFirstOrThrow({ where: { chargeId: charge.id } });
  expect(refund).toMatchObject({ origin: 'policy', kind: 'duplicate', amountMinor: 1900n });
  expect(await desk.look(refund.id)).toEqual({ kind: 'settled', status: 'succeeded' });
  expect((await bench.renewal(renewalId)).needsAttention).toBeNull();
  expect(await booksOf(house, renewalId)).toEqual({ bad_debt: 1900, revenue: -1900 });
  await changeSettings(house.db, house.merchantId, { surplus: 'hold' });
});

async function refundByHand(vendor: 'stripe' | 'paypal', capture: string): Promise<void> {
  if (vendor === 'stripe') await dashboard(house).refunds.create({ charge: capture });
  else await house.paypal.emulator.call('POST', 'dashboard/refunds', { capture });
}
