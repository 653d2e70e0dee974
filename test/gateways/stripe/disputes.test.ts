/** What Stripe says about disputes, word by word; what an adapter must keep to whoever the vendor is: ../disputes.ts. */
import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';

import type { Evidence } from '../../../gateways/gateway.js';
import { stripe } from '../../../gateways/stripe/index.js';
import { eventually } from '../../emulators/stripe/emulator.js';
import { type Kind, type Merchant, frozen, oneAnswer, useGateway } from './bench.js';

const { merchant, control } = useGateway();
const { disputing } = stripe;

async function charged(by: Merchant, kind: Kind = 'card', fate = 'succeed'): Promise<string> {
  const order = await by.order(kind, fate);
  const answer = await stripe.submit(by.account, frozen(order, stripe.compose(order)));
  if (answer.kind === 'pending')
    await control('POST', 'settle', { payment_intent: answer.reference, outcome: 'succeeded' });
  return 'chargeReference' in answer ? answer.chargeReference! : '';
}

async function disputed(by: Merchant, kind?: Kind): Promise<string> {
  const charge = await charged(by, kind);
  return (await control<{ id: string }>('POST', `charges/${charge}/dispute`, {})).id;
}

describe('a dispute', () => {
  const withdrawn = { amount: -1999 };
  const reinstated = { amount: 1999 };

  async function read(more: object) {
    const { account } = await oneAnswer(
      200,
      {},
      {
        id: 'du_1',
        object: 'dispute',
        amount: 1999,
        currency: 'eur',
        charge: 'ch_1',
        created: 1_700_000_000,
        reason: 'fraudulent',
        balance_transactions: [],
        evidence_details: { due_by: 1_700_600_000, past_due: false },
        ...more,
      },
    );
    return disputing.readDispute(account, 'du_1');
  }

  test.each([
    ['warning_needs_response', 'needs_response', true],
    ['warning_under_review', 'under_review', true],
    ['warning_closed', 'closed', true],
    ['needs_response', 'needs_response', false],
    ['under_review', 'under_review', false],
    ['appeal_needs_response', 'needs_response', false],
    ['appeal_under_review', 'under_review', false],
    ['won', 'won', false],
    ['lost', 'lost', false],
    ['prevented', 'closed', false],
  ])('that is %s is %s', async (status, said, inquiry) => {
    expect(await read({ status })).toMatchObject({ dispute: { status: said, inquiry } });
  });

  test('that is of a kind of next year is for a person', async () => {
    expect(await read({ status: 'of_next_year' })).toMatchObject({
      kind: 'unavailable',
      attention: true,
    });
  });

  test.each([
    ['needs_response', [withdrawn], true],
    ['needs_response', [], false],
    ['under_review', [withdrawn], true],
    ['won', [withdrawn, reinstated], false],
    // It is decided, and the money on its way.
    ['won', [withdrawn], true],
    ['lost', [withdrawn], true],
    ['lost', [], true],
    ['warning_closed', [], false],
  ])('that is %s with %j: the money is away, %s', async (status, balance_transactions, away) => {
    const dispute = { withdrawn: away };
    expect(await read({ status, balance_transactions })).toMatchObject({ dispute });
  });

  test.each([
    [[withdrawn], 'lost'],
    [[withdrawn, reinstated], 'won'],
    [[], 'closed'],
  ])('that was prevented with %j is %s', async (balance_transactions, status) => {
    expect(await read({ status: 'prevented', balance_transactions })).toMatchObject({
      dispute: { status },
    });
  });

  test.each([
    ['needs_response', {}, 1_700_600_000_000],
    ['needs_response', { past_due: true }, undefined],
    ['needs_response', { due_by: null }, undefined],
    ['needs_response', { due_by: 0 }, undefined],
    ['under_review', {}, undefined],
  ])('that is %s with %j may be answered until %s', async (status, details, respondBy) => {
    const evidence_details = { due_by: 1_700_600_000, past_due: false, ...details };
    expect(await read({ status, evidence_details })).toMatchObject({ dispute: { respondBy } });
  });

  test.each(['sepa_debit', 'us_bank_account'] as const)(
    'of a debit by %s is a return',
    async (kind) => {
      const by = merchant();
      expect(await disputing.readDispute(by.account, await disputed(by, kind))).toEqual({
        kind: 'return',
      });
    },
  );

  test('whose time is over is no longer answered', async () => {
    const by = merchant();
    const reference = await disputed(by);
    await control('POST', 'clock', { advance_seconds: 8 * 86_400 });
    expect(await disputing.readDispute(by.account, reference)).toMatchObject({
      dispute: { status: 'needs_response', respondBy: undefined },
    });
  });
});

