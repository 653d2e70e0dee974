/** A server that we start as a child, and that we alone stop. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, parse } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { findProgram, type RunningProgram, stopProgram } from './running-program.js';
import { StartupProblem } from './startup-problem.js';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** The account to run as, when not our own. */
  readonly uid?: number;
  readonly gid?: number;
}

export interface Server {
  readonly program: RunningProgram;
  stop(): Promise<void>;
}

export interface ServerPlan {
  readonly name: string;
  readonly command: Command;
  readonly logFile: string;
  /** Where to note the program as soon as it runs, for servers that keep no such note themselves. */
  readonly pidFile?: string;
  readonly stopSignals: Parameters<typeof stopProgram>[1];
  /** Rejects or answers false while the server is not ready yet. */
  readonly isReady: () => Promise<boolean>;
  readonly readyWithinMs: number;
}

/** Starts the server and waits until it is ready; a server that does not get there is stopped. */
export async function startServer(plan: ServerPlan): Promise<Server> {
  const logStart = rotate(plan.logFile);
  const child = spawnDetached(plan.command, plan.logFile);
  const program = child.pid === undefined ? undefined : findProgram(child.pid);
  if (program && plan.pidFile) writeFileSync(plan.pidFile, JSON.stringify(program));

  if (program && (await becomesReady(plan, child))) {
    return {
      program,
      async stop() {
        if (!(await stopProgram(program, plan.stopSignals))) {
          throw new Error(`${plan.name} (process ${program.pid}) does not stop`);
        }
      },
    };
  }
  if (program) await stopProgram(program, plan.stopSignals);
  throw new StartupProblem(
    `${plan.name} did not start (${lastWords(plan.logFile, logStart)}): see ${plan.logFile}.`,
  );
}

/**
 * Detached means a process group of its own. Ctrl-C in a terminal reaches the whole group, and would stop
 * the database before the work that still writes to it.
 */
function spawnDetached({ program, args, ...account }: Command, logFile: string): ChildProcess {
  const log = openSync(logFile, 'a');
  const child = spawn(program, args, {
    ...account,
    cwd: parse(logFile).root,
    detached: true,
    stdio: ['ignore', log, log],
    windowsHide: true,
  });
  closeSync(log);
  child.on('error', () => {});
  child.unref();
  return child;
}

async function becomesReady(plan: ServerPlan, child: ChildProcess): Promise<boolean> {
  for (const deadline = Date.now() + plan.readyWithinMs; Date.now() < deadline; await sleep(25)) {
    if (child.exitCode !== null || child.signalCode !== null) return false;
    if (await plan.isReady().catch(() => false)) return true;
  }
  return false;
}

const LARGEST_LOG_BYTES = 10_000_000;

/** Keeps one older log, and answers where in the file the new start's lines begin. */
function rotate(logFile: string): number {
  mkdirSync(dirname(logFile), { recursive: true });
  if (!existsSync(logFile)) return 0;
  const { size } = statSync(logFile);
  if (size < LARGEST_LOG_BYTES) return size;
  renameSync(logFile, `${logFile}.old`);
  return 0;
}

function lastWords(logFile: string, from: number): string {
  const lines = readFileSync(logFile).subarray(from).toString('utf8').split('\n').filter(Boolean);
  const line = lines.findLast((text) => /fatal|error/i.test(text)) ?? lines.at(-1);
  return line?.trim().slice(0, 200) ?? 'it said nothing';
}
