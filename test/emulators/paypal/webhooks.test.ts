import { X509Certificate, verify } from 'node:crypto';
import { type IncomingHttpHeaders, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32 } from 'node:zlib';

import { afterEach, describe, expect, test } from 'vitest';

import {
  type Body,
  type Merchant,
  ORDERS,
  captureIn,
  eventually,
  renewal,
  speak,
  useEmulator,
} from './emulator.js';

const bench = useEmulator();
const listeners: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  await bench.control('POST', 'webhooks', { mode: 'deliver' });
  await Promise.all(listeners.splice(0).map((close) => close()));
});

interface Heard {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly event: Body;
}

async function listen(refuse = 0) {
  const heard: Heard[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (refuse-- > 0) return void response.writeHead(503).end();
      const text = Buffer.concat(chunks).toString('utf8');
      heard.push({ headers: request.headers, text, event: JSON.parse(text) });
      return void response.writeHead(200).end();
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  listeners.push(() => {
    server.closeAllConnections();
    return new Promise((closed) => server.close(closed));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  return { url, heard, types: () => heard.map(({ event }) => event.event_type as string) };
}

async function hooked(event_types: string[] = ['*'], refuse = 0) {
  const merchant = bench.merchant();
  const listener = await listen(refuse);
  const { id } = await bench.control('POST', 'webhook_endpoints', {
    url: listener.url,
    client_id: merchant.clientId,
    event_types,
  });
  return { ...listener, merchant, webhookId: id as string };
}

async function renew(merchant: Merchant, fate = 'succeed') {
  const body = renewal(await merchant.vaulted(fate), { custom_id: 'ch_1' });
  return (await merchant.post(ORDERS, body, { requestId: crypto.randomUUID() })).body;
}

/** As a careful receiver would: the certificate’s chain first, then the signature. */
async function isGenuine({ headers, text }: Pick<Heard, 'headers' | 'text'>, webhookId: string) {
  const root = new X509Certificate((await speak(`${bench.url()}/_emulator/root_certificate`)).body);
  const certUrl = headers['paypal-cert-url'] as string;
  const leaf = new X509Certificate((await speak(certUrl)).body);
  const now = Date.now();
  const isValid = Date.parse(leaf.validFrom) < now && now < Date.parse(leaf.validTo);
  if (!isValid || !leaf.checkIssued(root) || !leaf.verify(root.publicKey)) return false;
  if (leaf.subject !== 'CN=messageverificationcerts.paypal.com') return false;
  const sum = crc32(text);
  const message = `${String(headers['paypal-transmission-id'])}|${String(headers['paypal-transmission-time'])}|${webhookId}|${sum}`;
  const signature = Buffer.from(headers['paypal-transmission-sig'] as string, 'base64');
  return verify('sha256', Buffer.from(message), leaf.publicKey, signature);
}

/** As a careless one would: by asking PayPal. */
async function ask(
  merchant: Merchant,
  { headers, text }: Pick<Heard, 'headers' | 'text'>,
  webhookId: string,
) {
  const told = {
    auth_algo: headers['paypal-auth-algo'],
    cert_url: headers['paypal-cert-url'],
    transmission_id: headers['paypal-transmission-id'],
    transmission_sig: headers['paypal-transmission-sig'],
    transmission_time: headers['paypal-transmission-time'],
    webhook_id: webhookId,
  };
  const body = `${JSON.stringify(told).slice(0, -1)}, "webhook_event" : ${text} }`;
  const answer = await merchant.post('/v1/notifications/verify-webhook-signature', body);
  expect(answer.status).toBe(200);
  return answer.body.verification_status as string;
}

describe('a webhook', () => {
  test('tells of a capture, signed so that its receiver can be sure', async () => {
    const { merchant, heard, webhookId } = await hooked(['PAYMENT.CAPTURE.COMPLETED']);
    const order = await renew(merchant);
    const delivery = await eventually(() => heard[0]);
    expect(delivery.headers).toMatchObject({
      'content-type': 'application/json',
      'paypal-auth-algo': 'SHA256withRSA',
      'paypal-auth-version': 'v2',
      'paypal-cert-url': expect.stringContaining(`${bench.url()}/v1/notifications/certs/CERT-`),
    });
    expect(delivery.event).toMatchObject({
      id: expect.stringMatching(/^WH-/),
      event_version: '1.0',
      resource_type: 'capture',
      resource_version: '2.0',
      event_type: 'PAYMENT.CAPTURE.COMPLETED',
      resource: { id: captureIn(order).id, custom_id: 'ch_1', status: 'COMPLETED' },
    });
    expect(await isGenuine(delivery, webhookId)).toBe(true);
    expect(await isGenuine(delivery, 'ANOTHERWEBHOOK')).toBe(false);
    const altered = { ...delivery, text: delivery.text.replace('19.99', '0.99') };
    expect(await isGenuine(altered, webhookId)).toBe(false);

    expect(await ask(merchant, delivery, webhookId)).toBe('SUCCESS');
    expect(await ask(merchant, delivery, 'ANOTHERWEBHOOK')).toBe('FAILURE');
    expect(await ask(merchant, altered, webhookId)).toBe('FAILURE');
    const reprinted = JSON.stringify(delivery.event, undefined, 1);
    expect(await ask(merchant, { ...delivery, text: reprinted }, webhookId)).toBe('FAILURE');
  });

  test.each([
    ['succeed', ['PAYMENT.CAPTURE.COMPLETED']],
    ['declined_5120', ['PAYMENT.CAPTURE.DECLINED']],
    ['pending_ECHECK_5', ['PAYMENT.CAPTURE.PENDING', 'PAYMENT.CAPTURE.COMPLETED']],
    ['pendingThenDenied_ECHECK_5', ['PAYMENT.CAPTURE.PENDING', 'PAYMENT.CAPTURE.DENIED']],
  ])('comes for each step of the fate %s', async (fate, expected) => {
    const { merchant, types } = await hooked();
    await renew(merchant, fate);
    await bench.control('POST', 'clock', { advance_seconds: 6 });
    const all = ['VAULT.PAYMENT-TOKEN.CREATED', 'CHECKOUT.ORDER.COMPLETED', ...expected];
    await eventually(() => types().length >= all.length || undefined);
    expect(types().toSorted()).toEqual(all.toSorted());
  });

  test('tells of refunds, and of a wallet whose owner has left', async () => {
    const { merchant, heard, types } = await hooked();
    const vaultId = await merchant.vaulted('refund_pending');
    const { body } = await merchant.post(ORDERS, renewal(vaultId), { requestId: 'paid' });
    const { id } = captureIn(body);
    await merchant.post(`/v2/payments/captures/${id}/refund`);
    await bench.control('POST', 'clock', { advance_seconds: 3 });
    await bench.control('POST', `payment_tokens/${vaultId}/remove`);
    await eventually(() => types().includes('VAULT.PAYMENT-TOKEN.DELETED') || undefined);
    await eventually(() => types().includes('PAYMENT.CAPTURE.REFUNDED') || undefined);
    expect(types()).toContain('PAYMENT.REFUND.PENDING');
    expect(types()).toContain('VAULT.PAYMENT-TOKEN.DELETION-INITIATED');
    const { event } = heard.find((one) => one.event.event_type === 'PAYMENT.CAPTURE.REFUNDED')!;
    expect(event.resource_type).toBe('refund');
    const up = event.resource.links.find(({ rel }: { rel: string }) => rel === 'up');
    expect(up.href).toMatch(new RegExp(`/captures/${String(id)}$`));
  });

  test('comes again after a refusal', async () => {
    const { merchant, heard } = await hooked(['PAYMENT.CAPTURE.COMPLETED'], 1);
    await renew(merchant);
    expect(heard).toEqual([]);
    await eventually(() => heard[0]);
  });

  test('is held back, and sent on a flush in the order asked for', async () => {
    const { merchant, heard } = await hooked(['CHECKOUT.ORDER.COMPLETED']);
    for (const mode of ['hold', 'reverse']) {
      await bench.control('POST', 'webhooks', { mode });
      const made: string[] = [];
      for (let n = 0; n < 3; n++) made.push((await renew(merchant)).id);
      expect(heard).toEqual([]);
      const flushed = await bench.control('POST', 'webhooks/flush');
      expect(flushed).toEqual({ delivered: 3, failed: 0 });
      const sent = heard.splice(0).map(({ event }) => event.resource.id);
      expect(sent).toEqual(mode === 'hold' ? made : made.toReversed());
    }
  });

  test('is dropped, found in the list of events, and sent again on request', async () => {
    const { merchant, heard } = await hooked(['PAYMENT.CAPTURE.COMPLETED']);
    await bench.control('POST', 'webhooks', { mode: 'drop' });
    const order = await renew(merchant);
    await bench.control('POST', 'webhooks', { mode: 'deliver' });
    const list = '/v1/notifications/webhooks-events';
    const query = `transaction_id=${String(captureIn(order).id)}&event_type=PAYMENT.CAPTURE.COMPLETED`;
    const { body } = await merchant.get(`${list}?${query}`);
    expect(body).toMatchObject({ count: 1, events: [{ resource: { id: captureIn(order).id } }] });
    expect(heard).toEqual([]);
    const resent = await merchant.post(`${list}/${body.events[0].id}/resend`, {});
    expect(resent.status).toBe(202);
    expect((await eventually(() => heard[0])).event.id).toBe(body.events[0].id);
  });

  test('comes twice when duplicated, with one id and two transmissions', async () => {
    const { merchant, heard } = await hooked(['PAYMENT.CAPTURE.COMPLETED']);
    await bench.control('POST', 'webhooks', { mode: 'duplicate' });
    await renew(merchant);
    await eventually(() => heard[1]);
    const [one, other] = heard as [Heard, Heard];
    expect(one.event).toEqual(other.event);
    expect(one.headers['paypal-transmission-id']).not.toBe(other.headers['paypal-transmission-id']);
  });
});

describe('a forged webhook', () => {
  test.each([
    ['genuine', true, 'SUCCESS'],
    ['foreign', false, 'FAILURE'],
    ['expired', false, 'FAILURE'],
  ])('with the certificate %s', async (cert, genuine, status) => {
    const { merchant, webhookId } = await hooked();
    const event = { id: 'WH-FORGED', event_type: 'PAYMENT.CAPTURE.COMPLETED', resource: {} };
    const forged = await bench.control('POST', 'webhooks/forge', {
      webhook_id: webhookId,
      event,
      cert,
    });
    expect(JSON.parse(forged.body)).toEqual(event);
    const delivery = { headers: forged.headers, text: forged.body };
    expect(await isGenuine(delivery, webhookId)).toBe(genuine);
    expect(await ask(merchant, delivery, webhookId)).toBe(status);
  });
});

describe('the notifications API', () => {
  const HOOKS = '/v1/notifications/webhooks';
  const named = (...names: string[]) => names.map((name) => ({ name }));

  test('makes, shows, changes and removes webhooks', async () => {
    const merchant = bench.merchant();
    const asked = {
      url: 'https://shop.example.com/hook',
      event_types: named('PAYMENT.CAPTURE.COMPLETED'),
    };
    const made = await merchant.post(HOOKS, asked);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject(asked);
    const path = `${HOOKS}/${String(made.body.id)}`;
    expect((await merchant.get(HOOKS)).body).toEqual({ webhooks: [made.body] });
    const changed = await merchant.send('PATCH', path, [
      { op: 'replace', path: '/url', value: 'https://shop.example.com/other' },
      { op: 'replace', path: '/event_types', value: named('*') },
    ]);
    expect(changed.body).toMatchObject({
      id: made.body.id,
      url: 'https://shop.example.com/other',
      event_types: named('*'),
    });
    expect((await bench.merchant().get(path)).status).toBe(404);
    expect((await merchant.send('DELETE', path)).status).toBe(204);
    expect((await merchant.get(path)).status).toBe(404);
  });

  test('takes ten webhooks, of known events, at different addresses', async () => {
    const merchant = bench.merchant();
    const make = (n: number, type = '*') =>
      merchant.post(HOOKS, { url: `https://shop.example.com/${n}`, event_types: named(type) });
    expect((await make(0, 'COFFEE.READY')).status).toBe(400);
    for (let n = 1; n <= 10; n++) expect((await make(n)).status).toBe(201);
    expect((await make(11)).body.details[0].issue).toBe('WEBHOOK_NUMBER_LIMIT_EXCEEDED');
    expect((await make(1)).body.details[0].issue).toBe('WEBHOOK_URL_ALREADY_EXISTS');
    const plain = { url: 'http://shop.example.com/', event_types: named('*') };
    expect((await merchant.post(HOOKS, plain)).status).toBe(400);
  });

  test('lists events newest first, page by page', async () => {
    const merchant = bench.merchant();
    for (let n = 0; n < 3; n++) await merchant.vaulted();
    const first = await merchant.get('/v1/notifications/webhooks-events?page_size=2');
    expect(first.body.count).toBe(2);
    const { href } = first.body.links.find(({ rel }: { rel: string }) => rel === 'next');
    const second = await merchant.get(href.replace(bench.url(), ''));
    expect(second.body.count).toBe(1);
    const ids = [...first.body.events, ...second.body.events].map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
    const { body } = await merchant.get(`/v1/notifications/webhooks-events/${String(ids[0])}`);
    expect(body).toEqual(first.body.events[0]);
  });

  test('simulates an event, which nobody can verify', async () => {
    const { merchant, heard, webhookId } = await hooked();
    const asked = { webhook_id: webhookId, event_type: 'PAYMENT.CAPTURE.COMPLETED' };
    const simulated = await merchant.post('/v1/notifications/simulate-event', asked);
    expect(simulated.status).toBe(202);
    const delivery = await eventually(() => heard[0]);
    expect(await isGenuine(delivery, webhookId)).toBe(false);
    expect(await ask(merchant, delivery, webhookId)).toBe('FAILURE');
  });

  test('lets a test choose the id of a webhook, and registers an address once', async () => {
    const body = { url: 'http://127.0.0.1:9/hook', id: 'WHCHOSEN' };
    const first = await bench.control('POST', 'webhook_endpoints', body);
    const second = await bench.control('POST', 'webhook_endpoints', { url: body.url });
    expect([first.id, second.id]).toEqual(['WHCHOSEN', 'WHCHOSEN']);
  });
});
