/** PayPal's webhooks: who may have sent them, and what they say. */
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { crc32 } from 'node:zlib';

import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { certificate } from '../../../emulators/paypal/der.js';
import { type PaypalEmulator, startPaypalEmulator } from '../../../emulators/paypal/server.js';
import type { WebhookAccount } from '../../../gateways/gateway.js';
import { paypal } from '../../../gateways/paypal/index.js';
import { accountAt, json, startPaypal, startStub } from './stub.js';

const DAY = 86_400_000;
const EVENT = {
  id: 'WH-1',
  event_type: 'PAYMENT.CAPTURE.COMPLETED',
  resource: {
    id: 'CAPTURE1',
    custom_id: 'chg_1',
    invoice_id: 'rnw_1',
    amount: { value: '10.0' },
    supplementary_data: { related_ids: { order_id: 'ORDER1' } },
  },
};

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** An account whose webhooks come from this address, vouched for by this root. */
function listener(url: string, root: string, more: Partial<WebhookAccount> = {}): WebhookAccount {
  const { secret: _, ...account } = accountAt(url, { trustedRoots: [root], deadlineMs: 1_000 });
  return { ...account, webhookSecrets: ['WEBHOOK1'], askWith: undefined, ...more };
}

interface Sent {
  readonly headers: Record<string, string>;
  readonly body: string;
}

const read = (account: WebhookAccount, { headers, body }: Sent) =>
  paypal.readWebhook(account, Buffer.from(body), headers);

