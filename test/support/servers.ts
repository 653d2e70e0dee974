/** The real PostgreSQL and the real Temporal server that the `system` tests share. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';

import { findFreePort } from '../../embedded/port.js';
import { startPostgres } from '../../embedded/postgres.js';
import { startTemporal } from '../../embedded/temporal.js';
import { migrate } from '../../prisma/migrate.js';
import { bundleStories } from '../../temporal/workers.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A database of the server from which test databases are created and dropped. */
    postgresAdminUrl: string;
    templateName: string;
    temporalAddress: string;
    temporalUiUrl: string;
    /** The compiled stories: compiling them takes seconds, so it is done once. */
    storiesPath: string;
  }
}

/** Runs are told to begin a new history early, so that a test sees them do it. */
const SHORT_HISTORIES = 'limit.historyCount.suggestContinueAsNew=150';
const TEMPLATE = 'dunlin_template';

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const home = mkdtempSync(join(tmpdir(), 'dunlin-test-'));
  const [postgresPort, port, uiPort] = await Promise.all([
    findFreePort(),
    findFreePort(),
    findFreePort(),
  ]);
  const started = await Promise.allSettled([
    startPostgresWithTemplate(home, postgresPort),
    startTemporal({ home, port, uiPort, database: 'memory', dynamicConfig: [SHORT_HISTORIES] }),
  ]);
  const [postgres, temporal] = started;
  const stopAll = async (): Promise<void> => {
    for (const it of started) if (it.status === 'fulfilled') await it.value.stop();
    rmSync(home, { recursive: true, force: true });
  };
  if (postgres.status === 'rejected' || temporal.status === 'rejected') {
    await stopAll();
    throw postgres.status === 'rejected'
      ? postgres.reason
      : (temporal as PromiseRejectedResult).reason;
  }

  project.provide('postgresAdminUrl', postgres.value.url);
  const storiesPath = join(home, 'stories.js');
  writeFileSync(storiesPath, (await bundleStories()).code);
  project.provide('storiesPath', storiesPath);
  project.provide('templateName', TEMPLATE);
  project.provide('temporalAddress', temporal.value.address);
  project.provide('temporalUiUrl', temporal.value.uiUrl);
  return stopAll;
}

async function startPostgresWithTemplate(home: string, port: number) {
  const postgres = await startPostgres({ home, port, durable: false });
  try {
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    await client.query(`create database ${TEMPLATE}`);
    await client.end();
    await migrate(postgres.url.replace(/dunlin$/, TEMPLATE));
    return postgres;
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}
