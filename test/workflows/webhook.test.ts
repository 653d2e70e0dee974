/** Webhooks, from the emulator's signature to the run that waits for them. */
import { createHmac } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { makeLogger } from '../../logger.js';
import { type ApiServer, runApi } from '../../processes/api-server.js';
import { SECRETS, type House, openHouse } from '../support/house.js';
import { aCustomer, aSubscription, renewalRun, until } from '../support/people.js';

let house: House;
let api: ApiServer;
let url: string;
beforeAll(async () => {
  // Asking is an hour away: whatever is settled sooner was settled by a webhook.
  house = await openHouse({ environment: { ASK_LADDER_SECONDS: '3600', PORT: '0' } });
  api = await runApi(house.config, house, makeLogger('silent'));
  url = `http://127.0.0.1:${api.port}/webhooks/stripe/${house.account.id}`;
  await house.emulator.sendWebhooksTo(url, SECRETS.TEST_STRIPE_WEBHOOK_SECRET);
});
afterAll(async () => {
  await api.stop();
  await house.close();
});

async function pending(token = 'pm_card_attachThen_pending') {
  const subscription = await aSubscription(house, await aCustomer(house, token));
  const charge = await until(async () => {
    const renewal = await house.db.renewal.findFirst({
      where: { subscriptionId: subscription.id },
    });
    return (
      renewal && house.db.charge.findFirst({ where: { renewalId: renewal.id, status: 'pending' } })
    );
  });
  return { charge, run: renewalRun(house, subscription) };
}

/** A delivery as Stripe would sign it. */
function deliver(event: object, secret = SECRETS.TEST_STRIPE_WEBHOOK_SECRET, ageSeconds = 0) {
  const body = JSON.stringify(event);
  const t = Math.floor(Date.now() / 1000) - ageSeconds;
  const v1 = createHmac('sha256', secret).update(`${t}.${body}`).digest('hex');
  const headers = { 'content-type': 'application/json', 'stripe-signature': `t=${t},v1=${v1}` };
  return fetch(url, { method: 'POST', headers, body });
}

function about(
  charge: { renewalId: string; gatewayReference: string | null },
  id: string,
  type: string,
) {
  const metadata = { dunlin_merchant: house.merchantId, dunlin_renewal: charge.renewalId };
  const object = { id: charge.gatewayReference, object: 'payment_intent', metadata };
  return { id, object: 'event', type, request: null, data: { object } };
}

describe('what a webhook does', () => {
  test('a pending charge is settled by its webhook, long before anybody would ask', async () => {
    const { charge, run } = await pending();
    await house.emulator.settle(charge.gatewayReference!, 'succeeded');
    expect(await run.result()).toEqual({ outcome: 'paid' });
  });

  test('a hundred copies of it in parallel take effect once', async () => {
    const { charge, run } = await pending();
    await house.emulator.webhooks('drop');
    await house.emulator.settle(charge.gatewayReference!, 'succeeded');
    await house.emulator.webhooks('deliver');
    const event = about(charge, `evt_${charge.id}`, 'payment_intent.succeeded');
    const answers = await Promise.all(Array.from({ length: 100 }, () => deliver(event)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await run.result()).toEqual({ outcome: 'paid' });
    expect(await house.db.gatewayEvent.count({ where: { eventId: `evt_${charge.id}` } })).toBe(1);
    expect(await house.emulator.paid(charge.renewalId)).toHaveLength(1);
  });

  test('it carries no verdict: a signed "succeeded" about unpaid money changes nothing', async () => {
    const { charge, run } = await pending();
    expect(
      (await deliver(about(charge, `evt_lie_${charge.id}`, 'payment_intent.succeeded'))).status,
    ).toBe(200);
    await until(async () => {
      const { events } = await run.fetchHistory();
      return events!.filter(({ activityTaskCompletedEventAttributes: it }) => it).length >= 3;
    });
    const row = await house.db.charge.findUniqueOrThrow({ where: { id: charge.id } });
    expect(row.status).toBe('pending');
    await house.emulator.settle(charge.gatewayReference!, 'declined');
    expect(await run.result()).toEqual({ outcome: 'in_dunning' });
  });

  test('in the wrong order, the same end', async () => {
    const { charge, run } = await pending();
    await house.emulator.webhooks('hold');
    await house.emulator.settle(charge.gatewayReference!, 'succeeded');
    await house.emulator.webhooks('reverse');
    await house.emulator.flush();
    expect(await run.result()).toEqual({ outcome: 'paid' });
    await house.emulator.webhooks('deliver');
  });

  test('about a charge that was declined: its renewal looks again, and books the money', async () => {
    const person = await aCustomer(house, 'pm_card_attachThen_do_not_honor_times_1');
    const subscription = await aSubscription(house, person);
    const run = renewalRun(house, subscription);
    expect(await run.result()).toEqual({ outcome: 'in_dunning' });
    const renewal = await house.db.renewal.findFirstOrThrow({
      where: { subscriptionId: subscription.id },
    });
    const charge = await house.db.charge.findFirstOrThrow({ where: { renewalId: renewal.id } });
    // Somebody retries the payment in the gateway's dashboard.
    await fetch(`${house.emulator.url}/v1/payment_intents/${charge.gatewayReference}/confirm`, {
      method: 'POST',
      headers: { authorization: `Bearer ${SECRETS.TEST_STRIPE_KEY}` },
      body: new URLSearchParams({ payment_method: person.method, off_session: 'true' }),
    });
    await until(
      async () =>
        (await house.db.renewal.findUniqueOrThrow({ where: { id: renewal.id } })).status === 'paid',
    );
    const found = await house.db.charge.findFirstOrThrow({ where: { foundFrom: charge.id } });
    expect(found.surplus).toBe(false);
  });
});

describe('what is not a webhook', () => {
  test.each([
    ['forged', 'whsec_other', 0],
    ['replayed an hour later', SECRETS.TEST_STRIPE_WEBHOOK_SECRET, 3_600],
    ['dated in the future', SECRETS.TEST_STRIPE_WEBHOOK_SECRET, -3_600],
  ])('%s: 400, and nothing is stored', async (_what, secret, age) => {
    const id = `evt_bad_${age}_${secret.slice(-3)}`;
    const event = {
      id,
      object: 'event',
      type: 'payment_intent.succeeded',
      data: { object: { metadata: {} } },
    };
    expect((await deliver(event, secret, age)).status).toBe(400);
    expect(await house.db.gatewayEvent.count({ where: { eventId: id } })).toBe(0);
  });

  test('an unknown type or object is stored, answered, and that is all', async () => {
    const event = {
      id: 'evt_new_kind',
      object: 'event',
      type: 'moon.landed',
      data: { object: { id: 'moon_1' } },
    };
    expect((await deliver(event)).status).toBe(200);
    const row = await house.db.gatewayEvent.findFirstOrThrow({
      where: { eventId: 'evt_new_kind' },
    });
    expect(row.dispatchedAt).not.toBeNull();
  });
});
