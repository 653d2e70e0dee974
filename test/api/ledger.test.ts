import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openApiDocument } from '../../api/openapi.js';
import type { LedgerAccount, LedgerKind } from '../../prisma/ledger-transaction.js';
import { newId } from '../../prisma/new-id.js';
import { type House, type MerchantInHouse, aKeyWith, openHouse } from './harness.js';
import { writeFact } from '../support/ledger.js';
import { seedPastDue, type Seeded } from './seed.js';

let house: House;
let other: MerchantInHouse;
let seeded: Seeded;
let written = 0;

beforeAll(async () => {
  house = await openHouse();
  other = await house.addMerchant();
  seeded = await seedPastDue(house, house.merchant);
  await write('charge', 'gateway', 'receivable', 1900, { charge: seeded.charge });
  await write('fee', 'fees', 'gateway', 55, { charge: seeded.charge });
});
afterAll(() => house.close());

interface Written {
  readonly merchant?: MerchantInHouse;
  readonly charge?: string;
  readonly at?: string;
  readonly currency?: string;
  readonly renewal?: string;
}

/** A fact, of the seeded renewal unless it is another merchant's; their ids count. */
async function write(
  kind: LedgerKind,
  debit: LedgerAccount,
  credit: LedgerAccount,
  amountMinor: number,
  { merchant = house.merchant, at, currency = 'EUR', ...more }: Written = {},
) {
  const n = String(++written).padStart(26, '0');
  const mine = merchant === house.merchant;
  const fact = {
    id: `ltx_${n}`,
    merchantId: merchant.id,
    kind,
    source: `src_${written}`,
    customerId: mine ? seeded.customer : null,
    renewalId: more.renewal ?? (mine ? seeded.renewal : null),
    chargeId: more.charge ?? null,
    gatewayAccountId: debit === 'receivable' ? null : merchant.accountId,
    bookedAt: at ? new Date(at) : new Date(),
  };
  await writeFact(house.db, fact, [
    { account: debit, amountMinor, currency },
    { account: credit, amountMinor: -amountMinor, currency },
  ]);
}

