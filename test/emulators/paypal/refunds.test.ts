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
const DAY = 86_400;

async function paid(fate = 'succeed', merchant: Merchant = bench.merchant()) {
  const body = renewal(await merchant.vaulted(fate), { custom_id: 'ch_1', invoice_id: 'rnw_1' });
  const { body: order } = await merchant.post(ORDERS, body, { requestId: crypto.randomUUID() });
  const { id } = captureIn(order);
  const refund = (asked: object = {}, requestId: string = crypto.randomUUID()) =>
    merchant.post(`/v2/payments/captures/${id}/refund`, asked, { requestId });
  const capture = async () => (await merchant.get(`/v2/payments/captures/${id}`)).body;
  return { merchant, order, id, refund, capture };
}

describe('a refund', () => {
  test('gives back all, and the capture says so', async () => {
    const { merchant, order, id, refund, capture } = await paid();
    const { status, body } = await refund({ custom_id: 'rf_1', note_to_payer: 'Sorry' }, 'rf_1');
    expect(status).toBe(201);
    expect(body).toMatchObject({
      status: 'COMPLETED',
      amount: amount('19.99'),
      custom_id: 'rf_1',
      note_to_payer: 'Sorry',
      seller_payable_breakdown: { total_refunded_amount: amount('19.99') },
      links: [{ rel: 'self' }, { rel: 'up', href: expect.stringContaining(id) }],
    });
    expect((await capture()).status).toBe('REFUNDED');
    expect((await merchant.get(`/v2/payments/refunds/${body.id}`)).body).toEqual(body);
    expect((await bench.journal(merchant)).slice(1)).toMatchObject([
      {
        kind: 'refund',
        id: body.id,
        capture: id,
        order: order.id,
        amount_minor: 1999,
        currency: 'USD',
        custom_id: 'rf_1',
        invoice_id: 'rnw_1',
        request_id: 'rf_1',
      },
    ]);
    const shown = (await merchant.get(`${ORDERS}/${order.id}`)).body.purchase_units[0].payments;
    expect(shown.refunds).toMatchObject([{ id: body.id }]);
  });

  test('can be of a part, and never of more than was captured', async () => {
    const { merchant, refund, capture } = await paid();
    expect((await refund({ amount: amount('5.00') })).status).toBe(201);
    expect((await capture()).status).toBe('PARTIALLY_REFUNDED');
    expect(issueIn(await refund({ amount: amount('15.00') }))).toBe('REFUND_AMOUNT_EXCEEDED');
    expect((await refund()).body.amount).toEqual(amount('14.99'));
    const more = await refund({ amount: amount('0.01') });
    expect([more.status, issueIn(more)]).toEqual([422, 'CAPTURE_FULLY_REFUNDED']);
    const given = (await bench.journal(merchant)).filter(({ kind }) => kind === 'refund');
    expect(given.map((entry) => entry.amount_minor)).toEqual([500, 1499]);
  });

  test('happens once under one request id, and twice without', async () => {
    const { merchant, id, refund } = await paid();
    const part = { amount: amount('1.00') };
    expect([(await refund(part, 'a')).status, (await refund(part, 'a')).status]).toEqual([
      201, 200,
    ]);
    for (let n = 0; n < 2; n++) await merchant.post(`/v2/payments/captures/${id}/refund`, part);
    expect(await bench.journal(merchant)).toHaveLength(4);
  });

  test.each([
    [{ amount: amount('1.00', 'EUR') }, 422, 'REFUND_CAPTURE_CURRENCY_MISMATCH'],
    [{ amount: amount('1.001') }, 422, 'DECIMAL_PRECISION'],
    [{ amount: amount('0') }, 422, 'CANNOT_BE_ZERO_OR_NEGATIVE'],
    [{ reason: 'mistake' }, 400, 'NOT_SUPPORTED'],
    [{ note_to_payer: 'x'.repeat(256) }, 400, 'INVALID_STRING_LENGTH'],
  ])('of %o is refused with %i %s', async (asked, status, issue) => {
    const { refund } = await paid();
    const answer = await refund(asked);
    expect([answer.status, issueIn(answer)]).toEqual([status, issue]);
  });

  test('is refused for an invoice id that a refund has used', async () => {
    const { refund } = await paid();
    const asked = { amount: amount('1.00'), invoice_id: 'credit_1' };
    expect((await refund(asked)).status).toBe(201);
    expect(issueIn(await refund(asked))).toBe('DUPLICATE_INVOICE_ID');
  });

  test('is refused after 180 days, and for a declined capture', async () => {
    const { refund } = await paid('declined_5120');
    expect(issueIn(await refund())).toBe('REFUND_NOT_ALLOWED');
    const { merchant, id } = await paid();
    await bench.control('POST', 'clock', { advance_seconds: 181 * DAY });
    const late = await bench.merchant(merchant.clientId).post(`/v2/payments/captures/${id}/refund`);
    expect(issueIn(late)).toBe('REFUND_TIME_LIMIT_EXCEEDED');
  });

  test.each([
    ['refund_pending', 'COMPLETED', 'REFUNDED', 2],
    ['refund_fail', 'FAILED', 'COMPLETED', 1],
  ])('of the fate %s is pending first, then %s', async (fate, status, captured, moved) => {
    const { merchant, refund, capture } = await paid(fate);
    const { body } = await refund();
    expect(body).toMatchObject({ status: 'PENDING', status_details: { reason: 'ECHECK' } });
    expect(await bench.journal(merchant)).toHaveLength(1);
    await bench.control('POST', 'clock', { advance_seconds: 3 });
    const later = await merchant.get(`/v2/payments/refunds/${body.id}`);
    expect(later.body.status).toBe(status);
    expect((await capture()).status).toBe(captured);
    expect(await bench.journal(merchant)).toHaveLength(moved);
  });

  test('can be settled on request, before its time', async () => {
    const { merchant, refund } = await paid('refund_fail');
    const { body } = await refund();
    await bench.control('POST', `refunds/${body.id}/settle`, { outcome: 'succeeded' });
    await bench.control('POST', 'clock', { advance_seconds: 3 });
    const later = await merchant.get(`/v2/payments/refunds/${body.id}`);
    expect(later.body.status).toBe('COMPLETED');
  });

  test('can be refused by the fate of the method', async () => {
    const { merchant, refund } = await paid('refund_issue_REFUND_FAILED_INSUFFICIENT_FUNDS');
    const answer = await refund();
    expect([answer.status, issueIn(answer)]).toEqual([422, 'REFUND_FAILED_INSUFFICIENT_FUNDS']);
    expect(await bench.journal(merchant)).toHaveLength(1);
  });
});
