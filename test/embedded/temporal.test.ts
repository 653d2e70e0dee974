import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { findFreePort } from '../../embedded/port.js';
import { startTemporal } from '../../embedded/temporal.js';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

describe('embedded Temporal', () => {
  let home: string;
  let port: number;
  let uiPort: number;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'dunlin-temporal-'));
    [port, uiPort] = await Promise.all([findFreePort(), findFreePort()]);
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  it('shows its UI, and keeps a workflow begun before it was killed', async () => {
    const killed = await startTemporal({ home, port, uiPort });
    expect((await fetch(killed.uiUrl)).status).toBe(200);
    await withClient(killed.address, (client) =>
      client.workflow.start('sleeper', { taskQueue: 'nobody', workflowId: 'kept' }),
    );
    process.kill(killed.pid, 'SIGKILL');

    const again = await startTemporal({ home, port, uiPort });
    expect(again.pid).not.toBe(killed.pid);
    const found = await withClient(again.address, (client) =>
      client.workflow.getHandle('kept').describe(),
    );
    expect(found.status.name).toBe('RUNNING');
    await again.stop();
  });

  it('keeps nothing in memory', async () => {
    const temporal = await startTemporal({ home, port, uiPort, database: 'memory' });
    const missing = withClient(temporal.address, (client) =>
      client.workflow.getHandle('kept').describe(),
    );
    await expect(missing).rejects.toThrow(/not found/i);
    await temporal.stop();
  });

  it('names the cure when the port of its UI is taken', async () => {
    const stranger = createServer();
    await new Promise<void>((listening) => stranger.listen(uiPort, '127.0.0.1', listening));
    await expect(startTemporal({ home, port, uiPort })).rejects.toThrow(
      `Port ${uiPort} is taken by another program: stop it, or set TEMPORAL_UI_PORT to a free port.`,
    );
    await new Promise((closed) => stranger.close(closed));
  });

  it('names the cure when TEMPORAL_CLI leads nowhere', async () => {
    vi.stubEnv('TEMPORAL_CLI', '/nowhere/temporal');
    await expect(startTemporal({ home, port, uiPort })).rejects.toThrow(
      'TEMPORAL_CLI names /nowhere/temporal, which does not exist',
    );
    vi.unstubAllEnvs();
  });
});

async function withClient<T>(address: string, work: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address });
  try {
    return await work(new Client({ connection }));
  } finally {
    await connection.close();
  }
}
