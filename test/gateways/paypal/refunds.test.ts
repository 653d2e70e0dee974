/** What PayPal says about refunds, word by word; what an adapter must keep to whoever the vendor is: ../refunds.ts. */
import { describe, expect, it } from 'vitest';

import { money } from '../../../domain/money.js';
import type { FrozenRefund } from '../../../gateways/gateway.js';
import { paypal } from '../../../gateways/paypal/index.js';
import { type Seen, accountAt, issue, json, startPaypal } from './stub.js';

function refundOf(more: Partial<FrozenRefund> = {}): FrozenRefund {
  const order = { id: 'rfd_1', chargeReference: 'CAPTURE1', amount: money(500, 'USD') };
  const request = paypal.refunding.composeRefund({ ...order, merchantId: 'mer_1' });
  return { ...order, request, resendable: true, reference: undefined, ...more };
}

/** A refund of ours as PayPal shows it. */
function shown(more: object = {}) {
  return {
    id: 'REFUND1',
    status: 'COMPLETED',
    amount: { currency_code: 'USD', value: '5.00' },
    custom_id: 'rfd_1',
    links: [{ rel: 'up', href: 'https://api.paypal.com/v2/payments/captures/CAPTURE1' }],
    ...more,
  };
}

const CAPTURE = {
  id: 'CAPTURE1',
  status: 'COMPLETED',
  links: [{ rel: 'up', href: 'https://api.paypal.com/v2/checkout/orders/ORDER1' }],
};

interface Told {
  readonly post?: readonly [number, unknown];
  readonly capture?: readonly [number, unknown];
  readonly refunds?: readonly unknown[];
  readonly refund?: readonly [number, unknown];
}

/** A PayPal with these refunds in its books, which answers a refund so. */
async function paypalWith({ post = [500, {}], capture = [200, CAPTURE], refunds, refund }: Told) {
  const payments = { captures: [CAPTURE], ...(refunds && { refunds }) };
  const order = { id: 'ORDER1', status: 'COMPLETED', purchase_units: [{ payments }] };
  const stub = await startPaypal(({ method, path }, response) => {
    if (method === 'POST') return json(response, ...post);
    if (path.startsWith('/v2/payments/captures/')) return json(response, ...capture);
    if (path.startsWith('/v2/checkout/orders/')) return json(response, 200, order);
    return json(response, ...(refund ?? [404, issue('INVALID_RESOURCE_ID')]));
  });
  return { account: accountAt(stub.url), seen: stub.seen };
}

async function answerTo(told: Told, more: Partial<FrozenRefund> = {}) {
  return paypal.refunding.refund((await paypalWith(told)).account, refundOf(more));
}

async function lookUp(told: Told, more: Partial<FrozenRefund> = {}) {
  return paypal.refunding.lookUpRefund((await paypalWith(told)).account, refundOf(more));
}

const calls = (seen: readonly Seen[]) =>
  seen
    .filter(({ path }) => path !== '/v1/oauth2/token')
    .map(({ method, path }) => `${method} ${path}`);

describe('a refund', () => {
  it('is asked for by its capture, under its own key and names, and never without an amount', async () => {
    const { account, seen } = await paypalWith({ post: [201, shown()] });
    expect(await paypal.refunding.refund(account, refundOf())).toEqual({
      kind: 'succeeded',
      reference: 'REFUND1',
    });
    expect(calls(seen)).toEqual(['POST /v2/payments/captures/CAPTURE1/refund']);
    expect(seen.at(-1)!.headers['paypal-request-id']).toBe('rfd_1');
    expect(seen.at(-1)!.body).toBe(
      '{"amount":{"currency_code":"USD","value":"5.00"},"custom_id":"rfd_1","invoice_id":"rfd_1"}',
    );
  });

  it.each([
    ['COMPLETED', { kind: 'succeeded' }],
    ['PENDING', { kind: 'pending', askAgainMs: 6 * 3_600_000 }],
    ['FAILED', { kind: 'failed', failure: 'other' }],
    ['CANCELLED', { kind: 'failed', failure: 'canceled' }],
    ['OF_NEXT_YEAR', { kind: 'unknown' }],
  ])('that is %s is read so when it is made and when it is looked up', async (status, said) => {
    const made = shown({ status });
    const read = { ...said, reference: 'REFUND1' };
    expect(await answerTo({ post: [201, made] })).toMatchObject(read);
    const reference = 'REFUND1';
    expect(await lookUp({ refund: [200, made] }, { reference })).toMatchObject(read);
    expect(await lookUp({ refunds: [made] })).toMatchObject(read);
  });

  it('that waits for a bank is asked about once a day', async () => {
    const made = shown({ status: 'PENDING', status_details: { reason: 'ECHECK' } });
    expect(await answerTo({ post: [201, made] })).toMatchObject({ askAgainMs: 24 * 3_600_000 });
  });

  it.each([
    ['another amount', { amount: { currency_code: 'USD', value: '5.01' } }],
    ['another currency', { amount: { currency_code: 'EUR', value: '5.00' } }],
    ['no amount', { amount: undefined }],
    ['another owner', { custom_id: 'rfd_2' }],
    ['another capture', { links: [{ rel: 'up', href: 'https://x/v2/payments/captures/OTHER' }] }],
  ])('with %s is not ours, and a person hears of it', async (_, more) => {
    expect(await answerTo({ post: [201, shown(more)] })).toMatchObject({
      kind: 'unknown',
      attention: true,
    });
  });

  it('answered with something that is none may have been made', async () => {
    expect((await answerTo({ post: [200, { ok: true }] })).kind).toBe('unknown');
  });

  it('of what names no capture is not sent', async () => {
    const { account, seen } = await paypalWith({});
    const answer = await paypal.refunding.refund(
      account,
      refundOf({ chargeReference: '../orders' }),
    );
    expect(answer).toMatchObject({ kind: 'refused', attention: true, parks: true });
    expect(seen).toEqual([]);
  });
});