describe('a webhook of the emulator', () => {
  let emulator: PaypalEmulator;
  let root: string;
  beforeAll(async () => {
    emulator = await startPaypalEmulator({ port: 0, stateFile: undefined });
    root = await (await fetch(`${emulator.url}/_emulator/root_certificate`)).text();
  });
  afterAll(() => emulator.close());

  async function send(cert = 'genuine', webhookId = 'WEBHOOK1', event: object = EVENT) {
    const body = JSON.stringify({ webhook_id: webhookId, event, cert });
    const url = `${emulator.url}/_emulator/webhooks/forge`;
    return (await (await fetch(url, { method: 'POST', body })).json()) as Sent;
  }
  const account = (more: Partial<WebhookAccount> = {}) => listener(emulator.url, root, more);

  it('is verified and reported', async () => {
    expect(await read(account(), await send())).toEqual({
      kind: 'report',
      report: {
        eventId: 'WH-1',
        type: 'PAYMENT.CAPTURE.COMPLETED',
        about: {
          says: 'paid',
          reference: 'ORDER1',
          merchantId: undefined,
          renewalId: 'rnw_1',
          causedBy: 'chg_1',
        },
      },
    });
  });

  it('is verified for either webhook id during a roll', async () => {
    const rolling = account({ webhookSecrets: ['WEBHOOK0', 'WEBHOOK1'] });
    for (const id of ['WEBHOOK0', 'WEBHOOK1'])
      expect((await read(rolling, await send('genuine', id))).kind).toBe('report');
    expect((await read(rolling, await send('genuine', 'WEBHOOK2'))).kind).toBe('forged');
  });

  it.each([
    ['signed under a foreign root', 'foreign'],
    ['signed with a certificate that has run out', 'expired'],
  ])('%s is forged', async (_, cert) => {
    expect(await read(account(), await send(cert))).toEqual({ kind: 'forged' });
  });

  it('is forged when the emulator’s root is not trusted, as in live mode', async () => {
    const sent = await send();
    expect(await read(account({ trustedRoots: [] }), sent)).toEqual({ kind: 'forged' });
    expect(await read(account({ mode: 'live' }), sent)).toEqual({ kind: 'forged' });
  });

  it('is forged when a byte, or only its spacing, has changed', async () => {
    const sent = await send();
    const changed = sent.body.replace('10.0', '90.0');
    const reserialized = JSON.stringify(JSON.parse(sent.body), null, 1);
    for (const body of [changed, reserialized, `${sent.body} `])
      expect(await read(account(), { ...sent, body })).toEqual({ kind: 'forged' });
  });

  it.each([
    ['without its id', 'paypal-transmission-id', undefined],
    ['with another id', 'paypal-transmission-id', 'another'],
    ['with bars in its id', 'paypal-transmission-id', 'a|b'],
    ['without a time', 'paypal-transmission-time', undefined],
    ['with a time that is none', 'paypal-transmission-time', 'yesterday'],
    ['without a signature', 'paypal-transmission-sig', undefined],
    ['with an empty signature', 'paypal-transmission-sig', ''],
    ['with another algorithm', 'paypal-auth-algo', 'SHA1withRSA'],
    ['without an algorithm', 'paypal-auth-algo', undefined],
    ['without a certificate', 'paypal-cert-url', undefined],
  ])('%s is forged', async (_, name, value) => {
    const sent = await send();
    const headers = { ...sent.headers, [name]: value };
    const answer = await paypal.readWebhook(account(), Buffer.from(sent.body), headers);
    expect(answer).toEqual({ kind: 'forged' });
  });

  it('with a header twice is forged', async () => {
    const { headers, body } = await send();
    const twice = { ...headers, 'paypal-transmission-sig': [headers['paypal-transmission-sig']!] };
    const answer = await paypal.readWebhook(account(), Buffer.from(body), twice);
    expect(answer).toEqual({ kind: 'forged' });
  });

  it('is taken for three days, as long as PayPal redelivers, and no longer', async () => {
    const sent = await send();
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() + 3 * DAY - 60_000);
    expect((await read(account(), sent)).kind).toBe('report');
    vi.setSystemTime(Date.now() + 120_000);
    expect(await read(account(), sent)).toEqual({ kind: 'forged' });
  });

  it('from more than five minutes ahead is forged', async () => {
    const sent = await send();
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() - 6 * 60_000);
    expect(await read(account(), sent)).toEqual({ kind: 'forged' });
  });

  it('costs one fetch of the certificate, however many follow', async () => {
    const own = await startPaypalEmulator({ port: 0, stateFile: undefined });
    const ownRoot = await (await fetch(`${own.url}/_emulator/root_certificate`)).text();
    const url = `${own.url}/_emulator/webhooks/forge`;
    const body = JSON.stringify({ webhook_id: 'WEBHOOK1', event: EVENT, cert: 'genuine' });
    const sent = (await (await fetch(url, { method: 'POST', body })).json()) as Sent;
    const fetched = vi.spyOn(globalThis, 'fetch');
    for (let time = 0; time < 3; time++) await read(listener(own.url, ownRoot), sent);
    expect(fetched).toHaveBeenCalledTimes(1);
    await own.close();
    expect((await read(listener(own.url, ownRoot), sent)).kind).toBe('report');
  });

  it('is asked about at PayPal itself when the account says so', async () => {
    const endpoint = JSON.stringify({ url: 'https://shop.example/webhooks', id: 'WEBHOOK1' });
    await fetch(`${emulator.url}/_emulator/webhook_endpoints`, { method: 'POST', body: endpoint });
    const askWith = accountAt(emulator.url, { secret: 'client_asking:secret_asking' });
    const asking = account({ askWith, webhookSecrets: ['WEBHOOK0', 'WEBHOOK1'] });
    expect((await read(asking, await send())).kind).toBe('report');
    expect(await read(asking, await send('foreign'))).toEqual({ kind: 'forged' });
    const sent = await send();
    const body = sent.body.replace('10.0', '90.0');
    expect(await read(asking, { ...sent, body })).toEqual({ kind: 'forged' });
  });
});

