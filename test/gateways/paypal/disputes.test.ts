/** What PayPal says about disputes, word by word; what an adapter must keep to whoever the vendor is: ../disputes.ts. */
import { describe, expect, it } from 'vitest';

import { money } from '../../../domain/money.js';
import type { Evidence, SeenDispute } from '../../../gateways/gateway.js';
import { paypal } from '../../../gateways/paypal/index.js';
import { accountAt, issue, json, startPaypal } from './stub.js';

const { disputing } = paypal;

/** A dispute as PayPal shows it. */
function shown(more: object = {}) {
  return {
    dispute_id: 'PP-D-1',
    create_time: '2026-11-01T10:00:00.000Z',
    disputed_transactions: [{ seller_transaction_id: 'CAPTURE1' }],
    reason: 'UNAUTHORISED',
    status: 'WAITING_FOR_SELLER_RESPONSE',
    dispute_amount: { currency_code: 'USD', value: '19.99' },
    dispute_life_cycle_stage: 'CHARGEBACK',
    seller_response_due_date: '2026-11-11T10:00:00.000Z',
    ...more,
  };
}

async function read(more: object, status = 200) {
  const stub = await startPaypal((_, response) => json(response, status, shown(more)));
  return disputing.readDispute(accountAt(stub.url), 'PP-D-1');
}

const DUE = Date.parse('2026-11-11T10:00:00Z');

function resolved(outcome_code: string, more: object = {}) {
  return { status: 'RESOLVED', dispute_outcome: { outcome_code }, ...more };
}

/** A movement of the merchant's money. */
function moved(type: 'DEBIT' | 'CREDIT', value = '19.99', more: object = {}) {
  const amount = { currency_code: 'USD', value };
  return { affected_party: 'SELLER', amount, type, reason: 'DISPUTE_SETTLEMENT', ...more };
}

