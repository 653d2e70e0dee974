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
  return { merchant, id, refund, capture };
}

/** Evidence is a form of several parts: one is JSON, the others are files. */
async function handIn(
  merchant: Merchant,
  id: string,
  evidences: object[],
  { requestId, files = [] }: { requestId?: string; files?: string[] } = {},
) {
  const form = new FormData();
  form.append('input', new Blob([JSON.stringify({ evidences })], { type: 'application/json' }));
  for (const name of files) form.append('evidence-file', new Blob([name]), name);
  const written = new Response(form);
  const type = written.headers.get('content-type')!;
  const body = await written.text();
  return merchant.send('POST', `/v1/customer/disputes/${id}/provide-evidence`, body, {
    ...(requestId !== undefined && { requestId }),
    headers: { 'content-type': type },
  });
}

async function disputed(how: object = {}) {
  const world = await paid();
  const { id } = await bench.control('POST', `captures/${world.id}/dispute`, how);
  const path = `/v1/customer/disputes/${id}`;
  const shown = async () => (await world.merchant.get(path)).body;
  const close = (outcome: string) => bench.control('POST', `disputes/${id}/close`, { outcome });
  return { ...world, capture: world.id, dispute: id as string, path, shown, close };
}

const NOTES = { evidence_type: 'OTHER', notes: 'See the log.' };

describe('a dispute', () => {
  test('is opened by the buyer’s fate, and refunds in part are closed to it', async () => {
    const { merchant, id, refund } = await paid('dispute_UNAUTHORISED');
    await bench.control('POST', 'clock', { advance_seconds: 2 });
    const { body } = await merchant.get(`/v1/customer/disputes?disputed_transaction_id=${id}`);
    expect(body.items).toMatchObject([
      {
        reason: 'UNAUTHORISED',
        status: 'WAITING_FOR_SELLER_RESPONSE',
        dispute_amount: amount('19.99'),
        disputed_transactions: [{ seller_transaction_id: id, custom: 'ch_1' }],
      },
    ]);
    expect(issueIn(await refund({ amount: amount('1.00') }))).toBe('TRANSACTION_DISPUTED');
  });

  test('takes the money back when the claim is accepted, once', async () => {
    const { merchant, id, refund } = await paid();
    const opened = await bench.control('POST', `captures/${id}/dispute`, {});
    const path = `/v1/customer/disputes/${opened.id}`;
    expect((await merchant.post(`${path}/accept-claim`, { note: 'Yes.' })).status).toBe(200);
    const again = await merchant.post(`${path}/accept-claim`, { note: 'Yes.' });
    expect(again.status).toBe(422);
    expect((await merchant.get(path)).body).toMatchObject({
      status: 'RESOLVED',
      dispute_outcome: { outcome_code: 'RESOLVED_BUYER_FAVOUR' },
    });
    expect((await bench.journal(merchant)).slice(1)).toMatchObject([
      { kind: 'dispute', id: opened.id, capture: id, amount_minor: 1999 },
    ]);
    expect(issueIn(await refund())).toBe('REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK');
  });

  test.each(['COMPLETED', 'REFUNDED', 'REVERSED'])(
    'that is lost shows the capture as a test chooses: %s',
    async (status) => {
      const { id, capture } = await paid();
      const opened = await bench.control('POST', `captures/${id}/dispute`, {});
      await bench.control('POST', `disputes/${opened.id}/close`, {
        outcome: 'lost',
        capture_status: status,
      });
      expect((await capture()).status).toBe(status);
    },
  );

  test('leaves the money where it is when the evidence wins', async () => {
    const { merchant, id, refund } = await paid();
    const opened = await bench.control('POST', `captures/${id}/dispute`, {});
    const path = `/v1/customer/disputes/${opened.id}`;
    const evidences = [{ evidence_type: 'PROOF_OF_FULFILLMENT', notes: 'See the log.' }];
    expect((await handIn(merchant, opened.id, evidences)).status).toBe(200);
    expect((await merchant.get(path)).body.dispute_state).toBe('UNDER_PAYPAL_REVIEW');
    await bench.control('POST', `disputes/${opened.id}/close`, { outcome: 'won' });
    expect(await bench.journal(merchant)).toHaveLength(1);
    expect((await refund()).status).toBe(201);
  });

  test('of a part takes that part, and no more', async () => {
    const { merchant, close, shown } = await disputed({ amount: amount('5.00') });
    expect((await shown()).dispute_amount).toEqual(amount('5.00'));
    await close('lost');
    expect(await shown()).toMatchObject({
      dispute_outcome: { amount_refunded: amount('5.00') },
      money_movements: [{ affected_party: 'SELLER', type: 'DEBIT', amount: amount('5.00') }],
    });
    const [, taken] = await bench.journal(merchant);
    expect(taken).toMatchObject({ kind: 'dispute', amount_minor: 500 });
  });

  test.each([amount('20.00'), amount('5.00', 'EUR')])('of %j is refused', async (asked) => {
    const { id } = await paid();
    const opening = bench.control('POST', `captures/${id}/dispute`, { amount: asked });
    await expect(opening).rejects.toThrow('INVALID_PARAMETER_VALUE');
  });

  test.each(['won', 'lost'])('that only asks moves nothing when it is %s', async (outcome) => {
    const { merchant, close, shown, refund } = await disputed({ stage: 'INQUIRY' });
    expect(await shown()).toMatchObject({
      dispute_life_cycle_stage: 'INQUIRY',
      dispute_state: 'OPEN_INQUIRIES',
    });
    await close(outcome);
    expect(await shown()).toMatchObject({
      status: 'RESOLVED',
      dispute_outcome: { amount_refunded: amount('0.00') },
    });
    expect(await bench.journal(merchant)).toHaveLength(1);
    expect((await refund()).status).toBe(201);
  });

  test('that only asks may become a claim, which takes the money when it is lost', async () => {
    const { merchant, dispute, close, shown } = await disputed({ stage: 'INQUIRY' });
    expect(issueIn(await handIn(merchant, dispute, [NOTES]))).toBe('INVALID_DISPUTE_STATUS');
    await bench.control('POST', `disputes/${dispute}/escalate`, {});
    expect((await shown()).dispute_life_cycle_stage).toBe('CHARGEBACK');
    expect((await handIn(merchant, dispute, [NOTES])).status).toBe(200);
    await close('lost');
    expect(await bench.journal(merchant)).toHaveLength(2);
  });

  test('does not take what was refunded meanwhile', async () => {
    const { merchant, refund, close } = await disputed();
    expect((await refund()).status).toBe(201);
    await close('lost');
    const kinds = (await bench.journal(merchant)).map(({ kind }) => kind);
    expect(kinds).toEqual(['charge', 'refund']);
  });

  test('that is opened and closed silently is told to nobody', async () => {
    const { merchant, id } = await paid();
    const silent = { silent: true };
    const opened = await bench.control('POST', `captures/${id}/dispute`, silent);
    await bench.control('POST', `disputes/${opened.id}/close`, { outcome: 'lost', ...silent });
    const { body } = await merchant.get('/v1/notifications/webhooks-events');
    const kinds = body.events.map(({ event_type }: { event_type: string }) => event_type);
    expect(kinds).not.toContain('CUSTOMER.DISPUTE.CREATED');
    expect(kinds).not.toContain('PAYMENT.CAPTURE.REVERSED');
    expect(await bench.journal(merchant)).toHaveLength(2);
  });
});

