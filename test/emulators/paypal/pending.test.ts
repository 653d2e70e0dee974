import { describe, expect, test } from 'vitest';

import { ORDERS, captureIn, issueIn, renewal, useEmulator } from './emulator.js';

const bench = useEmulator();

async function pending(fate: string) {
  const merchant = bench.merchant();
  const body = renewal(await merchant.vaulted(fate), { custom_id: 'ch_slow' });
  const requestId = crypto.randomUUID();
  const { status, body: order } = await merchant.post(ORDERS, body, { requestId });
  const { id } = captureIn(order);
  const capture = async () => (await merchant.get(`/v2/payments/captures/${id}`)).body;
  return { merchant, status, order, requestId, id, capture };
}

describe('a pending capture', () => {
  test('has moved nothing yet, and says why', async () => {
    const { merchant, status, order } = await pending('pending_ECHECK');
    expect([status, order.status]).toEqual([201, 'COMPLETED']);
    expect(captureIn(order)).toMatchObject({
      status: 'PENDING',
      status_details: { reason: 'ECHECK' },
    });
    expect(captureIn(order).seller_receivable_breakdown).toBeUndefined();
    expect(await bench.journal(merchant)).toEqual([]);
  });

  test.each([
    ['succeeded', 'COMPLETED', 1],
    ['declined', 'DECLINED', 0],
  ])('is settled on request: %s', async (outcome, status, moved) => {
    const { merchant, id, capture, requestId } = await pending('pending_PENDING_REVIEW');
    await bench.control('POST', 'settle', { capture: id, outcome });
    const settled = await capture();
    expect(settled.status).toBe(status);
    expect(settled.status_details).toBeUndefined();
    const journal = await bench.journal(merchant);
    expect(journal).toHaveLength(moved);
    for (const entry of journal)
      expect(entry).toMatchObject({ id, custom_id: 'ch_slow', request_id: requestId });
    await expect(bench.control('POST', 'settle', { capture: id, outcome })).rejects.toThrow(
      'CAPTURE_NOT_PENDING',
    );
  });

  test.each([
    ['pending_ECHECK_60', 'COMPLETED', 1],
    ['pendingThenDenied_PENDING_REVIEW_60', 'DECLINED', 0],
  ])('of the fate %s settles by itself: %s', async (fate, status, moved) => {
    const { merchant, capture } = await pending(fate);
    await bench.control('POST', 'clock', { advance_seconds: 59 });
    expect((await capture()).status).toBe('PENDING');
    await bench.control('POST', 'clock', { advance_seconds: 2 });
    expect((await capture()).status).toBe(status);
    expect(await bench.journal(merchant)).toHaveLength(moved);
  });

  test('cannot be refunded', async () => {
    const { merchant, id } = await pending('pending_ECHECK');
    const refund = await merchant.post(`/v2/payments/captures/${id}/refund`);
    expect([refund.status, issueIn(refund)]).toEqual([422, 'PENDING_CAPTURE']);
  });
});