describe('a dispute', () => {
  it('is read whole', async () => {
    expect(await read({})).toEqual({
      kind: 'dispute',
      dispute: {
        reference: 'PP-D-1',
        chargeReference: 'CAPTURE1',
        amount: money(1999, 'USD'),
        reason: 'UNAUTHORISED',
        inquiry: false,
        status: 'needs_response',
        withdrawn: false,
        respondBy: DUE,
        openedAt: Date.parse('2026-11-01T10:00:00Z'),
      },
    });
  });

  it.each([
    ['OPEN', 'needs_response', DUE],
    ['WAITING_FOR_SELLER_RESPONSE', 'needs_response', DUE],
    ['WAITING_FOR_BUYER_RESPONSE', 'under_review', undefined],
    ['UNDER_REVIEW', 'under_review', undefined],
  ])('that is %s is %s', async (status, said, respondBy) => {
    expect(await read({ status })).toMatchObject({ dispute: { status: said, respondBy } });
  });

  it.each([
    ['RESOLVED_BUYER_FAVOUR', 'lost', true],
    ['ACCEPTED', 'lost', true],
    ['RESOLVED_SELLER_FAVOUR', 'won', false],
    ['DENIED', 'won', false],
    ['CANCELED_BY_BUYER', 'won', false],
    ['RESOLVED_WITH_PAYOUT', 'won', false],
  ])('resolved as %s is %s, and an inquiry is closed', async (code, status, withdrawn) => {
    const gone = { respondBy: undefined };
    expect(await read(resolved(code))).toMatchObject({ dispute: { status, withdrawn, ...gone } });
    expect(await read(resolved(code, { dispute_life_cycle_stage: 'INQUIRY' }))).toMatchObject({
      dispute: { inquiry: true, status: 'closed', withdrawn: false, ...gone },
    });
  });

  it.each(['PRE_ARBITRATION', 'ARBITRATION'])('in %s is no inquiry', async (stage) => {
    const said = await read({ dispute_life_cycle_stage: stage });
    expect(said).toMatchObject({ dispute: { inquiry: false } });
  });

  it.each([
    ['taken while it is open', {}, [moved('DEBIT')], 1999],
    ['taken and given back', resolved('DENIED'), [moved('DEBIT'), moved('CREDIT')], 0],
    ['given back in part', {}, [moved('DEBIT'), moved('CREDIT', '5.00')], 1499],
    ['a fee alone', {}, [moved('DEBIT', '20.00', { reason: 'CHARGEBACK_FEE' })], 0],
    ['the buyer’s', {}, [moved('DEBIT', '19.99', { affected_party: 'BUYER' })], 0],
  ])('says by its movements where the money is: %s', async (_, more, money_movements, away) => {
    const { dispute } = (await read({ ...more, money_movements })) as { dispute: SeenDispute };
    expect(dispute.withdrawn).toBe(away > 0);
    expect(dispute.taken).toEqual(away > 0 ? money(away, 'USD') : undefined);
  });

  it.each([
    ['all of it', '19.99', [], { status: 'lost', withdrawn: true, taken: money(1999, 'USD') }],
    ['a part', '7.00', [], { status: 'lost', withdrawn: true, taken: money(700, 'USD') }],
    ['nothing', '0.00', [], { status: 'closed', withdrawn: false }],
    ['its movements say', '19.99', [moved('DEBIT', '5.00')], { taken: money(500, 'USD') }],
  ])('that ended for the buyer says what it took: %s', async (_, value, money_movements, said) => {
    const amount_refunded = { currency_code: 'USD', value };
    const dispute_outcome = { outcome_code: 'RESOLVED_BUYER_FAVOUR', amount_refunded };
    expect(await read({ status: 'RESOLVED', dispute_outcome, money_movements })).toMatchObject({
      dispute: said,
    });
  });

  it('whose movements cannot be added up is what was wanted', async () => {
    const yen = { amount: { currency_code: 'JPY', value: '100' } };
    const money_movements = [moved('DEBIT'), moved('DEBIT', '', yen)];
    const { dispute } = (await read({
      ...resolved('RESOLVED_BUYER_FAVOUR'),
      money_movements,
    })) as { dispute: SeenDispute };
    expect(dispute).toMatchObject({ status: 'lost', withdrawn: true });
    expect(dispute.taken).toBeUndefined();
  });

  it('that took the money of an inquiry is lost, not closed', async () => {
    const inquiry = { dispute_life_cycle_stage: 'INQUIRY', money_movements: [moved('DEBIT')] };
    expect(await read(resolved('ACCEPTED', inquiry))).toMatchObject({
      dispute: { inquiry: true, status: 'lost', withdrawn: true },
    });
  });

  it.each([
    ['a status nobody knows', { status: 'OTHER' }],
    ['an outcome nobody knows', resolved('NONE')],
    ['no outcome', { status: 'RESOLVED' }],
    ['a stage nobody knows', { dispute_life_cycle_stage: 'LITIGATION' }],
    ['no charge', { disputed_transactions: [] }],
    ['no amount', { dispute_amount: { currency_code: 'USD', value: 'much' } }],
    ['no beginning', { create_time: 'yesterday' }],
    ['another name', { dispute_id: 'PP-D-2' }],
    ['nothing of a dispute', { status: undefined }],
  ])('with %s is for a person', async (_, more) => {
    expect(await read(more)).toMatchObject({ kind: 'unavailable', attention: true });
  });

  it('in an outage is to be asked for again', async () => {
    const answer = await read({}, 503);
    expect(answer).toMatchObject({ kind: 'unavailable', attention: false });
  });

  it('that PayPal does not know is not there', async () => {
    expect(await read({}, 404)).toMatchObject({ kind: 'absent' });
  });

  it('whose name could lead elsewhere is not asked for', async () => {
    const stub = await startPaypal((_, response) => json(response, 200, shown()));
    const answer = await disputing.readDispute(accountAt(stub.url), '../x');
    expect(answer).toMatchObject({ kind: 'absent' });
    expect(stub.seen).toEqual([]);
  });
});

const EVIDENCE: Evidence = { key: 'evidence_1', text: 'He logged in „daily“. ✓\r\n--x', files: [] };
const OURS = { source: 'SUBMITTED_BY_SELLER', notes: EVIDENCE.text };

/** A PayPal that shows the dispute so, first and after the evidence was sent, and answers that so. */
async function send(
  dispute: object | number,
  post: readonly [number, unknown] = [200, { links: [] }],
  more: { readonly evidence?: Partial<Evidence>; readonly after?: object } = {},
) {
  let isSent = false;
  const stub = await startPaypal(({ method }, response) => {
    if (method === 'POST') {
      isSent = true;
      return json(response, ...post);
    }
    if (typeof dispute === 'number')
      return json(response, dispute, issue('INVALID_RESOURCE_ID', 'RESOURCE_NOT_FOUND'));
    return json(response, 200, shown(isSent ? (more.after ?? dispute) : dispute));
  });
  const evidence = { ...EVIDENCE, ...more.evidence };
  const sent = await disputing.sendEvidence(accountAt(stub.url), 'PP-D-1', evidence);
  return { sent, posts: stub.seen.filter(({ path }) => path.endsWith('/provide-evidence')) };
}

