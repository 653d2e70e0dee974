/** Orders that a customer approves, and orders that nobody may capture any more. */
import { describe, expect, it } from 'vitest';

import { money } from '../../../domain/money.js';
import type { FrozenCharge } from '../../../gateways/gateway.js';
import { paypal } from '../../../gateways/paypal/index.js';
import { composePage } from '../../../gateways/paypal/request.js';
import { type Seen, accountAt, chargeOf, issue, json, orderOf, startPaypal } from './stub.js';

const ADDRESSES = { returnUrl: 'https://shop.example/back', cancelUrl: 'https://shop.example/no' };

function pageCharge(more: Partial<FrozenCharge> = {}): FrozenCharge {
  const base = chargeOf();
  const { request } = composePage({
    chargeId: base.id,
    merchantId: 'mer_1',
    renewalId: base.renewalId,
    reversals: 0,
    amount: money(1999, 'USD'),
    description: undefined,
    customer: 'CUSTOMER1',
    method: 'none',
    kind: 'paypal',
    living: undefined,
  });
  return { ...base, request, ...more };
}

/** An order that changes as it is spoken to. */
async function startOrder(
  charge: FrozenCharge,
  state: { status: string; intent?: string; capture?: object | undefined },
  on: {
    capture?: [number, unknown];
    patch?: (state: { intent?: string }) => [number, unknown];
  } = {},
) {
  const shown = () =>
    orderOf(charge, state.capture, { status: state.status, intent: state.intent ?? 'CAPTURE' });
  const stub = await startPaypal((seen, response) => {
    if (seen.method === 'PATCH') {
      const [status, body] = on.patch?.(state) ?? [404, issue('INVALID_RESOURCE_ID')];
      return json(response, status, body);
    }
    if (seen.path.endsWith('/capture')) {
      if (on.capture) return json(response, ...on.capture);
      Object.assign(state, { status: 'COMPLETED', capture: { status: 'COMPLETED' } });
      return json(response, 201, shown());
    }
    return json(response, 200, shown());
  });
  return { account: accountAt(stub.url), seen: stub.seen };
}

const calls = (seen: readonly Seen[]) =>
  seen
    .filter(({ path }) => path !== '/v1/oauth2/token')
    .map(({ method, path }) => `${method} ${path.replace('/v2/checkout/orders', '')}`);

