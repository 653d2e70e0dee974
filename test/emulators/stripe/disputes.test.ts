import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';

import { type JournalEntry, OFF_SESSION, refusal, savedCard, useEmulator } from './emulator.js';

const bench = useEmulator();
const control: typeof bench.control = (method, path, body) => bench.control(method, path, body);

async function disputed(stripe: Stripe, how: object = {}) {
  const card = await savedCard(stripe, 'pm_card_visa');
  const { latest_charge } = await stripe.paymentIntents.create({ ...OFF_SESSION, ...card });
  const charge = latest_charge as string;
  const dispute = await control<Stripe.Dispute>('POST', `charges/${charge}/dispute`, how);
  return { charge, dispute };
}

function upload(stripe: Stripe, more: Partial<Stripe.FileData> = {}, key?: string) {
  const file = { name: 'receipt.pdf', type: 'application/pdf', data: Buffer.from('%PDF'), ...more };
  const params = { purpose: 'dispute_evidence', file } as const;
  return stripe.files.create(params, key === undefined ? {} : { idempotencyKey: key });
}

async function told(stripe: Stripe, type: string) {
  return (await stripe.events.list({ type })).data;
}

describe('evidence', () => {
  test('is handed in at once, and once', async () => {
    const stripe = bench.client();
    const { dispute } = await disputed(stripe);
    const evidence = { uncategorized_text: 'It was used.' };
    const answered = await stripe.disputes.update(dispute.id, {
      evidence,
      metadata: { by: 'Ada' },
    });
    expect(answered).toMatchObject({
      status: 'under_review',
      evidence,
      evidence_details: { has_evidence: true, past_due: false, submission_count: 1 },
      metadata: { by: 'Ada' },
    });
    expect(await stripe.disputes.retrieve(dispute.id)).toMatchObject({ status: 'under_review' });
    expect(await told(stripe, 'charge.dispute.updated')).toHaveLength(1);
    const again = await refusal(stripe.disputes.update(dispute.id, { evidence }));
    expect(again.statusCode).toBe(400);
    // What is no answer may still be changed.
    await stripe.disputes.update(dispute.id, { metadata: { by: '' } });
    expect(await stripe.disputes.retrieve(dispute.id)).toMatchObject({
      metadata: {},
      evidence_details: { submission_count: 1 },
    });
  });

  test('is staged, and handed in later', async () => {
    const stripe = bench.client();
    const { dispute } = await disputed(stripe, { reason: 'inquiry' });
    const { id: receipt } = await upload(stripe);
    await stripe.disputes.update(dispute.id, { evidence: { receipt }, submit: false });
    expect(await stripe.disputes.retrieve(dispute.id)).toMatchObject({
      status: 'warning_needs_response',
      evidence_details: { has_evidence: true, submission_count: 0 },
    });
    const emptied = { evidence: { receipt: '' }, submit: false };
    const { evidence_details: details } = await stripe.disputes.update(dispute.id, emptied);
    expect(details.has_evidence).toBe(false);
    const { status } = await stripe.disputes.update(dispute.id, { evidence: { receipt } });
    expect(status).toBe('warning_under_review');
  });

  test('must be of fields and files that exist, and within bounds', async () => {
    const stripe = bench.client();
    const { dispute } = await disputed(stripe);
    const refusalOf = (evidence: object) =>
      refusal(stripe.disputes.update(dispute.id, { evidence }));
    expect((await refusalOf({ alibi: 'x' })).code).toBe('parameter_unknown');
    expect((await refusalOf({ receipt: 'file_none' })).param).toBe('evidence[receipt]');
    expect((await refusalOf({ uncategorized_text: 'x'.repeat(20_001) })).statusCode).toBe(400);
    const much = 'x'.repeat(20_000);
    const names = ['access_activity_log', 'customer_name', 'service_date', 'shipping_date'];
    const more = [
      'billing_address',
      'cancellation_rebuttal',
      'shipping_carrier',
      'customer_email_address',
    ];
    const whole = Object.fromEntries([...names, ...more].map((name) => [name, much]));
    expect((await refusalOf(whole)).statusCode).toBe(400);
    expect(await stripe.disputes.retrieve(dispute.id)).toMatchObject({ status: 'needs_response' });
  });

  test('comes too late once the time is over', async () => {
    const stripe = bench.client();
    const { dispute } = await disputed(stripe);
    expect(dispute.evidence_details.past_due).toBe(false);
    await control('POST', 'clock', { advance_seconds: 7 * 86_400 + 1 });
    const { data } = await stripe.disputes.list();
    expect(data).toMatchObject([{ evidence_details: { past_due: true } }]);
    const late = await refusal(stripe.disputes.update(dispute.id, { submit: true }));
    expect(late.statusCode).toBe(400);
  });

  test.each(['won', 'lost'])('comes too late when it is %s', async (outcome) => {
    const stripe = bench.client();
    const { dispute } = await disputed(stripe);
    await control('POST', `disputes/${dispute.id}/close`, { outcome });
    const evidence = { uncategorized_text: 'It was used.' };
    const late = await refusal(stripe.disputes.update(dispute.id, { evidence }));
    expect(late.statusCode).toBe(400);
  });
});

