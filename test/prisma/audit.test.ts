/** The chain over the audit trail: what it is made of, and what breaks it. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { auditCommand, auditRequest, noteAsked } from '../../prisma/audit.js';
import { NO_SEAL, entryHashOf, sealBatch, sealHashOf } from '../../prisma/audit-seal.js';
import { isId } from '../../domain/ids.js';
import { type Database, openDatabase } from '../../prisma/client.js';
import { ensureMerchant } from '../../prisma/merchant.js';
import { verifyAudit } from '../../prisma/verify-audit.js';
import { type TestDatabase, createTestDatabase } from '../support/database.js';

let database: TestDatabase;
let db: Database;
let merchantId: string;

beforeEach(async () => {
  database = await createTestDatabase();
  db = openDatabase({ url: database.url, maxConnections: 20 });
  merchantId = (await ensureMerchant(db, 'default', new Date())).id;
});
afterEach(async () => {
  await db.$disconnect();
  await database.drop();
});

let written = 0;

function write(tx: Pick<Database, '$executeRaw'> = db, more: object = {}): Promise<void> {
  return auditRequest(tx as Database, {
    merchantId,
    keyId: 'key_1',
    keyName: 'ops',
    action: 'POST /v1/customers',
    object: `cus_${++written}`,
    reason: 'Zoë said "so"\n',
    requestId: 'req_1',
    idempotencyKey: undefined,
    beforeHash: undefined,
    afterHash: undefined,
    ...more,
  });
}

async function sealAll(atMost = 1_000): Promise<void> {
  while ((await sealBatch(db, atMost)) > 0);
}

async function chainOf(entries: number): Promise<string[]> {
  for (let n = 0; n < entries; n++) await write();
  await sealAll();
  return (await db.auditSeal.findMany({ orderBy: { seq: 'asc' } })).map((it) => it.entryId);
}

const verify = (head?: string) => verifyAudit(database.url, head);
const broken = (why: unknown) => ({ kind: 'broken', why });

/** What the owner of the tables can do once nothing stops it. */
async function asOwner(...statements: (string | [string, unknown[]])[]): Promise<void> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query('alter table audit_entry disable trigger append_only');
    await client.query('alter table audit_seal disable trigger append_only');
    for (const it of statements)
      await (typeof it === 'string' ? client.query(it) : client.query(...it));
  } finally {
    await client.end();
  }
}

/** Makes all seals anew, over the entries as they are now. */
async function rewriteSeals(): Promise<void> {
  await asOwner('delete from audit_seal');
  await sealAll();
}

