/**
 * Applies the migrations of prisma/migrations, each once and each in a transaction of its own.
 *
 * It keeps Prisma's own table of what was applied, so `prisma migrate deploy` agrees with it. Prisma's command
 * itself needs an engine that is downloaded at run time, which not every machine may do.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import pg from 'pg';

const MIGRATIONS_FOLDER = fileURLToPath(new URL('./migrations', import.meta.url));
/** The number `prisma migrate` locks on, so that the two exclude each other. */
const LOCK = 72707369;

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/** Answers the names of the migrations it applied. Any number of processes may call it at once. */
export async function migrate(
  databaseUrl: string,
  migrationsFolder = MIGRATIONS_FOLDER,
): Promise<string[]> {
  const migrations = readMigrations(migrationsFolder);
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    await client.query(CREATE_TABLE);
    const applied = await readApplied(client);
    requireKnown(applied, migrations);
    const due = migrations.filter(({ name }) => !applied.has(name));
    for (const migration of due) await apply(client, migration);
    return due.map(({ name }) => name);
  } finally {
    // Closing the session releases the lock.
    await client.end();
  }
}

function readMigrations(folder: string): Migration[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .toSorted()
    .map((name) => ({ name, file: join(folder, name, 'migration.sql') }))
    .filter(({ file }) => existsSync(file))
    .map(({ name, file }) => {
      const content = readFileSync(file);
      const checksum = createHash('sha256').update(content).digest('hex');
      return { name, sql: content.toString('utf8'), checksum };
    });
}

/** Name and checksum of what this database has been through. */
async function readApplied(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; checksum: string; finished: boolean }>(
    `select migration_name as name, checksum, finished_at is not null as finished
       from _prisma_migrations where rolled_back_at is null order by started_at`,
  );
  const failed = rows.find((row) => !row.finished);
  if (failed) {
    throw new Error(
      `Migration ${failed.name} was begun by another tool and never finished: repair the database, ` +
        'then mark it with "prisma migrate resolve".',
    );
  }
  return new Map(rows.map((row) => [row.name, row.checksum]));
}

function requireKnown(applied: Map<string, string>, migrations: readonly Migration[]): void {
  const known = new Map(migrations.map(({ name, checksum }) => [name, checksum]));
  for (const [name, checksum] of applied) {
    const expected = known.get(name);
    if (expected === undefined) {
      throw new Error(
        `The database has migration ${name}, which this version of Dunlin does not know: run the newer version.`,
      );
    }
    if (expected !== checksum) {
      throw new Error(
        `Migration ${name} was changed after it had been applied: restore the file and write a new migration instead.`,
      );
    }
  }
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  try {
    await client.query('begin');
    await client.query(migration.sql);
    await client.query(
      `insert into _prisma_migrations
         (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       values ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), migration.checksum, migration.name],
    );
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw new Error(`Migration ${migration.name} failed: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Exactly as Prisma creates it. */
const CREATE_TABLE = `
  create table if not exists _prisma_migrations (
    id varchar(36) primary key not null,
    checksum varchar(64) not null,
    finished_at timestamptz,
    migration_name varchar(255) not null,
    logs text,
    rolled_back_at timestamptz,
    started_at timestamptz not null default now(),
    applied_steps_count integer not null default 0
  )`;

async function main(): Promise<void> {
  const databaseUrl = process.env['DATABASE_URL'];
  if (!databaseUrl) throw new Error('Set DATABASE_URL to the database to migrate.');
  const applied = await migrate(databaseUrl);
  const lines = applied.map((name) => `applied ${name}`);
  process.stdout.write(`${lines.join('\n') || 'The database is up to date.'}\n`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  main().catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
}
