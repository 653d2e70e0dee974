/** PayPal, payment pages and returned debits in real runs: webhooks through the API, verified as the vendor signs them. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { createApiKey } from '../../prisma/api-key.js';
import { makeLogger } from '../../logger.js';
import { type ApiServer, runApi } from '../../processes/api-server.js';
import { SECRETS, type House, openHouse } from '../support/house.js';
import {
  aCustomer,
  aSubscription,
  dunningRun,
  giveWallet,
  renewalRun,
  until,
} from '../support/people.js';

let house: House;
let api: ApiServer;
let key: string;
beforeAll(async () => {
  // Asking is an hour away: whatever is settled sooner was settled by a webhook.
  house = await openHouse({
    paypal: true,
    environment: { ASK_LADDER_SECONDS: '3600', PORT: '0' },
  });
  api = await runApi(house.config, house, makeLogger('silent'));
  await house.paypal.emulator.call('POST', 'webhook_endpoints', {
    url: `${address()}/webhooks/paypal/${house.paypal.account.id}`,
    id: SECRETS.TEST_PAYPAL_WEBHOOK_ID,
  });
  await house.emulator.sendWebhooksTo(
    `${address()}/webhooks/stripe/${house.account.id}`,
    SECRETS.TEST_STRIPE_WEBHOOK_SECRET,
  );
  const asked = { merchantId: house.merchantId, name: 'app', mode: 'test' } as const;
  key = (await createApiKey(house.db, { ...asked, scopes: ['read', 'write', 'operate'] })).secret;
});
afterEach(async () => {
  await house.emulator.heal();
  await house.paypal.emulator.heal();
});
afterAll(async () => {
  await api.stop();
  await house.close();
});

function address() {
  return `http://127.0.0.1:${api.port}`;
}

async function ask<T>(method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(`${address()}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(`${response.status} ${JSON.stringify(answer)}`);
  return answer as T;
}

/** A subscription due now, paid by a wallet. */
async function walletSubscription(fate: string) {
  const person = await aCustomer(house, null);
  await giveWallet(house, person.customerId, fate, { isDefault: true });
  return aSubscription(house, person);
}

function chargeOf(subscriptionId: string, status: string) {
  return until(async () => {
    const renewal = await house.db.renewal.findFirst({ where: { subscriptionId } });
    return renewal && house.db.charge.findFirst({ where: { renewalId: renewal.id, status } });
  }, 20_000);
}

function renewalIn(subscriptionId: string, status: string) {
  return until(() => house.db.renewal.findFirst({ where: { subscriptionId, status } }), 30_000);
}

describe('PayPal', () => {
  test('a pending capture is settled by its webhook', async () => {
    const subscription = await walletSubscription('pending_ECHECK');
    const charge = await chargeOf(subscription.id, 'pending');
    await house.paypal.emulator.call('POST', 'settle', {
      capture: charge.gatewayChargeReference,
      outcome: 'succeeded',
    });
    await renewalIn(subscription.id, 'paid');
    expect(await house.paypal.emulator.paid(charge.renewalId)).toHaveLength(1);
  });

  test('a pending capture that is denied later begins a recovery', async () => {
    const subscription = await walletSubscription('pendingThenDenied_PENDING_REVIEW');
    const charge = await chargeOf(subscription.id, 'pending');
    await house.paypal.emulator.call('POST', 'settle', {
      capture: charge.gatewayChargeReference,
      outcome: 'declined',
    });
    const { id } = await renewalIn(subscription.id, 'past_due');
    expect(await house.paypal.emulator.paid(id)).toEqual([]);
  });

  test('the answer is lost: the webhook tells which order to ask about, and nothing is sent again', async () => {
    const ORDERS = { method: 'POST', path: '/v2/checkout/orders' };
    await house.paypal.emulator.fault({ match: ORDERS, fault: 'reset_after', times: 1 });
    const subscription = await walletSubscription('succeed');
    const renewal = await renewalIn(subscription.id, 'collecting').catch(() => undefined);
    // The webhook overtakes the end of the sender: the sweep passes it on.
    const charge = await chargeOf(subscription.id, 'unknown').catch(() => undefined);
    if (charge)
      await until(async () => {
        await house.client.schedule.getHandle(`sweep/${house.target.taskQueue}`).trigger();
        return house.db.renewal.findFirst({
          where: { subscriptionId: subscription.id, status: 'paid' },
        });
      }, 30_000);
    const { id } = await renewalIn(subscription.id, 'paid');
    expect(renewal?.id ?? id).toBe(id);
    expect(await house.paypal.emulator.paid(id)).toHaveLength(1);
    const sent = (await house.paypal.emulator.requests()).filter(
      ({ path, method }) => method === 'POST' && path === ORDERS.path,
    );
    const [paid] = await house.db.charge.findMany({ where: { renewalId: id } });
    expect(sent.filter((one) => one.idempotency_key === paid!.id)).toHaveLength(1);
  });

  test('a webhook signed by somebody else is refused', async () => {
    const forged = await house.paypal.emulator.call<{
      headers: Record<string, string>;
      body: string;
    }>('POST', 'webhooks/forge', {
      webhook_id: SECRETS.TEST_PAYPAL_WEBHOOK_ID,
      event: { id: 'WH-FORGED', event_type: 'PAYMENT.CAPTURE.COMPLETED', resource: {} },
      cert: 'foreign',
    });
    const response = await fetch(`${address()}/webhooks/paypal/${house.paypal.account.id}`, {
      method: 'POST',
      headers: forged.headers,
      body: forged.body,
    });
    expect(response.status).toBe(400);
    expect(await house.db.gatewayEvent.count({ where: { eventId: 'WH-FORGED' } })).toBe(0);
  });
});

