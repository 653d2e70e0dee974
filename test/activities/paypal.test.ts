/** docs/charging.md, rules 3 to 6, at PayPal: no look-up by our own ids, keys that live for hours, books that lag. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import type { ChargeTicket } from '../../domain/charge.js';
import type { RenewalId } from '../../domain/ids.js';
import { periodStartText } from '../../domain/workflow-ids.js';
import { storeWebhook } from '../../prisma/webhook-inbox.js';
import { HOUR, workbench } from '../support/bench.js';
import { type House, IMPATIENT, openHouse } from '../support/house.js';
import { aCustomer, aSubscription, giveWallet, until } from '../support/people.js';

let house: House;
beforeAll(async () => {
  house = await openHouse({ workers: false, paypal: true, environment: IMPATIENT });
});
// Its clock goes back to ours with it.
afterEach(() => house.paypal.emulator.call('POST', 'reset', {}));
afterAll(() => house.close());

const ORDERS = { method: 'POST', path: '/v2/checkout/orders' };

type Bench = ReturnType<typeof workbench>;

/** A renewal of a customer who pays by wallet, and its first charge. */
async function walletRenewal(fate = 'succeed', bench: Bench = workbench(house)) {
  const person = await aCustomer(house, null);
  await giveWallet(house, person.customerId, fate, { isDefault: true });
  const subscription = await aSubscription(house, person);
  const periodStart = periodStartText(subscription.startsAt.getTime());
  const opening = await bench.activities.openRenewal({
    subscriptionId: subscription.id,
    periodStart,
  });
  if (opening.kind !== 'opened' || opening.plan.kind !== 'charge') throw new Error(opening.kind);
  return { bench, person, renewalId: opening.renewalId, charge: opening.plan.charge };
}

function fault(kind: string, more: { times?: number; delay_ms?: number; stored?: boolean } = {}) {
  return house.paypal.emulator.fault({ match: ORDERS, fault: kind, times: 1, ...more });
}

/** Both clocks: ours, and PayPal's. */
async function pass(bench: Bench, hours: number) {
  bench.advance(hours * HOUR);
  await house.paypal.emulator.advance(hours * 3600);
}

async function sends(charge: ChargeTicket) {
  const requests = await house.paypal.emulator.requests();
  return requests.filter(
    ({ idempotency_key: key, path }) => key === charge.id && path === ORDERS.path,
  );
}

function captures(renewalId: RenewalId) {
  return house.paypal.emulator.paid(renewalId);
}