describe('the chain', () => {
  test('is intact, and says how long it is and where it ends', async () => {
    expect(await verify()).toEqual({ kind: 'intact', sealed: 0, open: 0, head: NO_SEAL });
    await chainOf(5);
    await write();
    const [last] = await db.auditSeal.findMany({ orderBy: { seq: 'desc' }, take: 1 });
    expect(await verify()).toEqual({ kind: 'intact', sealed: 5, open: 1, head: last!.hash });
  });

  test('can be followed by anybody with SHA-256', async () => {
    await chainOf(2);
    const sha = (text: string) => createHash('sha256').update(text).digest('hex');
    let head = '0'.repeat(64);
    for (const seal of await db.auditSeal.findMany({ orderBy: { seq: 'asc' } })) {
      const e = await db.auditEntry.findUniqueOrThrow({ where: { id: seal.entryId } });
      const who = [e.id, e.merchantId, e.at, e.actorKind, e.actor, e.keyId];
      const what = [e.action, e.object, e.reason, e.requestId, e.idempotencyKey];
      const columns = [...who, ...what, e.beforeHash, e.afterHash, e.commandId];
      expect(seal.entryHash).toBe(sha(JSON.stringify(columns)));
      head = sha(head + seal.entryHash);
      expect(seal.hash).toBe(head);
    }
  });

  test('goes on over batches and pages, in the order of ids', async () => {
    for (let n = 0; n < 7; n++) await write();
    await sealAll(3);
    const seals = await db.auditSeal.findMany({ orderBy: { seq: 'asc' } });
    expect(seals.map(({ seq }) => Number(seq))).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(seals.map((it) => it.entryId)).toEqual(seals.map((it) => it.entryId).toSorted());
    await db.$executeRaw`insert into audit_entry (merchant_id, actor_kind, actor, action, object, request_id)
      select ${merchantId}, 'operator', 'Mia', 'update retryNow', 'rnw_' || n, 'upd_' || n
      from generate_series(1, 2500) n`;
    await sealAll();
    expect(await verify()).toMatchObject({ kind: 'intact', sealed: 2507, open: 0 });
  });

  test('takes an entry that commits late into a later batch', async () => {
    let commit = () => {};
    const held = new Promise<void>((resolve) => (commit = resolve));
    let wrote = () => {};
    const began = new Promise<void>((resolve) => (wrote = resolve));
    const late = db.$transaction(async (tx) => {
      await write(tx, { object: 'late' });
      wrote();
      await held;
    });
    await began;
    await chainOf(3);
    commit();
    await late;
    expect(await verify()).toMatchObject({ kind: 'intact', sealed: 3, open: 1 });
    await sealAll();
    const { id } = await db.auditEntry.findFirstOrThrow({ where: { object: 'late' } });
    const seal = await db.auditSeal.findUniqueOrThrow({ where: { entryId: id } });
    expect(Number(seal.seq)).toBe(4);
    expect(await verify()).toMatchObject({ kind: 'intact', sealed: 4, open: 0 });
  });

  test('seals every entry once while a hundred write and three seal', async () => {
    const writers = Array.from({ length: 100 }, async () => {
      for (let n = 0; n < 3; n++) await db.$transaction((tx) => write(tx));
    });
    let writing = true;
    const sealers = Array.from({ length: 3 }, async () => {
      while (writing) await sealBatch(db, 7);
    });
    await Promise.all(writers);
    writing = false;
    await Promise.all(sealers);
    await sealAll();
    const entries = await db.auditEntry.findMany({ orderBy: { id: 'asc' } });
    const seals = await db.auditSeal.findMany();
    expect(seals.map((it) => it.entryId).toSorted()).toEqual(entries.map(({ id }) => id));
    expect(await verify()).toMatchObject({ kind: 'intact', sealed: 300, open: 0 });
  });
});

