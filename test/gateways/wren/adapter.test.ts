/** What the contract suite does not try: what Wren alone says, and what its emulator never does. */
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { describe, expect, onTestFinished, test } from 'vitest';

import { money } from '../../../domain/money.js';
import type {
  Account,
  AttachRequest,
  ChargeOrder,
  FrozenCharge,
  WebhookRead,
} from '../../../gateways/gateway.js';
import { wren } from './adapter/index.js';
import { SECRET, startWren } from './server.js';

const ORDER: ChargeOrder = {
  chargeId: 'chg_1',
  merchantId: 'mer_1',
  renewalId: 'rnw_1',
  reversals: 0,
  amount: money(1999, 'USD'),
  description: undefined,
  customer: 'cus_1',
  method: 'pm_1',
  kind: 'card',
  living: undefined,
};

const accountAt = (apiBase: string): Account => ({
  name: 'wren-eu',
  secret: SECRET,
  mode: 'test',
  apiBase,
  trustedRoots: [],
  deadlineMs: 2_000,
});

/** As the database gives it back: the fields of its request in an order of its own. */
function frozen(order: ChargeOrder, { request } = wren.compose(order)): FrozenCharge {
  const { chargeId: id, renewalId, amount } = order;
  return {
    id,
    renewalId,
    amount,
    request: Object.fromEntries(Object.entries(request).toReversed()),
    firstSentAt: Date.now(),
    resendable: true,
    askedAt: Date.now(),
    baseline: undefined,
    reference: undefined,
    otherReferences: [],
  };
}

/** A Wren that has one answer for everything. */
async function oneAnswer(status: number, headers: Record<string, string>, body: string) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { 'idempotency-key': key = '' } = request.headers;
    asked.push(`${request.url} ${String(key)}`.trim());
    request.resume().on('end', () => response.writeHead(status, headers).end(body));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close());
  return {
    account: accountAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    asked,
  };
}

function attaching(more: Partial<AttachRequest> = {}): AttachRequest {
  return {
    token: 'tok_good',
    customer: undefined,
    email: undefined,
    name: undefined,
    merchantId: 'mer_1',
    customerId: 'cus_1',
    key: 'key_1',
    ...more,
  };
}

/** The emulator, and an order for a method that is attached there. */
async function open() {
  const server = await startWren();
  onTestFinished(() => server.close());
  const account = accountAt(server.url);
  const attached = await wren.attachMethod(account, attaching());
  if (attached.kind !== 'attached') throw new Error(attached.why);
  return { server, account, order: { ...ORDER, method: attached.reference } };
}

const said = (code: string) => JSON.stringify({ code, message: 'No.' });

