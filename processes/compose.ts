/** Composition: the parts, put together once for every kind of process. */
import { randomBytes } from 'node:crypto';

import { heartbeat } from '@temporalio/activity';
import type { Client } from '@temporalio/client';

import { createBreakers } from '../activities/breakers.js';
import { activityClock } from '../activities/clock.js';
import type { Deps, Tempo } from '../activities/deps.js';
import { createPace } from '../activities/pace.js';
import { type Config, type ReadSecret, secretReader } from '../config.js';
import type { Account, WebhookAccount } from '../gateways/gateway.js';
import { isPermittedBase } from '../gateways/api-base.js';
import { gatewayNamed, keyLives } from '../gateways/index.js';
import type { CourierDeps } from '../notices/courier.js';
import { type MethodLinks, methodLinks } from '../notices/link.js';
import type { Mailbox } from '../notices/mailbox.js';
import { smtpPost } from '../notices/smtp.js';
import type { GatewayAccount } from '../prisma/charge.js';
import { type Database, openDatabase } from '../prisma/client.js';
import { type Messenger, createMessenger } from '../outbound/messenger.js';
import { createSender } from '../outbound/sender.js';
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
  readonly webhookAccountFor: (row: GatewayAccount) => WebhookAccount;
  /** The Temporal UI's page of a run. */
  readonly temporalLink: (workflowId: string) => string;
  /** What sends notices, except whom to tell of surprises. */
  readonly courier: Omit<CourierDeps, 'onSurprise'>;
  readonly mailbox: Mailbox | undefined;
  readonly methodLinks: MethodLinks;
  close(): Promise<void>;
}

/** What the emulators beside us stand for: their credentials, and the certificates that they sign with. */
export interface Emulated {
  readonly secrets: Readonly<Record<string, string>>;
  readonly trustedRoots: readonly string[];
  /** Takes the letters that no mail server is there for. */
  readonly mailbox?: Mailbox | undefined;
}

export function compose(
  config: Config,
  stores: Stores,
  emulated: Emulated = { secrets: {}, trustedRoots: [] },
): Parts {
  const db = openDatabase({ url: stores.databaseUrl, maxConnections: config.DATABASE_CONNECTIONS });
  const target = {
    address: stores.temporalAddress,
    namespace: config.TEMPORAL_NAMESPACE,
    taskQueue: config.TASK_QUEUE,
  };
  const client = connectLazily(target);
  const readSecret = secretReader({
    fallbacks: emulated.secrets,
    allowed: config.SECRET_REFERENCES,
  });
  const tempo = tempoOf(config);
  const addressOf = (row: GatewayAccount) => ({
    name: row.name,
    mode: row.mode as Account['mode'],
    apiBase: row.apiBase ?? undefined,
    trustedRoots: row.mode === 'test' ? emulated.trustedRoots : [],
    deadlineMs: tempo.deadlineMs,
  });
  const accountFor = (row: GatewayAccount) => ({
    ...addressOf(row),
    secret: credentialOf(row, readSecret, config.GATEWAY_API_BASES),
  });
  // Without a key, as in a bench, links last as long as the process.
  const links = methodLinks(config.SIGNING_KEY ?? randomBytes(32).toString('hex'));
  return {
    db,
    client,
    target,
    deps: {
      db,
      launch: launchOn(client, config.TASK_QUEUE),
      gateways: gatewayNamed,
      accountFor,
      keyLives: keyLives(),
      breakers: createBreakers({
        failures: config.BREAKER_FAILURES,
        probeAfterMs: config.BREAKER_PROBE_SECONDS * 1000,
      }),
      pace: createPace(),
      tempo,
      messenger: messengerOf(config, tempo),
      clock: activityClock,
      alive: () => heartbeat(),
    },
    webhookAccountFor: (row) => ({
      ...addressOf(row),
      webhookSecrets: row.webhookSecretRefs.map((reference) =>
        readSecret(reference, row.merchantId),
      ),
      askWith: config.PAYPAL_WEBHOOK_CHECK === 'api' ? accountFor(row) : undefined,
    }),
    temporalLink: (workflowId) =>
      `${stores.temporalUiUrl}/namespaces/${config.TEMPORAL_NAMESPACE}/workflows/${encodeURIComponent(workflowId)}`,
    courier: courierOf(config, db, links, emulated.mailbox),
    mailbox: config.SMTP_URL ? undefined : emulated.mailbox,
    methodLinks: links,
    async close() {
      await client.connection.close();
      await db.$disconnect();
    },
  };
}

function messengerOf(
  { SIGNING_KEY: signingKey, WEBHOOK_PRIVATE_TARGETS: privateTargets }: Config,
  { webhookDeadlineMs: deadlineMs }: Tempo,
): Messenger {
  return createMessenger({ send: createSender({ deadlineMs }), signingKey, privateTargets });
}

function courierOf(
  { SMTP_URL: url, SMTP_TIMEOUT_SECONDS: seconds, PUBLIC_URL: publicUrl }: Config,
  db: Database,
  links: MethodLinks,
  mailbox: Mailbox | undefined,
): Parts['courier'] {
  const deadlineMs = seconds * 1000;
  const post = url === undefined ? mailbox : smtpPost({ url, deadlineMs });
  return { db, post, links, publicUrl, leaseMs: 2 * deadlineMs };
}

function tempoOf(config: Config): Tempo {
  return {
    deadlineMs: config.GATEWAY_DEADLINE_SECONDS * 1000,
    webhookDeadlineMs: config.WEBHOOK_TIMEOUT_SECONDS * 1000,
    chargeTimeoutMs: config.CHARGE_TIMEOUT_SECONDS * 1000,
    askLadderMs: config.ASK_LADDER_SECONDS.map((seconds) => seconds * 1000),
    overdueEveryMs: config.OVERDUE_EVERY_SECONDS * 1000,
    pageMs: config.PAGE_MINUTES * 60_000,
    reconcileEveryMs: config.RECONCILE_EVERY_MINUTES * 60_000,
    reconcileMarginMs: config.RECONCILE_MARGIN_SECONDS * 1000,
  };
}

/** Test and live never mix: a live key goes nowhere but to the vendor, a test account nowhere with a live key. */
function credentialOf(
  row: GatewayAccount,
  readSecret: ReadSecret,
  permittedBases: readonly string[],
): string {
  const secret = readSecret(row.secretRef, row.merchantId);
  const mode = gatewayNamed(row.gateway).modeOf(secret);
  if (mode !== undefined && mode !== row.mode)
    throw new Error(
      `${row.name} is a ${row.mode} account, but ${row.secretRef} is not a ${row.mode} key`,
    );
  if (row.mode === 'live' && row.apiBase)
    throw new Error(`${row.name} is live and must not have an api_base`);
  if (row.apiBase && !isPermittedBase(row.apiBase, permittedBases))
    throw new Error(`${row.name} has an api_base that GATEWAY_API_BASES does not name`);
  return secret;
}
