/** Stripe's balance transactions, word by word; what an adapter must keep to whoever the vendor is: ../books.ts. */
import { describe, expect, test } from 'vitest';

import { money } from '../../../domain/money.js';
import type { Movement } from '../../../gateways/gateway.js';
import { stripe } from '../../../gateways/stripe/index.js';
import { type Kind, frozen, oneAnswer, useGateway } from './bench.js';

const { merchant, control } = useGateway();
const { books } = stripe;

const CHARGE = {
  id: 'ch_1',
  object: 'charge',
  amount: 1999,
  currency: 'eur',
  status: 'succeeded',
  payment_intent: 'pi_1',
  customer: 'cus_1',
  metadata: { dunlin_merchant: 'mer_1', dunlin_renewal: 'rnw_1' },
};
const REFUND = {
  id: 're_1',
  object: 'refund',
  amount: 500,
  currency: 'eur',
  status: 'succeeded',
  charge: 'ch_1',
  payment_intent: 'pi_1',
  metadata: { dunlin_merchant: 'mer_1', dunlin_refund: 'rfd_1' },
};
const DISPUTE = {
  id: 'du_1',
  object: 'dispute',
  amount: 1999,
  currency: 'eur',
  charge: 'ch_1',
  payment_intent: 'pi_1',
  metadata: {},
};

async function read(...lines: object[]) {
  const data = lines.map((line, at) => ({
    id: `txn_${at + 1}`,
    amount: 1999,
    fee: 88,
    currency: 'eur',
    created: 1_700_000_000,
    ...line,
  }));
  const list = { object: 'list', data, has_more: false, url: '/v1/balance_transactions' };
  const { account } = await oneAnswer(200, {}, list);
  return books.listMovements(account, { from: 0, to: 5000, page: undefined });
}

async function one(line: object): Promise<Movement> {
  const page = await read(line);
  if (page.kind !== 'page') throw new Error(page.why);
  return page.movements[0]!;
}

describe('a line', () => {
  test('of a charge', async () => {
    expect(await one({ reporting_category: 'charge', source: CHARGE })).toEqual({
      line: 'txn_1',
      kind: 'charge',
      reference: 'ch_1',
      chargeReference: 'ch_1',
      objectReference: 'pi_1',
      customerReference: 'cus_1',
      owner: { merchantId: 'mer_1', renewalId: 'rnw_1' },
      amount: money(1999, 'EUR'),
      feeMinor: 88,
      settled: true,
      at: 1_700_000_000_000,
    });
  });

  test('of a refund', async () => {
    const line = { amount: -500, fee: 0, reporting_category: 'refund', source: REFUND };
    expect(await one(line)).toMatchObject({
      kind: 'refund',
      reference: 're_1',
      chargeReference: 'ch_1',
      owner: { merchantId: 'mer_1', refundId: 'rfd_1' },
      amount: money(500, 'EUR'),
      feeMinor: 0,
    });
  });

  test('of a dispute, whose fee is its own', async () => {
    const line = { amount: -1999, fee: 2000, reporting_category: 'dispute', source: DISPUTE };
    expect(await one(line)).toMatchObject({
      kind: 'dispute',
      reference: 'du_1',
      chargeReference: 'ch_1',
      objectReference: 'pi_1',
      owner: {},
      amount: money(1999, 'EUR'),
      feeMinor: 2000,
    });
  });

  test.each([
    ['charge', CHARGE, 'charge'],
    ['payment', CHARGE, 'charge'],
    ['refund', REFUND, 'refund'],
    ['payment_refund', REFUND, 'refund'],
    ['refund_failure', REFUND, 'refund_failure'],
    ['dispute', DISPUTE, 'dispute'],
    ['dispute_reversal', DISPUTE, 'dispute_reversal'],
    ['payout', 'po_1', 'other'],
    ['fee', null, 'other'],
    ['of_next_year', CHARGE, 'other'],
    // A debit that was booked before it failed: neither of its lines took or gave anything.
    ['charge', { ...CHARGE, status: 'failed' }, 'other'],
    ['charge_failure', { ...CHARGE, status: 'failed' }, 'other'],
  ])('of the category %s, with %j, is %s', async (reporting_category, source, kind) => {
    expect((await one({ reporting_category, source })).kind).toBe(kind);
  });

  test('in another currency than the charge: the object says how much', async () => {
    const settled = { amount: 2150, fee: 95, currency: 'usd', reporting_category: 'charge' };
    const movement = await one({ ...settled, source: CHARGE });
    expect(movement).toMatchObject({ amount: money(1999, 'EUR'), feeMinor: 0 });
  });

  test.each([
    [{ amount: 50_000, fee: 1_250, currency: 'isk' }, money(500, 'ISK'), 13],
    [{ amount: 500, fee: 18, currency: 'jpy' }, money(500, 'JPY'), 18],
    [{ amount: 5_120, fee: 153, currency: 'kwd' }, money(5_120, 'KWD'), 153],
  ])('%j is %j', async (wire, amount, feeMinor) => {
    const source = { ...CHARGE, amount: wire.amount, currency: wire.currency };
    const movement = await one({ ...wire, reporting_category: 'charge', source });
    expect(movement).toMatchObject({ amount, feeMinor });
  });

  test.each([
    [{ ...CHARGE, status: 'pending' }, false],
    [{ ...REFUND, status: 'pending' }, false],
    [{ ...REFUND, status: 'requires_action' }, false],
    [{ ...REFUND, status: 'failed' }, true],
    [CHARGE, true],
  ])('of %j is settled: %s', async (source, settled) => {
    expect((await one({ reporting_category: 'charge', source })).settled).toBe(settled);
  });

  test('of nobody’s charge in a currency unknown here is left out; a charge in one is for a person', async () => {
    const strange = { currency: 'zzz' };
    const page = await read({ ...strange, reporting_category: 'payout', source: 'po_1' });
    expect(page).toMatchObject({ kind: 'page', movements: [] });
    const charge = { ...CHARGE, ...strange };
    const taken = await read({ ...strange, reporting_category: 'charge', source: charge });
    expect(taken).toMatchObject({ kind: 'unavailable', attention: true });
  });
});