describe('5. an unknown outcome', () => {
  test.each([
    ['reset before PayPal saw it', 'reset_before'],
    ['reset after PayPal has captured', 'reset_after'],
    ['500 before any effect', 'error_before'],
    ['500 after the capture', 'error_after'],
    ['a truncated answer', 'truncate'],
  ])('%s: sent again under its key, and captured once', async (_, kind) => {
    await fault(kind);
    const { bench, charge, renewalId } = await walletRenewal();
    expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'unknown' });
    expect(await bench.activities.resolveCharge(charge.id)).toEqual({ kind: 'succeeded' });
    expect(await sends(charge)).toHaveLength(2);
    expect(await captures(renewalId)).toHaveLength(1);
  });

  test('no answer within the deadline: PayPal is still at it, then the answer is the same', async () => {
    await fault('delay', { delay_ms: 2_500 });
    const { bench, charge, renewalId } = await walletRenewal();
    expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'unknown' });
    await until(async () => {
      const outcome = await bench.activities.resolveCharge(charge.id);
      return outcome.kind === 'succeeded';
    });
    expect(await captures(renewalId)).toHaveLength(1);
  });

  test('no byte left: that is proof, and the next charge is another', async () => {
    const { bench, charge, renewalId } = await walletRenewal();
    const id = house.paypal.account.id;
    const move = (apiBase: string) =>
      house.db.gatewayAccount.update({ where: { id }, data: { apiBase } });
    await move('http://127.0.0.1:65530');
    expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'not_sent' });
    await move(house.paypal.emulator.url);
    const next = await bench.planMore(renewalId, 'first+1');
    expect(await bench.activities.submitCharge(next.id)).toEqual({ kind: 'succeeded' });
  });

  test('past its key nothing is sent again: the books show it, once they reach far enough', async () => {
    await fault('reset_after');
    const { bench, charge, renewalId } = await walletRenewal();
    await bench.activities.submitCharge(charge.id);
    await pass(bench, 6);
    expect(await bench.activities.resolveCharge(charge.id)).toEqual({ kind: 'succeeded' });
    expect(await sends(charge)).toHaveLength(1);
    expect(await captures(renewalId)).toHaveLength(1);
    expect((await bench.renewal(renewalId)).status).toBe('paid');
  });

  test('books that show nothing are no proof: a person is called, and decides', async () => {
    await fault('reset_before');
    const { bench, charge, renewalId } = await walletRenewal();
    await bench.activities.submitCharge(charge.id);
    await pass(bench, 6);
    const early = await bench.activities.resolveCharge(charge.id);
    expect(early).toMatchObject({
      kind: 'unknown',
      why: expect.stringMatching(/do not reach far enough/),
    });
    expect((await bench.renewal(renewalId)).needsAttention).toBeNull();
    await pass(bench, 6);
    const late = await bench.activities.resolveCharge(charge.id);
    expect(late).toMatchObject({
      kind: 'unknown',
      why: expect.stringMatching(/A person must see to it/),
    });
    expect((await bench.renewal(renewalId)).needsAttention).not.toBeNull();
    expect(await sends(charge)).toHaveLength(1);

    const verdict = {
      id: `cmd_${charge.id}`,
      chargeId: charge.id,
      outcome: 'not_sent',
      actor: 'Ann',
      reason: 'Not in the account',
    } as const;
    await bench.activities.decideCharge({ renewalId, verdict });
    const next = await bench.planMore(renewalId, 'decided');
    expect(await bench.activities.submitCharge(next.id)).toEqual({ kind: 'succeeded' });
    expect(await captures(renewalId)).toHaveLength(1);
  });

  test('a person decided wrongly: PayPal refuses a second payment, and the first is found and booked', async () => {
    await fault('reset_after');
    const { bench, charge, renewalId } = await walletRenewal();
    await bench.activities.submitCharge(charge.id);
    const verdict = {
      id: `cmd_${charge.id}`,
      chargeId: charge.id,
      outcome: 'not_sent',
      actor: 'Bob',
      reason: 'A guess',
    } as const;
    await bench.activities.decideCharge({ renewalId, verdict });
    await pass(bench, 12);
    const next = await bench.planMore(renewalId, 'decided');
    expect(await bench.activities.submitCharge(next.id)).toMatchObject({
      kind: 'declined',
      decline: { class: 'duplicate_check' },
    });
    expect(await captures(renewalId)).toHaveLength(1);
    expect((await bench.renewal(renewalId)).status).toBe('paid');
    const found = await house.db.charge.findFirst({ where: { renewalId, status: 'succeeded' } });
    expect(found).toMatchObject({ foundFrom: charge.id });
  });

  test('"duplicate" after a re-send may be our own money: it stays unknown until that is seen', async () => {
    await fault('reset_after');
    const { bench, charge, renewalId } = await walletRenewal();
    await bench.activities.submitCharge(charge.id);
    // PayPal has forgotten the key before its time.
    await house.paypal.emulator.advance(7 * 3600);
    expect(await bench.activities.resolveCharge(charge.id)).toMatchObject({ kind: 'unknown' });
    bench.advance(7 * HOUR);
    await house.paypal.emulator.advance(5 * 3600);
    expect(await bench.activities.resolveCharge(charge.id)).toEqual({ kind: 'succeeded' });
    expect(await captures(renewalId)).toHaveLength(1);
  });
});

