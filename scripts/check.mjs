/** Everything a change has to pass, in the order of what is told soonest. CI runs the same list. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const STATIC_STEPS = [
  ['the clone can run', 'node', 'scripts/bootstrap.mjs'],
  ['every file is formatted', 'npx', 'prettier', '--check', '.', '--log-level', 'warn'],
  ['no rule of the linter is broken', 'npx', 'oxlint', '--type-aware', '--deny-warnings'],
  ['the types hold', 'npx', 'tsc', '--noEmit'],
  ['nothing is unused', 'npx', 'knip', '--no-progress'],
];
const TEST_STEPS = [['the tests pass, architecture and replay among them', 'npm', 'test']];

const onlyStatic = process.argv.includes('--static');
for (const [proves, ...command] of onlyStatic ? STATIC_STEPS : [...STATIC_STEPS, ...TEST_STEPS]) {
  const began = Date.now();
  const { status, output } = run(command);
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  if (status !== 0) {
    console.error(`✗ ${proves} (${command.join(' ')})\n\n${output}`);
    process.exit(1);
  }
  console.log(`✓ ${proves} (${seconds} s)`);
}

function run([program, ...args]) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 100_000_000,
    shell: process.platform === 'win32',
  });
  return { status, output: error?.message ?? `${stdout}${stderr}`.trim() };
}
