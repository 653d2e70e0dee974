/** PayPal's own books, line by line; what an adapter must keep to whoever the vendor is: ../books.ts. */
import { describe, expect, it } from 'vitest';

import { money } from '../../../domain/money.js';
import type { BooksWindow } from '../../../gateways/gateway.js';
import { paypal } from '../../../gateways/paypal/index.js';
import { type Script, accountAt, issue, json, startPaypal } from './stub.js';

const DAY = 86_400_000;
const FROM = Date.parse('2026-01-01T00:00:00Z');
const WINDOW: BooksWindow = { from: FROM, to: FROM + DAY, page: undefined };

function report(lines: readonly object[], more: object = {}) {
  const transaction_details = lines.map((line) => ({
    transaction_info: {
      transaction_id: 'TXN1',
      transaction_event_code: 'T0006',
      transaction_status: 'S',
      transaction_initiation_date: '2026-01-01T12:00:00+0000',
      transaction_amount: { currency_code: 'USD', value: '19.99' },
      ...line,
    },
  }));
  return {
    transaction_details,
    total_pages: 1,
    last_refreshed_datetime: '2026-01-01T18:00:00+0000',
    ...more,
  };
}

async function movements(...lines: object[]) {
  const stub = await startPaypal((_, response) => json(response, 200, report(lines)));
  const page = await paypal.books.listMovements(accountAt(stub.url), WINDOW);
  if (page.kind !== 'page') throw new Error(page.why);
  return page.movements;
}

/** Every page of a window, and the queries that they were asked for with. */
async function readAll(window: BooksWindow, script: Script) {
  const stub = await startPaypal(script);
  const account = accountAt(stub.url);
  const pages = [];
  for (let page: string | undefined, n = 0; n === 0 || page !== undefined; n++) {
    if (n > 50) throw new Error('It never ends');
    const read = await paypal.books.listMovements(account, { ...window, page });
    if (read.kind !== 'page') return { pages, read, asked: [] };
    pages.push(read);
    page = read.next;
  }
  const asked = stub.seen
    .filter(({ path }) => path.startsWith('/v1/reporting'))
    .map(({ path }) => new URL(path, 'http://x').searchParams)
    .map((query) => [query.get('start_date'), query.get('end_date'), query.get('page')].join(' '));
  return { pages, read: undefined, asked };
}

const out = (value: string, code: string) => ({
  transaction_event_code: code,
  transaction_amount: { currency_code: 'USD', value: `-${value}` },
  paypal_reference_id: 'CAPTURE1',
  paypal_reference_id_type: 'TXN',
});

describe('a line of the books', () => {
  it('of a payment is read whole', async () => {
    const line = {
      fee_amount: { currency_code: 'USD', value: '-1.19' },
      custom_field: 'chg_1',
      invoice_id: 'rnw_1-2',
    };
    expect(await movements(line)).toEqual([
      {
        line: 'TXN1:T0006',
        kind: 'charge',
        reference: 'TXN1',
        chargeReference: 'TXN1',
        objectReference: undefined,
        customerReference: undefined,
        owner: { chargeId: 'chg_1', renewalId: 'rnw_1', refundId: undefined },
        amount: money(1999, 'USD'),
        feeMinor: 119,
        settled: true,
        at: Date.parse('2026-01-01T12:00:00Z'),
      },
    ]);
  });

  it('of a refund names its charge, and whose it is', async () => {
    const line = { ...out('5.00', 'T1107'), custom_field: 'rfd_1', invoice_id: 'rfd_1' };
    expect(await movements(line)).toMatchObject([
      {
        line: 'TXN1:T1107',
        kind: 'refund',
        reference: 'TXN1',
        chargeReference: 'CAPTURE1',
        owner: { refundId: 'rfd_1', chargeId: undefined, renewalId: undefined },
        amount: money(500, 'USD'),
        feeMinor: 0,
      },
    ]);
  });

  it.each([
    ['T0000', '19.99', 'charge'],
    ['T0001', '-19.99', 'other'],
    ['T1107', '-19.99', 'refund'],
    ['T1107', '19.99', 'other'],
    ['T1106', '-19.99', 'dispute'],
    ['T1106', '19.99', 'dispute_reversal'],
    ['T1201', '-19.99', 'dispute'],
    ['T1202', '19.99', 'dispute_reversal'],
    ['T1205', '19.99', 'dispute_reversal'],
    ['T1207', '-19.99', 'dispute'],
    ['T1208', '-19.99', 'dispute'],
    ['T1110', '-19.99', 'other'],
    ['T1111', '19.99', 'other'],
    ['T0400', '-19.99', 'other'],
    ['T0106', '-20.00', 'other'],
    ['T9900', '19.99', 'other'],
  ])('under %s for %s is %s', async (transaction_event_code, value, kind) => {
    const transaction_amount = { currency_code: 'USD', value };
    expect(await movements({ transaction_event_code, transaction_amount })).toMatchObject([
      { kind, amount: money(value.endsWith('20.00') ? 2000 : 1999, 'USD') },
    ]);
  });

  it.each([
    ['S', [true]],
    ['V', [true]],
    ['P', [false]],
    ['D', []],
  ])('that is %s has settled: %j', async (transaction_status, settled) => {
    const found = await movements({ transaction_status });
    expect(found.map((movement) => movement.settled)).toEqual(settled);
  });

  it('of an authorization is no movement', async () => {
    expect(await movements({ transaction_event_code: 'T1300' })).toEqual([]);
  });

  it('keeps its name when the transaction’s id shows twice', async () => {
    const found = await movements({}, out('19.99', 'T1106'));
    expect(found.map(({ line }) => line)).toEqual(['TXN1:T0006', 'TXN1:T1106']);
  });

  it('that refers to an agreement or an order refers to no charge', async () => {
    const line = { ...out('1.00', 'T1201'), paypal_reference_id_type: 'PAP' };
    expect(await movements(line)).toMatchObject([{ chargeReference: undefined }]);
  });

  it('is in any currency there is, and a fee given back is less than nothing', async () => {
    const line = {
      ...out('500', 'T1107'),
      transaction_amount: { currency_code: 'JPY', value: '-500.00' },
      fee_amount: { currency_code: 'JPY', value: '40' },
    };
    expect(await movements(line)).toMatchObject([{ amount: money(500, 'JPY'), feeMinor: -40 }]);
    const inr = { transaction_amount: { currency_code: 'INR', value: '100.00' } };
    expect(await movements(inr)).toMatchObject([{ amount: money(10_000, 'INR') }]);
  });

  it.each([
    ['no amount', { transaction_amount: undefined }],
    ['an amount that is none', { transaction_amount: { currency_code: 'USD', value: '1,5' } }],
    ['no date', { transaction_initiation_date: 'soon' }],
  ])('with %s is not left out: a person must look', async (_, line) => {
    const stub = await startPaypal((__, response) => json(response, 200, report([{}, line])));
    const page = await paypal.books.listMovements(accountAt(stub.url), WINDOW);
    expect(page).toMatchObject({ kind: 'unavailable', attention: true });
  });
});