describe('an answer', () => {
  test.each([
    [400, said('bad_request'), { kind: 'refused', attention: true, parks: true }],
    [401, said('unauthorized'), { kind: 'refused', attention: true, parks: false }],
    [403, said('forbidden'), { kind: 'refused', attention: true, parks: false }],
    [404, said('no_such_path'), { kind: 'refused', attention: true, parks: true }],
    [404, '{}', { kind: 'unknown' }],
    [409, said('reference_taken'), { kind: 'unknown' }],
    [409, said('order_paid'), { kind: 'duplicate' }],
    [422, said('key_reused'), { kind: 'unknown' }],
    [503, said('closed_for_repair'), { kind: 'unknown', serverError: true }],
    [503, '<html>', { kind: 'unknown', serverError: true }],
    [200, '[]', { kind: 'unknown' }],
    [200, JSON.stringify({ id: 'ch_1', status: 'succeeded' }), { kind: 'unknown' }],
  ])('%d %s', async (status, body, expected) => {
    const { account } = await oneAnswer(status, {}, body);
    expect(await wren.submit(account, frozen(ORDER))).toMatchObject(expected);
  });

  test.each([
    ['7', 7_000],
    ['999999', 3_600_000],
    ['soon', undefined],
  ])('429 with retry-after %s', async (retryAfter, retryAfterMs) => {
    const { account } = await oneAnswer(429, { 'retry-after': retryAfter }, said('too_many'));
    const answer = await wren.submit(account, frozen(ORDER));
    expect(answer).toMatchObject({ kind: 'refused', attention: false, parks: false });
    expect('retryAfterMs' in answer ? answer.retryAfterMs : undefined).toBe(retryAfterMs);
  });

  test('that sends elsewhere is not followed', async () => {
    const { account, asked } = await oneAnswer(307, { location: '/elsewhere' }, '{}');
    expect((await wren.submit(account, frozen(ORDER))).kind).toBe('unknown');
    expect(asked).toEqual(['/charges chg_1']);
  });

  test.each([
    { reference: 'chg_2', amount: 1999, currency: 'USD' },
    { reference: 'chg_1', amount: 2999, currency: 'USD' },
    { reference: 'chg_1', amount: 1999, currency: 'JPY' },
  ])('that speaks of $amount $currency for $reference calls a person', async (another) => {
    const body = JSON.stringify({ id: 'ch_1', status: 'succeeded', ...another });
    const { account } = await oneAnswer(200, {}, body);
    for (const ask of ['submit', 'lookUp'] as const)
      expect(await wren[ask](account, frozen(ORDER))).toMatchObject({
        kind: 'unknown',
        attention: true,
      });
  });

  test('to a release is asked for under a key of each try', async () => {
    const { account, asked } = await oneAnswer(503, {}, '{}');
    for (const attempt of [1, 2])
      expect((await wren.release(account, frozen(ORDER), attempt)).kind).toBe('unavailable');
    const cancel = '/charges/chg_1/cancel chg_1:release';
    expect(asked).toEqual([`${cancel}:1`, `${cancel}:2`]);
  });

  test.each([
    [404, '{}'],
    [404, said('no_such_path')],
    [401, said('unauthorized')],
  ])('%d %s to a look-up is no absence', async (status, body) => {
    const { account } = await oneAnswer(status, {}, body);
    expect((await wren.lookUp(account, frozen(ORDER))).kind).toBe('unknown');
  });
});

describe('at Wren', () => {
  test('a token attached twice under one key is one method, of the customer it was given for', async () => {
    const { account, order } = await open();
    const again = await wren.attachMethod(account, attaching());
    expect(again).toMatchObject({ kind: 'attached', reference: order.method });
    const more = await wren.attachMethod(account, attaching({ customer: 'cus_9', key: 'key_2' }));
    expect(more).toMatchObject({ kind: 'attached', customer: 'cus_9' });
  });

  test('a request that a row has kept says the same bytes under the same key', async () => {
    const { server, account, order } = await open();
    const { request } = wren.compose(order);
    const first = await wren.submit(account, { ...frozen(order), request });
    expect(first.kind).toBe('succeeded');
    expect(await wren.submit(account, frozen(order))).toEqual(first);
    expect(server.paid('rnw_1')).toHaveLength(1);
  });

  test('money that the bank took back is told, and may be collected once more', async () => {
    const { server, account, order } = await open();
    const charge = frozen(order);
    const answer = await wren.submit(account, charge);
    if (answer.kind !== 'succeeded') throw new Error(answer.kind);
    server.takeBack(answer.reference, 'stopped_by_payer');
    expect(await wren.lookUp(account, charge)).toMatchObject({
      ...answer,
      kind: 'returned',
      decline: { class: 'consent_revoked', elsewhere: false },
    });
    expect(await wren.release(account, charge, 1)).toEqual({ kind: 'still_open' });
    const next = { ...order, chargeId: 'chg_2' };
    expect((await wren.submit(account, frozen(next))).kind).toBe('duplicate');
    const again = { ...order, chargeId: 'chg_3', reversals: 1 };
    expect((await wren.submit(account, frozen(again))).kind).toBe('succeeded');
  });
});