describe('a window', () => {
  async function collected(by: ReturnType<typeof merchant>, kind: Kind = 'card') {
    const order = await by.order(kind, 'succeed');
    const answer = await stripe.submit(by.account, frozen(order, stripe.compose(order)));
    if (answer.kind === 'pending')
      await control('POST', 'settle', { payment_intent: answer.reference, outcome: 'succeeded' });
    if (!('chargeReference' in answer)) throw new Error(JSON.stringify(answer));
    return answer.chargeReference!;
  }
  const now = async () => (await control<{ now_ms: number }>('GET', 'clock')).now_ms;

  test('is read page by page, each line once', async () => {
    const by = merchant();
    const from = await now();
    const charge = await collected(by);
    for (let refund = 0; refund < 104; refund++)
      await by.client.refunds.create({ charge, amount: 1 });
    const to = await now();
    const first = await books.listMovements(by.account, { from, to, page: undefined });
    if (first.kind !== 'page') throw new Error(first.why);
    expect(first.movements).toHaveLength(100);
    expect(first).toMatchObject({ next: first.movements[99]!.line, completeTo: to });
    const second = await books.listMovements(by.account, { from, to, page: first.next });
    if (second.kind !== 'page') throw new Error(second.why);
    expect(second).toMatchObject({ next: undefined });
    const lines = [...first.movements, ...second.movements].map(({ line }) => line);
    expect(new Set(lines).size).toBe(105);
  });

  test('has a debit that came back as a charge and a dispute', async () => {
    const by = merchant();
    const from = await now();
    const charge = await collected(by, 'sepa_debit');
    await control('POST', `charges/${charge}/dispute`, {});
    const page = await books.listMovements(by.account, { from, to: await now(), page: undefined });
    if (page.kind !== 'page') throw new Error(page.why);
    const told = page.movements.map(({ kind, chargeReference }) => [kind, chargeReference]);
    expect(told).toEqual([
      ['dispute', charge],
      ['charge', charge],
    ]);
  });

  test('has a refund that failed, and its money back', async () => {
    const by = merchant();
    const from = await now();
    const charge = await collected(by);
    const { id } = await by.client.refunds.create({ charge });
    await control('POST', `refunds/${id}/settle`, { outcome: 'failed' });
    const page = await books.listMovements(by.account, { from, to: await now(), page: undefined });
    if (page.kind !== 'page') throw new Error(page.why);
    expect(page.movements).toMatchObject([
      { kind: 'refund_failure', reference: id, chargeReference: charge },
      { kind: 'refund', reference: id },
      { kind: 'charge' },
    ]);
  });

  test.each([
    [401, true],
    [403, true],
    [429, false],
    [500, false],
  ])('that is answered %s is for a person: %s', async (status, attention) => {
    const error = { type: 'invalid_request_error', message: 'No.' };
    const { account } = await oneAnswer(status, {}, { error });
    const page = await books.listMovements(account, { from: 0, to: 1, page: undefined });
    expect(page.kind).toBe('unavailable');
    expect('attention' in page && page.attention).toBe(attention);
  });
});