describe('evidence', () => {
  test('is kept, shown and handed in once under one request id', async () => {
    const { merchant, dispute, shown } = await disputed();
    const files = ['receipt.pdf'];
    const first = await handIn(merchant, dispute, [NOTES], { requestId: 'evidence_1', files });
    const again = await handIn(merchant, dispute, [NOTES], { requestId: 'evidence_1', files });
    expect([first.status, again.status]).toEqual([200, 200]);
    expect((await shown()).evidences).toEqual([
      {
        ...NOTES,
        documents: [{ name: 'receipt.pdf' }],
        source: 'SUBMITTED_BY_SELLER',
        date: expect.any(String),
      },
    ]);
    const { evidences } = await bench.control('GET', `disputes/${dispute}/evidence`);
    expect(evidences).toMatchObject([NOTES]);
  });

  test('is refused twice, after its time, and in no form', async () => {
    const { merchant, dispute, path, shown } = await disputed();
    expect((await merchant.post(`${path}/provide-evidence`, { evidences: [NOTES] })).status).toBe(
      415,
    );
    expect(issueIn(await handIn(merchant, dispute, [{ notes: 'No type.' }]))).toBe(
      'MISSING_REQUIRED_PARAMETER',
    );
    const long = { ...NOTES, notes: 'x'.repeat(2001) };
    expect(issueIn(await handIn(merchant, dispute, [long]))).toBe('INVALID_STRING_LENGTH');
    expect((await handIn(merchant, dispute, [NOTES])).status).toBe(200);
    expect(issueIn(await handIn(merchant, dispute, [NOTES]))).toBe('INVALID_DISPUTE_STATUS');
    expect((await shown()).evidences).toHaveLength(1);

    const late = await disputed();
    await bench.control('POST', 'clock', { advance_seconds: 10 * DAY + 1 });
    const fresh = bench.merchant(late.merchant.clientId);
    expect(issueIn(await handIn(fresh, late.dispute, [NOTES]))).toBe('INVALID_DISPUTE_STATUS');
  });
});

describe('a reversal without a dispute', () => {
  test('takes the money, shows the capture so, and leaves no dispute', async () => {
    const { merchant, id, capture } = await paid();
    await bench.control('POST', `captures/${id}/reverse`, {});
    expect((await capture()).status).toBe('REVERSED');
    const { body } = await merchant.get(`/v1/customer/disputes?disputed_transaction_id=${id}`);
    expect(body.items).toEqual([]);
    expect((await bench.journal(merchant)).slice(1)).toMatchObject([
      { kind: 'dispute', id, amount_minor: 1999 },
    ]);
    await expect(bench.control('POST', `captures/${id}/reverse`, {})).rejects.toThrow('DISPUTED');
  });
});