describe('a payment on a page', () => {
  test('recovers a case: the link is used, the customer passes 3-D Secure, the run hears of it', async () => {
    const person = await aCustomer(house, 'pm_card_attachThen_authentication_required');
    const subscription = await aSubscription(house, person);
    const { id } = await renewalIn(subscription.id, 'past_due');
    const link = await ask<{ secret: string; charge: string }>(
      'POST',
      `/v1/renewals/${id}/payment-links`,
      { return_url: 'https://app.test/back', cancel_url: 'https://app.test/no' },
    );
    const page = await ask<{ client_secret: string }>(
      'POST',
      `/payment-links/${link.secret}/payments`,
    );
    const intent = page.client_secret.split('_secret_')[0]!;
    await until(
      async () =>
        (await house.db.charge.findUniqueOrThrow({ where: { id: link.charge } })).status ===
        'pending',
    );
    await house.emulator.call('POST', 'complete', {
      payment_intent: intent,
      token: 'pm_card_visa',
    });
    await renewalIn(subscription.id, 'paid');
    expect(await dunningRun(house, id).result()).toEqual({ outcome: 'recovered' });
    expect(await house.emulator.paid(id)).toHaveLength(1);
  });

  test('is told no more than it needs: a wrong secret is a 404, a used-up link a 410', async () => {
    const nothing = await fetch(`${address()}/payment-links/pay_nothing/payments`, {
      method: 'POST',
    });
    expect(nothing.status).toBe(404);
    const person = await aCustomer(house, 'pm_card_attachThen_authentication_required');
    const subscription = await aSubscription(house, person);
    const { id } = await renewalIn(subscription.id, 'past_due');
    const asked = { return_url: 'https://app.test/back', cancel_url: 'https://app.test/no' };
    const path = `/v1/renewals/${id}/payment-links`;
    const first = await ask<{ secret: string }>('POST', path, asked);
    await ask('POST', path, asked);
    const over = await fetch(`${address()}/payment-links/${first.secret}/payments`, {
      method: 'POST',
    });
    expect(over.status).toBe(410);
    expect(await over.json()).toMatchObject({ code: 'link_over' });
  });
});

describe('a bank debit that comes back', () => {
  /** A renewal that a debit has paid, and whose run is over. */
  async function paidByDebit() {
    const data = { debitNoticeDays: 0 };
    await house.db.gatewayAccount.update({ where: { id: house.account.id }, data });
    const person = await aCustomer(house, 'pm_sepaDebit_attachThen_pending');
    const subscription = await aSubscription(house, person);
    const charge = await chargeOf(subscription.id, 'pending');
    await house.emulator.settle(charge.gatewayReference!, 'succeeded');
    const { id } = await renewalIn(subscription.id, 'paid');
    await renewalRun(house, subscription).result();
    const settled = await house.db.charge.findUniqueOrThrow({ where: { id: charge.id } });
    const comesBack = () =>
      house.emulator.call('POST', `charges/${settled.gatewayChargeReference}/dispute`, {
        reason: 'insufficient_funds',
      });
    return { subscription, id, comesBack };
  }

  test('reopens a paid renewal: its webhook starts the run that books it, and the recovery', async () => {
    const { subscription, id, comesBack } = await paidByDebit();
    await comesBack();
    await renewalIn(subscription.id, 'past_due');
    const opened = await house.db.dunningCase.findFirstOrThrow({ where: { renewalId: id } });
    expect(opened).toMatchObject({ status: 'open', lastDecline: { class: 'insufficient_funds' } });
    await until(() => house.deps.launch.isRunning(`dunning/${id}`));
  });

  test('while Stripe has a hiccup is not forgotten: the run asks again', async () => {
    const { subscription, id, comesBack } = await paidByDebit();
    const match = { method: 'GET', path: '/v1/payment_intents/:id' };
    await house.emulator.fault({ match, fault: 'reset_before', times: 1 });
    await comesBack();
    await renewalIn(subscription.id, 'past_due');
    expect(await house.db.dunningCase.count({ where: { renewalId: id } })).toBe(1);
  });
});
