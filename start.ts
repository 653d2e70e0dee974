/** Everything on one machine: both stores, the emulator, the API, the workers, and a sample to watch. */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { type Config, readConfig } from './config.js';
import { claim } from './embedded/claim.js';
import { ownSigningKey } from './embedded/signing-key.js';
import { requireFreePort } from './embedded/port.js';
import { startPostgres } from './embedded/postgres.js';
import { startTemporal } from './embedded/temporal.js';
import { startPaypalEmulator } from './emulators/paypal/server.js';
import { startStripeEmulator } from './emulators/stripe/server.js';
import { type Logger, makeLogger } from './logger.js';
import { openMailbox } from './notices/mailbox.js';
import { migrate } from './prisma/migrate.js';
import { ensureAdminKey } from './processes/admin-key.js';
import { runApi } from './processes/api-server.js';
import { type Stores, compose } from './processes/compose.js';
import { type Running, main } from './processes/main.js';
import { installTemporalRuntime } from './processes/temporal-runtime.js';
import { runWorkers } from './processes/worker-pool.js';
import { apiAt } from './sample/client.js';
import { type SampleMerchant, prepareSampleMerchant } from './sample/merchant.js';
import { readStage, setStage } from './sample/stage.js';
import { showTable } from './sample/table.js';

/** Waits are shorter where one watches, and apps are on this machine too; any of it can be set. */
const DEVELOPMENT = {
  ASK_LADDER_SECONDS: '5,20,60,600',
  WEBHOOK_PRIVATE_TARGETS: 'on',
  GATEWAY_API_BASES: 'http://127.0.0.1:*,http://localhost:*',
};
const EMULATOR_SECRETS = {
  STRIPE_SECRET_KEY: 'sk_test_dunlin_emulator',
  STRIPE_WEBHOOK_SECRET: 'whsec_dunlin_emulator',
  PAYPAL_CREDENTIALS: 'dunlin-emulator-client:dunlin-emulator-secret',
  PAYPAL_WEBHOOK_ID: '7WH25149JN9174428',
};

await main(async () => {
  const home = resolve(readConfig().DUNLIN_HOME);
  mkdirSync(home, { recursive: true });
  claim(home);
  const SIGNING_KEY = ownSigningKey(home);
  const config = readConfig({ defaults: { ...DEVELOPMENT, SIGNING_KEY } });
  const logger = makeLogger(config.LOG_LEVEL, join(home, 'log', 'dunlin.log'));
  installTemporalRuntime(logger);
  const started: Running[] = [];
  try {
    await startAll(config, home, logger, started);
  } catch (error) {
    await stopAll(started);
    throw error;
  }
  return {
    async stop() {
      say('\nStopping: charges under way are waited for.');
      await stopAll(started);
      say('Stopped. `npm start` continues where this left off.');
    },
  };
});

async function startAll(
  config: Config,
  home: string,
  logger: Logger,
  started: Running[],
): Promise<void> {
  const begun = <R extends Running>(running: R): R => {
    started.push(running);
    return running;
  };
  const stores = await openStores(config, home, begun);
  const emulators = await openEmulators(config, home, begun);
  const livesHere = isLive(config) || config.DUNLIN_ADMIN_KEY?.startsWith('dk_live_');
  const mailbox = livesHere ? undefined : openMailbox();
  const beside = { secrets: EMULATOR_SECRETS, ...emulators, mailbox };
  const parts = compose(withPublicUrl(config), stores, beside);
  begun({ stop: () => parts.close() });
  await ensureAdminKey(parts.db, config.DUNLIN_ADMIN_KEY);
  const merchant = isLive(config)
    ? undefined
    : await prepareSampleMerchant(parts.db, home, {
        stripe: config.STRIPE_API_BASE ?? emulators.stripe,
        paypal: config.PAYPAL_API_BASE ?? emulators.paypal,
      });

  const onFatal = (error: unknown) => logger.fatal({ err: error }, 'A worker has failed');
  begun(await runWorkers(config, parts, logger, onFatal));
  await requireFreePort(config.PORT, 'PORT');
  const { port } = begun(await runApi(config, parts, logger));
  const url = `http://127.0.0.1:${port}`;
  const places = { home, url, emulators, ui: stores.temporalUiUrl };
  begun({ stop: await openSample(config, merchant, places) });
}

/** On one machine, customers of the sample reach the API where it listens. */
function withPublicUrl(config: Config): Config {
  const { PUBLIC_URL = `http://127.0.0.1:${config.PORT}` } = config;
  return isLive(config) ? config : { ...config, PUBLIC_URL };
}

