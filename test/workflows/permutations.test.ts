/** A payment's whole life, told by webhooks in fifty seeded orders, doubled and late: fifty equal databases. */
import { createHmac } from 'node:crypto';

import type Stripe from 'stripe';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { planRefund } from '../../activities/plan-refund.js';
import { diceOf } from '../../bench/support/dice.js';
import { makeLogger } from '../../logger.js';
import { markSent } from '../../prisma/dispatch.js';
import { newId } from '../../prisma/new-id.js';
import { type ApiServer, runApi } from '../../processes/api-server.js';
import { dashboard } from '../support/bench.js';
import { SECRETS, type House, openHouse } from '../support/house.js';
import { aCustomer, aSubscription, until } from '../support/people.js';

const LIVES = 50;
const AT_ONCE = 10;

let house: House;
let api: ApiServer;
beforeAll(async () => {
  house = await openHouse({ environment: { ASK_LADDER_SECONDS: '3600', PORT: '0' } });
  api = await runApi(house.config, house, makeLogger('silent'));
});
afterAll(async () => {
  await api.stop();
  await house.close();
});

test(
  'charge, partial refund, dispute, loss: the order of the webhooks leaves no trace',
  { timeout: 170_000 },
  async () => {
    const seeds = Array.from({ length: LIVES }, (_, seed) => seed + 1).values();
    const ends: object[] = [];
    const live = async () => {
      for (const seed of seeds) ends.push({ seed, ...(await aLife(diceOf(seed))) });
    };
    await Promise.all(Array.from({ length: AT_ONCE }, live));
    expect(ends).toHaveLength(LIVES);
    for (const end of ends)
      expect(end).toEqual({ ...EXPECTED, seed: expect.any(Number) as number });
    const sums = await house.db.$queryRaw`
      select currency from ledger_entry group by 1 having sum(amount_minor) <> 0`;
    expect(sums).toEqual([]);
  },
);

const EXPECTED = {
  renewal: { status: 'paid', needsAttention: null },
  charges: [{ status: 'succeeded', reversed: false, surplus: false }],
  refunds: [{ status: 'succeeded', amountMinor: 500n, origin: 'app' }],
  disputes: [{ status: 'lost', amountMinor: 1400n, withdrawn: true, reinstated: false }],
  ledger: [
    'bad_debt dispute_lost 1400',
    'disputed dispute_lost -1400',
    'disputed dispute_withdrawn 1400',
    'gateway charge 1900',
    'gateway dispute_withdrawn -1400',
    'gateway refund -500',
    'receivable charge -1900',
    'receivable renewal_due 1900',
    'refunds refund 500',
    'revenue renewal_due -1900',
  ],
  events: [
    'dispute.funds_withdrawn',
    'dispute.lost',
    'dispute.opened',
    'refund.requested',
    'refund.succeeded',
    'renewal.paid',
  ],
};

/** Each step's webhooks arrive at any time after it: before the next step, between others, at the very end. */
async function aLife(dice: () => number) {
  const { id: subscriptionId } = await aSubscription(house, await aCustomer(house, 'pm_card_visa'));
  const paid = await until(async () =>
    house.db.charge.findFirst({
      where: { status: 'succeeded', renewalId: { in: await renewalsOf(subscriptionId) } },
    }),
  );
  const charge = paid.gatewayChargeReference!;
  const post = postman(paid.gatewayReference!, charge, dice);
  await post.some();
  await refundPart(paid.id);
  await post.some();
  const dispute = await house.emulator.call<{ id: string }>(
    'POST',
    `charges/${charge}/dispute`,
    {},
  );
  await post.some();
  await house.emulator.call('POST', `disputes/${dispute.id}/close`, { outcome: 'lost' });
  await post.all();
  await until(() => house.db.dispute.findFirst({ where: { chargeId: paid.id, status: 'lost' } }));
  await until(() =>
    house.db.refund.findFirst({ where: { chargeId: paid.id, status: 'succeeded' } }),
  );
  await noRunIsLeft(dispute.id);
  return endOf(paid.renewalId);
}

async function renewalsOf(subscriptionId: string): Promise<string[]> {
  const rows = await house.db.renewal.findMany({ where: { subscriptionId }, select: { id: true } });
  return rows.map(({ id }) => id);
}

