/** PostgreSQL on this machine, for those who have none to offer. Its data stays in the state folder. */
import { setTimeout as sleep } from 'node:timers/promises';
import { join, resolve } from 'node:path';
import pg from 'pg';

import { claim } from './claim.js';
import { requireFreePort } from './port.js';
import { chooseAccount, runAs } from './postgres-account.js';
import { findPostgresBinaries } from './postgres-binaries.js';
import { POSTGRES_STOP_SIGNALS, prepareDataFolder, stopLeftover } from './postgres-folder.js';
import { type Command, type Server, startServer } from './server.js';

export interface PostgresOptions {
  /** The state folder: data goes to `postgres/`, the log to `log/postgres.log`. */
  readonly home: string;
  readonly port: number;
  /** False only for tests: faster, and lost in a power cut. */
  readonly durable?: boolean;
}

export interface EmbeddedPostgres {
  /** The `dunlin` database, as its superuser. */
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const home = resolve(options.home);
  const dataFolder = join(home, 'postgres');
  const { initdb, postgres } = await findPostgresBinaries();
  claim(home);
  const account = chooseAccount(dataFolder);
  const password = prepareDataFolder(home, dataFolder, account, initdb);
  await stopLeftover(dataFolder);
  await requireFreePort(options.port, 'POSTGRES_PORT');

  const args = ['-D', dataFolder, '-p', String(options.port), ...settings(options.durable ?? true)];
  const command = runAs(account, { program: postgres, args }, [home, postgres]);
  const address = `postgresql://dunlin:${password}@127.0.0.1:${options.port}`;
  const server = await startPatiently(home, command, `${address}/postgres`);
  await ensureDatabase(`${address}/postgres`, 'dunlin');
  return { url: `${address}/dunlin`, pid: server.program.pid, stop: () => server.stop() };
}

function settings(durable: boolean): string[] {
  const values = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 200,
    shared_preload_libraries: 'pg_stat_statements',
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C',
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' }),
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

const TRIES = 20;

/** The sessions of a killed server live on for a moment, and PostgreSQL rightly refuses to start beside them. */
async function startPatiently(home: string, command: Command, url: string): Promise<Server> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startServer({
        name: 'PostgreSQL',
        command,
        logFile: join(home, 'log', 'postgres.log'),
        stopSignals: POSTGRES_STOP_SIGNALS,
        isReady: () => withClient(url, async () => true),
        readyWithinMs: 60_000,
      });
    } catch (error) {
      if (attempt === TRIES || !/pre-existing shared memory/.test(String(error))) throw error;
      await sleep(250);
    }
  }
}

async function ensureDatabase(url: string, name: string): Promise<void> {
  await withClient(url, async (client) => {
    const found = await client.query('select from pg_database where datname = $1', [name]);
    if (found.rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(name)}`);
  });
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}