describe('evidence', () => {
  const PDF = { contentType: 'application/pdf', content: Buffer.from('%PDF-1.7') };
  let keys = 0;
  const evidence = (more: Partial<Evidence> = {}): Evidence => ({
    key: `evidence_${++keys}`,
    text: 'It was used.',
    files: [],
    ...more,
  });
  const files = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ ...PDF, name: `${at + 1}.pdf` }));
  const calls = async () => {
    const { requests } = await control<{
      requests: { method: string; path: string; idempotency_key: string }[];
    }>('GET', 'requests');
    return requests.filter(({ method }) => method === 'POST');
  };

  test('with four files fills four fields, each upload under a key of its own', async () => {
    const by = merchant();
    const reference = await disputed(by);
    const given = evidence({ files: files(4) });
    expect(await disputing.sendEvidence(by.account, reference, given)).toEqual({
      kind: 'accepted',
    });
    const { evidence: held } = await by.client.disputes.retrieve(reference);
    const ids = [
      held.uncategorized_file,
      held.customer_communication,
      held.receipt,
      held.service_documentation,
    ];
    const names = await Promise.all(
      ids.map(async (id) => (await by.client.files.retrieve(id as string)).filename),
    );
    expect(names).toEqual(['1.pdf', '2.pdf', '3.pdf', '4.pdf']);
    expect((await calls()).slice(-5).map(({ idempotency_key: key }) => key)).toEqual([
      ...[1, 2, 3, 4].map((n) => `${given.key}:file:${n}`),
      given.key,
    ]);
  });

  test.each([
    ['five files', { files: files(5) }],
    ['too much text', { text: 'x'.repeat(20_001) }],
    ['a film', { files: [{ ...PDF, name: 'film.mp4', contentType: 'video/mp4' }] }],
    [
      'a large file',
      { files: [{ ...PDF, name: 'large.pdf', content: new Uint8Array(5_000_001) }] },
    ],
  ])('with %s is refused, and nothing is sent', async (_, more) => {
    const by = merchant();
    const reference = await disputed(by);
    const before = (await calls()).length;
    expect((await disputing.sendEvidence(by.account, reference, evidence(more))).kind).toBe(
      'refused',
    );
    expect(await calls()).toHaveLength(before);
  });

  test('may be 20,000 characters, and nothing but files', async () => {
    const by = merchant();
    const long = evidence({ text: 'x'.repeat(20_000) });
    expect((await disputing.sendEvidence(by.account, await disputed(by), long)).kind).toBe(
      'accepted',
    );
    const wordless = evidence({ text: '', files: files(1) });
    expect((await disputing.sendEvidence(by.account, await disputed(by), wordless)).kind).toBe(
      'accepted',
    );
  });

  test('that somebody has staged in the dashboard is handed in with ours', async () => {
    const by = merchant();
    const reference = await disputed(by);
    const staged = { evidence: { customer_name: 'Ada' }, submit: false };
    await by.client.disputes.update(reference, staged);
    expect((await disputing.sendEvidence(by.account, reference, evidence())).kind).toBe('accepted');
    expect(await by.client.disputes.retrieve(reference)).toMatchObject({
      status: 'under_review',
      evidence: { customer_name: 'Ada', uncategorized_text: 'It was used.' },
      evidence_details: { submission_count: 1 },
    });
  });

  test('sent twice at once is handed in once', async () => {
    const by = merchant();
    const reference = await disputed(by);
    const given = evidence({ files: files(2) });
    const send = () => disputing.sendEvidence(by.account, reference, given);
    for (const { kind } of await Promise.all([send(), send(), send()]))
      expect(['accepted', 'unavailable']).toContain(kind);
    expect(await send()).toEqual({ kind: 'accepted' });
    const { evidence_details: details } = await by.client.disputes.retrieve(reference);
    expect(details.submission_count).toBe(1);
  });

  test('of a returned debit is refused', async () => {
    const by = merchant();
    const reference = await disputed(by, 'sepa_debit');
    expect((await disputing.sendEvidence(by.account, reference, evidence())).kind).toBe('refused');
  });

  test('that comes too late while it is sent is refused', async () => {
    const by = merchant();
    const reference = await disputed(by);
    const fault = { fault: 'delay', delay_ms: 1_500, effect: 'after', times: 1 };
    await control('POST', 'faults', { ...fault, match: { method: 'POST', path: '/v1/files' } });
    const sending = disputing.sendEvidence(by.account, reference, evidence({ files: files(1) }));
    await eventually(async () => {
      const { faults } = await control<{ faults: object[] }>('GET', 'faults');
      return faults.length === 0 || undefined;
    });
    await control('POST', `disputes/${reference}/close`, { outcome: 'lost' });
    expect((await sending).kind).toBe('refused');
    await control('DELETE', 'faults');
  });

  test.each([
    ['reset_before', '/v1/files'],
    ['error_before', '/v1/disputes/*'],
    ['error_after', '/v1/disputes/*'],
    ['rate_limit', '/v1/disputes/*'],
    ['error_after', '/v1/files'],
  ])('met by %s at %s is sent again, and handed in once', async (fault, path) => {
    const by = merchant();
    const reference = await disputed(by);
    const given = evidence({ files: files(1) });
    await control('POST', 'faults', { fault, match: { method: 'POST', path }, times: 1 });
    const { kind } = await disputing.sendEvidence(by.account, reference, given);
    expect(kind).toBe('unavailable');
    // Stripe keeps a 500 under its key for a day, as it keeps a success.
    if (fault.startsWith('error_')) await control('POST', 'clock', { advance_seconds: 86_401 });
    expect(await disputing.sendEvidence(by.account, reference, given)).toEqual({
      kind: 'accepted',
    });
    const { evidence_details: details } = await by.client.disputes.retrieve(reference);
    expect(details.submission_count).toBe(1);
  });

  test.each(['appeal_needs_response', 'appeal_under_review'])(
    'of an appeal (%s) is not handed in as if it were the first',
    async (status) => {
      const { account, asked } = await oneAnswer(200, {}, {
        id: 'du_1',
        status,
        evidence_details: { submission_count: 1, past_due: false },
      } satisfies Partial<Record<keyof Stripe.Dispute, unknown>>);
      expect((await disputing.sendEvidence(account, 'du_1', evidence())).kind).toBe('refused');
      expect(asked()).toBe(1);
    },
  );

  test.each([
    [400, 'refused'],
    [401, 'unavailable'],
    [403, 'unavailable'],
    [404, 'refused'],
    [409, 'unavailable'],
    [429, 'unavailable'],
    [500, 'unavailable'],
  ])('answered %s is %s', async (status, kind) => {
    const error = { type: 'invalid_request_error', message: 'No.' };
    const { account } = await oneAnswer(status, {}, { error });
    expect((await disputing.sendEvidence(account, 'du_1', evidence())).kind).toBe(kind);
  });
});
