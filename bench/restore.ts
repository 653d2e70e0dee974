/**
 * Restore: PostgreSQL is put back to where it was some time ago, while the gateways and Temporal are ahead of it.
 *
 *   npm run restore
 *
 * After the backup renewals fall due and are paid, declined ones are recovered, money is refunded by us and by hand,
 * and disputes are lost. Then the database forgets all of that. The workers come back, the sweep and reconciliation
 * do their work, and at the end our books must equal the gateways', with nobody charged or refunded twice.
 */
import { join } from 'node:path';

import { planRefund } from '../activities/plan-refund.js';
import { readConfig } from '../config.js';
import { startPaypalEmulator } from '../emulators/paypal/server.js';
import { startStripeEmulator } from '../emulators/stripe/server.js';
import { makeLogger } from '../logger.js';
import { markSent } from '../prisma/dispatch.js';
import { ensureMerchant } from '../prisma/merchant.js';
import { newId } from '../prisma/new-id.js';
import { runApi } from '../processes/api-server.js';
import { type Parts, compose } from '../processes/compose.js';
import { prepareNamespace } from '../temporal/connect.js';
import { audit, totals } from './restore/audit.js';
import { type Books, openBooks } from './support/books.js';
import { EMULATED, type EmulatedGateway, SECRETS, openGateway } from './support/gateways.js';
import { addCustomer, giveMethod, subscribe } from './support/people.js';
import { type OwnStores, openStores } from './support/stores.js';
import { each, within } from './support/within.js';
import { startWorker } from './support/worker.js';

const TEMPO = {
  GATEWAY_DEADLINE_SECONDS: '5',
  CHARGE_TIMEOUT_SECONDS: '12',
  SHUTDOWN_GRACE_SECONDS: '12',
  ASK_LADDER_SECONDS: '1,2,5,10,30',
};

/** Paid before the backup, due after it, and declined before it and recovered after. */
const STEADY = 24;
const LATE = 16;
const RESCUED = 6;
const GIVEN_BACK = { byUs: 6, byHand: 3, disputed: 2 };

const closing: (() => Promise<unknown>)[] = [];
let held = false;
try {
  held = await restore();
} catch (error) {
  console.error(error);
} finally {
  for (const close of closing.toReversed()) await close().catch(console.error);
}
console.log(held ? 'restore: held' : 'restore: BROKEN');
process.exit(held ? 0 : 1);

/** Whatever holds a connection to PostgreSQL: it ends with it, and is made anew. */
interface Crew {
  readonly parts: Parts;
  readonly books: Books;
  leave(): Promise<void>;
}

async function restore(): Promise<boolean> {
  const stores = await openStores('restore');
  closing.push(() => stores.close());
  const addresses = await openEmulators();
  let crew = await hire(stores, addresses.root);
  closing.push(() => crew.leave());
  const merchant = await ensureMerchant(crew.parts.db, 'default', new Date());
  const stripe = await openGateway(crew.parts, merchant.id, 'stripe', addresses.stripe);
  const paypal = await openGateway(crew.parts, merchant.id, 'paypal', addresses.paypal);
  const gateways = [stripe, paypal];
  await paypal.emulator.call('POST', 'transactions', { lag_seconds: 0 });

  const dueAt = Date.now() + 45_000;
  await people(crew.parts, gateways, dueAt);
  await paidAre(crew.books, STEADY);
  await crew.leave();
  await stores.backUp();
  console.log(`backed up: ${STEADY} renewals paid, ${RESCUED} declined`);

  crew = await hire(stores, addresses.root);
  await paidAre(crew.books, STEADY + LATE);
  await rescue(crew, stripe);
  await paidAre(crew.books, STEADY + LATE + RESCUED);
  await giveBack(crew, gateways);
  console.table(await totals(crew.books, gateways));
  await crew.leave();
  await stores.restore();

  crew = await hire(stores, addresses.root);
  console.log('restored: all of that is forgotten');
  console.table(await totals(crew.books, gateways));
  await reconcileUntilEqual(crew, gateways);
  const findings = await audit(crew.books, gateways);
  console.table(await totals(crew.books, gateways));
  for (const { rule, rows } of findings)
    console.error(rule, rows.slice(0, 5), `${rows.length} rows`);
  return findings.length === 0;
}

async function openEmulators() {
  const stripe = await startStripeEmulator({ port: 0, stateFile: undefined });
  closing.push(() => stripe.close());
  const paypal = await startPaypalEmulator({ port: 0, stateFile: undefined });
  closing.push(() => paypal.close());
  const root = await (await fetch(`${paypal.url}/_emulator/root_certificate`)).text();
  return { stripe: stripe.url, paypal: paypal.url, root };
}

async function hire(stores: OwnStores, root: string): Promise<Crew> {
  const config = readConfig({ environment: { ...EMULATED, ...TEMPO, PORT: '0' } });
  const parts = compose(config, stores, { secrets: SECRETS, trustedRoots: [root] });
  await prepareNamespace(parts.client, parts.target);
  const books = openBooks(stores.databaseUrl);
  const api = await runApi(config, parts, makeLogger('warn', join(stores.home, 'log', 'api.log')));
  const worker = await startWorker(stores, TEMPO);
  const leave = async () => {
    await worker.stop();
    await api.stop();
    await books.close();
    await parts.close();
  };
  return { parts, books, leave };
}

