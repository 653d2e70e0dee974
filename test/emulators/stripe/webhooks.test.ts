import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import Stripe from 'stripe';
import { afterEach, describe, expect, test } from 'vitest';

import { OFF_SESSION, eventually, refusal, savedCard, useEmulator } from './emulator.js';

const SECRET = 'whsec_chosen';
const bench = useEmulator();
const listeners: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  await bench.control('POST', 'webhooks', { mode: 'deliver' });
  await Promise.all(listeners.splice(0).map((close) => close()));
});

/** Verifies every delivery as a real receiver would; refuses the first few if asked to. */
async function listen(secret: () => string, refuse = 0) {
  const heard: Stripe.Event[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const signature = request.headers['stripe-signature']!;
      const body = Buffer.concat(chunks);
      const event = Stripe.webhooks.constructEvent(body, signature, secret());
      if (refuse-- > 0) return void response.writeHead(503).end();
      heard.push(event);
      return void response.writeHead(200).end();
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  listeners.push(() => {
    server.closeAllConnections();
    return new Promise((closed) => server.close(closed));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  return { url, heard, types: () => heard.map(({ type }) => type) };
}

/** An endpoint for one account, with the secret we chose. */
async function endpoint(enabled_events: string[] = ['*'], refuse = 0) {
  const api_key = `sk_test_hook${crypto.randomUUID().replaceAll('-', '')}`;
  const listener = await listen(() => SECRET, refuse);
  await bench.control('POST', 'webhook_endpoints', {
    url: listener.url,
    secret: SECRET,
    enabled_events,
    api_key,
  });
  return { ...listener, stripe: bench.client(api_key) };
}

describe('webhooks', () => {
  test('tell of a successful charge, signed, with the key of the request that caused it', async () => {
    const { stripe, heard, types } = await endpoint();
    const card = await savedCard(stripe, 'pm_card_visa');
    const intent = await stripe.paymentIntents.create(
      { ...OFF_SESSION, ...card },
      { idempotencyKey: 'charge-7' },
    );
    await eventually(() => heard.length >= 5 || undefined);
    expect(types().toSorted()).toEqual([
      'charge.succeeded',
      'customer.created',
      'payment_intent.created',
      'payment_intent.succeeded',
      'payment_method.attached',
    ]);
    const event = heard.find(({ type }) => type === 'payment_intent.succeeded')!;
    expect(event).toMatchObject({
      api_version: '2026-10-28.endive',
      livemode: false,
      request: { id: intent.lastResponse.requestId, idempotency_key: 'charge-7' },
      data: { object: { id: intent.id, status: 'succeeded' } },
    });
    const { data: undelivered } = await eventually(async () => {
      const list = await stripe.events.list({ delivery_success: false });
      return list.data.length === 0 ? list : undefined;
    });
    expect(undelivered).toEqual([]);
    expect((await stripe.events.retrieve(event.id)).id).toBe(event.id);
    const found = await stripe.events.list({ types: ['charge.succeeded', 'customer.created'] });
    expect(found.data.map(({ type }) => type)).toEqual(['charge.succeeded', 'customer.created']);
  });

  test('tell of a decline and of each turn of a slow payment', async () => {
    const { stripe, types, heard } = await endpoint(['payment_intent.*', 'charge.*']);
    const bad = await savedCard(stripe, 'pm_card_chargeCustomerFail');
    await refusal(stripe.paymentIntents.create({ ...OFF_SESSION, ...bad }));
    const slow = await savedCard(stripe, 'pm_card_attachThen_pending_10');
    const options = { idempotencyKey: 'slow-confirm' };
    await stripe.paymentIntents.create({ ...OFF_SESSION, ...slow }, options);
    await bench.control('POST', 'clock', { advance_seconds: 11 });
    await eventually(() => heard.length >= 8 || undefined);
    expect(types().toSorted()).toEqual([
      'charge.failed',
      'charge.pending',
      'charge.succeeded',
      'payment_intent.created',
      'payment_intent.created',
      'payment_intent.payment_failed',
      'payment_intent.processing',
      'payment_intent.succeeded',
    ]);
    const settled = heard.find(({ type }) => type === 'payment_intent.succeeded')!;
    expect(settled.request?.idempotency_key).toBe('slow-confirm');
  });

  test('come again after a refusal', async () => {
    const { stripe, heard } = await endpoint(['customer.created'], 1);
    const { id } = await stripe.customers.create();
    const undelivered = await stripe.events.list({ delivery_success: false });
    expect(undelivered.data).toHaveLength(1);
    const event = await eventually(() => heard[0]);
    expect(event.data.object).toMatchObject({ id });
  });

  test('are held back, and sent on a flush in the order asked for', async () => {
    const { stripe, heard } = await endpoint(['customer.created']);
    const created: string[] = [];
    const heardIds = () => heard.splice(0).map(({ data }) => (data.object as Stripe.Customer).id);
    for (const mode of ['hold', 'reverse']) {
      await bench.control('POST', 'webhooks', { mode });
      for (let n = 0; n < 3; n++) created.push((await stripe.customers.create()).id);
      expect(heard).toEqual([]);
      const flushed = await bench.control('POST', 'webhooks/flush');
      expect(flushed).toEqual({ delivered: 3, failed: 0 });
      const sent = created.splice(0);
      expect(heardIds()).toEqual(mode === 'hold' ? sent : sent.toReversed());
    }
  });

  test('are dropped without a trace but in the list of events', async () => {
    const { stripe, heard } = await endpoint(['customer.created']);
    await bench.control('POST', 'webhooks', { mode: 'drop' });
    await stripe.customers.create();
    expect(await bench.control('POST', 'webhooks/flush')).toEqual({ delivered: 0, failed: 0 });
    expect(heard).toEqual([]);
    expect((await stripe.events.list({ delivery_success: false })).data).toHaveLength(1);
  });

  test('come twice when duplicated, with one id', async () => {
    const { stripe, heard } = await endpoint(['customer.created']);
    await bench.control('POST', 'webhooks', { mode: 'duplicate' });
    await stripe.customers.create();
    await eventually(() => heard[1]);
    expect(heard[0]!.id).toBe(heard[1]!.id);
  });

  test('go to endpoints made through the API, whose secret is shown once', async () => {
    const stripe = bench.client();
    let secret = '';
    const { url, heard } = await listen(() => secret);
    const made = await stripe.webhookEndpoints.create({
      url,
      enabled_events: ['customer.created'],
    });
    secret = made.secret!;
    expect(await stripe.webhookEndpoints.retrieve(made.id)).not.toHaveProperty('secret');
    expect((await stripe.webhookEndpoints.list()).data.map(({ id }) => id)).toEqual([made.id]);
    await stripe.customers.create();
    await eventually(() => heard[0]);
    expect(await stripe.webhookEndpoints.del(made.id)).toMatchObject({ deleted: true });
    expect((await stripe.webhookEndpoints.list()).data).toEqual([]);
  });

  test('replace an endpoint registered again for the same address', async () => {
    const body = { url: 'http://127.0.0.1:9/hook', secret: 'a', api_key: 'sk_test_twice' };
    const first = await bench.control('POST', 'webhook_endpoints', body);
    const second = await bench.control('POST', 'webhook_endpoints', { ...body, secret: 'b' });
    expect(second['id']).toBe(first['id']);
  });
});
