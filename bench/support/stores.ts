/** PostgreSQL and Temporal for one command: in a home and on ports of their own, gone when it ends. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { findFreePort } from '../../embedded/port.js';
import { startPostgres } from '../../embedded/postgres.js';
import { startTemporal } from '../../embedded/temporal.js';
import { migrate } from '../../prisma/migrate.js';
import type { Stores } from '../../processes/compose.js';

export interface OwnStores extends Stores {
  readonly home: string;
  /** Keeps PostgreSQL's files as they are now. It is stopped meanwhile. */
  backUp(): Promise<void>;
  /** Puts PostgreSQL back to where it was then. Temporal goes on from where it is. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

/** What is killed in these commands is never a store, so both may be faster than they are safe in a power cut. */
export async function openStores(name: string): Promise<OwnStores> {
  const home = mkdtempSync(join(tmpdir(), `dunlin-${name}-`));
  const [postgresPort, port, uiPort] = await freePorts(3);
  const started: { stop(): Promise<void> }[] = [];
  const close = async () => {
    for (const store of started.toReversed()) await store.stop();
    rmSync(home, { recursive: true, force: true });
  };
  const options = { home, port: postgresPort!, durable: false };
  const files = join(home, 'postgres');
  const backup = join(home, 'postgres.backup');
  try {
    let postgres = await startPostgres(options);
    started.push({ stop: () => postgres.stop() });
    const whileStopped = async (work: () => void) => {
      await postgres.stop();
      work();
      postgres = await startPostgres(options);
    };
    const temporal = await startTemporal({
      home,
      port: port!,
      uiPort: uiPort!,
      database: 'memory',
    });
    started.push(temporal);
    await migrate(postgres.url);
    const { address: temporalAddress, uiUrl: temporalUiUrl } = temporal;
    return {
      home,
      databaseUrl: postgres.url,
      temporalAddress,
      temporalUiUrl,
      backUp: () => whileStopped(() => copyFolder(files, backup)),
      restore: () =>
        whileStopped(() => {
          rmSync(files, { recursive: true });
          copyFolder(backup, files);
        }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** With owners and permissions, on which PostgreSQL insists. */
function copyFolder(from: string, to: string): void {
  execFileSync('cp', ['-a', from, to]);
}

export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await findFreePort());
  return [...ports];
}