describe('a refusal', () => {
  it.each([
    ['CAPTURE_FULLY_REFUNDED', 'already_refunded'],
    ['REFUND_AMOUNT_EXCEEDED', 'exceeds_charge'],
    ['REFUND_AMOUNT_TOO_LOW', 'not_allowed'],
    ['REFUND_NOT_ALLOWED', 'not_allowed'],
    ['REFUND_TIME_LIMIT_EXCEEDED', 'too_late'],
    ['REFUND_FAILED_INSUFFICIENT_FUNDS', 'insufficient_balance'],
    ['PARTIAL_REFUND_NOT_ALLOWED', 'not_allowed'],
    ['MAX_NUMBER_OF_REFUNDS_EXCEEDED', 'not_allowed'],
    ['PENDING_CAPTURE', 'charge_pending'],
    ['REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK', 'disputed'],
    ['TRANSACTION_DISPUTED', 'disputed'],
    ['TRANSACTION_REFUSED', 'declined'],
    ['PAYER_ACCOUNT_LOCKED_OR_CLOSED', 'payer_unreachable'],
    ['PAYER_ACCOUNT_RESTRICTED', 'payer_unreachable'],
    ['REFUND_IS_RESTRICTED', 'not_allowed'],
    ['OF_NEXT_YEAR', 'other'],
  ])('for %s fails: %s', async (name, failure) => {
    const post = [422, issue(name)] as const;
    const answer = await answerTo({ post });
    expect(answer).toMatchObject({ kind: 'failed', failure });
    expect('why' in answer && answer.why).toContain(name);
    // Unless it was an earlier send of this very refund that brought it about.
    expect(await answerTo({ post, refunds: [{ id: 1 }, shown()] })).toEqual({
      kind: 'succeeded',
      reference: 'REFUND1',
    });
  });

  it.each([
    ['REFUND_CAPTURE_CURRENCY_MISMATCH', 422, true],
    ['PLATFORM_FEE_EXCEEDED', 422, true],
    ['INVALID_RESOURCE_ID', 404, true],
    ['INVALID_PARAMETER_SYNTAX', 400, true],
    ['PERMISSION_DENIED', 403, false],
    ['PAYEE_ACCOUNT_RESTRICTED', 422, false],
    ['PAYEE_ACCOUNT_LOCKED_OR_CLOSED', 422, false],
  ])('for %s is our own affair', async (name, status, parks) => {
    expect(await answerTo({ post: [status, issue(name)] })).toMatchObject({
      kind: 'refused',
      attention: true,
      parks,
    });
  });

  it('for DUPLICATE_INVOICE_ID means that it was made before: it is looked for', async () => {
    const post = [422, issue('DUPLICATE_INVOICE_ID')] as const;
    expect((await answerTo({ post, refunds: [shown()] })).kind).toBe('succeeded');
    expect(await answerTo({ post })).toMatchObject({ kind: 'unknown', attention: true });
  });

  it.each([
    ['another request is at it', 409, issue('PREVIOUS_REQUEST_IN_PROGRESS')],
    ['an error of its own', 500, issue('INTERNAL_SERVER_ERROR')],
    ['a form that is not PayPal’s', 422, { error: 1 }],
  ])('says nothing: %s', async (_, status, body) => {
    expect((await answerTo({ post: [status, body] })).kind).toBe('unknown');
  });

  it('is not believed while the refunds of the charge cannot be read', async () => {
    const post = [422, issue('CAPTURE_FULLY_REFUNDED')] as const;
    expect((await answerTo({ post, capture: [503, {}] })).kind).toBe('unknown');
  });
});

