/**
 * The claim on a state folder: one Dunlin at a time runs its servers there.
 *
 * Servers left over from a killed Dunlin are stopped at the next start. Without the claim, a second
 * `npm start` in the same folder would take the first one's servers for leftovers.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { findProgram } from './running-program.js';
import { StartupProblem } from './startup-problem.js';

export function claim(home: string): void {
  const file = join(home, 'owner.json');
  const owner = readOwner(file);
  if (owner.pid === process.pid) return;

  const running = owner.pid === undefined ? undefined : findProgram(owner.pid);
  if (running && running.startedAt === owner.startedAt) {
    throw new StartupProblem(
      `Dunlin already runs on ${home} (process ${running.pid}): stop it, or set DUNLIN_HOME to another folder.`,
    );
  }
  try {
    mkdirSync(home, { recursive: true });
    const { startedAt } = findProgram(process.pid) ?? {};
    writeFileSync(file, JSON.stringify({ pid: process.pid, startedAt }));
  } catch (error) {
    throw new StartupProblem(
      `${home} cannot be written (${(error as Error).message}): give it to your account with chown, or set DUNLIN_HOME to another folder.`,
    );
  }
}

interface Owner {
  readonly pid?: number;
  readonly startedAt?: string;
}

function readOwner(file: string): Owner {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Owner;
  } catch {
    // No file, or one cut short by a crash: either way nobody holds the folder.
    return {};
  }
}
