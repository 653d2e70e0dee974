/** Composition: the parts, put together once for every kind of process. */

import type { Client } from '@temporalio/client';

import { activityClock } from '../activities/clock.js';
import type { Deps, Tempo } from '../activities/deps.js';
import { type Config, type ReadSecret, secretReader } from '../config.js';
import type { Account } from '../gateways/gateway.js';
import { gatewayNamed, keyLives } from '../gateways/index.js';
import type { GatewayAccount } from '../prisma/charge.js';
import { type Database, openDatabase } from '../prisma/client.js';
import { type TemporalTarget, connectLazily } from '../temporal/connect.js';
import { launchOn } from '../temporal/launch.js';

/** Where the two stores are: given by the environment, or started beside us. */
export interface Stores {
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly temporalUiUrl: string;
}

export interface Parts {
  readonly db: Database;
  readonly client: Client;
  readonly target: TemporalTarget;
  readonly deps: Deps;
  readonly webhookSecretsFor: (row: GatewayAccount) => string[];
  /** The Temporal UI's page of a run. */
  readonly temporalLink: (workflowId: string) => string;
  close(): Promise<void>;
}

export function compose(
  config: Config,
  stores: Stores,
  sampleSecrets: Record<string, string> = {},
): Parts {
  const db = openDatabase({ url: stores.databaseUrl, maxConnections: config.DATABASE_CONNECTIONS });
  const target = {
    address: stores.temporalAddress,
    namespace: config.TEMPORAL_NAMESPACE,
    taskQueue: config.TASK_QUEUE,
  };
  const client = connectLazily(target);
  const readSecret = secretReader(sampleSecrets);
  const tempo = tempoOf(config);
  return {
    db,
    client,
    target,
    deps: {
      db,
      launch: launchOn(client, config.TASK_QUEUE),
      gateways: gatewayNamed,
      accountFor: (row) => accountFor(row, readSecret, tempo),
      keyLives: keyLives(),
      tempo,
      clock: activityClock,
    },
    webhookSecretsFor: (row) => row.webhookSecretRefs.map(readSecret),
    temporalLink: (workflowId) =>
      `${stores.temporalUiUrl}/namespaces/${config.TEMPORAL_NAMESPACE}/workflows/${encodeURIComponent(workflowId)}`,
    async close() {
      await client.connection.close();
      await db.$disconnect();
    },
  };
}

function tempoOf(config: Config): Tempo {
  return {
    deadlineMs: config.GATEWAY_DEADLINE_SECONDS * 1000,
    chargeTimeoutMs: config.CHARGE_TIMEOUT_SECONDS * 1000,
    askLadderMs: config.ASK_LADDER_SECONDS.map((seconds) => seconds * 1000),
    overdueEveryMs: config.OVERDUE_EVERY_SECONDS * 1000,
  };
}

/** Test and live never mix: a live key goes nowhere but to the vendor, a test account nowhere with a live key. */
function accountFor(row: GatewayAccount, readSecret: ReadSecret, { deadlineMs }: Tempo): Account {
  const secret = readSecret(row.secretRef);
  const live = secret.includes('_live_');
  if (live !== (row.mode === 'live'))
    throw new Error(
      `${row.name} is a ${row.mode} account, but ${row.secretRef} is not a ${row.mode} key`,
    );
  if (live && row.apiBase) throw new Error(`${row.name} is live and must not have an api_base`);
  return { name: row.name, secret, apiBase: row.apiBase ?? undefined, deadlineMs };
}
