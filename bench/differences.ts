/**
 * Differences: two gateways' books and ours agree; then sixty known differences of every type are made, past Dunlin and
 * told to nobody, and the books are compared.
 *
 *   npm run differences
 *   npm run differences -- --seed 7
 *
 * Ends with 1 unless the first comparison finds nothing, the next exactly those sixty and not one more, what can be put
 * right by asking again is, the last one finds nothing new and leaves only what needs a person, and the ledger's
 * entries sum to nothing in each currency.
 */
import { parseArgs } from 'node:util';

import { readConfig } from '../config.js';
import { reconcileWorkflowId } from '../domain/workflow-ids.js';
import { startPaypalEmulator } from '../emulators/paypal/server.js';
import { startStripeEmulator } from '../emulators/stripe/server.js';
import { ensureMerchant } from '../prisma/merchant.js';
import { compose } from '../processes/compose.js';
import { prepareNamespace } from '../temporal/connect.js';
import { type Injected, know, planned } from './differences/injections.js';
import { type OneCharge, type World, loseAnswers, populate } from './differences/population.js';
import { type FoundOne, foundIn, judge, show, unbalanced } from './differences/report.js';
import { openBooks } from './support/books.js';
import { diceOf } from './support/dice.js';
import { EMULATED, type EmulatedGateway, SECRETS, openGateway } from './support/gateways.js';
import { openStores } from './support/stores.js';
import { startWorker } from './support/worker.js';

/** Nobody asks about what is on its way but the comparison, and nothing is too young for it. */
const TEMPO = {
  GATEWAY_DEADLINE_SECONDS: '2',
  CHARGE_TIMEOUT_SECONDS: '10',
  SHUTDOWN_GRACE_SECONDS: '10',
  ASK_LADDER_SECONDS: '3600',
  BREAKER_FAILURES: '1000',
  RECONCILE_EVERY_MINUTES: '0',
  RECONCILE_MARGIN_SECONDS: '0',
};
const KNOWN_DIFFERENCES = 60;

const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' } } });
const seed = Number(values.seed);

const closing: (() => Promise<unknown>)[] = [];
let held = false;
try {
  held = await differences();
} catch (error) {
  console.error(error);
} finally {
  for (const close of closing.toReversed()) await close().catch(console.error);
}
console.log(`differences: ${held ? 'held' : 'BROKEN'} (seed ${seed})`);
process.exit(held ? 0 : 1);

async function differences(): Promise<boolean> {
  const began = Date.now();
  const world = await openWorld();
  const { books } = world;
  // The emulators are in this process, and throw these dice.
  Math.random = diceOf(seed + 1);
  const people = await populate(world);
  const dice = diceOf(seed);
  const [card, wallet] = [drawFrom(people.card, dice), drawFrom(people.wallet, dice)];
  const known = await know(world, card, wallet);
  const charges = Object.values(people).flat().length;
  console.log(`${charges} charges, and what was given back and disputed, after ${since(began)}`);

  const early = await compared(world);
  if (early.length > 0) console.log('found before anything was done', early);

  const injections = planned(people, await loseAnswers(world), known);
  const injected: Injected[] = [];
  for (const injection of injections) injected.push(await injection(world, card, wallet));
  const found = await compared(world);
  const verdict = judge(injected, found);
  show(injected, found, verdict);

  const again = await compared(world);
  const fresh = again.length - found.length;
  const standing = again.filter(({ status }) => status === 'open' || status === 'needs_person');
  const forPeople = injected.filter(({ ends }) => ends === 'needs_person').length;
  console.log(
    `Compared again: ${fresh} new, ${standing.length} of ${forPeople} wait for a person; ${since(began)} in all`,
  );
  const wrong = await unbalanced(books);
  if (wrong.length > 0) console.log('the ledger does not balance', wrong);
  const problems = Object.values(verdict).flat().length + early.length + wrong.length;
  const complete = injected.length === KNOWN_DIFFERENCES && standing.length === forPeople;
  return problems === 0 && complete && fresh === 0;
}

/** Compares both gateways' books; everything that was ever found. */
async function compared({ parts, books, stripe, paypal }: World): Promise<FoundOne[]> {
  for (const { name, account } of [stripe, paypal]) {
    const from = Date.now();
    await parts.deps.launch.reconcile(account);
    const run = parts.client.workflow.getHandle(reconcileWorkflowId(account.id));
    const result = (await run.result()) as { readonly outcome: string };
    if (result.outcome !== 'done') throw new Error(`${name}: ${JSON.stringify(result)}`);
    console.log(`${name}: compared in ${since(from)}`);
  }
  return foundIn(books);
}

/** One after the other, in the order of the dice, and none twice. */
function drawFrom(charges: readonly OneCharge[], dice: () => number): () => OneCharge {
  const left = charges
    .map((charge) => ({ charge, at: dice() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ charge }) => charge);
  return () => {
    const next = left.pop();
    if (!next) throw new Error('There are too few charges');
    return next;
  };
}

function since(at: number): string {
  return `${((Date.now() - at) / 1000).toFixed(1)} s`;
}

async function openWorld(): Promise<World> {
  const stores = await openStores('differences');
  closing.push(() => stores.close());
  const stripeAt = await startStripeEmulator({ port: 0, stateFile: undefined });
  closing.push(() => stripeAt.close());
  const paypalAt = await startPaypalEmulator({ port: 0, stateFile: undefined });
  closing.push(() => paypalAt.close());
  const parts = compose(readConfig({ environment: { ...EMULATED, ...TEMPO } }), stores, {
    secrets: SECRETS,
    trustedRoots: [],
  });
  closing.push(() => parts.close());
  const books = openBooks(stores.databaseUrl);
  closing.push(() => books.close());
  const { id } = await ensureMerchant(parts.db, 'default', new Date());
  const open = (name: EmulatedGateway['name'], url: string) => openGateway(parts, id, name, url);
  const stripe = await open('stripe', stripeAt.url);
  const paypal = await open('paypal', paypalAt.url);
  await paypal.emulator.call('POST', 'transactions', { lag_seconds: 0 });
  await prepareNamespace(parts.client, parts.target);
  const worker = await startWorker(stores, TEMPO);
  closing.push(() => worker.stop());
  return { parts, books, stripe, paypal };
}
