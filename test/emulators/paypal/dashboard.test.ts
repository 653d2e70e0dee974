import { describe, expect, test } from 'vitest';

import {
  type Merchant,
  ORDERS,
  amount,
  captureIn,
  issueIn,
  renewal,
  useEmulator,
} from './emulator.js';

const bench = useEmulator();

async function paid(merchant: Merchant = bench.merchant()) {
  const invoice_id = crypto.randomUUID();
  const body = renewal(await merchant.vaulted(), { custom_id: 'ch_1', invoice_id });
  const { body: order } = await merchant.post(ORDERS, body, { requestId: crypto.randomUUID() });
  const { id } = captureIn(order);
  const capture = () => merchant.get(`/v2/payments/captures/${id}`);
  const refund = async (value: string) => {
    const asked = { amount: amount(value), custom_id: 'rf_1' };
    const requestId = crypto.randomUUID();
    return (await merchant.post(`/v2/payments/captures/${id}/refund`, asked, { requestId })).body;
  };
  return { merchant, order: order.id as string, id: id as string, invoice_id, capture, refund };
}

/** What the report shows once it has caught up. */
async function report(merchant: Merchant) {
  await bench.control('POST', 'transactions', { lag_seconds: 0 });
  const { now_ms: now } = await bench.control<{ now_ms: number }>('GET', 'clock');
  const query = new URLSearchParams({
    start_date: new Date(now - 86_400_000).toISOString(),
    end_date: new Date(now + 1000).toISOString(),
    balance_affecting_records_only: 'N',
  });
  const { body } = await merchant.get(`/v1/reporting/transactions?${query.toString()}`);
  return body.transaction_details.map(
    (one: { transaction_info: object }) => one.transaction_info,
  ) as object[];
}

async function events(merchant: Merchant): Promise<string[]> {
  const { body } = await merchant.get('/v1/notifications/webhooks-events?page_size=50');
  return body.events.map(({ event_type }: { event_type: string }) => event_type);
}

describe('what people do on PayPal’s own pages', () => {
  test('a payment is taken, shown, told and booked like any other', async () => {
    const merchant = bench.merchant();
    await merchant.vaulted();
    const asked = { amount: amount('42.00'), client_id: merchant.clientId, invoice_id: 'INV-7' };
    const made = await bench.control('POST', 'dashboard/payments', asked);
    expect(made).toMatchObject({ status: 'COMPLETED', amount: amount('42.00') });
    expect(made).not.toHaveProperty('custom_id');
    const { order_id: order } = made.supplementary_data.related_ids;
    expect(captureIn((await merchant.get(`${ORDERS}/${order}`)).body).id).toBe(made.id);
    expect(await events(merchant)).toContain('PAYMENT.CAPTURE.COMPLETED');
    expect(await bench.journal(merchant)).toMatchObject([{ kind: 'charge', amount_minor: 4200 }]);
    expect(await report(merchant)).toMatchObject([
      { transaction_id: made.id, transaction_amount: amount('42.00'), invoice_id: 'INV-7' },
    ]);
  });

  test('a refund is made without a mark of ours', async () => {
    const { merchant, id, capture } = await paid();
    const asked = { capture: id, amount: amount('5.00') };
    const made = await bench.control('POST', 'dashboard/refunds', asked);
    expect(made).toMatchObject({ status: 'COMPLETED', amount: amount('5.00') });
    expect(made).not.toHaveProperty('custom_id');
    expect((await capture()).body.status).toBe('PARTIALLY_REFUNDED');
    expect(await events(merchant)).toContain('PAYMENT.CAPTURE.REFUNDED');
    await bench.control('POST', 'dashboard/refunds', { capture: id });
    expect((await capture()).body.status).toBe('REFUNDED');
  });

  test('both may be silent', async () => {
    const merchant = bench.merchant();
    await merchant.vaulted();
    const before = await events(merchant);
    const payment = { amount: amount('42.00'), client_id: merchant.clientId, silent: true };
    const { id } = await bench.control('POST', 'dashboard/payments', payment);
    await bench.control('POST', 'dashboard/refunds', { capture: id, silent: true });
    expect(await events(merchant)).toEqual(before);
    expect(await bench.journal(merchant)).toHaveLength(2);
  });
});