describe('a pending payment', () => {
  test('that only the merchant can accept calls a person at once', async () => {
    const { bench, charge, renewalId } = await walletRenewal('pending_UNILATERAL');
    expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'pending' });
    expect((await bench.renewal(renewalId)).needsAttention).toMatchObject({
      why: expect.stringContaining('accept it in the PayPal account'),
    });
  });

  test('that waits for a bank calls nobody, and is asked about once a day', async () => {
    const { bench, charge, renewalId } = await walletRenewal('pending_ECHECK');
    expect(await bench.activities.submitCharge(charge.id)).toEqual({
      kind: 'pending',
      askAgainMs: 24 * HOUR,
    });
    expect((await bench.renewal(renewalId)).needsAttention).toBeNull();
  });
});

describe('a webhook about a charge that lost its answer', () => {
  function webhook(chargeId: string, renewalId: string, reference: string, eventId: string) {
    const about = { says: 'paid', reference, renewalId, chargeId };
    const { account } = house.paypal;
    const received = { account, eventId, type: 'PAYMENT.CAPTURE.COMPLETED', payload: {}, about };
    return house.db.$transaction((tx) => storeWebhook(tx, received, new Date()));
  }

  test('teaches it which order to ask about, so that nothing is sent again', async () => {
    await fault('reset_after');
    const { bench, charge, renewalId } = await walletRenewal();
    await bench.activities.submitCharge(charge.id);
    const [paid] = (await captures(renewalId)) as unknown as { order: string }[];
    await webhook(charge.id, renewalId, paid!.order, `WH-1-${charge.id}`);
    expect(await bench.activities.resolveCharge(charge.id)).toEqual({ kind: 'succeeded' });
    expect(await sends(charge)).toHaveLength(1);
  });

  test('teaches nothing when another request caused it', async () => {
    await fault('reset_before');
    const { bench, charge, renewalId } = await walletRenewal();
    await bench.activities.submitCharge(charge.id);
    await webhook('chg_somebody_elses', renewalId, '5O190127TN364715T', `WH-2-${charge.id}`);
    expect((await bench.row(charge.id)).gatewayReference).toBeNull();
  });

  test('that names an order which is not its own settles nothing', async () => {
    const other = await walletRenewal();
    await other.bench.activities.submitCharge(other.charge.id);
    await fault('reset_before');
    const { bench, charge, renewalId } = await walletRenewal();
    await bench.activities.submitCharge(charge.id);
    const { gatewayReference } = await other.bench.row(other.charge.id);
    await webhook(charge.id, renewalId, gatewayReference!, `WH-3-${charge.id}`);
    expect(await bench.activities.resolveCharge(charge.id)).toMatchObject({ kind: 'unknown' });
    expect((await bench.renewal(renewalId)).status).toBe('collecting');
    expect((await bench.renewal(renewalId)).needsAttention).not.toBeNull();
  });
});

describe('credentials', () => {
  test('are read anew for each call: a rotation needs no restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dunlin-secret-'));
    const file = join(folder, 'paypal');
    const { id, secretRef } = house.paypal.account;
    const refer = (to: string) =>
      house.db.gatewayAccount.update({ where: { id }, data: { secretRef: to } });
    const client = 'dunlin-test-client';
    try {
      const { bench, charge, renewalId } = await walletRenewal();
      writeFileSync(file, `${client}:old-secret-of-ours`);
      await refer(`file:${file}`);
      await house.paypal.emulator.call('POST', 'clients', {
        client_id: client,
        secret: 'new-secret-of-ours',
      });
      expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'not_sent' });
      expect((await bench.renewal(renewalId)).needsAttention).not.toBeNull();
      writeFileSync(file, `${client}:new-secret-of-ours`);
      const next = await bench.planMore(renewalId, 'first+1');
      expect(await bench.activities.submitCharge(next.id)).toEqual({ kind: 'succeeded' });
    } finally {
      await house.paypal.emulator.call('POST', 'clients', {
        client_id: client,
        secret: 'dunlin-test-secret',
      });
      await refer(secretRef);
      rmSync(folder, { recursive: true });
    }
  });
});
