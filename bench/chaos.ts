/**
 * Chaos: a thousand renewals due in one moment, one in ten requests of both gateways struck by a fault, webhooks lost,
 * doubled and out of order, and the worker killed twice in the middle of it.
 *
 *   npm run chaos                                draws a seed and says which
 *   npm run chaos -- --seed 42 --renewals 1000
 *
 * Safety first: while everything goes wrong, no renewal is paid twice and none has two open charges. Then all faults
 * are healed, everything must become quiet, and the gateways' journals are held against the database. Ends with 1 on
 * any violation. A seed repeats the customers, their banks' answers, the moments of the kills and the throws of the
 * dice; which request meets which throw is up to the machine.
 */
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { readConfig } from '../config.js';
import { startPaypalEmulator } from '../emulators/paypal/server.js';
import { startStripeEmulator } from '../emulators/stripe/server.js';
import { makeLogger } from '../logger.js';
import { ensureMerchant } from '../prisma/merchant.js';
import { runApi } from '../processes/api-server.js';
import { type Parts, compose } from '../processes/compose.js';
import { prepareNamespace } from '../temporal/connect.js';
import { audit } from './chaos/audit.js';
import { type Books, openBooks } from './support/books.js';
import { heal, orderFaults } from './chaos/faults.js';
import { type Quiet, becomeQuiet } from './chaos/liveness.js';
import { type Population, populate, subscribeAll } from './chaos/population.js';
import { showOutcome, showRequests, showViolations } from './chaos/report.js';
import { type Rush, rush } from './chaos/rush.js';
import { watch } from './chaos/watch.js';
import { diceOf } from './support/dice.js';
import {
  EMULATED,
  type EmulatedGateway,
  SECRETS,
  moneyMoved,
  openGateway,
  requestLog,
} from './support/gateways.js';
import { type OwnStores, openStores } from './support/stores.js';
import { startWorker } from './support/worker.js';

const FAULT_SHARE = 0.1;
/** Short enough that a fault costs seconds, and an hour at most for who still waits when everything is healed. */
const TEMPO = {
  GATEWAY_DEADLINE_SECONDS: '2',
  CHARGE_TIMEOUT_SECONDS: '5',
  SHUTDOWN_GRACE_SECONDS: '5',
  ASK_LADDER_SECONDS: '1,2,5,10,30,60,3600',
  BREAKER_FAILURES: '4',
  BREAKER_PROBE_SECONDS: '1',
};

const { values } = parseArgs({
  options: { seed: { type: 'string' }, renewals: { type: 'string', default: '1000' } },
});
const seed = Number(values.seed ?? randomInt(1_000_000));
const renewals = Number(values.renewals);
console.log(`chaos: seed ${seed}, ${renewals} renewals`);

const closing: (() => Promise<unknown>)[] = [];
let held = false;
try {
  held = await chaos();
} catch (error) {
  console.error(error);
} finally {
  for (const close of closing.toReversed()) await close().catch(console.error);
}
console.log(held ? `chaos: held (seed ${seed})` : `chaos: BROKEN (seed ${seed})`);
process.exit(held ? 0 : 1);

interface World {
  readonly stores: OwnStores;
  readonly parts: Parts;
  readonly books: Books;
  readonly stripe: EmulatedGateway;
  readonly paypal: EmulatedGateway;
  /** Sends the gateways' webhooks to the API from now on. */
  readonly listen: () => Promise<void>;
}

