/** The data folder of the embedded PostgreSQL: made once, and freed of what an earlier start left behind. */
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';

import { type Account, runAs } from './postgres-account.js';
import { findProgram, type RunningProgram, stopProgram } from './running-program.js';
import { StartupProblem } from './startup-problem.js';

const MAJOR_VERSION = '18';
const SUPERUSER = 'dunlin';

/** Fast shutdown first; an immediate one is safe too, and only makes the next start replay its log. */
export const POSTGRES_STOP_SIGNALS = [
  { signal: 'SIGINT', withinMs: 20_000 },
  { signal: 'SIGQUIT', withinMs: 5_000 },
  { signal: 'SIGKILL', withinMs: 2_000 },
] as const;

/** Makes the data folder unless it is there, and answers the superuser's password. */
export function prepareDataFolder(
  home: string,
  dataFolder: string,
  account: Account | undefined,
  initdb: string,
): string {
  const passwordFile = join(home, 'postgres-password');
  if (existsSync(dataFolder)) {
    requireReadable(dataFolder);
    return readFileSync(passwordFile, 'utf8').trim();
  }
  const password = randomBytes(18).toString('hex');
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (account) chownSync(passwordFile, account.uid, account.gid);

  // Renamed when complete, so that a folder cut short by a crash is never taken for a database.
  const unfinished = `${dataFolder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  if (account) chownSync(unfinished, account.uid, account.gid);
  const args = [
    ['--pgdata', unfinished, '--username', SUPERUSER, '--pwfile', passwordFile],
    // The system's own locales differ between machines; this one is PostgreSQL's.
    ['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C'],
    ['--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
  ].flat();
  const { program, ...as } = runAs(account, { program: initdb, args }, [home, initdb]);
  const made = spawnSync(program, as.args, { ...as, cwd: home, encoding: 'utf8' });
  if (made.status !== 0) {
    const reason = made.error?.message ?? made.stderr.trim().split('\n').at(-1);
    throw new StartupProblem(
      `The database could not be created in ${home} (${reason}): ` +
        'make room or rights there, or set DATABASE_URL to a PostgreSQL of yours.',
    );
  }
  renameSync(unfinished, dataFolder);
  return password;
}

/** A Dunlin that was killed leaves its server running: it is stopped, and nothing else ever is. */
export async function stopLeftover(dataFolder: string): Promise<void> {
  const pidFile = join(dataFolder, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const [pid, folder] = readFileSync(pidFile, 'utf8').split('\n');
  const program = findProgram(Number(pid));
  if (!program) return;

  if (!isPostmasterOf(program, dataFolder, folder ?? '')) {
    // The number now belongs to a stranger, and PostgreSQL would refuse to start beside it.
    rmSync(pidFile);
  } else if (!(await stopProgram(program, POSTGRES_STOP_SIGNALS))) {
    throw new StartupProblem(
      `An earlier PostgreSQL (process ${pid}) still runs on ${dataFolder} and does not stop: stop it yourself.`,
    );
  }
}

function isPostmasterOf(program: RunningProgram, dataFolder: string, recorded: string): boolean {
  if (!/postgres/.test(program.command) || !program.command.includes(` -D ${recorded}`))
    return false;
  return existsSync(recorded) && realpathSync(recorded) === realpathSync(dataFolder);
}

function requireReadable(dataFolder: string): void {
  let version: string;
  try {
    version = readFileSync(join(dataFolder, 'PG_VERSION'), 'utf8').trim();
  } catch {
    throw new StartupProblem(
      `${dataFolder} cannot be read as a database: give it to your account with chown, or set DUNLIN_HOME to another folder.`,
    );
  }
  if (version !== MAJOR_VERSION) {
    throw new StartupProblem(
      `${dataFolder} was made by PostgreSQL ${version}, and this is ${MAJOR_VERSION}: ` +
        'dump and restore it, or set DUNLIN_HOME to another folder.',
    );
  }
}
