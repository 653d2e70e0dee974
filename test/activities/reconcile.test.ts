/** docs/reconciliation.md: a gateway's books beside ours, what is put right by itself, and what is left to a person. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { workbench } from '../support/bench.js';
import { type House, openHouse } from '../support/house.js';
import { reconcileBooks } from '../support/reconcile.js';

let house: House;
let bench: ReturnType<typeof workbench>;
beforeEach(async () => {
  house = await openHouse({ workers: false, paypal: true });
  bench = workbench(house);
  await house.paypal.emulator.call('POST', 'transactions', { lag_seconds: 0 });
});
afterEach(() => house.close());

const here = () => reconcileBooks(bench, house.account.id);
const atPaypal = () => reconcileBooks(bench, house.paypal.account.id);

/** A renewal that its first charge has paid. */
async function paid() {
  const { charge, renewalId, person } = await bench.plan('pm_card_visa');
  expect(await bench.activities.submitCharge(charge.id)).toEqual({ kind: 'succeeded' });
  const row = await bench.row(charge.id);
  return { ...row, renewalId, person };
}

async function paidAtPaypal() {
  const { charge } = await bench.planWallet();
  expect(await bench.activities.submitCharge(charge.id)).toEqual({ kind: 'succeeded' });
  return bench.row(charge.id);
}

/** What the gateway's customer is called there. */
async function customerOf(paymentMethodId: string): Promise<string> {
  const method = await house.db.paymentMethod.findUniqueOrThrow({ where: { id: paymentMethodId } });
  return method.gatewayCustomerReference;
}

async function byHand(customer: string, more: object = {}) {
  const asked = { customer, amount_minor: 1900, currency: 'eur', silent: true, ...more };
  await house.emulator.call('POST', 'dashboard/payments', asked);
}

async function sumsOf(kind: string): Promise<number> {
  return house.db.ledgerTransaction.count({ where: { kind } });
}

describe('books that agree', () => {
  test('have no difference at either gateway, and what the gateway kept is booked once', async () => {
    await paid();
    await paidAtPaypal();
    for (let time = 0; time < 2; time++) {
      expect(await here()).toMatchObject({ status: 'done', lines: [] });
      expect(await atPaypal()).toMatchObject({ status: 'done', lines: [] });
    }
    expect(await sumsOf('fee')).toBe(2);
  });

  test('are compared up to where they are complete, and from three days before that the next time', async () => {
    await paidAtPaypal();
    await house.paypal.emulator.call('POST', 'transactions', { lag_seconds: 3600 });
    const { id } = await atPaypal();
    const row = await house.db.reconciliation.findUniqueOrThrow({ where: { id } });
    const account = await house.db.gatewayAccount.findUniqueOrThrow({
      where: { id: house.paypal.account.id },
    });
    expect(row.windowEnd).toEqual(row.windowStart);
    expect(account.reconciledTo).toEqual(row.windowEnd);
    bench.advance(10 * 86_400_000);
    const ticket = await bench.activities.beginReconciliation(house.paypal.account.id);
    const next = await house.db.reconciliation.findUniqueOrThrow({ where: { id: ticket!.id } });
    expect(next.windowStart).toEqual(row.windowStart);
  });

  test('are read again by whoever takes up a comparison that was left', async () => {
    const left = await bench.activities.beginReconciliation(house.account.id);
    const taken = await here();
    expect(taken.id).toBe(left!.id);
    expect((await here()).id).not.toBe(left!.id);
  });
});

describe('what moved a moment ago', () => {
  test('is left to the next comparison: whoever knows of it may be about to say so', async () => {
    const { gatewayChargeReference: charge } = await paid();
    await house.emulator.call('POST', 'dashboard/refunds', { charge, silent: true });
    bench = workbench(house, { tempo: { ...house.deps.tempo, reconcileMarginMs: 60_000 } });
    expect((await here()).lines).toEqual([]);
    bench.advance(61_000);
    expect((await here()).lines).toEqual(['missing_here refund: healed']);
  });
});

