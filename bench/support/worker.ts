/** The worker as a process of its own, so that it can be killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { EMULATED, SECRETS } from './gateways.js';
import { type OwnStores, freePorts } from './stores.js';
import { within } from './within.js';

export async function startWorker(
  { home, databaseUrl, temporalAddress }: OwnStores,
  tempo: Readonly<Record<string, string>>,
) {
  const [healthPort] = await freePorts(1);
  const logFile = join(home, 'log', 'worker.log');
  const log = openSync(logFile, 'a');
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', 'worker.ts'], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: ['ignore', log, log],
    env: {
      ...process.env,
      ...SECRETS,
      ...EMULATED,
      // Books are compared when a trial says so.
      RECONCILE_EVERY_MINUTES: '0',
      ...tempo,
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: temporalAddress,
      WORKER_HEALTH_PORT: String(healthPort),
      LOG_LEVEL: 'warn',
      SIGNING_KEY: 'a key of thirty-two characters or more',
    },
  });
  const ended = once(child, 'exit');
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await ended;
  };
  await within(120_000, 'the worker is ready', async () => {
    if (child.exitCode !== null) throw new Error(readFileSync(logFile, 'utf8'));
    const answer = await fetch(`http://127.0.0.1:${healthPort}/readyz`).catch(() => undefined);
    return answer?.ok;
  });
  return {
    /** SIGKILL: nothing is finished, nothing is said. */
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}
