import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { findFreePort } from '../../embedded/port.js';
import { startPostgres } from '../../embedded/postgres.js';
import { findProgram } from '../../embedded/running-program.js';
import { startTemporal } from '../../embedded/temporal.js';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

describe('servers whose Dunlin was killed', () => {
  let home: string;
  let ports: [number, number, number];
  let owner: ChildProcess;
  let left: { postgres: { pid: number }; temporal: { pid: number } };

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'dunlin-leftover-'));
    ports = [await findFreePort(), await findFreePort(), await findFreePort()];
    const program = fileURLToPath(new URL('./abandoned-servers.ts', import.meta.url));
    const args = ['--import', 'tsx', program, home, ...ports.map(String)];
    owner = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface(owner.stdout!), 'line')) as [string];
    left = JSON.parse(line) as typeof left;
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  it('belong to it while it lives', async () => {
    const refusal = new RegExp(
      `already runs on .* \\(process ${owner.pid}\\): stop it, or set DUNLIN_HOME`,
    );
    await expect(startPostgres({ home, port: ports[0] })).rejects.toThrow(refusal);
    await expect(startTemporal({ home, port: ports[1], uiPort: ports[2] })).rejects.toThrow(
      refusal,
    );
  });

  it('outlive it, and give way to the next', async () => {
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    expect(findProgram(left.postgres.pid)).toBeDefined();
    expect(findProgram(left.temporal.pid)).toBeDefined();

    const [postgres, temporal] = await Promise.all([
      startPostgres({ home, port: ports[0] }),
      startTemporal({ home, port: ports[1], uiPort: ports[2] }),
    ]);
    expect(findProgram(left.postgres.pid)).toBeUndefined();
    expect(findProgram(left.temporal.pid)).toBeUndefined();
    await Promise.all([postgres.stop(), temporal.stop()]);
  });
});