describe('what is put right by itself', () => {
  test('a charge whose answer was lost: the money is found, and the renewal is paid', async () => {
    const { charge, renewalId } = await bench.plan('pm_card_visa');
    const lost = { match: { path: '/v1/payment_intents' }, fault: 'reset_after' };
    await house.emulator.fault({ ...lost, times: 1 });
    expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'unknown' });
    expect((await here()).lines).toEqual(['status charge: healed']);
    expect((await bench.renewal(renewalId)).status).toBe('paid');
  });

  test('a payment for a renewal whose own charge was declined: it is booked, and pays', async () => {
    const { charge, renewalId, person } = await bench.plan('pm_card_attachThen_do_not_honor');
    await bench.activities.submitCharge(charge.id);
    const metadata = { dunlin_merchant: house.merchantId, dunlin_renewal: renewalId };
    await byHand(await customerOf(person.paymentMethodId), {
      metadata,
      payment_method: 'pm_card_visa',
    });
    expect((await here()).lines).toEqual(['missing_here charge: healed']);
    expect((await bench.renewal(renewalId)).status).toBe('paid');
    expect((await here()).lines).toEqual([]);
  });

  test('a refund that somebody made at the gateway', async () => {
    const { gatewayChargeReference: charge, id } = await paid();
    const asked = { charge, amount_minor: 700, silent: true };
    await house.emulator.call('POST', 'dashboard/refunds', asked);
    expect((await here()).lines).toEqual(['missing_here refund: healed']);
    expect(await house.db.refund.findMany({ where: { chargeId: id } })).toMatchObject([
      { amountMinor: 700n, origin: 'gateway', status: 'succeeded' },
    ]);
  });

  test('the same at PayPal', async () => {
    const { gatewayChargeReference: capture, id } = await paidAtPaypal();
    const amount = { currency_code: 'EUR', value: '7.00' };
    await house.paypal.emulator.call('POST', 'dashboard/refunds', {
      capture,
      amount,
      silent: true,
    });
    expect((await atPaypal()).lines).toEqual(['missing_here refund: healed']);
    expect(await house.db.refund.count({ where: { chargeId: id, status: 'succeeded' } })).toBe(1);
  });

  test('a dispute that nobody told us of', async () => {
    const { gatewayChargeReference: at, id } = await paid();
    await house.emulator.call('POST', `charges/${at}/dispute`, { silent: true });
    expect((await here()).lines).toEqual(['missing_here dispute: healed']);
    expect(await house.db.dispute.count({ where: { chargeId: id } })).toBe(1);
  });

  test('a dispute that was won in silence', async () => {
    const { gatewayChargeReference: at } = await paid();
    const opened = await house.emulator.call<{ id: string }>('POST', `charges/${at}/dispute`, {
      silent: true,
    });
    await here();
    await house.emulator.call('POST', `disputes/${opened.id}/close`, {
      outcome: 'won',
      silent: true,
    });
    expect((await here()).lines).toEqual(['status dispute: healed']);
  });

  test('a capture that PayPal reversed: the renewal is owed again', async () => {
    const { gatewayChargeReference: capture, renewalId } = await paidAtPaypal();
    await house.paypal.emulator.call('POST', `captures/${capture}/reverse`, { silent: true });
    expect((await atPaypal()).lines).toEqual(['missing_here dispute: healed']);
    expect((await bench.renewal(renewalId)).status).toBe('past_due');
  });
});

describe('what is left to a person', () => {
  test('a payment by hand that repeats a charge is offered once, with the charge it doubles', async () => {
    const { paymentMethodId, id: chargeId, renewalId } = await paid();
    await byHand(await customerOf(paymentMethodId));
    expect((await here()).lines).toEqual(['duplicate charge: needs_person']);
    expect((await here()).lines, 'it stands, and is not found anew').toEqual([]);
    expect(await house.db.difference.findMany()).toMatchObject([{ chargeId, renewalId }]);
  });

  test('another amount, what they do not have, and another system’s payment', async () => {
    const [altered, removed, any] = [await paid(), await paid(), await paid()];
    await house.emulator.call('POST', 'books', {
      op: 'alter',
      source: altered.gatewayChargeReference,
      amount_minor: 1700,
    });
    await house.emulator.call('POST', 'books', {
      op: 'remove',
      source: removed.gatewayChargeReference,
    });
    await byHand(await customerOf(any.paymentMethodId), { amount_minor: 4200 });
    expect((await here()).lines).toEqual([
      'amount charge: needs_person',
      'missing_there charge: needs_person',
      'unknown_object charge: needs_person',
    ]);
  });

  test('a payment with our mark and of another amount: nobody but a person says what it was for', async () => {
    const { charge, renewalId, person } = await bench.plan('pm_card_attachThen_do_not_honor');
    await bench.activities.submitCharge(charge.id);
    await byHand(await customerOf(person.paymentMethodId), {
      metadata: { dunlin_merchant: house.merchantId, dunlin_renewal: renewalId },
      payment_method: 'pm_card_visa',
      amount_minor: 700,
    });
    expect((await here()).lines).toEqual(['missing_here charge: needs_person']);
    const [found] = await house.db.difference.findMany();
    expect(found!.why).toContain('of another amount');
    expect((await bench.renewal(renewalId)).status).toBe('collecting');
  });

  test('a line that has gone from their books since it was read is missing there', async () => {
    const { gatewayChargeReference: source } = await paid();
    expect((await here()).lines).toEqual([]);
    await house.emulator.call('POST', 'books', { op: 'remove', source });
    expect((await here()).lines).toEqual(['missing_there charge: needs_person']);
  });

  test('what was put right at the gateway closes by itself', async () => {
    const { gatewayChargeReference: source } = await paid();
    const change = (amount_minor: number) =>
      house.emulator.call('POST', 'books', { op: 'alter', source, amount_minor });
    await change(1700);
    const { id } = await here();
    await change(1900);
    await here();
    expect(await house.db.difference.findMany({ where: { reconciliationId: id } })).toMatchObject([
      { status: 'healed' },
    ]);
  });

  test('what a person has accepted is not reported again until it changes', async () => {
    const { gatewayChargeReference: source } = await paid();
    const change = (amount_minor: number) =>
      house.emulator.call('POST', 'books', { op: 'alter', source, amount_minor });
    await change(1700);
    await here();
    const resolution = { action: 'accept', reason: 'A discount by hand', actor: 'Mia' };
    await house.db.difference.updateMany({ data: { status: 'resolved', resolution } });
    expect((await here()).lines).toEqual([]);
    await change(1600);
    expect((await here()).lines).toEqual(['amount charge: needs_person']);
  });

  test('a gateway that cannot be read: the comparison fails and says why', async () => {
    const accountFor = () => {
      throw new Error('env:STRIPE_KEY is not set');
    };
    bench = workbench(house, { accountFor });
    expect(await here()).toMatchObject({
      status: 'failed',
      why: 'env:STRIPE_KEY is not set',
      lines: [],
    });
  });
});
