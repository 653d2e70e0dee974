/** A whole Dunlin for one test file: its own database, emulator, lane and task queue on the shared servers. */
import { randomUUID } from 'node:crypto';

import { inject } from 'vitest';

import { bookActivities, gatewayActivities } from '../../activities/index.js';
import { compose } from '../../processes/compose.js';
import { allLanes } from '../../processes/worker-pool.js';
import { readConfig } from '../../config.js';
import { startPaypalEmulator } from '../../emulators/paypal/server.js';
import { startStripeEmulator } from '../../emulators/stripe/server.js';
import type { GatewayAccount } from '../../prisma/charge.js';
import { ensureMerchant } from '../../prisma/merchant.js';
import { reconcileWorkflowId } from '../../domain/workflow-ids.js';
import { prepareNamespace } from '../../temporal/connect.js';
import { type Workers, startWorkers } from '../../temporal/workers.js';
import './quiet.js';
import { type TestDatabase, createTestDatabase } from './database.js';
import { expectDocumented } from './documented.js';
import { type Emulator, emulatorAt } from './emulator.js';

export type House = Awaited<ReturnType<typeof openHouse>>;

export interface HouseOptions {
  /** False: no worker in this process, for tests that run their own. */
  readonly workers?: boolean;
  /** A second gateway beside Stripe. */
  readonly paypal?: boolean;
  /** Of a server that the test may kill. */
  readonly database?: TestDatabase;
  readonly maxCachedWorkflows?: number;
  readonly environment?: Record<string, string>;
}

/** For tests in which a gateway is silent, and which wait until it is given up. */
export const IMPATIENT = {
  GATEWAY_DEADLINE_SECONDS: '1',
  CHARGE_TIMEOUT_SECONDS: '3',
  SHUTDOWN_GRACE_SECONDS: '3',
};

export async function openHouse(options: HouseOptions = {}) {
  const name = randomUUID().slice(0, 8);
  const database = options.database ?? (await createTestDatabase());
  const stripe = await startStripeEmulator({ port: 0, stateFile: undefined });
  const paypal = options.paypal
    ? await startPaypalEmulator({ port: 0, stateFile: undefined })
    : undefined;
  const environment = {
    TASK_QUEUE: `dunlin-${name}`,
    GATEWAY_API_BASES: 'http://127.0.0.1:*',
    SIGNING_KEY: 'a key of thirty-two characters or more',
    // Long enough for the slowest machine: a gateway that is well must not seem silent.
    GATEWAY_DEADLINE_SECONDS: '5',
    CHARGE_TIMEOUT_SECONDS: '12',
    SHUTDOWN_GRACE_SECONDS: '12',
    ASK_LADDER_SECONDS: '1,2',
    OVERDUE_EVERY_SECONDS: '0',
    // Its books are compared when a test says so.
    RECONCILE_EVERY_MINUTES: '0',
    RECONCILE_MARGIN_SECONDS: '0',
    // A breaker must not hold back what a test wants to see sent.
    BREAKER_FAILURES: '1000',
    DATABASE_CONNECTIONS: '10',
    ...options.environment,
  };
  const config = readConfig({ environment });
  const stores = {
    databaseUrl: database.url,
    temporalAddress: inject('temporalAddress'),
    temporalUiUrl: inject('temporalUiUrl'),
  };
  const parts = compose(config, stores, { secrets: SECRETS, trustedRoots: await rootsOf(paypal) });
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
  const wallet = paypal && (await openPaypalAccount(name, paypal.url));
  let workers: Workers | undefined;
  if (options.workers !== false) workers = await hireWorkers();

  function openPaypalAccount(house: string, apiBase: string): Promise<GatewayAccount> {
    return db.gatewayAccount.create({
      data: {
        id: `gwa_paypal_${house}`,
        merchantId: merchant.id,
        name: 'paypal-eu',
        gateway: 'paypal',
        mode: 'test',
        lane: `gateway-paypal-${house}`,
        secretRef: 'env:TEST_PAYPAL_CREDENTIALS',
        webhookSecretRefs: ['env:TEST_PAYPAL_WEBHOOK_ID'],
        apiBase,
        createdAt: new Date(),
      },
    });
  }

  /** Of the comparison of its books, where a test has asked for one. */
  async function endSchedule(accountId: string): Promise<void> {
    if (config.RECONCILE_EVERY_MINUTES === 0) return;
    const schedule = parts.client.schedule.getHandle(reconcileWorkflowId(accountId));
    await schedule.delete().catch(() => {});
  }

  function hireWorkers(): Promise<Workers> {
    return startWorkers({
      ...parts.target,
      bookActivities: bookActivities(parts.deps),
      gatewayActivities: gatewayActivities(parts.deps),
      listLanes: () => allLanes(db, parts.target.taskQueue),
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
    /** With `paypal` only. */
    get paypal() {
      if (!paypal || !wallet) throw new Error('This house was opened without PayPal');
      return { account: wallet, emulator: emulatorAt(paypal.url) as Emulator };
    },
    hireWorkers,
    async close() {
      await workers?.stop();
      await expectDocumented(db);
      await parts.client.schedule.getHandle(`sweep/${parts.target.taskQueue}`).delete();
      for (const { id } of await db.gatewayAccount.findMany()) await endSchedule(id);
      await parts.close();
      await stripe.close();
      await paypal?.close();
      await database.drop();
    },
  };
}

async function rootsOf(paypal: { readonly url: string } | undefined): Promise<string[]> {
  if (!paypal) return [];
  const response = await fetch(`${paypal.url}/_emulator/root_certificate`);
  return [await response.text()];
}

export const SECRETS = {
  TEST_PAYPAL_CREDENTIALS: 'dunlin-test-client:dunlin-test-secret',
  TEST_PAYPAL_WEBHOOK_ID: '8PT597110X687430L',
  TEST_STRIPE_KEY: 'sk_test_dunlin',
  TEST_STRIPE_WEBHOOK_SECRET: 'whsec_dunlin',
};