describe('a window', () => {
  it('is complete up to where PayPal has refreshed its books, and never beyond itself', async () => {
    const refreshed = Date.parse('2026-01-01T18:00:00Z');
    const script: Script = (_, response) => json(response, 200, report([]));
    expect((await readAll(WINDOW, script)).pages).toMatchObject([{ completeTo: refreshed }]);
    const early = { ...WINDOW, to: refreshed - 5000 };
    expect((await readAll(early, script)).pages).toMatchObject([{ completeTo: early.to }]);
    const silent: Script = (_, response) =>
      json(response, 200, report([], { last_refreshed_datetime: undefined }));
    expect((await readAll(WINDOW, silent)).pages).toMatchObject([{ completeTo: 0 }]);
  });

  it('is read page by page', async () => {
    const { pages, asked } = await readAll(WINDOW, (_, response, count) =>
      json(response, 200, report([{ transaction_id: `TXN${count}` }], { total_pages: 3 })),
    );
    expect(pages.flatMap((page) => page.movements.map(({ reference }) => reference))).toEqual([
      'TXN1',
      'TXN2',
      'TXN3',
    ]);
    expect(asked.map((query) => query.split(' ')[2])).toEqual(['1', '2', '3']);
  });

  it('longer than 31 days is read in searches that neither overlap nor leave a gap', async () => {
    const window = { ...WINDOW, from: FROM + 500, to: FROM + 70 * DAY + 700 };
    const { asked } = await readAll(window, (_, response) => json(response, 200, report([])));
    expect(asked).toEqual([
      '2026-01-01T00:00:00Z 2026-01-31T23:59:59Z 1',
      '2026-02-01T00:00:00Z 2026-03-03T23:59:59Z 1',
      '2026-03-04T00:00:00Z 2026-03-12T00:00:00Z 1',
    ]);
  });

  it('with more lines than PayPal lists at once is halved until it does', async () => {
    const tooMuch = issue('RESULTSET_TOO_LARGE', 'INVALID_REQUEST');
    const { asked } = await readAll(WINDOW, (_, response, count) =>
      count <= 2 ? json(response, 400, tooMuch) : json(response, 200, report([])),
    );
    expect(asked.slice(2)).toEqual([
      '2026-01-01T00:00:00Z 2026-01-01T06:00:00Z 1',
      '2026-01-01T06:00:01Z 2026-01-01T12:00:01Z 1',
      '2026-01-01T12:00:02Z 2026-01-01T18:00:02Z 1',
      '2026-01-01T18:00:03Z 2026-01-02T00:00:00Z 1',
    ]);
  });

  it('of two seconds that is still too much is for a person', async () => {
    const tooMuch = issue('RESULTSET_TOO_LARGE', 'INVALID_REQUEST');
    const { read } = await readAll(WINDOW, (_, response) => json(response, 400, tooMuch));
    expect(read).toMatchObject({ kind: 'unavailable', attention: true });
  });

  it.each([
    ['without the permission', 403, true],
    ['in an outage', 503, false],
    ['too often', 429, false],
  ])('cannot be read %s', async (_, status, attention) => {
    const body = issue('X', 'Y');
    const { read } = await readAll(WINDOW, (__, response) => json(response, status, body));
    expect(read).toMatchObject({ kind: 'unavailable', attention });
  });

  it('has no other pages than its own', async () => {
    const stub = await startPaypal((_, response) => json(response, 200, report([])));
    const window = { ...WINDOW, page: 'elsewhere' };
    const page = await paypal.books.listMovements(accountAt(stub.url), window);
    expect(page).toMatchObject({ kind: 'unavailable', attention: true });
    expect(stub.seen).toEqual([]);
  });
});
