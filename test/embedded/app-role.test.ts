/** Migrating to the ledger: the role that the app acts as, and the books of an installation that exists already. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { findFreePort } from '../../embedded/port.js';
import { type EmbeddedPostgres, startPostgres } from '../../embedded/postgres.js';
import { isId } from '../../domain/ids.js';
import { openDatabase } from '../../prisma/client.js';
import { migrate } from '../../prisma/migrate.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let home: string;
let postgres: EmbeddedPostgres;
let databases = 0;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'dunlin-app-role-'));
  postgres = await startPostgres({ home, port: await findFreePort(), durable: false });
});
afterAll(async () => {
  await postgres.stop();
  rmSync(home, { recursive: true, force: true });
});

async function freshDatabase(login?: string): Promise<string> {
  const name = `fresh_${++databases}`;
  const of = login ? `owner ${login}` : '';
  await query(postgres.url, `create database ${name} ${of} strategy file_copy`);
  const url = new URL(postgres.url);
  url.pathname = `/${name}`;
  if (login) [url.username, url.password] = [login, 'secret'];
  return url.href;
}

describe('the role of the app', () => {
  beforeEach(async () => {
    // The role is the server's: each test meets a server that has none.
    const [role] = await query(postgres.url, `select from pg_roles where rolname = 'dunlin_app'`);
    const rename = `alter role dunlin_app rename to gone_${databases}`;
    if (role) await query(postgres.url, rename);
  });

  it('is made once when many databases of a server are migrated at the same time', async () => {
    const urls = [];
    for (let n = 0; n < 8; n++) urls.push(await freshDatabase());
    await Promise.all(urls.map((url) => migrate(url)));
    for (const url of urls) await expectUsable(url);
  });

  it('is made by an owner that may create roles, and is no superuser', async () => {
    await query(postgres.url, `create role clerk login createrole password 'secret'`);
    const urls = [await freshDatabase('clerk'), await freshDatabase('clerk')];
    await Promise.all(urls.map((url) => migrate(url)));
    for (const url of urls) await expectUsable(url);
  });

  it('may have been made by an administrator for an owner that may not', async () => {
    await query(
      postgres.url,
      `create role keeper login password 'secret'; create role dunlin_app nologin; grant dunlin_app to keeper`,
    );
    const url = await freshDatabase('keeper');
    await migrate(url);
    await expectUsable(url);
  });

  it('says what to ask an administrator for where it is missing', async () => {
    await query(postgres.url, `create role guest login password 'secret'`);
    const url = await freshDatabase('guest');
    const failed = await migrate(url).catch((error: Error) => error);
    expect(String(failed)).toContain('the role dunlin_app is missing, or guest may not act as it');
    expect((failed as { cause: { hint: string } }).cause.hint).toBe(
      'Have an administrator run: create role dunlin_app nologin; grant dunlin_app to guest;',
    );
    await query(postgres.url, 'create role dunlin_app nologin; grant dunlin_app to guest');
    await migrate(url);
    await expectUsable(url);
  });

  it('is enough for a login that owns nothing, and can be given to it for good behind a pooler', async () => {
    await query(postgres.url, `create role app login password 'secret'`);
    const url = new URL(await freshDatabase());
    await migrate(url.href);
    await query(postgres.url, 'grant dunlin_app to app');
    [url.username, url.password] = ['app', 'secret'];
    await expectUsable(url.href);
    await query(postgres.url, `alter role app set role = 'dunlin_app'`);
    expect(await query(url.href, 'select current_user as name')).toEqual([{ name: 'dunlin_app' }]);
  });

  async function expectUsable(url: string): Promise<void> {
    const db = openDatabase({ url, maxConnections: 1 });
    try {
      expect(await db.$queryRaw`select current_user as name`).toEqual([{ name: 'dunlin_app' }]);
      await db.merchant.create({ data: { id: 'mer_1', name: 'one', createdAt: new Date() } });
      await db.merchant.delete({ where: { id: 'mer_1' } });
      const change = db.$executeRaw`delete from ledger_entry`;
      await expect(change).rejects.toThrow(/permission denied/);
    } finally {
      await db.$disconnect();
    }
  }
});

describe('an installation that has no ledger yet', () => {
  it('begins with complete books', async () => {
    const url = await freshDatabase();
    const before = join(home, 'before');
    for (const name of ['0001_foundation', '0002_two_gateways'])
      cpSync(join('prisma/migrations', name), join(before, name), { recursive: true });
    await migrate(url, before);
    await query(url, ROWS);
    expect(await migrate(url)).toContain('0003_money_back');

    const lines = await query(
      url,
      `select concat_ws(' ', t.booked_at::date, t.kind, t.source, debit.account || '/' || credit.account,
           debit.amount_minor) as line
         from ledger_transaction t
         join ledger_entry debit on debit.transaction_id = t.id and debit.amount_minor > 0
         join ledger_entry credit on credit.transaction_id = t.id and credit.amount_minor < 0
           and credit.amount_minor = -debit.amount_minor and credit.currency = debit.currency
        order by t.booked_at, t.id`,
    );
    expect(lines.map(({ line }) => line)).toEqual([
      '2026-01-01 renewal_due rnw_1_paid receivable/revenue 1001',
      '2026-01-02 renewal_due rnw_2_past_due receivable/revenue 1002',
      '2026-01-03 renewal_due rnw_3_canceled receivable/revenue 1003',
      '2026-01-04 renewal_due rnw_4_written_off receivable/revenue 1004',
      '2026-01-05 renewal_due rnw_5_unpaid receivable/revenue 1005',
      '2026-02-01 charge chg_1_succeeded gateway/receivable 1001',
      '2026-02-02 charge chg_2_returned gateway/receivable 1002',
      '2026-02-04 surplus chg_4_surplus gateway/surplus 1004',
      '2026-02-05 surplus chg_5_surplus_returned gateway/surplus 1005',
      '2026-03-02 return chg_2_returned receivable/gateway 1002',
      '2026-03-05 return chg_5_surplus_returned surplus/gateway 1005',
      '2026-04-03 debt_dropped rnw_3_canceled revenue/receivable 1003',
      '2026-04-04 write_off rnw_4_written_off bad_debt/receivable 1004',
    ]);
    const sums = await query(
      url,
      `select e.account, sum(e.amount_minor)::int as sum from ledger_entry e group by 1 having sum(e.amount_minor) <> 0
        order by 1`,
    );
    expect(sums).toEqual([
      { account: 'bad_debt', sum: 1004 },
      { account: 'gateway', sum: 2005 },
      { account: 'receivable', sum: 2007 },
      { account: 'revenue', sum: -4012 },
      { account: 'surplus', sum: -1004 },
    ]);

    const ids = await query(
      url,
      `select t.id as fact, e.id as entry, t.booked_at from ledger_transaction t
         join ledger_entry e on e.transaction_id = t.id order by t.booked_at, e.id`,
    );
    expect(ids.every(({ fact, entry }) => isId('ltx', fact) && isId('len', entry))).toBe(true);
    const inTime = ids.map(({ fact }) => String(fact));
    expect(inTime).toEqual(inTime.toSorted((a, b) => (a < b ? -1 : 1)));
  });
});

/** What an installation may have: renewals and charges of every fate, on the first days of the months. */
const ROWS = `
  insert into merchant values ('mer_1', 'default', '2026-01-01');
  insert into gateway_account (id, merchant_id, name, gateway, mode, lane, secret_ref, webhook_secret_refs, created_at)
    values ('gwa_1', 'mer_1', 'stripe', 'stripe', 'test', 'lane', 'env:A', '{}', '2026-01-01');
  insert into customer (id, merchant_id, time_zone, metadata, created_at)
    values ('cus_1', 'mer_1', 'UTC', '{}', '2026-01-01');
  insert into payment_method (id, merchant_id, customer_id, gateway_account_id, kind, reference,
      gateway_customer_reference, display, is_default, created_at)
    values ('pm_1', 'mer_1', 'cus_1', 'gwa_1', 'card', 'pm', 'cus', 'Visa', true, '2026-01-01');
  insert into dunning_policy values ('dpo_1', 'mer_1', 'default', 1, '{}', '2026-01-01');
  insert into subscription (id, merchant_id, customer_id, dunning_policy, amount_minor, currency, "interval",
      interval_count, starts_at, time_zone, collection, status, service, next_period_index, next_period_start,
      metadata, created_at)
    values ('sub_1', 'mer_1', 'cus_1', 'default', 1000, 'EUR', 'month', 1, '2026-01-01', 'UTC', 'automatic', 'active',
      'full', 5, '2026-06-01', '{}', '2026-01-01');
  insert into renewal (id, merchant_id, subscription_id, customer_id, dunning_policy_id, period_index, period_start,
      period_end, due_at, amount_minor, currency, status, created_at, closed_at)
    select 'rnw_' || n || '_' || status, 'mer_1', 'sub_1', 'cus_1', 'dpo_1', n, day, day + interval '1 day', day,
      1000 + n, 'EUR', status, day, case when status <> 'past_due' then day + interval '3 months' end
    from (select n, status, timestamptz '2026-01-01 00:00Z' + (n - 1) * interval '1 day' as day
      from (values (1, 'paid'), (2, 'past_due'), (3, 'canceled'), (4, 'written_off'), (5, 'unpaid')) as it (n, status)
    ) as renewals;
  insert into charge (id, merchant_id, renewal_id, payment_method_id, gateway_account_id, ordinal, round, candidate,
      amount_minor, currency, request, status, planned_at, first_sent_at, settled_at, reversed_at, surplus)
    select 'chg_' || n || '_' || name, 'mer_1', r.id, 'pm_1', 'gwa_1', 1, 'first', 'pm_1', 1000 + n, 'EUR', '{}',
      case name when 'declined' then 'declined' else 'succeeded' end, r.created_at, r.created_at,
      r.created_at + interval '1 month', case when name like '%returned' then r.created_at + interval '2 months' end,
      name like 'surplus%'
    from (values (1, 'succeeded'), (2, 'returned'), (3, 'declined'), (4, 'surplus'), (5, 'surplus_returned'))
      as it (n, name)
    join renewal r on r.period_index = n;
`;

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const answered = await client.query<Record<string, unknown>>(sql);
    return answered.rows;
  } finally {
    await client.end();
  }
}
