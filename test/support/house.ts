/** A whole Dunlin for one test file: its own database, emulator, lane and task queue on the shared servers. */
import { randomUUID } from 'node:crypto';

import { inject } from 'vitest';

import { bookActivities, gatewayActivities } from '../../activities/index.js';
import { compose } from '../../processes/compose.js';
import { readConfig } from '../../config.js';
import { startStripeEmulator } from '../../emulators/stripe/server.js';
import type { GatewayAccount } from '../../prisma/charge.js';
import { ensureMerchant } from '../../prisma/merchant.js';
import { prepareNamespace } from '../../temporal/connect.js';
import { type Workers, startWorkers } from '../../temporal/workers.js';
import './quiet.js';
import { createTestDatabase } from './database.js';
import { type Emulator, emulatorAt } from './emulator.js';

export type House = Awaited<ReturnType<typeof openHouse>>;

export interface HouseOptions {
  /** False: no worker in this process, for tests that run their own. */
  readonly workers?: boolean;
  readonly maxCachedWorkflows?: number;
  readonly environment?: Record<string, string>;
}

export async function openHouse(options: HouseOptions = {}) {
  const name = randomUUID().slice(0, 8);
  const database = await createTestDatabase();
  const stripe = await startStripeEmulator({ port: 0, stateFile: undefined });
  const environment = {
    TASK_QUEUE: `dunlin-${name}`,
    GATEWAY_DEADLINE_SECONDS: '1',
    CHARGE_TIMEOUT_SECONDS: '3',
    SHUTDOWN_GRACE_SECONDS: '3',
    ASK_LADDER_SECONDS: '1,2',
    OVERDUE_EVERY_SECONDS: '0',
    DATABASE_CONNECTIONS: '10',
    ...options.environment,
  };
  const config = readConfig({ environment });
  const stores = {
    databaseUrl: database.url,
    temporalAddress: inject('temporalAddress'),
    temporalUiUrl: inject('temporalUiUrl'),
  };
  const parts = compose(config, stores, SECRETS);
  await prepareNamespace(parts.client, parts.target);
  const { db } = parts;
  const merchant = await ensureMerchant(db, 'default', new Date());
  const account = await db.gatewayAccount.create({
    data: {
      id: `gwa_${name}`,
      merchantId: merchant.id,
      name: 'stripe-eu',
      gateway: 'stripe',
      mode: 'test',
      lane: `gateway-stripe-${name}`,
      secretRef: 'env:TEST_STRIPE_KEY',
      webhookSecretRefs: ['env:TEST_STRIPE_WEBHOOK_SECRET'],
      apiBase: stripe.url,
      createdAt: new Date(),
    },
  });
  let workers: Workers | undefined;
  if (options.workers !== false) workers = await hireWorkers();

  function hireWorkers(): Promise<Workers> {
    return startWorkers({
      ...parts.target,
      bookActivities: bookActivities(parts.deps),
      gatewayActivities: gatewayActivities(parts.deps),
      listLanes: async () => [account.lane],
      laneConcurrency: 20,
      graceMs: 3_000,
      onFatal: (error) => {
        throw error;
      },
      workflowBundle: { codePath: inject('storiesPath') },
      ...(options.maxCachedWorkflows && { maxCachedWorkflows: options.maxCachedWorkflows }),
    });
  }

  return {
    ...parts,
    config,
    stores,
    environment,
    database,
    merchantId: merchant.id,
    account: account as GatewayAccount,
    emulator: emulatorAt(stripe.url) as Emulator,
    hireWorkers,
    async close() {
      await workers?.stop();
      await parts.client.schedule.getHandle(`sweep/${parts.target.taskQueue}`).delete();
      await parts.close();
      await stripe.close();
      await database.drop();
    },
  };
}

export const SECRETS = {
  TEST_STRIPE_KEY: 'sk_test_dunlin',
  TEST_STRIPE_WEBHOOK_SECRET: 'whsec_dunlin',
};
