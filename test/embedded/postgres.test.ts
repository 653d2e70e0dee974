import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { findFreePort } from '../../embedded/port.js';
import { startPostgres } from '../../embedded/postgres.js';
import { findProgram } from '../../embedded/running-program.js';
import { StartupProblem } from '../../embedded/startup-problem.js';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

describe('embedded PostgreSQL', () => {
  let home: string;
  let port: number;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'dunlin-postgres-'));
    port = await findFreePort();
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  it('starts with a database of ours, on the loopback address only, and stops', async () => {
    const postgres = await startPostgres({ home, port });
    expect(postgres.url).toMatch(new RegExp(`^postgresql://dunlin:\\w+@127.0.0.1:${port}/dunlin$`));
    expect(await ask(postgres.url, 'show listen_addresses')).toBe('127.0.0.1');
    expect(await ask(postgres.url, 'show max_connections')).toBe('200');
    expect(await ask(postgres.url, 'show fsync')).toBe('on');
    await ask(postgres.url, 'create extension pg_stat_statements');
    expect(await ask(postgres.url, 'select count(*) > 0 from pg_stat_statements')).toBe(true);
    await postgres.stop();
    expect(findProgram(postgres.pid)).toBeUndefined();
  });

  it('keeps its password to its own account', () => {
    expect(statSync(join(home, 'postgres-password')).mode & 0o077).toBe(0);
  });

  it('runs in a process group of its own, out of reach of Ctrl-C', async () => {
    const postgres = await startPostgres({ home, port });
    const group = execFileSync('ps', ['-o', 'pgid=', '-p', String(postgres.pid)], {
      encoding: 'utf8',
    });
    expect(Number(group)).toBe(postgres.pid);
    await postgres.stop();
  });

  it('starts again after its postmaster was killed, with what was committed', async () => {
    const killed = await startPostgres({ home, port });
    await ask(killed.url, 'create table kept as select 42 as answer');
    process.kill(killed.pid, 'SIGKILL');
    const again = await startPostgres({ home, port });
    expect(again.pid).not.toBe(killed.pid);
    expect(await ask(again.url, 'select answer from kept')).toBe(42);
    await again.stop();
  });

  it('takes no stranger for its postmaster when the process id was given to another', async () => {
    // This very process: alive, and no PostgreSQL.
    const lines = [process.pid, join(home, 'postgres'), 0, port, '', '127.0.0.1', '', 'ready'];
    writeFileSync(join(home, 'postgres', 'postmaster.pid'), `${lines.join('\n')}\n`);
    const postgres = await startPostgres({ home, port });
    expect(await ask(postgres.url, 'select 1 as one')).toBe(1);
    await postgres.stop();
  });

  it('names the cure when the port is taken', async () => {
    const stranger = createServer();
    await new Promise<void>((listening) => stranger.listen(port, '127.0.0.1', listening));
    await expect(startPostgres({ home, port })).rejects.toThrow(
      new StartupProblem(
        `Port ${port} is taken by another program: stop it, or set POSTGRES_PORT to a free port.`,
      ),
    );
    await new Promise((closed) => stranger.close(closed));
  });

  it('refuses a data folder made by another version', async () => {
    const old = mkdtempSync(join(tmpdir(), 'dunlin-postgres-'));
    mkdirSync(join(old, 'postgres'));
    writeFileSync(join(old, 'postgres', 'PG_VERSION'), '15\n');
    await expect(startPostgres({ home: old, port })).rejects.toThrow(/made by PostgreSQL 15/);
    rmSync(old, { recursive: true });
  });
});

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return rows[0] && Object.values(rows[0])[0];
  } finally {
    await client.end();
  }
}