describe('what a bank does silently', () => {
  test('settles a payment, and a refund of it', async () => {
    const merchant = bench.merchant();
    const body = renewal(await merchant.vaulted('pending_ECHECK'));
    const { body: order } = await merchant.post(ORDERS, body, { requestId: 'pending' });
    const { id } = captureIn(order);
    const before = await events(merchant);
    await bench.control('POST', 'settle', { capture: id, outcome: 'succeeded', silent: true });
    expect((await merchant.get(`/v2/payments/captures/${id}`)).body.status).toBe('COMPLETED');
    expect(await events(merchant)).toEqual(before);

    const slow = renewal(await merchant.vaulted('refund_pending'));
    const paidFor = captureIn((await merchant.post(ORDERS, slow, { requestId: 'slow' })).body).id;
    const { body: made } = await merchant.post(`/v2/payments/captures/${paidFor}/refund`, {});
    const told = await events(merchant);
    const end = { outcome: 'failed', silent: true };
    expect((await bench.control('POST', `refunds/${made.id}/settle`, end)).status).toBe('FAILED');
    expect(await events(merchant)).toEqual(told);
  });
});

describe('books that err', () => {
  test('a capture is altered wherever it is shown', async () => {
    const { merchant, id, order, capture } = await paid();
    await bench.control('POST', 'books', { op: 'alter', id, amount: amount('21.00') });
    expect((await capture()).body.amount).toEqual(amount('21.00'));
    const shown = captureIn((await merchant.get(`${ORDERS}/${order}`)).body);
    expect(shown.amount).toEqual(amount('21.00'));
    expect(await report(merchant)).toMatchObject([{ transaction_amount: amount('21.00') }]);
  });

  test('a refund is altered, and what is left of its capture with it', async () => {
    const { merchant, refund } = await paid();
    const { id } = await refund('5.00');
    await bench.control('POST', 'books', { op: 'alter', id, amount: amount('7.00') });
    const shown = (await merchant.get(`/v2/payments/refunds/${id}`)).body;
    expect(shown.amount).toEqual(amount('7.00'));
    expect((await report(merchant))[1]).toMatchObject({ transaction_amount: amount('-7.00') });
    expect((await refund('12.99')).status).toBe('COMPLETED');
  });

  test('a capture is removed with its order, and its invoice is free again', async () => {
    const { merchant, id, order, invoice_id, refund, capture } = await paid();
    const { id: refundId } = await refund('5.00');
    await bench.control('POST', 'books', { op: 'remove', id });
    for (const gone of [
      await capture(),
      await merchant.get(`${ORDERS}/${order}`),
      await merchant.get(`/v2/payments/refunds/${refundId}`),
    ])
      expect(issueIn(gone)).toBe('INVALID_RESOURCE_ID');
    expect(await report(merchant)).toEqual([]);
    const body = renewal(await merchant.vaulted(), { invoice_id });
    expect((await merchant.post(ORDERS, body, { requestId: 'again' })).status).toBe(201);
  });

  test('a refund is removed, and its capture is whole again', async () => {
    const { merchant, id, order, refund, capture } = await paid();
    const { id: refundId } = await refund('5.00');
    await bench.control('POST', 'books', { op: 'remove', id: refundId });
    expect((await capture()).body.status).toBe('COMPLETED');
    const { payments } = (await merchant.get(`${ORDERS}/${order}`)).body.purchase_units[0];
    expect(payments).not.toHaveProperty('refunds');
    expect(await report(merchant)).toMatchObject([{ transaction_id: id }]);
  });

  test.each([
    ['books', { op: 'remove', id: 'NONE' }],
    ['books', { op: 'alter', id: 'NONE', amount: amount('1.00') }],
    ['books', { op: 'shred', id: 'NONE' }],
    ['dashboard/payments', { client_id: 'some-client' }],
    ['dashboard/refunds', { capture: 'NONE' }],
  ])('%s refuses %j', async (path, body) => {
    await expect(bench.control('POST', path, body)).rejects.toThrow(/: 40[04] /);
  });
});

describe('what a dispute or a bank took', () => {
  test.each(['dispute', 'reverse'])('is a line of its own in the report: %s', async (how) => {
    const { merchant, id } = await paid();
    const made = await bench.control('POST', `captures/${id}/${how}`, {});
    if (how === 'dispute') {
      expect(await report(merchant)).toHaveLength(1);
      await bench.control('POST', `disputes/${made.id}/close`, { outcome: 'lost' });
    }
    const [charge, loss] = await report(merchant);
    expect(charge).toMatchObject({ transaction_id: id, transaction_status: 'V' });
    expect(loss).toMatchObject({
      paypal_reference_id: id,
      paypal_reference_id_type: 'TXN',
      transaction_event_code: 'T1106',
      transaction_status: 'S',
      transaction_amount: amount('-19.99'),
    });
    expect(loss).not.toHaveProperty('transaction_id', id);
  });
});
