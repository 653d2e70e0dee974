/** The Temporal development server with its UI, for those who have no cluster to offer. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Connection } from '@temporalio/client';

import { findTemporalCli } from '../scripts/temporal-cli.mjs';
import { claim } from './claim.js';
import { requireFreePort } from './port.js';
import { findProgram, type RunningProgram, stopProgram } from './running-program.js';
import { startServer } from './server.js';
import { StartupProblem } from './startup-problem.js';

export interface TemporalOptions {
  /** The state folder: data goes to `temporal.db`, the log to `log/temporal.log`. */
  readonly home: string;
  readonly port: number;
  readonly uiPort: number;
  /** In memory nothing survives a stop; for tests. */
  readonly database?: 'file' | 'memory';
  /** Further settings of the server, each as `key=value`. */
  readonly dynamicConfig?: readonly string[];
}

export interface EmbeddedTemporal {
  readonly address: string;
  readonly uiUrl: string;
  readonly pid: number;
  stop(): Promise<void>;
}

const STOP_SIGNALS = [
  { signal: 'SIGTERM', withinMs: 10_000 },
  { signal: 'SIGKILL', withinMs: 2_000 },
] as const;

export async function startTemporal(options: TemporalOptions): Promise<EmbeddedTemporal> {
  const home = resolve(options.home);
  const cli = locateCli();
  claim(home);
  const pidFile = join(home, 'temporal.pid');
  await stopLeftover(pidFile);
  await requireFreePort(options.port, 'TEMPORAL_PORT');
  await requireFreePort(options.uiPort, 'TEMPORAL_UI_PORT');

  const address = `127.0.0.1:${options.port}`;
  const server = await startServer({
    name: 'The Temporal server',
    command: { program: cli, args: serverArguments(home, options) },
    logFile: join(home, 'log', 'temporal.log'),
    pidFile,
    stopSignals: STOP_SIGNALS,
    isReady: () => answersAt(address),
    readyWithinMs: 30_000,
  });
  return {
    address,
    uiUrl: `http://127.0.0.1:${options.uiPort}`,
    pid: server.program.pid,
    async stop() {
      await server.stop();
      rmSync(pidFile, { force: true });
    },
  };
}

function locateCli(): string {
  let found: string | undefined;
  try {
    found = findTemporalCli();
  } catch (error) {
    throw new StartupProblem((error as Error).message);
  }
  if (found) return found;
  throw new StartupProblem(
    'The Temporal CLI is missing: run node scripts/bootstrap.mjs, or set TEMPORAL_CLI to its path.',
  );
}

function serverArguments(home: string, options: TemporalOptions): string[] {
  // With these two a killed server loses nothing, at more than twice the speed of the defaults.
  const pragmas = ['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=1'];
  const file = ['--db-filename', join(home, 'temporal.db'), ...pragmas];
  return [
    ['server', 'start-dev', '--log-level', 'warn'],
    ['--ip', '127.0.0.1', '--port', String(options.port)],
    ['--ui-port', String(options.uiPort), '--ui-disable-news-fetch'],
    ['--dynamic-config-value', 'frontend.WorkflowTimeSkippingEnabled=true'],
    ...(options.dynamicConfig ?? []).map((value) => ['--dynamic-config-value', value]),
    options.database === 'memory' ? [] : file,
  ].flat();
}

async function answersAt(address: string): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: 1000 });
  try {
    const health = await connection.withDeadline(Date.now() + 1000, () =>
      connection.healthService.check({
        service: 'temporal.api.workflowservice.v1.WorkflowService',
      }),
    );
    if (health.status !== SERVING) return false;
    // The server says it serves before its first namespace exists.
    await connection.workflowService.describeNamespace({ namespace: 'default' });
    return true;
  } finally {
    await connection.close();
  }
}

const SERVING = 1;

/** A Dunlin that was killed leaves its server running. Only the very program we once started is stopped. */
async function stopLeftover(pidFile: string): Promise<void> {
  const recorded = readRecord(pidFile);
  const program = recorded && findProgram(recorded.pid);
  if (!program || !recorded) return;
  if (program.startedAt !== recorded.startedAt || !/server start-dev/.test(program.command)) return;
  if (await stopProgram(program, STOP_SIGNALS)) return;
  throw new StartupProblem(
    `An earlier Temporal server (process ${program.pid}) does not stop: stop it yourself.`,
  );
}

function readRecord(pidFile: string): RunningProgram | undefined {
  if (!existsSync(pidFile)) return undefined;
  try {
    return JSON.parse(readFileSync(pidFile, 'utf8')) as RunningProgram;
  } catch {
    return undefined;
  }
}