async function refundPart(chargeId: string): Promise<void> {
  const id = newId('rfd');
  const wish = {
    id,
    chargeId,
    amountMinor: 500,
    kind: 'requested',
    reason: 'A part of it',
  } as const;
  const { dispatches } = await house.db.$transaction((tx) =>
    planRefund(house.deps, tx, { ...wish, origin: 'app' }, new Date()),
  );
  for (const dispatch of dispatches) {
    await house.deps.launch.send(dispatch);
    await markSent(house.db, dispatch.id);
  }
  await until(() => house.db.refund.findFirst({ where: { id, status: 'succeeded' } }));
}

/** Delivers what Stripe has to say of one payment: shuffled, each once to three times. */
function postman(intent: string, charge: string, dice: () => number) {
  const delivered = new Set<string>();
  const sack = async () => {
    const events: Stripe.Event[] = [];
    for await (const event of dashboard(house).events.list({ limit: 100 }))
      if (isAbout(event, intent, charge)) events.push(event);
    return events;
  };
  const bring = async (events: readonly Stripe.Event[]) => {
    for (const event of shuffled(events, dice)) {
      delivered.add(event.id);
      const times = 1 + Math.floor(dice() * 3);
      await Promise.all(Array.from({ length: times }, () => deliver(event)));
    }
  };
  return {
    some: async () => bring((await sack()).filter(({ id }) => !delivered.has(id) && dice() < 0.5)),
    /** Whatever was not brought before, and some of the old ones once more. */
    all: async () => bring((await sack()).filter(({ id }) => !delivered.has(id) || dice() < 0.3)),
  };
}

function isAbout(event: Stripe.Event, intent: string, charge: string): boolean {
  const object = event.data.object as { id: string; payment_intent?: unknown; charge?: unknown };
  return object.id === intent || object.payment_intent === intent || object.charge === charge;
}

function shuffled<T>(items: readonly T[], dice: () => number): T[] {
  return items
    .map((item) => ({ item, at: dice() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

async function deliver(event: object): Promise<void> {
  const body = JSON.stringify(event);
  const t = Math.floor(Date.now() / 1000);
  const secret = SECRETS.TEST_STRIPE_WEBHOOK_SECRET;
  const v1 = createHmac('sha256', secret).update(`${t}.${body}`).digest('hex');
  const url = `http://127.0.0.1:${api.port}/webhooks/stripe/${house.account.id}`;
  const headers = { 'content-type': 'application/json', 'stripe-signature': `t=${t},v1=${v1}` };
  const answer = await fetch(url, { method: 'POST', headers, body });
  if (!answer.ok) throw new Error(await answer.text());
}

async function noRunIsLeft(dispute: string): Promise<void> {
  await until(
    async () => !(await house.deps.launch.isRunning(`dispute/${house.account.id}/${dispute}`)),
  );
}

async function endOf(renewalId: string) {
  const renewal = await house.db.renewal.findUniqueOrThrow({
    where: { id: renewalId },
    select: { status: true, needsAttention: true },
  });
  const where = { renewalId };
  const charges = await house.db.charge.findMany({ where });
  const refunds = await house.db.refund.findMany({ where });
  const disputes = await house.db.dispute.findMany({ where });
  const ledger = await house.db.$queryRaw<{ line: string }[]>`
    select e.account || ' ' || t.kind || ' ' || e.amount_minor as line
    from ledger_entry e join ledger_transaction t on t.id = e.transaction_id
    where t.renewal_id = ${renewalId} order by 1`;
  const events = await house.db.event.findMany({
    where: { payload: { path: ['renewal'], equals: renewalId } },
  });
  return {
    renewal,
    charges: charges.map(({ status, reversedAt, surplus }) => ({
      status,
      reversed: reversedAt !== null,
      surplus,
    })),
    refunds: refunds.map(({ status, amountMinor, origin }) => ({ status, amountMinor, origin })),
    disputes: disputes.map((row) => ({
      status: row.status,
      amountMinor: row.amountMinor,
      withdrawn: row.withdrawnAt !== null,
      reinstated: row.reinstatedAt !== null,
    })),
    ledger: ledger.map(({ line }) => line),
    // A reminder speaks of the moment: whoever hears of a dispute when it is lost is reminded of nothing.
    events: events
      .map(({ type }) => type)
      .filter((type) => type !== 'dispute.evidence_due')
      .toSorted(),
  };
}
