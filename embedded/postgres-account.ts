/** The system account PostgreSQL runs as. It refuses to run as root, which is what containers run as. */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';

import type { Command } from './server.js';
import { StartupProblem } from './startup-problem.js';

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Undefined means our own account. An existing data folder keeps the account that made it. */
export function chooseAccount(dataFolder: string): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  if (existsSync(dataFolder)) {
    const { uid, gid } = statSync(dataFolder);
    if (uid !== 0) return { uid, gid };
  }
  return findPostgresUser() ?? createPostgresUser();
}

/** Runs a command as that account, even in a folder like /root that the account may not enter. */
export function runAs(
  account: Account | undefined,
  command: Command,
  folders: readonly string[],
): Command {
  if (!account) return command;
  const mayEnter = folders.every(
    (folder) => spawnSync('test', ['-x', folder], { ...account, cwd: '/' }).status === 0,
  );
  if (mayEnter) return { ...command, ...account };

  if (spawnSync('setpriv', ['--version']).status !== 0) {
    throw new StartupProblem(
      `PostgreSQL cannot run as root, and no other account may enter ${folders.join(' or ')}: ` +
        'run Dunlin as an ordinary user, or in a folder that everybody may enter.',
    );
  }
  const identity = [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups'];
  const rights = ['--inh-caps=+dac_override', '--ambient-caps=+dac_override'];
  return { program: 'setpriv', args: [...identity, ...rights, command.program, ...command.args] };
}

function findPostgresUser(): Account | undefined {
  const [uid, gid] = ['-u', '-g'].map((flag) => {
    const { status, stdout } = spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' });
    return status === 0 ? Number(stdout) : undefined;
  });
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

function createPostgresUser(): Account {
  spawnSync('useradd', ['--system', '--user-group', '--no-create-home', 'postgres']);
  const account = findPostgresUser();
  if (account) return account;
  throw new StartupProblem(
    'PostgreSQL cannot run as root and no account "postgres" could be made: ' +
      'run Dunlin as an ordinary user, or set DATABASE_URL to a PostgreSQL of yours.',
  );
}