describe('a dispute', () => {
  test('that the merchant accepts is lost, once', async () => {
    const stripe = bench.client();
    const { dispute } = await disputed(stripe);
    const key = { idempotencyKey: 'give-up' };
    expect((await stripe.disputes.close(dispute.id, {}, key)).status).toBe('lost');
    const [closed] = await told(stripe, 'charge.dispute.closed');
    expect(closed).toMatchObject({
      data: { object: { status: 'lost' } },
      request: { idempotency_key: 'give-up' },
    });
    expect((await refusal(stripe.disputes.close(dispute.id))).statusCode).toBe(400);
  });

  test('may be about a part', async () => {
    const stripe = bench.client();
    const { charge, dispute } = await disputed(stripe, { amount_minor: 500 });
    expect(dispute).toMatchObject({ amount: 500, balance_transactions: [{ amount: -500 }] });
    const { entries } = await control<{ entries: JournalEntry[] }>('GET', 'journal');
    const moved = entries.filter(({ id }) => id === dispute.id);
    expect(moved).toMatchObject([{ kind: 'dispute', amount_minor: 500 }]);
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ disputed: true });
    await expect(disputed(stripe, { amount_minor: 2000 })).rejects.toThrow(/: 400 /);
  });

  test('says what kind of case it is, of a card', async () => {
    const stripe = bench.client();
    const details = ({ payment_method_details: said }: Stripe.Dispute) => said;
    const card = { brand: 'visa', case_type: 'chargeback', network: 'visa' };
    const { dispute } = await disputed(stripe);
    expect(details(dispute)).toMatchObject({ type: 'card', card });
    const inquiry = await disputed(stripe, { reason: 'inquiry' });
    expect(details(inquiry.dispute)).toMatchObject({ card: { case_type: 'inquiry' } });
  });
});

describe('a file', () => {
  test('is known by its name, type and size, whatever is in it', async () => {
    const stripe = bench.client();
    const data = new Uint8Array(4096).map((_, at) => at % 256);
    const file = await upload(stripe, { name: 'login.png', type: 'image/png', data });
    expect(file).toMatchObject({
      object: 'file',
      filename: 'login.png',
      purpose: 'dispute_evidence',
      size: 4096,
      type: 'png',
    });
    expect(await stripe.files.retrieve(file.id)).toMatchObject({ id: file.id, size: 4096 });
    expect((await refusal(stripe.files.retrieve('file_none'))).statusCode).toBe(404);
  });

  test('that holds what looks like the form around it is still itself', async () => {
    const stripe = bench.client();
    const data = Buffer.from('--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nno\r\n');
    expect(await upload(stripe, { data })).toMatchObject({ size: data.length });
  });

  test('uploaded twice under one key is one file; another under it is refused', async () => {
    const stripe = bench.client();
    const { id } = await upload(stripe, {}, 'file-1');
    expect((await upload(stripe, {}, 'file-1')).id).toBe(id);
    const other = await refusal(upload(stripe, { data: Buffer.from('%PDX') }, 'file-1'));
    expect(other.type).toBe('StripeIdempotencyError');
  });

  test.each([
    ['of a type that banks do not read', { type: 'video/mp4' }],
    ['that is empty', { data: Buffer.alloc(0) }],
  ])('%s is refused', async (_, more) => {
    expect((await refusal(upload(bench.client(), more))).statusCode).toBe(400);
  });

  test.each([
    ['no purpose', 'receipt', { 'content-type': 'multipart/form-data; boundary=x' }],
    ['no form', '{}', { 'content-type': 'application/json' }],
  ])('with %s is refused', async (_, body, headers) => {
    const authorization = 'Bearer sk_test_files';
    const answer = await fetch(`${bench.url()}/v1/files`, {
      method: 'POST',
      headers: { ...headers, authorization },
      body: `--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n${body}\r\n--x--`,
    });
    expect(answer.status).toBe(400);
  });
});

test('nobody is told of what happens silently', async () => {
  const stripe = bench.client();
  const card = await savedCard(stripe, 'pm_card_attachThen_pending');
  const pending = await stripe.paymentIntents.create({ ...OFF_SESSION, ...card });
  const before = (await stripe.events.list({ limit: 100 })).data.length;
  const silent = { silent: true };
  await control('POST', 'settle', {
    payment_intent: pending.id,
    outcome: 'succeeded',
    ...silent,
  });
  const { latest_charge } = await stripe.paymentIntents.retrieve(pending.id);
  const dispute = await control<Stripe.Dispute>(
    'POST',
    `charges/${latest_charge as string}/dispute`,
    silent,
  );
  await control('POST', `disputes/${dispute.id}/close`, { outcome: 'won', ...silent });
  const made = { charge: latest_charge, amount_minor: 100, ...silent };
  const refund = await control<Stripe.Refund>('POST', 'dashboard/refunds', made);
  await control('POST', `refunds/${refund.id}/settle`, { outcome: 'failed', ...silent });
  expect((await stripe.events.list({ limit: 100 })).data).toHaveLength(before);
  expect((await stripe.refunds.retrieve(refund.id)).status).toBe('failed');
  const { data } = await stripe.balanceTransactions.list();
  expect(data.map(({ reporting_category: category }) => category)).toEqual([
    'refund_failure',
    'refund',
    'dispute_reversal',
    'dispute',
    'charge',
  ]);
});