async function chaos(): Promise<boolean> {
  const began = Date.now();
  const world = await openWorld();
  const { stores, parts, books, stripe, paypal } = world;
  const gateways = [stripe, paypal];
  // The emulators are in this process, and throw these dice.
  Math.random = diceOf(seed + 2);
  const population = await populate(parts, stripe, paypal, renewals, diceOf(seed));
  console.log(`${renewals} customers after ${seconds(Date.now() - began)}`);
  await world.listen();

  let worker = await startWorker(stores, TEMPO);
  closing.push(() => worker.stop());
  const dueAt = Date.now() + renewals * 15 + 3_000;
  await subscribeAll(parts, stripe.account.merchantId, population, dueAt);
  for (const gateway of gateways) await orderFaults(gateway, FAULT_SHARE);
  const log = requestLog(gateways);
  const watching = watch(books, gateways, log);
  const hurried = await rush({
    books,
    gateways,
    renewals,
    dice: diceOf(seed + 1),
    dueAt,
    async killWorker() {
      await worker.kill();
      worker = await startWorker(stores, TEMPO);
    },
  });
  const safety = await watching.end();
  showRequests(log.since(dueAt));
  await heal(gateways);
  const quiet = await becomeQuiet(parts, books);
  await log.fetch();

  const [money, asked] = [await moneyMoved(gateways), log.since(dueAt)];
  await showOutcome(books, money, watching.unknown);
  showTimes(hurried, watching.looks(), quiet, Date.now() - began);
  const violations = [...safety, ...(await audit(books, { money, asked, population }))];
  showViolations(violations);
  return (
    violations.length === 0 && quiet.quietAfterMs !== undefined && didItsWorst(hurried, population)
  );
}

async function openWorld(): Promise<World> {
  const stores = await openStores('chaos');
  closing.push(() => stores.close());
  const stripeAt = await startStripeEmulator({ port: 0, stateFile: undefined });
  closing.push(() => stripeAt.close());
  const paypalAt = await startPaypalEmulator({ port: 0, stateFile: undefined });
  closing.push(() => paypalAt.close());
  const root = await (await fetch(`${paypalAt.url}/_emulator/root_certificate`)).text();

  const config = readConfig({ environment: { ...EMULATED, ...TEMPO, PORT: '0' } });
  const parts = compose(config, stores, { secrets: SECRETS, trustedRoots: [root] });
  closing.push(() => parts.close());
  const books = openBooks(stores.databaseUrl);
  closing.push(() => books.close());
  await prepareNamespace(parts.client, parts.target);
  const merchant = await ensureMerchant(parts.db, 'default', new Date());
  const stripe = await openGateway(parts, merchant.id, 'stripe', stripeAt.url);
  const paypal = await openGateway(parts, merchant.id, 'paypal', paypalAt.url);
  const api = await runApi(config, parts, makeLogger('warn', join(stores.home, 'log', 'api.log')));
  closing.push(() => api.stop());

  const webhooksOf = ({ name, account }: EmulatedGateway) =>
    `http://127.0.0.1:${api.port}/webhooks/${name}/${account.id}`;
  const listen = async () => {
    await stripe.emulator.sendWebhooksTo(webhooksOf(stripe), SECRETS.BENCH_STRIPE_WEBHOOK_SECRET);
    const hook = { url: webhooksOf(paypal), id: SECRETS.BENCH_PAYPAL_WEBHOOK_ID };
    await paypal.emulator.call('POST', 'webhook_endpoints', hook);
  };
  return { stores, parts, books, stripe, paypal, listen };
}

/** A run that never caught the worker at work, or that no bank said no in, has proved less than it says. */
function didItsWorst({ kills }: Rush, { refusing }: Population): boolean {
  const caught = kills.every(({ submitted }) => submitted > 0);
  if (!caught) console.error('The worker was killed while nothing was under way: run it again');
  return kills.length === 2 && (caught || renewals < 100) && (refusing.size > 0 || renewals < 100);
}

function showTimes(
  { kills, healedAfterMs }: Rush,
  looks: number,
  quiet: Quiet,
  totalMs: number,
): void {
  console.table([
    ...kills.map(({ afterMs, submitted, paid, backAfterMs }, n) => ({
      what: `kill ${n + 1}: ${submitted} charges submitted, ${paid} paid, back after ${seconds(backAfterMs)}`,
      took: seconds(afterMs),
    })),
    { what: `faults on, looked ${looks} times`, took: seconds(healedAfterMs) },
    { what: `healed: ${quiet.undecidedAtHeal} undecided`, took: seconds(0) },
    {
      what: `every renewal decided (${quiet.moved} by moving their clocks)`,
      took: seconds(quiet.decidedAfterMs),
    },
    { what: 'nothing owed to any run', took: seconds(quiet.quietAfterMs) },
    { what: 'all of it', took: seconds(totalMs) },
  ]);
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? 'never' : `${(ms / 1000).toFixed(1)} s`;
}