describe('the verifier', () => {
  const CHANGES: Record<string, string> = {
    merchant_id: `(select id from merchant where name = 'other')`,
    at: `at + interval '1 millisecond'`,
    actor_kind: `'operator', key_id = null`,
    actor: `'somebody else'`,
    key_id: `'key_2'`,
    action: `'PATCH /v1/customers/{id}'`,
    object: `'cus_other'`,
    reason: 'null',
    request_id: `'req_2'`,
    idempotency_key: `'k'`,
    before_hash: `repeat('0', 64)`,
    after_hash: `repeat('0', 64)`,
    command_id: `'cmd_1'`,
  };

  test.each(Object.entries(CHANGES))(
    'names an entry whose %s was changed',
    async (column, value) => {
      await ensureMerchant(db, 'other', new Date());
      const ids = await chainOf(4);
      await asOwner([`update audit_entry set ${column} = ${value} where id = $1`, [ids[1]]]);
      expect(await verify()).toEqual(broken(`changed: ${ids[1]} (seal 2)`));
    },
  );

  test('knows every column of an entry', async () => {
    const columns = await db.$queryRaw<{ name: string }[]>`
      select column_name as name from information_schema.columns
      where table_name = 'audit_entry' and column_name <> 'id'`;
    expect(columns.map(({ name }) => name).toSorted()).toEqual(Object.keys(CHANGES).toSorted());
  });

  test('names an entry that was removed', async () => {
    const ids = await chainOf(4);
    await asOwner([`delete from audit_entry where id = $1`, [ids[2]]]);
    expect(await verify()).toEqual(broken(`removed: ${ids[2]} (seal 3)`));
  });

  test('notices an entry that was removed with its seal', async () => {
    const ids = await chainOf(4);
    const both = ['audit_seal where entry_id', 'audit_entry where id'];
    await asOwner(...both.map((it): [string, unknown[]] => [`delete from ${it} = $1`, [ids[1]]]));
    expect(await verify()).toEqual(broken(`removed: seal 2, before ${ids[2]} (seal 3)`));
  });

  test('names what was slipped in among the seals', async () => {
    const ids = await chainOf(4);
    await write();
    const { id } = (await db.auditEntry.findMany({ orderBy: { id: 'desc' }, take: 1 }))[0]!;
    const entryHash = entryHashOf((await rowOf(id))!);
    const { hash } = await db.auditSeal.findUniqueOrThrow({ where: { seq: 2n } });
    await asOwner(
      'update audit_seal set seq = seq + 100 where seq > 2',
      'update audit_seal set seq = seq - 99 where seq > 100',
      [
        'insert into audit_seal values (3, $1, $2, $3, $4, now())',
        [id, entryHash, hash, sealHashOf(hash, entryHash)],
      ],
    );
    expect(await verify()).toEqual(
      broken(`inserted, removed or changed: what is before ${ids[2]} (seal 4)`),
    );
  });

  test('names an entry that was put among old ones later', async () => {
    await chainOf(3);
    await asOwner(`insert into audit_entry (id, merchant_id, at, actor_kind, actor, action, object, request_id)
      select audit_id(now() - interval '2 days'), merchant_id, now() - interval '2 days', 'operator', 'Mia',
        'update retryNow', 'rnw_1', 'upd_1' from audit_entry limit 1`);
    await sealAll();
    const { id } = await db.auditEntry.findFirstOrThrow({ where: { actor: 'Mia' } });
    expect(await verify()).toEqual(broken(`inserted: ${id}`));
  });

  const BACKDATED = `at = now() - interval '2 days'`;
  const OLD_ID = `id = audit_id(now() - interval '2 days')`;

  test.each([
    ['time', BACKDATED],
    ['time and id', `${BACKDATED}, ${OLD_ID}`],
    ['id', OLD_ID],
  ])('names an entry whose %s was put back, though it has a good seal', async (_what, back) => {
    await chainOf(3);
    await write();
    await asOwner(`update audit_entry set ${back} where object = 'cus_${written}'`);
    const { id } = await db.auditEntry.findFirstOrThrow({ where: { object: `cus_${written}` } });
    const { hash } = await db.auditSeal.findUniqueOrThrow({ where: { seq: 3n } });
    const entryHash = entryHashOf((await rowOf(id))!);
    await asOwner([
      'insert into audit_seal values (4, $1, $2, $3, $4, now())',
      [id, entryHash, hash, sealHashOf(hash, entryHash)],
    ]);
    await chainOf(2);
    expect(await verify(hash)).toEqual(broken(`inserted: ${id} (seal 4)`));
  });

  test('asks no function of the database what is old', async () => {
    await chainOf(3);
    await asOwner(
      `insert into audit_entry (id, merchant_id, at, actor_kind, actor, action, object, request_id)
        select ${OLD_ID.slice(5)}, merchant_id, now() - interval '2 days', 'operator', 'Mia',
          'update retryNow', 'rnw_1', 'upd_1' from audit_entry limit 1`,
      `create or replace function audit_id(at timestamptz) returns text language sql as $$ select '' $$`,
    );
    const { id } = await db.auditEntry.findFirstOrThrow({ where: { actor: 'Mia' } });
    expect(await verify()).toEqual(broken(`inserted: ${id}`));
  });

  test('names a seal that was changed', async () => {
    const ids = await chainOf(3);
    await asOwner(`update audit_seal set entry_hash = repeat('a', 64) where seq = 2`);
    expect(await verify()).toEqual(broken(`changed: the seal of ${ids[1]} (seal 2)`));
  });

  test('notices by a head noted earlier that the chain was rewritten from there', async () => {
    const ids = await chainOf(4);
    const before = await verify();
    if (before.kind !== 'intact') throw new Error(before.why);
    await chainOf(2);
    expect(await verify(before.head)).toMatchObject({ kind: 'intact', sealed: 6 });
    await asOwner([`delete from audit_entry where id = $1`, [ids[1]]]);
    await rewriteSeals();
    expect(await verify()).toMatchObject({ kind: 'intact', sealed: 5 });
    const why = `the head ${before.head} is not in the chain: it was rewritten or cut short`;
    expect(await verify(before.head)).toEqual(broken(why));
  });

  test('notices by a head noted earlier that the chain was cut short', async () => {
    const ids = await chainOf(4);
    const { hash } = await db.auditSeal.findUniqueOrThrow({ where: { seq: 4n } });
    await asOwner('delete from audit_seal where seq = 4', [
      'delete from audit_entry where id = $1',
      [ids[3]],
    ]);
    expect(await verify()).toMatchObject({ kind: 'intact', sealed: 3 });
    expect(await verify(hash)).toMatchObject(broken(expect.stringContaining('cut short')));
  });

  test('is a command, which fails when the trail is not intact', async () => {
    const [id] = await chainOf(1);
    const run = (...args: string[]) =>
      promisify(execFile)('node', ['--import', 'tsx', 'audit.ts', ...args], {
        env: { ...process.env, DATABASE_URL: database.url },
      });
    const { hash } = await db.auditSeal.findFirstOrThrow();
    const said = `intact: 1 entries, 0 not sealed yet, head ${hash}\n`;
    expect((await run('--head', hash.toUpperCase())).stdout).toBe(said);
    await expect(run('--head', hash.slice(0, 8))).rejects.toMatchObject({
      code: 1,
      stderr: '--head takes the whole of what was printed: 64 hexadecimal digits\n',
    });
    await asOwner(`update audit_entry set actor = 'nobody'`);
    await expect(run()).rejects.toMatchObject({
      code: 1,
      stderr: `broken: changed: ${id} (seal 1)\n`,
    });
  });
});

