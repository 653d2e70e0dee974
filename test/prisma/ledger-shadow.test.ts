/** The guards read tables by bare names: a temporary table of the session's own is found first. */
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { type Database, asApp, openDatabase } from '../../prisma/client.js';
import { ensureMerchant } from '../../prisma/merchant.js';
import { type TestDatabase, createTestDatabase } from '../support/database.js';

let database: TestDatabase;
let db: Database;
let merchantId: string;
beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase({ url: database.url, maxConnections: 1 });
  merchantId = (await ensureMerchant(db, 'default', new Date())).id;
});
afterAll(async () => {
  await db.$disconnect();
  await database.drop();
});

test("the app's role cannot tilt the books by shadowing them", async () => {
  const client = new pg.Client(asApp(database.url));
  await client.connect();
  try {
    await client.query('begin');
    await expect(
      (async () => {
        await client.query('create temp table ledger_entry (like public.ledger_entry)');
        await client.query(
          `insert into pg_temp.ledger_entry values ('x','ltx_shadow','fees',1,'EUR')`,
        );
        await client.query(
          `insert into public.ledger_transaction (id, merchant_id, kind, source, booked_at)
           values ('ltx_shadow', $1, 'fee', 'shadow', now())`,
          [merchantId],
        );
        await client.query(`truncate pg_temp.ledger_entry`);
        await client.query(
          `insert into public.ledger_entry (id, transaction_id, account, amount_minor, currency)
           values ('len_shadow', 'ltx_shadow', 'gateway', 999, 'EUR')`,
        );
        await client.query('commit');
      })(),
    ).rejects.toThrow();
  } finally {
    await client.end();
  }
  const sum = await db.$queryRaw<{ sum: bigint }[]>`
    select coalesce(sum(amount_minor), 0)::bigint as sum from public.ledger_entry`;
  expect(Number(sum[0]!.sum)).toBe(0);
});