describe('PayPal itself is asked', () => {
  const headers = {
    'paypal-transmission-id': 'id-1',
    'paypal-transmission-time': new Date().toISOString(),
    'paypal-transmission-sig': 'c2lnbmF0dXJl',
    'paypal-cert-url': 'https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1',
    'paypal-auth-algo': 'SHA256withRSA',
  };
  const asking = (url: string) => ({ ...listener(url, ''), askWith: accountAt(url) });

  it('with the very text that came, numbers and spacing as they were', async () => {
    const stub = await startPaypal((_, response) =>
      json(response, 200, { verification_status: 'SUCCESS' }),
    );
    const body = '{ "id":"WH-1",  "event_type":"X", "n":1.00, "b":2, "a":1 }';
    expect((await read(asking(stub.url), { headers, body })).kind).toBe('report');
    const sent = stub.seen.at(-1)!.body;
    expect(sent.endsWith(`,"webhook_event":${body}}`)).toBe(true);
    expect(JSON.parse(sent)).toMatchObject({
      webhook_id: 'WEBHOOK1',
      transmission_id: 'id-1',
      auth_algo: 'SHA256withRSA',
    });
  });

  it.each([
    ['FAILURE is a forgery', 200, { verification_status: 'FAILURE' }, 'forged'],
    ['an id it does not know is a forgery', 404, { name: 'X' }, 'forged'],
    ['an outage is no verdict', 503, {}, 'unverifiable'],
    ['a refusal of ours is no verdict', 401, { error: 'invalid_token' }, 'unverifiable'],
    ['an answer without a word of it is no verdict', 200, {}, 'unverifiable'],
  ])('%s', async (_, status, body, kind) => {
    const stub = await startPaypal((__, response) => json(response, status, body));
    expect((await read(asking(stub.url), { headers, body: '{"id":"WH-1"}' })).kind).toBe(kind);
  });

  it('about nothing that is no JSON', async () => {
    const stub = await startPaypal((_, response) => json(response, 200, {}));
    const body = '{"id":"WH-1"},"webhook_id":"other"';
    expect(await read(asking(stub.url), { headers, body })).toEqual({ kind: 'forged' });
    expect(stub.seen).toEqual([]);
  });
});

const newKey = () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const rootKey = newKey();
const leafKey = newKey();
const PAYPALS = 'messageverificationcerts.paypal.com';

function issueCertificate(more: Partial<Parameters<typeof certificate>[0]> = {}) {
  return certificate({
    subject: PAYPALS,
    subjectKey: leafKey,
    issuer: 'Root',
    issuerKey: rootKey,
    isAuthority: false,
    notBefore: new Date(Date.now() - DAY),
    notAfter: new Date(Date.now() + DAY),
    ...more,
  });
}

const ROOT = issueCertificate({ subject: 'Root', subjectKey: rootKey, isAuthority: true });

/** Signed with our leaf's key, naming a certificate at this address. */
function sendFrom(certUrl: string): Sent {
  const body = JSON.stringify(EVENT);
  const [id, time] = [randomUUID(), new Date().toISOString()];
  const message = `${id}|${time}|WEBHOOK1|${crc32(Buffer.from(body))}`;
  return {
    body,
    headers: {
      'paypal-transmission-id': id,
      'paypal-transmission-time': time,
      'paypal-transmission-sig': sign('sha256', Buffer.from(message), leafKey).toString('base64'),
      'paypal-cert-url': certUrl,
      'paypal-auth-algo': 'SHA256withRSA',
    },
  };
}

