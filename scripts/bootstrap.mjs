/**
 * Makes a fresh clone able to run: packages, the Prisma client, the Temporal CLI. It runs before `npm start`,
 * `npm test` and the benches, when nothing may be installed yet, so it uses nothing but Node.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { fetchTemporalCli, findTemporalCli, TEMPORAL_CLI_VERSION } from './temporal-cli.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OLDEST_NODE = [20, 19];

try {
  requireNode();
  installPackages();
  generateClient();
  await provideTemporalCli();
} catch (error) {
  console.error(`\n${error.message}`);
  process.exit(1);
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  throw new Error(
    `Dunlin needs Node ${OLDEST_NODE.join('.')} or newer and this is ${process.versions.node}: install a newer Node.`,
  );
}

function installPackages() {
  if (packagesAreInstalled()) return;
  console.log('Installing packages…');
  // Where a registry lacked some system's binaries, the lock file lacks them too. "ci" refuses that,
  // "install" fetches just those beside what the lock file pins.
  const first = npm('ci');
  const done =
    first.status !== 0 && first.stderr.includes('EUSAGE') ? npm('install', '--no-save') : first;
  if (done.status !== 0) {
    throw new Error(
      `The packages could not be installed (${lastLine(done)}): check the network, then run npm ci.`,
    );
  }
}

/** Development packages too, whatever NODE_ENV says: one of them generates the Prisma client. */
function npm(...command) {
  const options = ['--include=dev', '--ignore-scripts=false', '--no-audit', '--no-fund'];
  const args = [...command, ...options, '--loglevel=error'];
  // Inside "npm start", the very npm that runs us.
  const cli = process.env.npm_execpath;
  return /npm-cli\.c?js$/.test(cli ?? '')
    ? run(process.execPath, [cli, ...args])
    : run('npm', args);
}

/** npm keeps its own list of what lies in node_modules, written last: no list, no complete installation. */
function packagesAreInstalled() {
  const installed = join(ROOT, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return false;
  const wanted = readPackages(join(ROOT, 'package-lock.json'));
  const present = readPackages(installed);
  return Object.entries(wanted).every(([path, { version, optional, devOptional, link }]) => {
    if (path === '' || link) return true;
    // Packages for other systems are rightly absent.
    return present[path]?.version === version || (!present[path] && (optional || devOptional));
  });
}

function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

function generateClient() {
  const schema = join(ROOT, 'prisma', 'schema.prisma');
  if (!existsSync(schema)) return;
  const generated = join(ROOT, 'prisma', 'generated');
  const stampFile = join(generated, '.made-from');
  const stamp = hashOf(schema, join(ROOT, 'node_modules', 'prisma', 'package.json'));
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;

  console.log('Generating the Prisma client…');
  // Generating needs no schema engine, yet Prisma downloads one unless told that it has it: any program will do.
  const env = {
    PRISMA_SCHEMA_ENGINE_BINARY: existsSync('/bin/true') ? '/bin/true' : process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  };
  const prisma = join(ROOT, 'node_modules', 'prisma', 'build', 'index.js');
  const done = run(process.execPath, [prisma, 'generate', '--schema', schema], env);
  if (done.status !== 0) {
    throw new Error(
      `The Prisma client could not be generated (${lastLine(done)}): correct prisma/schema.prisma.`,
    );
  }
  mkdirSync(generated, { recursive: true });
  writeFileSync(stampFile, stamp);
}

async function provideTemporalCli() {
  // With a cluster of your own there is nothing to fetch.
  if (process.env.TEMPORAL_ADDRESS || findTemporalCli()) return;
  console.log(`Fetching the Temporal CLI ${TEMPORAL_CLI_VERSION}…`);
  await fetchTemporalCli();
}

function run(program, args, env = {}) {
  return spawnSync(program, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32' && program === 'npm',
  });
}

function lastLine({ error, stdout, stderr }) {
  if (error) return error.message;
  const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim());
  const telling = lines.filter(
    (line) => /error/i.test(line) && !/error code|complete log/i.test(line),
  );
  return (telling[0] ?? lines.at(-1) ?? 'it said nothing').trim();
}

function hashOf(...files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex');
}