/** Half of them at each gateway. The late ones fall due when the backup has been made. */
async function people(parts: Parts, [stripe, paypal]: EmulatedGateway[], dueAt: number) {
  const { merchantId } = stripe!.account;
  const roles = [
    ...Array.from({ length: STEADY }, () => ({ fate: 'succeed', at: dueAt })),
    ...Array.from({ length: RESCUED }, () => ({ fate: 'insufficient_funds', at: dueAt })),
    ...Array.from({ length: LATE }, () => ({ fate: 'succeed', at: dueAt + 90_000 })),
  ];
  await each(roles, 8, async ({ fate, at }) => {
    const customerId = await addCustomer(parts, merchantId);
    const wallet = fate === 'succeed' && Math.random() < 0.4;
    if (wallet) {
      const clientId = SECRETS.BENCH_PAYPAL_CREDENTIALS.split(':')[0];
      const asked = { client_id: clientId, fate };
      const { id } = await paypal!.emulator.call<{ id: string }>('POST', 'setup_tokens', asked);
      await giveMethod(parts, paypal!.account, customerId, id, true);
    } else await giveMethod(parts, stripe!.account, customerId, `pm_card_attachThen_${fate}`, true);
    await subscribe(parts, {
      merchantId,
      customerId,
      amountMinor: 1900,
      currency: 'EUR',
      dueAt: at,
    });
  });
}

function paidAre(books: Books, count: number): Promise<void> {
  const paid = async () => (await books.count(`renewal where status = 'paid'`)) >= count;
  return within(240_000, `${count} renewals are paid`, paid, 500);
}

/** Their banks have money now, and an operator asks them again. */
async function rescue({ parts, books }: Crew, { emulator }: EmulatedGateway): Promise<void> {
  const open = await books.rows<{ renewal: string; method: string }>(`
    select c.renewal_id as renewal, m.reference as method from dunning_case c
    join charge h on h.renewal_id = c.renewal_id join payment_method m on m.id = h.payment_method_id
    where c.status = 'open'`);
  await each(open, 4, async ({ renewal, method }) => {
    await emulator.setFate(method, 'succeed');
    const wish = { actor: 'bench', reason: 'The customer has called' };
    await parts.deps.launch.wish(`dunning/${renewal}`, 'retryNow', wish, newId('cmd'));
  });
}

async function giveBack({ parts, books }: Crew, gateways: readonly EmulatedGateway[]) {
  const charges = await books.rows<{ id: string; name: string; gateway: string }>(`
    select c.id, c.gateway_charge_reference as name, a.gateway from charge c
    join gateway_account a on a.id = c.gateway_account_id
    where c.status = 'succeeded' order by c.id`);
  const { byUs, byHand, disputed } = GIVEN_BACK;
  for (const [n, { id: chargeId }] of charges.slice(0, byUs).entries()) {
    const wish = { id: newId('rfd'), chargeId, kind: 'requested', reason: 'A trial' } as const;
    const amountMinor = n % 2 === 0 ? undefined : 700;
    const { dispatches } = await parts.db.$transaction((tx) =>
      planRefund(parts.deps, tx, { ...wish, amountMinor, origin: 'app' }, new Date()),
    );
    for (const dispatch of dispatches) {
      await parts.deps.launch.send(dispatch);
      await markSent(parts.db, dispatch.id);
    }
  }
  for (const { name, gateway } of charges.slice(byUs, byUs + byHand)) {
    const { emulator } = gateways.find((one) => one.name === gateway)!;
    const of = gateway === 'stripe' ? { charge: name } : { capture: name };
    await emulator.call('POST', 'dashboard/refunds', { ...of, silent: true });
  }
  const { emulator: stripe } = gateways.find((one) => one.name === 'stripe')!;
  const cards = charges.slice(byUs + byHand).filter(({ gateway }) => gateway === 'stripe');
  for (const { name } of cards.slice(0, disputed)) {
    const opened = await stripe.call<{ id: string }>('POST', `charges/${name}/dispute`, {
      silent: true,
    });
    await stripe.call('POST', `disputes/${opened.id}/close`, { outcome: 'lost', silent: true });
  }
  const given = async () => (await books.count(`refund where status = 'succeeded'`)) >= byUs;
  await within(60_000, 'our refunds are made', given, 250);
}

/** Each turn compares, heals, and gives the runs that were started some time. */
async function reconcileUntilEqual(crew: Crew, gateways: readonly EmulatedGateway[]) {
  const { parts, books } = crew;
  const equal = async () => {
    for (const { account } of gateways) await parts.deps.launch.reconcile(account);
    return (await audit(books, gateways)).length === 0;
  };
  await within(480_000, "our books equal the gateways'", equal, 10_000).catch(console.error);
}