describe('the certificate’s chain', () => {
  const middleKey = newKey();
  const middle = (more = {}) =>
    issueCertificate({ subject: 'Middle', subjectKey: middleKey, isAuthority: true, ...more });
  const fromMiddle = () => issueCertificate({ issuer: 'Middle', issuerKey: middleKey });
  const old = { notAfter: new Date(Date.now() - 1_000) };

  it.each([
    ['from the root', () => [issueCertificate()], 'report'],
    ['with the root beside it', () => [issueCertificate(), ROOT], 'report'],
    ['through another authority', () => [fromMiddle(), middle()], 'report'],
    ['through none it brings', () => [fromMiddle()], 'forged'],
    [
      'through one that is no authority',
      () => [fromMiddle(), middle({ isAuthority: false })],
      'forged',
    ],
    ['through one that has run out', () => [fromMiddle(), middle(old)], 'forged'],
    ['that has run out itself', () => [issueCertificate(old)], 'forged'],
    [
      'that is not valid yet',
      () => [issueCertificate({ notBefore: new Date(Date.now() + DAY / 2) })],
      'forged',
    ],
    ['in somebody else’s name', () => [issueCertificate({ subject: 'shop.example' })], 'forged'],
    [
      'in a name that only ends so',
      () => [issueCertificate({ subject: `not${PAYPALS}` })],
      'forged',
    ],
    ['of an authority', () => [issueCertificate({ isAuthority: true })], 'forged'],
    [
      'of a root that only bears the name',
      () => [issueCertificate({ issuerKey: middleKey })],
      'forged',
    ],
    [
      'that is none',
      () => ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'],
      'forged',
    ],
    ['that is not there', () => ['<html></html>'], 'forged'],
  ])('%s', async (_, bundle, kind) => {
    const pem = bundle().join('');
    const stub = await startStub((__, response) => void response.writeHead(200).end(pem));
    const sent = sendFrom(`${stub.url}/v1/notifications/certs/CERT-1`);
    expect((await read(listener(stub.url, ROOT), sent)).kind).toBe(kind);
  });

  it('from a root that has run out', async () => {
    const root = issueCertificate({
      subject: 'Root',
      subjectKey: rootKey,
      isAuthority: true,
      ...old,
    });
    const stub = await startStub(
      (_, response) => void response.writeHead(200).end(issueCertificate()),
    );
    const sent = sendFrom(`${stub.url}/v1/notifications/certs/CERT-1`);
    expect(await read(listener(stub.url, root), sent)).toEqual({ kind: 'forged' });
  });

  it('is looked at again when it is kept: its time may have come', async () => {
    const pem = issueCertificate();
    const stub = await startStub((_, response) => void response.writeHead(200).end(pem));
    const certUrl = `${stub.url}/v1/notifications/certs/CERT-1`;
    expect((await read(listener(stub.url, ROOT), sendFrom(certUrl))).kind).toBe('report');
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() + 2 * DAY);
    expect(await read(listener(stub.url, ROOT), sendFrom(certUrl))).toEqual({ kind: 'forged' });
    expect(stub.seen).toHaveLength(1);
  });
});

describe('the certificate’s address', () => {
  const PATH = '/v1/notifications/certs/CERT-1';
  const serve = () =>
    vi
      .spyOn(globalThis, 'fetch')
      .mockImplementation(() => Promise.resolve(new Response(issueCertificate())));
  const at = (mode: 'test' | 'live') => ({ ...listener('', ROOT), mode, apiBase: undefined });

  it.each(['api.sandbox.paypal.com', 'api-m.sandbox.paypal.com'])('may be at %s', async (host) => {
    serve();
    expect((await read(at('test'), sendFrom(`https://${host}${PATH}-${host}`))).kind).toBe(
      'report',
    );
  });

  it.each([
    ['PayPal’s other environment', 'test', `https://api.paypal.com${PATH}`],
    ['PayPal’s other environment', 'live', `https://api.sandbox.paypal.com${PATH}`],
    ['another host', 'test', `https://evil.example${PATH}`],
    ['a host that ends so', 'test', `https://evilapi.sandbox.paypal.com${PATH}`],
    ['a host that begins so', 'test', `https://api.sandbox.paypal.com.evil.example${PATH}`],
    ['a name before the host', 'test', `https://api.sandbox.paypal.com@evil.example${PATH}`],
    ['plain HTTP', 'test', `http://api.sandbox.paypal.com${PATH}`],
    ['a port', 'test', `https://api.sandbox.paypal.com:8443${PATH}`],
    ['another path', 'test', 'https://api.sandbox.paypal.com/v2/certs/CERT-1'],
    ['a path that climbs', 'test', `https://api.sandbox.paypal.com/v1/notifications/certs/../x`],
    [
      'a path that climbs in disguise',
      'test',
      `https://api.sandbox.paypal.com/v1/notifications/certs/%2e%2e/x`,
    ],
    ['a query', 'test', `https://api.sandbox.paypal.com${PATH}?to=evil`],
    ['capitals', 'test', `https://API.sandbox.paypal.com${PATH}`],
    ['this machine', 'test', `http://127.0.0.1:1${PATH}`],
    ['a file', 'test', 'file:///etc/passwd'],
    ['nothing', 'test', 'nowhere'],
  ] as const)('is refused unasked with %s (%s)', async (_, mode, certUrl) => {
    const fetched = serve();
    expect(await read(at(mode), sendFrom(certUrl))).toEqual({ kind: 'forged' });
    expect(fetched).not.toHaveBeenCalled();
  });

  it('of a live account brings no roots of ours: only the well-known ones count', async () => {
    serve();
    const sent = sendFrom(`https://api.paypal.com${PATH}-live`);
    expect(await read(at('live'), sent)).toEqual({ kind: 'forged' });
  });

  it('of an account that sends to this machine is there only', async () => {
    const fetched = serve();
    const account = listener('http://127.0.0.1:4001', ROOT);
    for (const url of ['http://127.0.0.1:4002', 'https://api.sandbox.paypal.com'])
      expect(await read(account, sendFrom(`${url}${PATH}`))).toEqual({ kind: 'forged' });
    expect(fetched).not.toHaveBeenCalled();
  });

  it('does not lead on: a redirect is refused', async () => {
    const stub = await startStub((seen, response) => {
      if (seen.path !== PATH) return void response.writeHead(200).end(issueCertificate());
      response.writeHead(302, { location: '/v1/notifications/certs/CERT-2' }).end();
    });
    expect(await read(listener(stub.url, ROOT), sendFrom(`${stub.url}${PATH}`))).toEqual({
      kind: 'forged',
    });
    expect(stub.seen).toHaveLength(1);
  });

  it('gives no more than a certificate takes', async () => {
    const stub = await startStub(
      (_, response) => void response.writeHead(200).end(issueCertificate() + ' '.repeat(100_000)),
    );
    expect(await read(listener(stub.url, ROOT), sendFrom(`${stub.url}${PATH}`))).toEqual({
      kind: 'forged',
    });
  });

  it.each([
    ['is down', 503, 'unverifiable'],
    ['is busy', 429, 'unverifiable'],
    ['does not know it', 404, 'forged'],
  ])('%s', async (_, status, kind) => {
    const stub = await startStub((__, response) => void response.writeHead(status).end());
    const sent = sendFrom(`${stub.url}${PATH}`);
    expect((await read(listener(stub.url, ROOT), sent)).kind).toBe(kind);
  });

  it('cannot be reached, or is silent: PayPal is to deliver again', async () => {
    const gone = 'http://127.0.0.1:1';
    expect((await read(listener(gone, ROOT), sendFrom(`${gone}${PATH}`))).kind).toBe(
      'unverifiable',
    );
    const stub = await startStub(() => undefined);
    const account = listener(stub.url, ROOT, { deadlineMs: 80 });
    expect((await read(account, sendFrom(`${stub.url}${PATH}`))).kind).toBe('unverifiable');
  });
});