describe('a page', () => {
  it('is an order under a key of its own, and moves no money', async () => {
    const charge = pageCharge();
    const links = [{ rel: 'payer-action', href: 'https://paypal.example/checkoutnow?token=1' }];
    const stub = await startPaypal((_, response) =>
      json(response, 201, orderOf(charge, undefined, { status: 'PAYER_ACTION_REQUIRED', links })),
    );
    expect(await paypal.openPage(accountAt(stub.url), charge, ADDRESSES)).toEqual({
      kind: 'ready',
      reference: 'ORDER1',
      url: 'https://paypal.example/checkoutnow?token=1',
    });
    const [, create] = stub.seen;
    expect(create!.headers['paypal-request-id']).toBe(`${charge.id}:create`);
    expect(JSON.parse(create!.body)).toMatchObject({
      purchase_units: [{ custom_id: charge.id, invoice_id: charge.renewalId }],
      payment_source: {
        paypal: {
          experience_context: {
            return_url: ADDRESSES.returnUrl,
            cancel_url: ADDRESSES.cancelUrl,
          },
        },
      },
    });
  });

  it('whose order is known is opened again without making another', async () => {
    const charge = pageCharge({ reference: 'ORDER1' });
    const { account, seen } = await startOrder(charge, { status: 'CREATED' });
    expect((await paypal.openPage(account, charge, ADDRESSES)).kind).toBe('ready');
    expect(calls(seen)).toEqual(['GET /ORDER1']);
  });

  it.each([
    ['refused for a person', 403, issue('PERMISSION_DENIED'), 'refused'],
    ['unavailable in an outage', 503, issue('SERVICE_UNAVAILABLE'), 'unavailable'],
    ['unavailable when it is one too many', 429, { name: 'RATE_LIMIT_REACHED' }, 'unavailable'],
    ['a duplicate of money that was paid', 422, issue('DUPLICATE_INVOICE_ID'), 'duplicate'],
  ])('is %s', async (_, status, body, kind) => {
    const stub = await startPaypal((__, response) => json(response, status, body));
    const page = await paypal.openPage(accountAt(stub.url), pageCharge(), ADDRESSES);
    expect(page.kind).toBe(kind);
  });

  it.each(['CREATED', 'SAVED', 'PAYER_ACTION_REQUIRED'])(
    'that is %s waits for its customer, and nothing is captured',
    async (status) => {
      const charge = pageCharge({ reference: 'ORDER1' });
      const { account, seen } = await startOrder(charge, { status });
      const pending = { kind: 'pending', reference: 'ORDER1' };
      expect(await paypal.completePage(account, charge)).toEqual(pending);
      expect(await paypal.lookUp(account, charge)).toEqual(pending);
      expect(calls(seen)).toEqual(['GET /ORDER1', 'GET /ORDER1']);
    },
  );

  it('that is approved is captured once, under the charge’s own key', async () => {
    const charge = pageCharge({ reference: 'ORDER1' });
    const { account, seen } = await startOrder(charge, { status: 'APPROVED' });
    for (let time = 0; time < 2; time++)
      expect((await paypal.completePage(account, charge)).kind).toBe('succeeded');
    expect(calls(seen)).toEqual(['GET /ORDER1', 'POST /ORDER1/capture', 'GET /ORDER1']);
    const capture = seen.find(({ path }) => path.endsWith('/capture'))!;
    expect(capture.headers['paypal-request-id']).toBe(charge.id);
    expect(capture.body).toBe('{}');
  });

  it('that is approved is not captured by a mere look-up', async () => {
    const charge = pageCharge({ reference: 'ORDER1' });
    const { account, seen } = await startOrder(charge, { status: 'APPROVED' });
    expect((await paypal.lookUp(account, charge)).kind).toBe('pending');
    expect(calls(seen)).toEqual(['GET /ORDER1']);
  });

  it.each([
    ['a decline ends it', issue('INSTRUMENT_DECLINED'), 'declined'],
    ['a customer who has to return has not failed', issue('PAYER_ACTION_REQUIRED'), 'pending'],
    ['a duplicate is money that was paid', issue('DUPLICATE_INVOICE_ID'), 'duplicate'],
    ['one released meanwhile is gone', issue('ACTION_DOES_NOT_MATCH_INTENT'), 'gone'],
  ])('%s', async (_, body, kind) => {
    const charge = pageCharge({ reference: 'ORDER1' });
    const { account } = await startOrder(charge, { status: 'APPROVED' }, { capture: [422, body] });
    expect((await paypal.completePage(account, charge)).kind).toBe(kind);
  });

  it('that was captured behind our back is read', async () => {
    const charge = pageCharge({ reference: 'ORDER1' });
    let captured = false;
    const stub = await startPaypal((seen, response) => {
      if (seen.method === 'POST') {
        captured = true;
        return json(response, 422, issue('ORDER_ALREADY_CAPTURED'));
      }
      const order = captured
        ? orderOf(charge, { status: 'COMPLETED' })
        : orderOf(charge, undefined, { status: 'APPROVED' });
      return json(response, 200, order);
    });
    expect(await paypal.completePage(accountAt(stub.url), charge)).toMatchObject({
      kind: 'succeeded',
      chargeReference: 'CAPTURE1',
    });
  });

  it.each([500, 503])('whose capture is answered %d is unknown', async (status) => {
    const charge = pageCharge({ reference: 'ORDER1' });
    const capture: [number, unknown] = [status, {}];
    const { account } = await startOrder(charge, { status: 'APPROVED' }, { capture });
    expect((await paypal.completePage(account, charge)).kind).toBe('unknown');
  });

  it('that vanishes between two calls is for a person', async () => {
    const charge = pageCharge({ reference: 'ORDER1' });
    const capture: [number, unknown] = [404, issue('INVALID_RESOURCE_ID')];
    const { account } = await startOrder(charge, { status: 'APPROVED' }, { capture });
    expect(await paypal.completePage(account, charge)).toMatchObject({
      kind: 'unknown',
      attention: true,
    });
  });

  it('that was never opened has nothing that could be captured, and asks nobody', async () => {
    const stub = await startPaypal((_, response) => json(response, 500, {}));
    for (const resendable of [true, false]) {
      const charge = pageCharge({ resendable });
      expect(await paypal.completePage(accountAt(stub.url), charge)).toEqual({ kind: 'absent' });
      expect(await paypal.lookUp(accountAt(stub.url), charge)).toEqual({ kind: 'absent' });
    }
    expect(stub.seen).toEqual([]);
  });

  it('is not submitted as a renewal is', async () => {
    await expect(paypal.submit(accountAt('http://127.0.0.1:1'), pageCharge())).rejects.toThrow(
      'is completed on a page',
    );
  });

  it('that was voided, or turned away, is gone', async () => {
    const charge = pageCharge({ reference: 'ORDER1' });
    const states = [{ status: 'VOIDED' }, { status: 'APPROVED', intent: 'AUTHORIZE' }];
    for (const state of states) {
      const { account, seen } = await startOrder(charge, state);
      expect((await paypal.completePage(account, charge)).kind).toBe('gone');
      expect((await paypal.openPage(account, charge, ADDRESSES)).kind).toBe('gone');
      expect(calls(seen)).toEqual(['GET /ORDER1', 'GET /ORDER1']);
    }
  });
});

