/** PostgreSQL and Temporal for one command: in a home and on ports of their own, gone when it ends. */
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
  try {
    const postgres = await startPostgres({ home, port: postgresPort!, durable: false });
    started.push(postgres);
    const temporal = await startTemporal({
      home,
      port: port!,
      uiPort: uiPort!,
      database: 'memory',
    });
    started.push(temporal);
    await migrate(postgres.url);
    const { address: temporalAddress, uiUrl: temporalUiUrl } = temporal;
    return { home, databaseUrl: postgres.url, temporalAddress, temporalUiUrl, close };
  } catch (error) {
    await close();
    throw error;
  }
}

export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await findFreePort());
  return [...ports];
}