describe('a report', () => {
  const headers = {
    'paypal-transmission-id': 'id-1',
    'paypal-transmission-time': new Date().toISOString(),
    'paypal-transmission-sig': 'c2lnbmF0dXJl',
    'paypal-cert-url': 'https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1',
    'paypal-auth-algo': 'SHA256withRSA',
  };
  async function reported(type: string, resource: object) {
    const stub = await startPaypal((_, response) =>
      json(response, 200, { verification_status: 'SUCCESS' }),
    );
    const account = { ...listener(stub.url, ''), askWith: accountAt(stub.url) };
    const body = JSON.stringify({ id: 'WH-1', event_type: type, resource });
    const answer = await read(account, { headers, body });
    return answer.kind === 'report' ? answer.report : answer;
  }
  async function about(type: string, resource: object) {
    const report = await reported(type, resource);
    return 'about' in report ? report.about : report;
  }

  it.each([
    ['COMPLETED', 'paid'],
    ['REVERSED', 'returned'],
    ['PENDING', 'other'],
    ['DENIED', 'other'],
    ['DECLINED', 'other'],
    ['OF_NEXT_YEAR', 'other'],
  ])('of PAYMENT.CAPTURE.%s says %s', async (name, says) => {
    expect(await about(`PAYMENT.CAPTURE.${name}`, EVENT.resource)).toMatchObject({
      says,
      reference: 'ORDER1',
      causedBy: 'chg_1',
      renewalId: 'rnw_1',
    });
  });

  it('takes the reversal’s number off the invoice', async () => {
    const resource = { ...EVENT.resource, invoice_id: 'rnw_1-3' };
    expect(await about('PAYMENT.CAPTURE.PENDING', resource)).toMatchObject({ renewalId: 'rnw_1' });
  });

  it.each([
    ['the link to its order', '/v2/checkout/orders/ORDER1', 'ORDER1'],
    ['its capture, marked as one', '/v2/payments/captures/CAPTURE1', 'capture:CAPTURE1'],
  ])('of a reversal refers to %s', async (_, href, reference) => {
    const links = [{ rel: 'up', href: `https://api.paypal.com${href}` }];
    const resource = { id: 'REVERSAL1', custom_id: 'chg_1', links };
    expect(await about('PAYMENT.CAPTURE.REVERSED', resource)).toMatchObject({
      reference,
      causedBy: 'chg_1',
    });
  });

  it.each(['PAYMENT.CAPTURE.REFUNDED', 'PAYMENT.REFUND.PENDING', 'PAYMENT.REFUND.FAILED'])(
    'of %s is about the refund, and no charge’s',
    async (type) => {
      const links = [{ rel: 'up', href: 'https://api.paypal.com/v2/payments/captures/CAPTURE1' }];
      const report = await reported(type, { id: 'REFUND1', custom_id: 'rfd_1', links });
      expect(report).toEqual({
        eventId: 'WH-1',
        type,
        about: undefined,
        refund: { reference: 'REFUND1', refundId: 'rfd_1', chargeReference: 'CAPTURE1' },
      });
    },
  );

  it('of a refund that is not ours says so, whatever marks it has taken over', async () => {
    const resource = { id: 'REFUND1', custom_id: 'chg_1', invoice_id: 'rnw_1' };
    expect(await reported('PAYMENT.CAPTURE.REFUNDED', resource)).toMatchObject({
      about: undefined,
      refund: { reference: 'REFUND1', refundId: undefined, chargeReference: undefined },
    });
  });

  it.each(['CREATED', 'UPDATED', 'RESOLVED'])('of CUSTOMER.DISPUTE.%s names it', async (name) => {
    const report = await reported(`CUSTOMER.DISPUTE.${name}`, { dispute_id: 'PP-D-1' });
    expect(report).toMatchObject({ about: undefined, dispute: { reference: 'PP-D-1' } });
    expect(await reported(`CUSTOMER.DISPUTE.${name}`, {})).not.toHaveProperty('dispute');
  });

  it('of a reversal names no refund: the money went by nobody’s will', async () => {
    const report = await reported('PAYMENT.CAPTURE.REVERSED', { id: 'REVERSAL1' });
    expect(report).not.toHaveProperty('refund');
  });

  it('of somebody else’s invoice names no renewal', async () => {
    const resource = { ...EVENT.resource, invoice_id: 'INV-7' };
    expect(await about('PAYMENT.CAPTURE.COMPLETED', resource)).toMatchObject({
      renewalId: undefined,
    });
  });

  it('of a capture without its order refers to the capture', async () => {
    const resource = { id: 'CAPTURE1', custom_id: 'chg_1' };
    expect(await about('PAYMENT.CAPTURE.COMPLETED', resource)).toMatchObject({
      reference: 'capture:CAPTURE1',
      causedBy: 'chg_1',
    });
  });

  it.each(['APPROVED', 'COMPLETED'])(
    'of CHECKOUT.ORDER.%s never says that it is paid',
    async (name) => {
      const purchase_units = [{ custom_id: 'chg_1', invoice_id: 'rnw_1-1' }];
      expect(await about(`CHECKOUT.ORDER.${name}`, { id: 'ORDER1', purchase_units })).toEqual({
        says: 'other',
        reference: 'ORDER1',
        merchantId: undefined,
        renewalId: 'rnw_1',
        causedBy: 'chg_1',
      });
    },
  );

  it.each([
    ['VAULT.PAYMENT-TOKEN.DELETED', { id: 'token' }],
    ['CUSTOMER.DISPUTE.CREATED', { dispute_id: 'PP-D-1' }],
    ['PAYMENT.REFUND.FAILED', { id: 'REFUND1' }],
    ['PAYMENT.CAPTURE.COMPLETED', {}],
    ['CHECKOUT.ORDER.COMPLETED', {}],
  ])('of %s with %j is about no charge', async (type, resource) => {
    expect(await about(type, resource)).toBeUndefined();
  });

  it('that is no event is not stored as one', async () => {
    expect(await about('', {})).toMatchObject({ kind: 'unverifiable' });
  });
});