describe('a page', () => {
  const TO = { returnUrl: 'https://shop.example/back', cancelUrl: 'https://shop.example/no' };

  test('that is opened again is shown as it stands now, not as it was made', async () => {
    const { server, account, order } = await open();
    const charge = frozen(order, wren.composePage(order));
    const page = await wren.openPage(account, charge, TO);
    if (page.kind !== 'ready') throw new Error(page.kind);
    server.approve(page.reference);
    expect(await wren.openPage(account, charge, TO)).toEqual({ kind: 'duplicate' });

    const later = { ...order, chargeId: 'chg_2', renewalId: 'rnw_2' };
    const left = frozen(later, wren.composePage(later));
    expect((await wren.openPage(account, left, TO)).kind).toBe('ready');
    expect(await wren.release(account, left, 1)).toEqual({ kind: 'released' });
    expect((await wren.openPage(account, left, TO)).kind).toBe('gone');
    expect((await wren.completePage(account, left)).kind).toBe('gone');
  });

  test('of money that is paid already is a duplicate', async () => {
    const { account, order } = await open();
    expect((await wren.submit(account, frozen(order))).kind).toBe('succeeded');
    const next = { ...order, chargeId: 'chg_2' };
    const page = await wren.openPage(account, frozen(next, wren.composePage(next)), TO);
    expect(page).toEqual({ kind: 'duplicate' });
  });

  test('is made under a key of its own, which moves no money', async () => {
    const { account, asked } = await oneAnswer(404, {}, said('no_such_charge'));
    await wren.openPage(account, frozen(ORDER, wren.composePage(ORDER)), TO);
    expect(asked).toEqual(['/charges/chg_1', '/charges chg_1:create']);
  });

  test('is not what is submitted', async () => {
    const { account, asked } = await oneAnswer(200, {}, '{}');
    const answer = await wren.submit(account, frozen(ORDER, wren.composePage(ORDER)));
    expect(answer.kind).toBe('unknown');
    expect(asked).toEqual([]);
  });
});

describe('a webhook', () => {
  function read(event: string, at = Date.now() / 1000): Promise<WebhookRead> {
    const t = Math.floor(at);
    const v1 = createHmac('sha256', 'whsec').update(`${t}.${event}`).digest('hex');
    const { secret: _, ...account } = accountAt('http://127.0.0.1:1');
    return wren.readWebhook(
      { ...account, webhookSecrets: ['whsec'], askWith: undefined },
      Buffer.from(event),
      { 'wren-signature': `t=${t},v1=${v1}` },
    );
  }
  const metadata = { merchant: 'mer_1', renewal: 'rnw_1' };
  const CHARGE = { id: 'ch_1', reference: 'chg_1', metadata };
  const eventOf = (type: string, charge?: object) => JSON.stringify({ id: 'evt_1', type, charge });

  test.each([
    ['charge.succeeded', 'paid'],
    ['charge.returned', 'returned'],
    ['charge.declined', 'other'],
  ])('%s says %s', async (type, says) => {
    const whose = { merchantId: 'mer_1', renewalId: 'rnw_1', causedBy: 'chg_1' };
    expect(await read(eventOf(type, CHARGE))).toEqual({
      kind: 'report',
      report: { eventId: 'evt_1', type, about: { says, reference: 'ch_1', ...whose } },
    });
  });

  test('of something else is about nothing', async () => {
    expect(await read(eventOf('payout.paid'))).toMatchObject({ report: { about: undefined } });
  });

  test('from the future is forged', async () => {
    expect(await read(eventOf('payout.paid'), Date.now() / 1000 + 400)).toEqual({ kind: 'forged' });
  });

  test.each(['', 'no JSON', '{}'])('signed, but no event: "%s"', async (event) => {
    expect((await read(event)).kind).toBe('unverifiable');
  });
});