describe('what was written', () => {
  const CHANGES = ['audit_entry', 'audit_seal'].flatMap((table) => [
    `update ${table} set ${table === 'audit_entry' ? 'actor = actor' : 'hash = hash'}`,
    `delete from ${table}`,
    `truncate ${table}`,
  ]);

  test.each(CHANGES)('cannot be changed by the app: %s', async (change) => {
    await chainOf(1);
    await expect(db.$executeRawUnsafe(change)).rejects.toThrow(/permission denied/);
    expect(await verify()).toMatchObject({ kind: 'intact', sealed: 1 });
  });

  test.each(CHANGES)('nor by the owner of the tables: %s', async (change) => {
    await chainOf(1);
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await expect(client.query(change)).rejects.toThrow(/is append-only/);
    await client.end();
  });

  test('has an id and a time that the database chose', async () => {
    await write();
    const { id, at } = await db.auditEntry.findFirstOrThrow();
    expect(isId('aud', id)).toBe(true);
    expect(Math.abs(at.getTime() - Date.now())).toBeLessThan(60_000);
    const backdated = db.$executeRaw`
      insert into audit_entry (id, merchant_id, actor_kind, actor, action, object, request_id)
      values ('aud_0', ${merchantId}, 'operator', 'Mia', 'update retryNow', 'rnw_1', 'upd_1')`;
    await expect(backdated).rejects.toThrow(/permission denied/);
  });

  test('names an API key only for what it has asked of that renewal', async () => {
    const asked = { id: 'cmd_1', merchantId, renewalId: 'rnw_1', keyId: 'key_1', actor: 'ops' };
    const from = { requestId: 'req_1', idempotencyKey: null };
    const action = 'POST /v1/renewals/{id}/retries';
    await noteAsked(db, { ...asked, ...from, action, object: 'rnw_1' }, new Date());
    const sent = { id: 'cmd_1', merchantId, kind: 'retryNow', actor: 'ops', reason: 'Mia says so' };
    await auditCommand(db, { ...sent, renewalId: 'rnw_2', object: 'rnw_2' });
    expect(await db.auditEntry.findMany()).toMatchObject([
      { actorKind: 'operator', keyId: null, action: 'update retryNow', object: 'rnw_2' },
    ]);
  });

  test('is written once for an Idempotency-Key, whatever the app does', async () => {
    await write(db, { idempotencyKey: 'once' });
    await expect(write(db, { idempotencyKey: 'once' })).rejects.toThrow(/23505|Unique/);
  });
});

async function rowOf(id: string) {
  const rows = await db.$queryRaw<Parameters<typeof entryHashOf>>`
    select * from audit_entry where id = ${id}`;
  return rows[0];
}