describe('a release', () => {
  it.each([
    ['a declined capture', { status: 'COMPLETED', capture: { status: 'DECLINED' } }, 'released'],
    ['an order nobody approved', { status: 'CREATED' }, 'released'],
    ['an order that wants its payer', { status: 'PAYER_ACTION_REQUIRED' }, 'released'],
    ['an order that is void', { status: 'VOIDED' }, 'released'],
    ['a payment', { status: 'COMPLETED', capture: { status: 'COMPLETED' } }, 'still_open'],
    ['a pending payment', { status: 'COMPLETED', capture: { status: 'PENDING' } }, 'still_open'],
    [
      'a payment given back',
      { status: 'COMPLETED', capture: { status: 'REFUNDED' } },
      'still_open',
    ],
    ['a capture nobody knows', { status: 'COMPLETED', capture: { status: 'X' } }, 'still_open'],
    ['a completed order without one', { status: 'COMPLETED' }, 'still_open'],
  ])('of %s changes nothing', async (_, state, kind) => {
    const charge = chargeOf({ reference: 'ORDER1' });
    const { account, seen } = await startOrder(charge, state);
    expect(await paypal.release(account, charge, 1)).toEqual({ kind });
    expect(calls(seen)).toEqual(['GET /ORDER1']);
  });

  it.each(['APPROVED', 'CREATED'])(
    'of a page turns its %s order away from capture',
    async (status) => {
      const charge = pageCharge({ reference: 'ORDER1' });
      const patch = (state: { intent?: string }): [number, unknown] => {
        state.intent = 'AUTHORIZE';
        return [204, {}];
      };
      const { account, seen } = await startOrder(charge, { status }, { patch });
      expect(await paypal.release(account, charge, 1)).toEqual({ kind: 'released' });
      expect((await paypal.completePage(account, charge)).kind).toBe('gone');
      seen.pop();
      expect(calls(seen)).toEqual(['GET /ORDER1', 'PATCH /ORDER1', 'GET /ORDER1']);
      expect(JSON.parse(seen.find(({ method }) => method === 'PATCH')!.body)).toEqual([
        { op: 'replace', path: '/intent', value: 'AUTHORIZE' },
      ]);
    },
  );

  it('that PayPal does not grant leaves the order open', async () => {
    const charge = pageCharge({ reference: 'ORDER1' });
    const patch = (): [number, unknown] => [422, issue('NOT_PATCHABLE')];
    const { account } = await startOrder(charge, { status: 'APPROVED' }, { patch });
    expect(await paypal.release(account, charge, 1)).toEqual({ kind: 'still_open' });
  });

  it('of a page nobody approved is granted even so: it cannot be captured', async () => {
    const charge = pageCharge({ reference: 'ORDER1' });
    const patch = (): [number, unknown] => [422, issue('NOT_PATCHABLE')];
    const { account } = await startOrder(charge, { status: 'PAYER_ACTION_REQUIRED' }, { patch });
    expect(await paypal.release(account, charge, 1)).toEqual({ kind: 'released' });
  });

  it('whose turning away is not answered is not to be had', async () => {
    const charge = pageCharge({ reference: 'ORDER1' });
    const patch = (): [number, unknown] => [503, {}];
    const { account } = await startOrder(charge, { status: 'CREATED' }, { patch });
    expect((await paypal.release(account, charge, 1)).kind).toBe('unavailable');
  });

  it('that a capture overtakes finds the payment', async () => {
    const charge = pageCharge({ reference: 'ORDER1' });
    const patch = (state: object): [number, unknown] => {
      Object.assign(state, { status: 'COMPLETED', capture: { status: 'COMPLETED' } });
      return [422, issue('ORDER_ALREADY_COMPLETED')];
    };
    const { account } = await startOrder(charge, { status: 'APPROVED' }, { patch });
    expect(await paypal.release(account, charge, 1)).toEqual({ kind: 'still_open' });
  });

  it('in an outage is not to be had', async () => {
    const stub = await startPaypal((_, response) => json(response, 503, {}));
    const released = await paypal.release(
      accountAt(stub.url),
      chargeOf({ reference: 'ORDER1' }),
      1,
    );
    expect(released.kind).toBe('unavailable');
  });

  it('of an order that is not found is not to be had: that proves nothing', async () => {
    const stub = await startPaypal((_, response) => json(response, 404, issue('X')));
    const charge = chargeOf({ reference: 'ORDER1' });
    expect((await paypal.release(accountAt(stub.url), charge, 1)).kind).toBe('unavailable');
  });

  it('of a charge without an order asks nobody', async () => {
    const stub = await startPaypal((_, response) => json(response, 500, {}));
    expect(await paypal.release(accountAt(stub.url), chargeOf(), 1)).toEqual({ kind: 'released' });
    expect(stub.seen).toEqual([]);
  });

  it.each([
    ['DECLINED', 'released'],
    ['FAILED', 'released'],
    ['COMPLETED', 'still_open'],
    ['PENDING', 'still_open'],
    ['A_STATE_OF_NEXT_YEAR', 'still_open'],
  ])('of a charge known by its capture, which is %s: %s', async (status, kind) => {
    const stub = await startPaypal((_, response) =>
      json(response, 200, { id: 'CAPTURE1', status }),
    );
    const charge = chargeOf({ reference: 'capture:CAPTURE1' });
    expect(await paypal.release(accountAt(stub.url), charge, 1)).toEqual({ kind });
    const gone = accountAt('http://127.0.0.1:1');
    expect((await paypal.release(gone, charge, 1)).kind).toBe('unavailable');
  });
});