describe('a look-up', () => {
  const dead = { resendable: false };

  it('without a reference finds the refund among those of the order, and changes nothing', async () => {
    const other = shown({ id: 'REFUND0', custom_id: 'rfd_0' });
    const { account, seen } = await paypalWith({ refunds: [other, shown()] });
    expect(await paypal.refunding.lookUpRefund(account, refundOf(dead))).toMatchObject({
      kind: 'succeeded',
      reference: 'REFUND1',
    });
    expect(calls(seen)).toEqual([
      'GET /v2/payments/captures/CAPTURE1',
      'GET /v2/checkout/orders/ORDER1',
    ]);
  });

  it('in vain leaves it to be sent again, and to a person when it must not be', async () => {
    expect(await lookUp({})).toEqual({ kind: 'absent' });
    expect(await lookUp({}, dead)).toMatchObject({ kind: 'unknown', attention: true });
  });

  it.each([
    ['whose capture is not found', [404, issue('INVALID_RESOURCE_ID')]],
    ['whose capture leads nowhere', [200, { ...CAPTURE, links: [] }]],
  ] as const)('of one %s is no obstacle to sending again', async (_, capture) => {
    expect(await lookUp({ capture })).toEqual({ kind: 'absent' });
    expect(await lookUp({ capture }, dead)).toMatchObject({ kind: 'unknown', attention: true });
  });

  it('of a reference that is not found is told to a person', async () => {
    for (const reference of ['REFUND1', '../x'])
      expect(await lookUp({}, { reference })).toMatchObject({ kind: 'unknown', attention: true });
  });
});

describe('the refunds of a charge', () => {
  const at = { create_time: '2026-11-01T10:00:00Z' };

  async function list(told: Told) {
    const { account } = await paypalWith(told);
    return paypal.refunding.listRefunds(account, 'CAPTURE1');
  }

  it.each([
    ['COMPLETED', 'succeeded'],
    ['PENDING', 'pending'],
    ['FAILED', 'failed'],
    ['CANCELLED', 'failed'],
  ])('are listed with their order: %s is %s', async (status, said) => {
    expect(await list({ refunds: [shown({ ...at, status })] })).toEqual({
      kind: 'listed',
      refunds: [
        {
          reference: 'REFUND1',
          refundId: 'rfd_1',
          amount: money(500, 'USD'),
          status: said,
          at: Date.parse(at.create_time),
        },
      ],
    });
  });

  it.each([{ custom_id: undefined }, { custom_id: 'chg_1' }, { custom_id: 'R-7' }])(
    'made by others are nobody’s: %j',
    async (more) => {
      const listed = { kind: 'listed', refunds: [{ refundId: undefined }] };
      expect(await list({ refunds: [shown({ ...at, ...more })] })).toMatchObject(listed);
    },
  );

  it('of another capture of the order are not its', async () => {
    const links = [{ rel: 'up', href: 'https://x/v2/payments/captures/OTHER' }];
    const refunds = [shown({ ...at, links, status: 'OF_NEXT_YEAR' })];
    expect(await list({ refunds })).toEqual({ kind: 'listed', refunds: [] });
  });

  it.each([
    ['a status nobody knows', { status: 'OF_NEXT_YEAR' }],
    ['no amount', { amount: undefined }],
    ['no time', { create_time: undefined }],
    ['no id', { id: undefined }],
  ])('are not listed in part: one with %s is for a person', async (_, more) => {
    const refunds = [shown(at), shown({ ...at, ...more })];
    expect(await list({ refunds })).toMatchObject({ kind: 'unavailable', attention: true });
  });

  it.each([
    ['leads to no order', [200, { ...CAPTURE, links: [] }], true],
    ['is not found', [404, issue('INVALID_RESOURCE_ID')], true],
    ['cannot be read now', [503, {}], false],
  ] as const)('cannot be listed of a capture that %s', async (_, capture, attention) => {
    expect(await list({ capture })).toMatchObject({ kind: 'unavailable', attention });
  });
});
