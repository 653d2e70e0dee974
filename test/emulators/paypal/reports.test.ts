import { describe, expect, test } from 'vitest';

import { ORDERS, amount, captureIn, issueIn, renewal, useEmulator } from './emulator.js';

const bench = useEmulator();
const PATH = '/v1/reporting/transactions';
const HOUR = 3_600_000;

async function now(): Promise<number> {
  return (await bench.control<{ now_ms: number }>('GET', 'clock')).now_ms;
}

async function search(clientId: string, more: Record<string, string> = {}) {
  const at = await now();
  const query = new URLSearchParams({
    start_date: new Date(at - 30 * 24 * HOUR).toISOString(),
    end_date: new Date(at).toISOString(),
    ...more,
  });
  return bench.merchant(clientId).get(`${PATH}?${query.toString()}`);
}

async function renew(fate = 'succeed', merchant = bench.merchant()) {
  const unit = { custom_id: 'ch_1', invoice_id: crypto.randomUUID() };
  const body = renewal(await merchant.vaulted(fate), unit);
  const { body: order } = await merchant.post(ORDERS, body, { requestId: crypto.randomUUID() });
  return { merchant, ...unit, capture: captureIn(order) };
}

const infosIn = ({ body }: Awaited<ReturnType<typeof search>>) =>
  body.transaction_details.map(
    (one: { transaction_info: Record<string, unknown> }) => one.transaction_info,
  );

describe('the report of transactions', () => {
  test('is three hours behind, and knows then what has moved', async () => {
    const { merchant, capture, invoice_id } = await renew();
    await merchant.post(`/v2/payments/captures/${capture.id}/refund`, { amount: amount('5.00') });
    expect(infosIn(await search(merchant.clientId))).toEqual([]);
    await bench.control('POST', 'clock', { advance_seconds: 3 * 3600 + 1 });
    const report = await search(merchant.clientId);
    expect(report.body).toMatchObject({ page: 1, total_items: 2, total_pages: 1 });
    expect(Date.parse(report.body.last_refreshed_datetime)).toBeLessThan(
      (await now()) - 2.9 * HOUR,
    );
    expect(infosIn(report)).toMatchObject([
      {
        transaction_id: capture.id,
        transaction_event_code: 'T0000',
        transaction_status: 'S',
        transaction_amount: amount('19.99'),
        fee_amount: amount('-1.19'),
        invoice_id,
        custom_field: 'ch_1',
        transaction_initiation_date: capture.create_time,
        transaction_updated_date: capture.update_time,
      },
      {
        paypal_reference_id: capture.id,
        paypal_reference_id_type: 'TXN',
        transaction_event_code: 'T1107',
        transaction_amount: amount('-5.00'),
        transaction_status: 'S',
      },
    ]);
  });

  test('shows a settled payment as pending until it has caught up', async () => {
    const { merchant, capture } = await renew('pending_ECHECK');
    await bench.control('POST', 'clock', { advance_seconds: 4 * 3600 });
    await bench.control('POST', 'settle', { capture: capture.id, outcome: 'succeeded' });
    const all = { balance_affecting_records_only: 'N' };
    const status = async () =>
      infosIn(await search(merchant.clientId, all)).map(
        (info: { transaction_status: string }) => info.transaction_status,
      );
    expect(await status()).toEqual(['P']);
    expect(infosIn(await search(merchant.clientId))).toEqual([]);
    await bench.control('POST', 'transactions', { lag_seconds: 0 });
    expect(await status()).toEqual(['S']);
    await bench.control('POST', 'transactions', { lag_seconds: 3 * 3600 });
  });

  test('is cut into pages, and filtered', async () => {
    const { merchant, capture } = await renew();
    for (let n = 0; n < 2; n++) await renew('succeed', merchant);
    await bench.control('POST', 'clock', { advance_seconds: 4 * 3600 });
    const { clientId } = merchant;
    const page = await search(clientId, { page_size: '2', page: '2' });
    expect(page.body).toMatchObject({ total_items: 3, total_pages: 2 });
    expect(infosIn(page)).toHaveLength(1);
    expect(infosIn(await search(clientId, { transaction_id: capture.id }))).toHaveLength(1);
    expect(infosIn(await search(clientId, { transaction_status: 'P' }))).toEqual([]);
    expect(infosIn(await search(clientId, { transaction_amount: '1999 TO 1999' }))).toHaveLength(3);
    expect(infosIn(await search(clientId, { transaction_currency: 'EUR' }))).toEqual([]);
    expect(infosIn(await search('another-client'))).toEqual([]);
  });

  test.each([
    [
      { start_date: '2026-01-01T00:00:00Z', end_date: '2026-02-02T00:00:00Z' },
      'INVALID_DATE_RANGE',
    ],
    [
      { start_date: '2026-02-01T00:00:00Z', end_date: '2026-01-02T00:00:00Z' },
      'INVALID_DATE_RANGE',
    ],
    [{ start_date: '2026-01-01' }, 'INVALID_PARAMETER_SYNTAX'],
    [{ page_size: '501' }, 'INVALID_PARAMETER_VALUE'],
    [{ page: '0' }, 'INVALID_PARAMETER_VALUE'],
    [{ custom_field: 'ch_1' }, 'NOT_SUPPORTED'],
  ])('is refused for %o', async (query, issue) => {
    const answer = await search('refused-client', query as Record<string, string>);
    expect([answer.status, issueIn(answer)]).toEqual([400, issue]);
  });
});
