/**
 * What a good renewal costs: history events, SQL statements, commits, gateway calls, and its rate as a ratio to a bare
 * workflow with two empty activities on the same servers, interleaved. Counts and ratios only: machines are noisy.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import pg from 'pg';

import { bookActivities, gatewayActivities } from '../activities/index.js';
import { readConfig } from '../config.js';
import { findFreePort } from '../embedded/port.js';
import { startPostgres } from '../embedded/postgres.js';
import { startTemporal } from '../embedded/temporal.js';
import { startStripeEmulator } from '../emulators/stripe/server.js';
import { makeLogger } from '../logger.js';
import { migrate } from '../prisma/migrate.js';
import { compose } from '../processes/compose.js';
import { installTemporalRuntime } from '../processes/temporal-runtime.js';
import { prepareNamespace } from '../temporal/connect.js';
import { startWorkers } from '../temporal/workers.js';
import { bareRate, startBareWorker } from './bare.js';
import { measureRenewals, prepareTenant } from './measure.js';
import { EMULATED } from './support/gateways.js';

const ROUNDS = 3;
const PER_ROUND = 100;

const home = mkdtempSync(join(tmpdir(), 'dunlin-bench-'));
installTemporalRuntime(makeLogger('error'));
const [postgresPort, port, uiPort] = [
  await findFreePort(),
  await findFreePort(),
  await findFreePort(),
];
const postgres = await startPostgres({ home, port: postgresPort });
const temporal = await startTemporal({ home, port, uiPort });
const stripe = await startStripeEmulator({ port: 0, stateFile: undefined });
await migrate(postgres.url);
const statistics = new pg.Client({ connectionString: postgres.url });
await statistics.connect();
await statistics.query('create extension if not exists pg_stat_statements');

const config = readConfig({ environment: EMULATED });
const stores = { databaseUrl: postgres.url, temporalAddress: temporal.address, temporalUiUrl: '' };
const parts = compose(config, stores, {
  secrets: { BENCH_STRIPE_KEY: 'sk_test_bench' },
  trustedRoots: [],
});
await prepareNamespace(parts.client, parts.target);
const tenant = await prepareTenant(parts, stripe.url);
const workers = await startWorkers({
  ...parts.target,
  bookActivities: bookActivities(parts.deps),
  gatewayActivities: gatewayActivities(parts.deps),
  listLanes: async () => ['gateway-stripe'],
  laneConcurrency: 20,
  graceMs: 5_000,
  onFatal: (error) => {
    throw error;
  },
});
const bare = await startBareWorker(parts.target);

const rows: Record<string, number>[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const bareRenewals = await bareRate(parts.client, PER_ROUND);
  const measured = await measureRenewals(parts, tenant, statistics, stripe.url, PER_ROUND);
  rows.push({ ...measured, ratio: Number((measured['per second']! / bareRenewals).toFixed(2)) });
}
console.table(rows);

await workers.stop();
await bare.stop();
await statistics.end();
await parts.close();
await stripe.close();
await temporal.stop();
await postgres.stop();
rmSync(home, { recursive: true, force: true });
process.exit(0);