/** PostgreSQL and Temporal: the ones the environment names, or our own. */
async function openStores(
  config: Config,
  home: string,
  begun: <R extends Running>(running: R) => R,
): Promise<Stores> {
  const { DATABASE_URL, TEMPORAL_ADDRESS, TEMPORAL_UI_URL } = config;
  say('Starting PostgreSQL and Temporal …');
  const databaseUrl =
    DATABASE_URL ?? begun(await startPostgres({ home, port: config.POSTGRES_PORT })).url;
  for (const name of await migrate(databaseUrl)) say(`  applied migration ${name}`);
  if (TEMPORAL_ADDRESS)
    return { databaseUrl, temporalAddress: TEMPORAL_ADDRESS, temporalUiUrl: TEMPORAL_UI_URL ?? '' };
  const { TEMPORAL_PORT: port, TEMPORAL_UI_PORT: uiPort } = config;
  const temporal = begun(await startTemporal({ home, port, uiPort }));
  return {
    databaseUrl,
    temporalAddress: temporal.address,
    temporalUiUrl: TEMPORAL_UI_URL ?? temporal.uiUrl,
  };
}

/** The sample plays in test mode only, and no emulator stands next to credentials that move real money. */
function isLive({ STRIPE_SECRET_KEY, PAYPAL_MODE }: Config): boolean {
  return (STRIPE_SECRET_KEY?.includes('_live_') ?? false) || PAYPAL_MODE === 'live';
}

interface Emulators {
  readonly stripe: string | undefined;
  readonly paypal: string | undefined;
  /** The certificate under which PayPal's emulator signs its webhooks. */
  readonly trustedRoots: readonly string[];
}

/** One for each gateway that no real credentials are given for. */
async function openEmulators(
  config: Config,
  home: string,
  begun: <R extends Running>(running: R) => R,
): Promise<Emulators> {
  const wanted = (credentials: string | undefined, base: string | undefined) =>
    !isLive(config) && !(credentials && !base);
  const open = async (name: 'stripe' | 'paypal', port: number, setting: string) => {
    await requireFreePort(port, setting);
    const start = { stripe: startStripeEmulator, paypal: startPaypalEmulator }[name];
    const emulator = await start({ port, stateFile: join(home, `${name}-emulator.jsonl`) });
    begun({ stop: () => emulator.close() });
    return emulator.url;
  };
  const stripe = wanted(config.STRIPE_SECRET_KEY, config.STRIPE_API_BASE)
    ? await open('stripe', config.STRIPE_EMULATOR_PORT, 'STRIPE_EMULATOR_PORT')
    : undefined;
  const paypal = wanted(config.PAYPAL_CREDENTIALS, config.PAYPAL_API_BASE)
    ? await open('paypal', config.PAYPAL_EMULATOR_PORT, 'PAYPAL_EMULATOR_PORT')
    : undefined;
  const root = paypal && (await (await fetch(`${paypal}/_emulator/root_certificate`)).text());
  return { stripe, paypal, trustedRoots: root ? [root] : [] };
}

interface Places {
  readonly home: string;
  readonly url: string;
  readonly emulators: Emulators;
  readonly ui: string;
}

/** The sample plays on an empty database, and is shown again by later starts. */
async function openSample(
  config: Config,
  merchant: SampleMerchant | undefined,
  { home, url, emulators, ui }: Places,
): Promise<() => Promise<void>> {
  if (!merchant) {
    say(`\nAPI       ${url}/docs\nTemporal  ${ui}\n`);
    return async () => {};
  }
  await hearWebhooks(emulators, url, merchant);
  const api = apiAt(url, merchant.key);
  const stage = readStage(home) ?? (await setStage(api, home, emulators));
  say(`
API        ${url}     docs: ${url}/docs
Temporal   ${ui}
Mail       ${config.SMTP_URL ? 'goes to SMTP_URL' : `${url}/dev/mail`}
API key    ${merchant.key}   (also in ${join(config.DUNLIN_HOME, 'sample-key')})

Start a renewal and see its outcome:
  curl -X POST ${url}/v1/subscriptions/${stage.manual}/renewals \\
    -H "Authorization: Bearer $(cat ${join(config.DUNLIN_HOME, 'sample-key')})" -H "Prefer: wait=20"
`);
  const stopTable = showTable(api, stage.actors, process.stdout);
  return async () => stopTable();
}

async function hearWebhooks(
  { stripe, paypal }: Emulators,
  url: string,
  { accounts }: SampleMerchant,
): Promise<void> {
  const { STRIPE_WEBHOOK_SECRET: secret, PAYPAL_WEBHOOK_ID: id } = EMULATOR_SECRETS;
  const endpoints = [
    { emulator: stripe, asked: { url: `${url}/webhooks/stripe/${accounts.stripe}`, secret } },
    { emulator: paypal, asked: { url: `${url}/webhooks/paypal/${accounts.paypal}`, id } },
  ];
  for (const { emulator, asked } of endpoints) {
    if (!emulator) continue;
    await fetch(`${emulator}/_emulator/webhook_endpoints`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(asked),
    });
  }
}

/** In the reverse order of starting: first nothing new comes in, last the stores close. */
async function stopAll(started: readonly Running[]): Promise<void> {
  for (const running of started.toReversed()) await running.stop();
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
