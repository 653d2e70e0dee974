/** What the database itself refuses: books that do not balance, and books that change. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type Database, asApp, openDatabase } from '../../prisma/client.js';
import { ensureMerchant } from '../../prisma/merchant.js';
import { newId } from '../../prisma/new-id.js';
import { type TestDatabase, createTestDatabase } from '../support/database.js';
import { type Leg, writeFact } from '../support/ledger.js';

let database: TestDatabase;
let db: Database;
let merchantId: string;
const owner = () => new pg.Client({ connectionString: database.url });

beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase({ url: database.url, maxConnections: 2 });
  merchantId = (await ensureMerchant(db, 'default', new Date())).id;
});
afterAll(async () => {
  await db.$disconnect();
  await database.drop();
});

const book = (...legs: Leg[]) => writeFact(db, { merchantId }, legs);

const FEE = [
  { account: 'fees', amountMinor: 55 },
  { account: 'gateway', amountMinor: -55 },
];

describe('a transaction', () => {
  test('that balances is taken', async () => {
    expect(await book(...FEE)).toMatch(/^ltx_/);
  });

  test.each<[string, Leg[], RegExp]>([
    ['one side only', [FEE[0]!], /does not balance/],
    ['two amounts', [FEE[0]!, { account: 'gateway', amountMinor: -54 }], /does not balance/],
    [
      'one side in another currency',
      [FEE[0]!, { account: 'gateway', amountMinor: -55, currency: 'USD' }],
      /does not balance/,
    ],
    ['no side at all', [], /has no entries/],
    ['an account that is none', [{ account: 'pocket', amountMinor: 1 }], /account_check/],
    ['an entry of nothing', [{ account: 'fees', amountMinor: 0 }], /amount_minor_check/],
  ])('with %s is refused', async (_, legs, why) => {
    const before = await db.ledgerEntry.count();
    await expect(book(...legs)).rejects.toThrow(why);
    expect(await db.ledgerEntry.count()).toBe(before);
  });
});

test('nothing is added later that would tilt it, and no fact comes without its sides', async () => {
  const transactionId = await book(...FEE);
  const more = {
    id: newId('len'),
    transactionId,
    account: 'fees',
    amountMinor: 1,
    currency: 'EUR',
  };
  await expect(db.ledgerEntry.create({ data: more })).rejects.toThrow(/does not balance/);
  const bare = { id: newId('ltx'), merchantId, kind: 'fee', source: 'x', bookedAt: new Date() };
  await expect(db.ledgerTransaction.create({ data: bare })).rejects.toThrow(/has no entries/);
});

describe('what is booked', () => {
  const CHANGES = ['ledger_transaction', 'ledger_entry'].flatMap((table) => [
    `update ${table} set id = id`,
    `delete from ${table}`,
    `truncate ${table} cascade`,
  ]);

  test.each(CHANGES)('cannot be changed by the app: %s', async (change) => {
    await book(...FEE);
    const before = await db.ledgerEntry.count();
    await expect(db.$executeRawUnsafe(change)).rejects.toThrow(/permission denied/);
    expect(await db.ledgerEntry.count()).toBe(before);
  });

  test.each(CHANGES)('nor by the owner of the tables: %s', async (change) => {
    await book(...FEE);
    const client = owner();
    await client.connect();
    await expect(client.query(change)).rejects.toThrow(/is append-only/);
    await client.end();
  });
});

describe('the app', () => {
  test('acts as dunlin_app on every connection', async () => {
    const asked = Array.from({ length: 4 }, () => db.$queryRaw`select current_user as name`);
    for (const rows of await Promise.all(asked)) expect(rows).toEqual([{ name: 'dunlin_app' }]);
  });

  test('does so beside options that the address has already', async () => {
    const url = new URL(database.url);
    url.searchParams.set('options', '-c statement_timeout=4321');
    const other = openDatabase({ url: url.href, maxConnections: 1 });
    const rows = await other.$queryRaw`
      select current_user as name, current_setting('statement_timeout') as timeout`;
    expect(rows).toEqual([{ name: 'dunlin_app', timeout: '4321ms' }]);
    await other.$disconnect();
  });

  test('leaves any other address as it is', () => {
    const url = 'postgresql://me:a%40b@db.internal:5432/dunlin?sslmode=require';
    expect(asApp(url)).toEqual({ connectionString: url, options: '-c role=dunlin_app' });
    const socket = 'socket:/var/run/postgresql?db=dunlin';
    expect(asApp(socket).connectionString).toBe(socket);
  });

  test('owns nothing, and makes no tables', async () => {
    await expect(db.$executeRaw`create table mine (n int)`).rejects.toThrow(/permission denied/);
    await expect(db.$executeRaw`drop table ledger_entry`).rejects.toThrow(/must be owner/);
    const alter = db.$executeRaw`alter table ledger_entry disable trigger append_only`;
    await expect(alter).rejects.toThrow(/must be owner/);
  });

  test('may use tables that a later migration makes', async () => {
    const client = owner();
    await client.connect();
    await client.query('create table later (n int)');
    await client.end();
    expect(await db.$executeRaw`insert into later values (1)`).toBe(1);
  });
});
