import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { findFreePort } from '../../embedded/port.js';
import { type EmbeddedPostgres, startPostgres } from '../../embedded/postgres.js';
import { migrate } from '../../prisma/migrate.js';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

describe('migrations', () => {
  let home: string;
  let postgres: EmbeddedPostgres;
  let folder: string;
  let url: string;
  let databases = 0;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'dunlin-migrate-'));
    postgres = await startPostgres({ home, port: await findFreePort(), durable: false });
  });
  afterAll(async () => {
    await postgres.stop();
    rmSync(home, { recursive: true, force: true });
  });
  beforeEach(async () => {
    folder = mkdtempSync(join(home, 'migrations-'));
    const name = `fresh_${++databases}`;
    await query(postgres.url, `create database ${name} strategy file_copy`);
    url = postgres.url.replace(/dunlin$/, name);
  });

  it('are applied once, in the order of their names', async () => {
    write('0002_fill', 'insert into first values (1); insert into first values (2);');
    write('0001_create', 'create table first (n int);');
    expect(await migrate(url, folder)).toEqual(['0001_create', '0002_fill']);
    expect(await migrate(url, folder)).toEqual([]);
    expect(await query(url, 'select n from first')).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it('are recorded as Prisma would', async () => {
    write('0001_create', 'create table first (n int);');
    await migrate(url, folder);
    const [row] = await query(url, 'select * from _prisma_migrations');
    expect(row).toMatchObject({
      // What sha256sum prints for the file.
      checksum: '5e8ada1ec985ddb335cfb843ddef979ed632f4dc64cc8f59befdf22c95d56c87',
      migration_name: '0001_create',
      logs: null,
      rolled_back_at: null,
      applied_steps_count: 1,
    });
    expect(row!['id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(row!['finished_at']).toBeInstanceOf(Date);
  });

  it('may be none at all', async () => {
    expect(await migrate(url, folder)).toEqual([]);
    expect(await migrate(url, join(folder, 'missing'))).toEqual([]);
  });

  it('are applied once when several processes begin together', async () => {
    write('0001_create', 'create table first (n int); select pg_sleep(0.1);');
    const applied = await Promise.all([1, 2, 3, 4].map(() => migrate(url, folder)));
    expect(applied.flat()).toEqual(['0001_create']);
  });

  it('leave nothing behind when they fail, and are tried again', async () => {
    write('0001_create', 'create table first (n int);');
    write('0002_bad', 'create table second (n int); insert into nowhere values (1);');
    await expect(migrate(url, folder)).rejects.toThrow(
      'Migration 0002_bad failed: relation "nowhere" does not exist',
    );
    write('0002_bad', 'create table second (n int);');
    expect(await migrate(url, folder)).toEqual(['0002_bad']);
  });

  it('are refused when an applied file was changed', async () => {
    write('0001_create', 'create table first (n int);');
    await migrate(url, folder);
    write('0001_create', 'create table first (n bigint);');
    await expect(migrate(url, folder)).rejects.toThrow(
      'Migration 0001_create was changed after it had been applied',
    );
  });

  it('are refused when the database is ahead of them', async () => {
    write('0001_create', 'create table first (n int);');
    await migrate(url, folder);
    rmSync(join(folder, '0001_create'), { recursive: true });
    await expect(migrate(url, folder)).rejects.toThrow(
      'The database has migration 0001_create, which this version of Dunlin does not know',
    );
  });

  function write(name: string, sql: string): void {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, 'migration.sql'), sql);
  }
});

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