async function statement(query: string, key = house.merchant.admin) {
  const response = await fetch(`${house.url}/v1/statements?${query}`, {
    headers: { authorization: `Bearer ${key}` },
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

describe('ledger entries', () => {
  it('are listed newest first, each with the fact it belongs to', async () => {
    const { status, body } = await house.call('GET', '/v1/ledger-entries?kind=charge');
    expect(status).toBe(200);
    expect(body.data).toHaveLength(2);
    expect(body.data[1]).toMatchObject({
      transaction: { kind: 'charge', source: 'src_1' },
      account: 'gateway',
      side: 'debit',
      amount_minor: 1900,
      currency: 'EUR',
      customer: seeded.customer,
      renewal: seeded.renewal,
      charge: seeded.charge,
      gateway_account: { id: house.merchant.accountId, name: 'stripe-eu' },
    });
    expect(body.data[0]).toMatchObject({ account: 'receivable', side: 'credit' });
    const all = (await house.call('GET', '/v1/ledger-entries')).body.data as {
      transaction: { kind: string };
    }[];
    const kinds = all.map((it) => it.transaction.kind);
    expect(kinds).toEqual(['fee', 'fee', 'charge', 'charge', 'renewal_due', 'renewal_due']);
  });

  it.each([
    ['customer', () => seeded.customer, 6],
    ['renewal', () => seeded.renewal, 6],
    ['charge', () => seeded.charge, 4],
    ['gateway_account', () => house.merchant.accountId, 4],
    ['account', () => 'gateway', 2],
    ['kind', () => 'fee', 2],
    ['customer', () => newId('cus'), 0],
  ])('can be asked for by %s', async (field, value, count) => {
    const { body } = await house.call('GET', `/v1/ledger-entries?${field}=${value()}`);
    expect(body.data).toHaveLength(count);
  });

  it('come page by page, without a gap and without a double', async () => {
    const seen: string[] = [];
    for (let more = true; more;) {
      const after = seen.length > 0 ? `&starting_after=${seen.at(-1)}` : '';
      const { body } = await house.call('GET', `/v1/ledger-entries?limit=1${after}`);
      seen.push(...body.data.map(({ id }: { id: string }) => id));
      more = body.has_more;
    }
    const { body } = await house.call('GET', '/v1/ledger-entries');
    expect(seen).toEqual(body.data.map(({ id }: { id: string }) => id));
    expect(new Set(seen).size).toBe(6);
  });

  it("are nobody else's, nor a place to begin reading from", async () => {
    const { body } = await house.call('GET', '/v1/ledger-entries');
    const path = `/v1/ledger-entries?renewal=${seeded.renewal}`;
    expect((await house.call('GET', path, { key: other.admin })).body.data).toEqual([]);
    await write('fee', 'fees', 'gateway', 1, { merchant: other });
    const foreign = `/v1/ledger-entries?starting_after=${body.data[0].id}`;
    expect((await house.call('GET', foreign, { key: other.admin })).body.data).toEqual([]);
  });

  it('are asked for with known words only', async () => {
    for (const query of ['account=pocket', 'kind=gift', 'renewal=1', 'limit=0', 'colour=red'])
      expect((await house.call('GET', `/v1/ledger-entries?${query}`)).status, query).toBe(422);
  });
});

describe('ledger balances', () => {
  it('say per account what came, what went, what is left and what that means', async () => {
    const { status, body } = await house.call('GET', '/v1/ledger-balances');
    expect(status).toBe(200);
    expect(body.has_more).toBe(false);
    const row = (account: string, debit: number, credit: number, meaning: string) => ({
      account,
      currency: 'EUR',
      debit_minor: debit,
      credit_minor: credit,
      balance_minor: debit - credit,
      meaning,
    });
    expect(body.data).toEqual([
      row('fees', 55, 0, 'Kept by gateways'),
      row('gateway', 1900, 55, 'Held by the gateway for you, or paid out by it'),
      row('receivable', 1900, 1900, 'Even'),
      row('revenue', 0, 1900, 'Billed to customers, less what was canceled'),
    ]);
  });

  it('can be those of one customer, one renewal or one gateway account', async () => {
    for (const scope of [`customer=${seeded.customer}`, `renewal=${seeded.renewal}`]) {
      const { body } = await house.call('GET', `/v1/ledger-balances?${scope}`);
      expect(body.data).toHaveLength(4);
    }
    const account = `/v1/ledger-balances?gateway_account=${house.merchant.accountId}`;
    const accounts = (await house.call('GET', account)).body.data as { account: string }[];
    expect(accounts.map((it) => it.account)).toEqual(['fees', 'gateway', 'receivable']);
  });

  it('are of one of them at a time', async () => {
    const both = `customer=${seeded.customer}&renewal=${seeded.renewal}`;
    const { status, body } = await house.call('GET', `/v1/ledger-balances?${both}`);
    expect(status).toBe(422);
    expect(body.detail).toContain('more than one of customer, renewal and gateway_account');
  });

  it("are nobody else's", async () => {
    const path = `/v1/ledger-balances?renewal=${seeded.renewal}`;
    expect((await house.call('GET', path, { key: other.admin })).body.data).toEqual([]);
  });
});

describe('a statement', () => {
  let third: MerchantInHouse;
  let wicked: string;

  beforeAll(async () => {
    third = await house.addMerchant();
    wicked = (await seedPastDue(house, third)).renewal;
    await house.db.renewal.update({
      where: { id: wicked },
      data: { description: '=HYPERLINK("http://evil.test", "Pro, monthly")' },
    });
    const add = (...args: Parameters<typeof write>) =>
      write(args[0], args[1], args[2], args[3], { merchant: third, ...args[4] });
    await add('renewal_due', 'receivable', 'revenue', 1900, { at: '2025-10-31T23:59:59.999Z' });
    await add('charge', 'gateway', 'receivable', 1900, { at: '2025-11-01T00:00:00.000Z' });
    await add('renewal_due', 'receivable', 'revenue', 500, {
      at: '2025-11-02T12:00:00.000Z',
      currency: 'JPY',
      renewal: wicked,
    });
    await add('fee', 'fees', 'gateway', 5, { at: '2025-11-02T12:00:00.000Z' });
    await add('write_off', 'bad_debt', 'receivable', 500, {
      at: '2025-12-01T00:00:00.000Z',
      currency: 'JPY',
    });
  });

  const NOVEMBER = 'from=2025-11-01T00:00:00Z&to=2025-12-01T00:00:00Z';

  it('is the opening balances, a line per entry, and the closing balances', async () => {
    const { status, headers, text } = await statement(NOVEMBER, third.admin);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    expect(headers.get('content-disposition')).toBe(
      'attachment; filename="dunlin-statement-2025-11-01-2025-12-01.csv"',
    );
    expect(headers.get('cache-control')).toBe('no-store');
    const lines = text
      .replaceAll(/(ltx|len)_\w+/g, '$1')
      .replaceAll(wicked, 'rnw')
      .replaceAll(/src_\d+/g, 'src');
    expect(lines.endsWith('\r\n')).toBe(true);
    expect(lines.split('\r\n').slice(0, -1)).toEqual([
      'line,booked_at,transaction,kind,source,account,debit,credit,currency,customer,renewal,charge,gateway_account,description,entry',
      'opening,2025-11-01T00:00:00.000Z,,,,receivable,19.00,,EUR,,,,,,',
      'opening,2025-11-01T00:00:00.000Z,,,,revenue,,19.00,EUR,,,,,,',
      'entry,2025-11-01T00:00:00.000Z,ltx,charge,src,gateway,19.00,,EUR,,,,stripe-eu,,len',
      'entry,2025-11-01T00:00:00.000Z,ltx,charge,src,receivable,,19.00,EUR,,,,stripe-eu,,len',
      `entry,2025-11-02T12:00:00.000Z,ltx,renewal_due,src,receivable,500,,JPY,,rnw,,,"'=HYPERLINK(""http://evil.test"", ""Pro, monthly"")",len`,
      `entry,2025-11-02T12:00:00.000Z,ltx,renewal_due,src,revenue,,500,JPY,,rnw,,,"'=HYPERLINK(""http://evil.test"", ""Pro, monthly"")",len`,
      'entry,2025-11-02T12:00:00.000Z,ltx,fee,src,fees,0.05,,EUR,,,,stripe-eu,,len',
      'entry,2025-11-02T12:00:00.000Z,ltx,fee,src,gateway,,0.05,EUR,,,,stripe-eu,,len',
      'closing,2025-12-01T00:00:00.000Z,,,,fees,0.05,,EUR,,,,,,',
      'closing,2025-12-01T00:00:00.000Z,,,,gateway,18.95,,EUR,,,,,,',
      'closing,2025-12-01T00:00:00.000Z,,,,receivable,0.00,,EUR,,,,,,',
      'closing,2025-12-01T00:00:00.000Z,,,,revenue,,19.00,EUR,,,,,,',
      'closing,2025-12-01T00:00:00.000Z,,,,receivable,500,,JPY,,,,,,',
      'closing,2025-12-01T00:00:00.000Z,,,,revenue,,500,JPY,,,,,,',
    ]);
  });

  it('closes with what the next one opens with', async () => {
    const december = 'from=2025-12-01T00:00:00Z&to=2026-01-01T00:00:00Z';
    const closing = (await statement(NOVEMBER, third.admin)).text.match(/closing.*/g)!;
    const opening = (await statement(december, third.admin)).text.match(/opening.*/g)!;
    expect(opening.map((line) => line.replace('opening', 'closing'))).toEqual(closing);
  });

  it('can be that of one gateway account, and of one that is not mine is empty', async () => {
    const mine = await statement(`${NOVEMBER}&gateway_account=${third.accountId}`, third.admin);
    expect(mine.text.match(/^entry/gm)).toHaveLength(4);
    const foreign = await statement(`${NOVEMBER}&gateway_account=${third.accountId}`);
    expect(foreign.text.match(/^(entry|opening|closing)/gm)).toBeNull();
  });

  it('of many pages has every line once, and its balances agree with them', async () => {
    const fourth = await house.addMerchant();
    const fact = { merchantId: fourth.id, bookedAt: new Date('2025-11-05T00:00:00.000Z') };
    await house.db.$transaction(async (tx) => {
      for (let amountMinor = 1; amountMinor <= 700; amountMinor++)
        await writeFact(tx, fact, [
          { account: 'fees', amountMinor },
          { account: 'gateway', amountMinor: -amountMinor },
        ]);
    });
    const { text } = await statement(NOVEMBER, fourth.admin);
    const entries = text.match(/^entry.*$/gm)!;
    expect(entries).toHaveLength(1400);
    expect(new Set(entries.map((line) => line.split(',').at(-1))).size).toBe(1400);
    expect(text.match(/^closing.*fees,2453\.50,,EUR/m)).not.toBeNull();
  });

  it('needs a beginning and a later end, and the scope to read', async () => {
    for (const query of [
      'from=2025-11-01T00:00:00Z',
      'from=2025-11-01T00:00:00Z&to=2025-11-01T00:00:00Z',
      'from=2025-11-01&to=2025-12-01T00:00:00Z',
      `${NOVEMBER}&format=xls`,
    ]) {
      const { status, headers } = await statement(query);
      expect([status, headers.get('content-disposition')], query).toEqual([422, null]);
    }
    const writer = await aKeyWith(house, ['write']);
    expect((await statement(NOVEMBER, writer)).status).toBe(403);
  });

  it('that cannot be read is a problem like any other, and no file', async () => {
    const owner = new pg.Client({ connectionString: house.databaseUrl });
    await owner.connect();
    await owner.query('revoke select on ledger_entry from dunlin_app');
    const { status, headers, text } = await statement(NOVEMBER);
    await owner.query('grant select on ledger_entry to dunlin_app');
    await owner.end();
    expect([status, headers.get('content-disposition')]).toEqual([500, null]);
    expect(JSON.parse(text)).toMatchObject({ code: 'internal' });
  });

  it('is text in the OpenAPI document, not JSON', () => {
    const answered = openApiDocument().paths?.['/v1/statements']?.get?.responses?.['200'];
    expect(answered).toEqual({
      description: 'The statement',
      content: { 'text/csv': { schema: { type: 'string' } } },
    });
  });
});