describe('evidence', () => {
  it('is a form with one part of JSON, under its own key', async () => {
    const { sent, posts } = await send({});
    expect(sent).toEqual({ kind: 'accepted' });
    const [{ headers, path, body }] = posts as [(typeof posts)[number]];
    expect(path).toBe('/v1/customer/disputes/PP-D-1/provide-evidence');
    expect(headers['paypal-request-id']).toBe('evidence_1');
    const form = await new Response(body, {
      headers: { 'content-type': headers['content-type']! },
    }).formData();
    expect([...form.keys()]).toEqual(['input']);
    const input = form.get('input');
    const text = typeof input === 'string' ? input : await input!.text();
    expect(JSON.parse(text)).toEqual({
      evidences: [{ evidence_type: 'OTHER', notes: EVIDENCE.text }],
    });
  });

  it.each([
    [
      'with files',
      { files: [{ name: 'a.pdf', contentType: 'application/pdf', content: new Uint8Array(1) }] },
    ],
    ['of more than 2000 characters', { text: 'x'.repeat(2001) }],
    ['of nothing', { text: ' ' }],
  ])('%s is refused, and nothing is sent', async (_, evidence) => {
    const { sent, posts } = await send({}, [200, {}], { evidence });
    expect(sent.kind).toBe('refused');
    expect(posts).toEqual([]);
  });

  it('of 2000 characters is sent', async () => {
    const { sent } = await send({}, [200, {}], { evidence: { text: 'x'.repeat(2000) } });
    expect(sent.kind).toBe('accepted');
  });

  it.each([
    ['PayPal reviews it', { status: 'UNDER_REVIEW' }],
    ['it is decided', resolved('RESOLVED_BUYER_FAVOUR')],
    ['PayPal still asks for more', {}],
  ])('that is there counts, and is not sent again: %s', async (_, more) => {
    const { sent, posts } = await send({ ...more, evidences: [OURS] });
    expect(sent).toEqual({ kind: 'accepted' });
    expect(posts).toEqual([]);
  });

  it('that PayPal asks for, or that the buyer gave, is none of ours', async () => {
    const evidences = [
      { source: 'REQUESTED_FROM_SELLER' },
      { source: 'SUBMITTED_BY_BUYER', notes: EVIDENCE.text },
    ];
    expect((await send({ evidences })).posts).toHaveLength(1);
    const late = await send({ status: 'UNDER_REVIEW', evidences });
    expect([late.sent.kind, late.posts.length]).toEqual(['refused', 0]);
  });

  it.each([
    ['too late', 422, issue('INVALID_DISPUTE_STATUS'), 'refused'],
    ['wrong', 400, issue('INVALID_PARAMETER_VALUE', 'INVALID_REQUEST'), 'refused'],
    ['without the permission', 403, issue('PERMISSION_DENIED', 'NOT_AUTHORIZED'), 'unavailable'],
    ['too often', 429, issue('RATE_LIMIT_REACHED', 'RATE_LIMIT_REACHED'), 'unavailable'],
    ['in an outage', 503, {}, 'unavailable'],
    ['while another send is at it', 409, issue('RESOURCE_CONFLICT'), 'unavailable'],
  ] as const)('answered as %s is %s%.0s', async (_, status, body, kind) => {
    expect((await send({}, [status, body])).sent.kind).toBe(kind);
  });

  it('refused because an earlier send arrived meanwhile is accepted', async () => {
    const after = { status: 'UNDER_REVIEW', evidences: [OURS] };
    const { sent } = await send({}, [422, issue('INVALID_DISPUTE_STATUS')], { after });
    expect(sent).toEqual({ kind: 'accepted' });
  });

  it('of a dispute that cannot be read waits, and of one that is not found is refused', async () => {
    expect((await send(503)).sent.kind).toBe('unavailable');
    expect((await send(404)).sent.kind).toBe('refused');
  });
});
