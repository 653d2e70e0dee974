/** A merchant with Stripe and PayPal: who is charged where, and what becomes of renewals while one of them is away. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { newId } from '../../prisma/new-id.js';
import { type House, openHouse } from '../support/house.js';
import {
  aCustomer,
  aSubscription,
  fastForward,
  giveWallet,
  renewalRun,
  until,
} from '../support/people.js';

let house: House;
beforeAll(async () => {
  house = await openHouse({
    paypal: true,
    environment: { BREAKER_FAILURES: '2', BREAKER_PROBE_SECONDS: '1' },
  });
  await rule(1, 'EUR cards in Germany', house.account.id, {
    countries: ['DE'],
    currencies: ['EUR'],
    methodKinds: ['card'],
  });
  await rule(2, 'wallets', house.paypal.account.id, { methodKinds: ['paypal'] });
});
afterEach(() => house.emulator.heal());
afterAll(() => house.close());

function rule(position: number, name: string, account: string, conditions: object) {
  return house.db.routingRule.create({
    data: {
      id: newId('rul'),
      merchantId: house.merchantId,
      name,
      position,
      conditions: { ...conditions },
      accounts: [{ gateway_account: account }],
      createdAt: new Date(),
    },
  });
}

const CARD = { card: 'pm_card_visa' };

interface Pays {
  readonly card?: string;
  readonly wallet?: 'chosen' | 'second';
}

/** A customer in Germany. */
async function payer({ card, wallet }: Pays) {
  const person = await aCustomer(house, card ?? null);
  await house.db.customer.update({ where: { id: person.customerId }, data: { country: 'DE' } });
  if (wallet)
    await giveWallet(house, person.customerId, 'succeed', { isDefault: wallet === 'chosen' });
  return person;
}

/** Their subscription, due now. */
async function subscriber(pays: Pays) {
  return aSubscription(house, await payer(pays));
}

type Subscribed = Awaited<ReturnType<typeof aSubscription>>;

function renewalOf({ id }: Subscribed) {
  return until(() => house.db.renewal.findFirst({ where: { subscriptionId: id } }));
}

function paidRenewalOf({ id }: Subscribed) {
  return until(
    () => house.db.renewal.findFirst({ where: { subscriptionId: id, status: 'paid' } }),
    30_000,
  );
}

/** How often money moved for a renewal, and where. */
async function money(renewalId: string) {
  const [stripe, paypal] = [
    await house.emulator.paid(renewalId),
    await house.paypal.emulator.paid(renewalId),
  ];
  return { stripe: stripe.length, paypal: paypal.length };
}

test('cards in euros go to Stripe, wallets to PayPal, and each charge says why', async () => {
  const card = await paidRenewalOf(await subscriber({ ...CARD, wallet: 'second' }));
  expect(await money(card.id)).toEqual({ stripe: 1, paypal: 0 });
  const wallet = await paidRenewalOf(await subscriber({ ...CARD, wallet: 'chosen' }));
  expect(await money(wallet.id)).toEqual({ stripe: 0, paypal: 1 });
  const charges = await house.db.charge.findMany({
    where: { renewalId: { in: [card.id, wallet.id] } },
    orderBy: { id: 'asc' },
  });
  expect(charges.map(({ why }) => why)).toEqual([
    'the customer\'s chosen method; rule "EUR cards in Germany" puts stripe-eu first',
    'the customer\'s chosen method; rule "wallets" puts paypal-eu first',
  ]);
});

test('Stripe resets every connection: wallets pay, cards wait, and nobody is charged twice', async () => {
  const [unlucky, cardOnly] = [await payer(CARD), await payer(CARD)];
  const withWallet = [];
  for (let n = 0; n < 4; n++) withWallet.push(await payer({ ...CARD, wallet: 'second' }));
  await house.emulator.fault({ match: { path: '*' }, fault: 'reset_before' });
  // The first one is lost in the reset: it stays unknown, and asking about it opens the breaker.
  const lost = await aSubscription(house, unlucky);
  await until(() => unknownOf(lost.id));
  await until(async () => house.deps.breakers.isOpen(house.account.id));
  const both = [];
  for (const person of withWallet) both.push(await aSubscription(house, person));
  const waiting = await aSubscription(house, cardOnly);
  const paidElsewhere = [];
  for (const subscription of both) {
    const renewal = await until(async () => {
      const found = await renewalOf(subscription);
      return (found.status === 'paid' || (await unknownOf(subscription.id))) && found;
    }, 20_000);
    if (renewal.status === 'paid') {
      expect(await money(renewal.id)).toEqual({ stripe: 0, paypal: 1 });
      paidElsewhere.push(renewal);
    }
  }
  // A probe now and then may be lost as the first ones were; the others need not wait for it.
  expect(paidElsewhere.length).toBeGreaterThan(0);
  expect((await renewalOf(waiting)).status).toBe('collecting');
  expect(await house.db.dunningCase.count()).toBe(0);

  await house.emulator.heal();
  const all = [lost, ...both, waiting];
  for (const subscription of all) {
    await until(async () => {
      const { status } = await renewalOf(subscription);
      if (status === 'paid') return true;
      await fastForward(house, renewalRun(house, subscription).workflowId, 120_000).catch(() => {});
      return false;
    }, 60_000);
    const { id } = await renewalOf(subscription);
    const { stripe, paypal } = await money(id);
    expect(stripe + paypal).toBe(1);
  }
}, 120_000);

async function unknownOf(subscriptionId: string) {
  const renewal = await house.db.renewal.findFirst({ where: { subscriptionId } });
  return (
    renewal && house.db.charge.findFirst({ where: { renewalId: renewal.id, status: 'unknown' } })
  );
}

test('Stripe charges and answers 500: not one fails over, and all are found paid', async () => {
  await house.emulator.fault({
    match: { method: 'POST', path: '/v1/payment_intents' },
    fault: 'error_after',
    times: 3,
  });
  const subscriptions = [];
  for (let n = 0; n < 3; n++) subscriptions.push(await subscriber({ ...CARD, wallet: 'second' }));
  for (const subscription of subscriptions) {
    const { id } = await paidRenewalOf(subscription);
    expect(await money(id)).toEqual({ stripe: 1, paypal: 0 });
    expect(await house.db.charge.count({ where: { renewalId: id } })).toBe(1);
  }
});
