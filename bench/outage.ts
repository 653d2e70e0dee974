/**
 * Outage: a gateway that answers nobody for four hours, while five hundred renewals fall due; then it comes back, and
 * all of them come back in the same moment.
 *
 *   npm run outage
 *   npm run outage -- --renewals 500 --rate 10
 *
 * The four hours pass on the runs' own clocks, of which Temporal skips what nobody needs; from the recovery on, time
 * is real. Ends with 1 unless every renewal is paid once, without a dunning case and without a retry that the outage
 * would have spent, and the gateway is never sent more charges in a second than its account allows.
 */
import { parseArgs } from 'node:util';

import { readConfig } from '../config.js';
import { startStripeEmulator } from '../emulators/stripe/server.js';
import { ensureMerchant } from '../prisma/merchant.js';
import { type Parts, compose } from '../processes/compose.js';
import { prepareNamespace } from '../temporal/connect.js';
import { costOf, report, seconds, turnsSince } from './outage/report.js';
import { type Books, UNDECIDED, openBooks } from './support/books.js';
import { fastForward, skipWaits } from './support/clocks.js';
import {
  EMULATED,
  type Asked,
  type EmulatedGateway,
  SECRETS,
  openGateway,
  requestLog,
} from './support/gateways.js';
import { addCustomer, giveMethod, subscribe } from './support/people.js';
import { openStores } from './support/stores.js';
import { startWorker } from './support/worker.js';
import { each, within } from './support/within.js';

const OUTAGE_MS = 4 * 3_600_000;
const DRAINED_WITHIN_MS = 300_000;
const LOOK_AGAIN_MS = 20_000;
const AT_ONCE = 12;
/** A charge that was sent into the silence is asked about within the half hour, like those that were held back. */
const TEMPO = {
  GATEWAY_DEADLINE_SECONDS: '2',
  CHARGE_TIMEOUT_SECONDS: '10',
  SHUTDOWN_GRACE_SECONDS: '10',
  ASK_LADDER_SECONDS: '60,600,1800',
  BREAKER_FAILURES: '5',
  BREAKER_PROBE_SECONDS: '1',
};

const { values } = parseArgs({
  options: {
    renewals: { type: 'string', default: '500' },
    rate: { type: 'string', default: '10' },
  },
});
const [renewals, rate] = [Number(values.renewals), Number(values.rate)];

const closing: (() => Promise<unknown>)[] = [];
let held = false;
try {
  held = await outage();
} catch (error) {
  console.error(error);
} finally {
  for (const close of closing.toReversed()) await close().catch(console.error);
}
console.log(`outage: ${held ? 'held' : 'BROKEN'} (${renewals} renewals, ${rate} a second)`);
process.exit(held ? 0 : 1);

async function outage(): Promise<boolean> {
  const { parts, books, stripe } = await openWorld();
  const customers = await populate(parts, stripe);
  const log = requestLog([stripe]);
  await stripe.emulator.fault({ match: { path: '*' }, fault: 'reset_before' });

  const fell = Date.now();
  const runs: string[] = [];
  const { merchantId } = stripe.account;
  await each(customers, AT_ONCE, async (customerId) => {
    const terms = { merchantId, customerId, amountMinor: 1900, currency: 'EUR', dueAt: fell };
    runs.push(await subscribe(parts, terms));
  });
  await within(120_000, 'every renewal has met the silence', () => metSilence(books));
  console.log(`${renewals} renewals have met the silence after ${seconds(Date.now() - fell)}`);
  await each(runs, renewals, (run) => fastForward(parts, run, OUTAGE_MS));
  await log.fetch();
  const cost = await costOf(books);
  console.log(`Four hours have passed for each of them in ${seconds(Date.now() - fell)}`);

  const healed = Date.now();
  await stripe.emulator.heal();
  // One wait each: all look again now. Who comes before the breaker has noticed would wait half an hour more.
  const lookAgain = (waiting: readonly string[]) =>
    // One that has ended meanwhile has no wait left.
    each(waiting, renewals, (run) => skipWaits(parts, run, 1).catch(() => {}));
  await lookAgain(runs);
  let looked = Date.now();
  const drained = async () => {
    if ((await books.count(UNDECIDED)) === 0) return true;
    if (Date.now() - looked < LOOK_AGAIN_MS) return false;
    looked = Date.now();
    const waiting = await books.rows<{ id: string }>(
      `select subscription_id as id from ${UNDECIDED}`,
    );
    await lookAgain(runs.filter((run) => waiting.some(({ id }) => run.includes(id))));
    return false;
  };
  await within(DRAINED_WITHIN_MS, 'every renewal is decided', drained, 250).catch(console.error);
  const drainMs = Date.now() - healed;
  await log.fetch();
  const all = log.since(fell);
  const asked = all.filter(({ at }) => Date.parse(at) >= healed);
  const earlier = new Set(all.filter((one) => !asked.includes(one)).map(keyOf));
  const again = asked.filter((one) => earlier.has(keyOf(one)));
  const turns = await turnsSince(books, healed);
  return report(books, stripe, cost, { asked, again, turns, drainMs }, { renewals, rate });
}

async function openWorld() {
  const stores = await openStores('outage');
  closing.push(() => stores.close());
  const stripeAt = await startStripeEmulator({ port: 0, stateFile: undefined });
  closing.push(() => stripeAt.close());
  const config = readConfig({ environment: { ...EMULATED, ...TEMPO } });
  const parts = compose(config, stores, { secrets: SECRETS, trustedRoots: [] });
  closing.push(() => parts.close());
  const books = openBooks(stores.databaseUrl);
  closing.push(() => books.close());
  const merchant = await ensureMerchant(parts.db, 'default', new Date());
  const stripe = await openGateway(parts, merchant.id, 'stripe', stripeAt.url, rate);
  await prepareNamespace(parts.client, parts.target);
  // In a process of its own: the gateway must not seem slow because its customers are many.
  const worker = await startWorker(stores, TEMPO);
  closing.push(() => worker.stop());
  return { parts, books, stripe };
}

async function populate(parts: Parts, { account }: EmulatedGateway): Promise<string[]> {
  const customers: string[] = [];
  await each(Array.from({ length: renewals }), AT_ONCE, async () => {
    const id = await addCustomer(parts, account.merchantId);
    await giveMethod(parts, account, id, 'pm_card_attachThen_succeed', true);
    customers.push(id);
  });
  return customers;
}

/** Every first charge was held back, or sent and never answered. */
async function metSilence(books: Books): Promise<boolean> {
  return (
    (await books.count(`charge where ordinal = 1 and status in ('not_sent', 'unknown')`)) ===
    renewals
  );
}

function keyOf({ idempotency_key: key, request_id: id }: Asked): string {
  return key ?? id;
}
