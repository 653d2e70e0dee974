/** What PayPal's answers mean for a charge: the pitfalls of orders, each by name. */
import { describe, expect, it } from 'vitest';

import type { FrozenCharge } from '../../../gateways/gateway.js';
import { paypal } from '../../../gateways/paypal/index.js';
import { accountAt, chargeOf, issue, json, orderOf, startPaypal } from './stub.js';

const HOUR = 3_600_000;

/** Sends a charge that is answered so, and then, when it is read back, so. */
async function answered(
  status: number,
  body: (charge: FrozenCharge) => unknown,
  { headers = {}, later }: { headers?: object; later?: (charge: FrozenCharge) => unknown } = {},
) {
  const charge = chargeOf();
  const stub = await startPaypal((seen, response) =>
    seen.method === 'GET'
      ? json(response, later ? 200 : 404, later?.(charge) ?? issue('INVALID_RESOURCE_ID'))
      : json(response, status, body(charge), headers),
  );
  const answer = await paypal.submit(accountAt(stub.url), charge);
  return { answer, charge, seen: stub.seen.filter(({ path }) => path !== '/v1/oauth2/token') };
}

/** Reads an order back whose id is known. */
async function read(body: (charge: FrozenCharge) => unknown, status = 200, more = {}) {
  const charge = chargeOf({ reference: 'ORDER1', ...more });
  const stub = await startPaypal(({ path }, response) =>
    path.startsWith('/v1/customer/disputes')
      ? json(response, 200, { items: [] })
      : json(response, status, body(charge)),
  );
  return paypal.lookUp(accountAt(stub.url), charge);
}

describe('a charge', () => {
  it('is one request: the order is captured as it is created', async () => {
    const { answer, charge, seen } = await answered(201, (c) =>
      orderOf(c, { status: 'COMPLETED' }),
    );
    expect(answer).toEqual({
      kind: 'succeeded',
      reference: 'ORDER1',
      chargeReference: 'CAPTURE1',
    });
    expect(seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /v2/checkout/orders',
    ]);
    expect(seen[0]!.headers['paypal-request-id']).toBe(charge.id);
    expect(JSON.parse(seen[0]!.body)).toEqual({
      intent: 'CAPTURE',
      purchase_units: [
        {
          reference_id: 'default',
          custom_id: charge.id,
          invoice_id: charge.renewalId,
          description: 'Pro, December',
          amount: { currency_code: 'USD', value: '19.99' },
        },
      ],
      payment_source: {
        paypal: {
          vault_id: 'vault1',
          stored_credential: {
            payment_initiator: 'MERCHANT',
            usage: 'SUBSEQUENT',
            usage_pattern: 'SUBSCRIPTION_PREPAID',
          },
        },
      },
    });
  });

  it('asks for the whole representation: the minimal one hides the capture', async () => {
    const { seen } = await answered(201, (c) => orderOf(c, { status: 'COMPLETED' }));
    expect(seen[0]!.headers['prefer']).toBe('return=representation');
  });

  it('answered minimally all the same is read back', async () => {
    const { answer, seen } = await answered(200, () => ({ id: 'ORDER1', status: 'COMPLETED' }), {
      later: (c) =>
        orderOf(c, { status: 'DECLINED', processor_response: { response_code: '5120' } }),
    });
    expect(answer).toMatchObject({ kind: 'declined', decline: { class: 'insufficient_funds' } });
    expect(seen.map(({ path }) => path)).toEqual([
      '/v2/checkout/orders',
      '/v2/checkout/orders/ORDER1',
    ]);
  });

  it('answered minimally, and not to be read back, is unknown with its order', async () => {
    const { answer } = await answered(201, () => ({ id: 'ORDER1', status: 'COMPLETED' }));
    expect(answer).toMatchObject({ kind: 'unknown', reference: 'ORDER1' });
  });

  it('is a repeat at 200 and a first answer at 201, to the same effect', async () => {
    const [first, repeat] = await Promise.all(
      [201, 200].map((status) => answered(status, (c) => orderOf(c, { status: 'COMPLETED' }))),
    );
    expect(repeat!.answer).toEqual(first!.answer);
  });
});

describe('the capture decides, not the order', () => {
  it('a completed order with a declined capture is a decline', async () => {
    const { answer } = await answered(201, (c) =>
      orderOf(c, { status: 'DECLINED', processor_response: { response_code: '5120' } }),
    );
    expect(answer).toMatchObject({
      kind: 'declined',
      reference: 'ORDER1',
      chargeReference: 'CAPTURE1',
      decline: { class: 'insufficient_funds', code: '5120' },
    });
  });

  it('a declined capture without a word of why is an ordinary decline', async () => {
    const answer = await read((c) => orderOf(c, { status: 'DECLINED' }));
    expect(answer).toMatchObject({
      decline: { class: 'issuer_soft', code: 'CAPTURE_DECLINED', elsewhere: false },
    });
    expect(answer).not.toHaveProperty('decline.unmapped');
  });

  it('a declined capture is read with its card’s brand', async () => {
    const declined = {
      status: 'DECLINED',
      processor_response: { response_code: '5120', payment_advice_code: '02' },
    };
    const { answer } = await answered(201, (c) =>
      orderOf(c, declined, { payment_source: { card: { brand: 'VISA' } } }),
    );
    expect(answer).toMatchObject({ decline: { class: 'consent_revoked' } });
  });

  it.each([
    ['ECHECK', 24 * HOUR],
    ['PENDING_REVIEW', 6 * HOUR],
    ['TRANSACTION_APPROVED_AWAITING_FUNDING', 6 * HOUR],
    ['A_REASON_OF_NEXT_YEAR', 6 * HOUR],
  ])('a pending capture (%s) is pending, whatever the order says', async (reason, askAgainMs) => {
    const { answer } = await answered(201, (c) =>
      orderOf(c, { status: 'PENDING', status_details: { reason } }),
    );
    expect(answer).toEqual({
      kind: 'pending',
      reference: 'ORDER1',
      chargeReference: 'CAPTURE1',
      askAgainMs,
    });
  });

  it('a pending capture that the merchant must accept says so', async () => {
    const reason = 'RECEIVING_PREFERENCE_MANDATES_MANUAL_ACTION';
    const { answer } = await answered(201, (c) =>
      orderOf(c, { status: 'PENDING', status_details: { reason } }),
    );
    expect(answer).toMatchObject({ kind: 'pending', needs: expect.stringContaining(reason) });
  });

  it.each(['REFUNDED', 'PARTIALLY_REFUNDED'])(
    'a capture that is %s had succeeded',
    async (status) => {
      expect(await read((c) => orderOf(c, { status }))).toMatchObject({ kind: 'succeeded' });
    },
  );

  it('a capture that is reversed was paid, and taken back', async () => {
    expect(await read((c) => orderOf(c, { status: 'REVERSED' }))).toMatchObject({
      kind: 'returned',
      reference: 'ORDER1',
      decline: { class: 'consent_revoked' },
    });
  });

  it('a failed capture is unknown until it has been read again', async () => {
    const { answer } = await answered(201, (c) => orderOf(c, { status: 'FAILED' }));
    expect(answer).toMatchObject({ kind: 'unknown', reference: 'ORDER1' });
    expect(await read((c) => orderOf(c, { status: 'FAILED' }))).toMatchObject({
      kind: 'declined',
      decline: { class: 'technical', elsewhere: false },
    });
  });

  it('a capture in a state nobody knows is unknown', async () => {
    const { answer } = await answered(201, (c) => orderOf(c, { status: 'SHINY' }));
    expect(answer).toMatchObject({ kind: 'unknown', reference: 'ORDER1' });
  });

  it('of a declined and a completed capture the completed one counts', async () => {
    const answer = await read((c) => {
      const order = orderOf(c, { status: 'DECLINED' });
      const unit = order.purchase_units[0]!;
      const [declined] = unit.payments!.captures;
      const captures = [declined, { ...declined, id: 'CAPTURE2', status: 'COMPLETED' }];
      return { ...order, purchase_units: [{ ...unit, payments: { captures } }] };
    });
    expect(answer).toMatchObject({ kind: 'succeeded', chargeReference: 'CAPTURE2' });
  });

  it('an order that wants the payer is a decline: a renewal’s payer is away', async () => {
    const { answer } = await answered(201, (c) =>
      orderOf(c, undefined, { status: 'PAYER_ACTION_REQUIRED' }),
    );
    expect(answer).toMatchObject({
      kind: 'declined',
      reference: 'ORDER1',
      decline: { class: 'authentication' },
    });
  });

  it('a completed order that shows no capture even when it is read again is for a person', async () => {
    const answer = await read((c) => orderOf(c, undefined));
    expect(answer).toMatchObject({ kind: 'unknown', reference: 'ORDER1', attention: true });
  });

  it.each([
    ['PAYER_ACTION_REQUIRED', 'declined'],
    ['A_STATE_OF_NEXT_YEAR', 'unknown'],
    ['VOIDED', 'gone'],
  ])('an order that is %s is %s when it is read again', async (status, kind) => {
    expect((await read((c) => orderOf(c, undefined, { status }))).kind).toBe(kind);
  });

  it('an order that was made and not captured stands unchanged, and may be sent again', async () => {
    const answer = await read((c) => orderOf(c, undefined, { status: 'CREATED' }));
    expect(answer).toEqual({ kind: 'unchanged' });
  });
});

describe('money that is not what was asked for is never a success', () => {
  it.each([
    ['another amount', { currency_code: 'USD', value: '20.00' }],
    ['another currency', { currency_code: 'EUR', value: '19.99' }],
    ['no amount', undefined],
  ])('%s', async (_, amount) => {
    for (const status of ['COMPLETED', 'PENDING'])
      expect((await answered(201, (c) => orderOf(c, { status, amount }))).answer).toMatchObject({
        kind: 'unknown',
        reference: 'ORDER1',
        attention: true,
      });
  });

  it('but "19.990" is "19.99"', async () => {
    const amount = { currency_code: 'USD', value: '19.990' };
    const { answer } = await answered(201, (c) => orderOf(c, { status: 'COMPLETED', amount }));
    expect(answer.kind).toBe('succeeded');
  });

  it.each([
    ['charge', { custom_id: 'chg_other' }],
    ['invoice', { invoice_id: 'rnw_other' }],
  ])('nor is an order of another %s', async (_, owner) => {
    const completed = { status: 'COMPLETED' };
    const answer = await read((c) => ({
      ...orderOf(c, completed),
      purchase_units: [{ ...orderOf(c, completed).purchase_units[0], ...owner }],
    }));
    expect(answer).toMatchObject({ kind: 'unknown', attention: true });
    expect(await read((c) => orderOf(c, { ...completed, ...owner }))).toMatchObject({
      kind: 'unknown',
      attention: true,
    });
  });
});

describe('a decline comes in two shapes', () => {
  it('as an issue, without an order', async () => {
    const { answer } = await answered(422, () => issue('INSTRUMENT_DECLINED'));
    expect(answer).toEqual({
      kind: 'declined',
      decline: {
        class: 'issuer_soft',
        code: 'INSTRUMENT_DECLINED',
        message: 'INSTRUMENT_DECLINED: It is INSTRUMENT_DECLINED.',
        elsewhere: false,
      },
    });
  });

  it.each([
    ['CONSENT_NEEDED', 403, 'authentication'],
    ['INVALID_RESOURCE_ID', 404, 'consent_revoked'],
    ['TOKEN_ID_NOT_FOUND', 422, 'consent_revoked'],
    ['AN_ISSUE_OF_NEXT_YEAR', 422, 'issuer_soft'],
  ])('%s at %d', async (name, status, means) => {
    const { answer } = await answered(status, () => issue(name));
    expect(answer).toMatchObject({ kind: 'declined', decline: { class: means, code: name } });
  });
});

describe('DUPLICATE_INVOICE_ID can mean "already paid"', () => {
  it('so it is never a decline of the payer', async () => {
    const { answer } = await answered(422, () => issue('DUPLICATE_INVOICE_ID'));
    expect(answer).toEqual({ kind: 'duplicate' });
  });

  it('and outweighs whatever else is complained of', async () => {
    const both = issue('INSTRUMENT_DECLINED');
    const { answer } = await answered(422, () => ({
      ...both,
      details: [...both.details, ...issue('DUPLICATE_INVOICE_ID').details],
    }));
    expect(answer).toEqual({ kind: 'duplicate' });
  });
});

describe('a refusal that precedes execution', () => {
  it.each([
    ['MISSING_REQUIRED_PARAMETER', 400, 'INVALID_REQUEST', true],
    ['A_PARAMETER_OF_NEXT_YEAR', 400, 'INVALID_REQUEST', true],
    ['DECIMAL_PRECISION', 422, 'UNPROCESSABLE_ENTITY', true],
    ['INVALID_CURRENCY_CODE', 422, 'UNPROCESSABLE_ENTITY', true],
    ['PERMISSION_DENIED', 403, 'NOT_AUTHORIZED', false],
    ['INVALID_ACCOUNT_STATUS', 401, 'AUTHENTICATION_FAILURE', false],
    ['PAYEE_ACCOUNT_RESTRICTED', 422, 'UNPROCESSABLE_ENTITY', false],
  ])('%s at %d is for a person', async (name, status, heading, parks) => {
    const { answer } = await answered(status, () => issue(name, heading));
    expect(answer).toMatchObject({ kind: 'refused', attention: true, parks });
    expect(answer).toHaveProperty('why', expect.stringContaining(name));
  });

  it('says what PayPal’s support asks for', async () => {
    const headers = { 'paypal-debug-id': '90957fca61718' };
    const { answer } = await answered(400, () => issue('X'), { headers });
    expect(answer).toHaveProperty('why', expect.stringContaining('debug id 90957fca61718'));
  });

  it.each([
    [{ 'retry-after': '30' }, 30_000],
    [{ 'retry-after': '999999' }, HOUR],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ])('a 429 with %j asks to be left alone, and no person', async (headers, retryAfterMs) => {
    const { answer } = await answered(429, () => ({ name: 'RATE_LIMIT_REACHED' }), { headers });
    expect(answer).toMatchObject({ kind: 'refused', attention: false, parks: false });
    expect(answer).toHaveProperty('retryAfterMs', retryAfterMs);
  });

  it('Retry-After may be a date', async () => {
    const at = new Date(Date.now() + 60_000).toUTCString();
    const { answer } = await answered(429, () => ({ name: 'X' }), {
      headers: { 'retry-after': at },
    });
    const { retryAfterMs } = answer as { retryAfterMs: number };
    expect(retryAfterMs).toBeGreaterThan(55_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });
});

describe('what leaves open whether money moved is unknown', () => {
  it.each([
    ['its own error', 500, issue('INTERNAL_SERVER_ERROR', 'INTERNAL_SERVER_ERROR'), true],
    ['no service', 503, { name: 'SERVICE_UNAVAILABLE' }, true],
    ['an error in no form', 500, {}, true],
    ['another request under this key', 409, issue('PREVIOUS_REQUEST_IN_PROGRESS'), false],
    ['any other conflict', 409, { name: 'SOMETHING_ELSE' }, false],
    ['a completion in progress', 422, issue('ORDER_COMPLETION_IN_PROGRESS'), false],
    ['an order captured before', 422, issue('ORDER_ALREADY_CAPTURED'), false],
    ['a refusal in no form of PayPal', 400, { oops: true }, false],
    ['a 403 in no form of PayPal', 403, {}, false],
    ['a redirect', 302, issue('X'), false],
    ['a status that is in no list', 418, issue('X'), false],
    ['a 2xx that is no order', 201, { fine: true }, false],
    ['an empty 200', 200, {}, false],
  ])('%s', async (_, status, body, serverError) => {
    const { answer } = await answered(status, () => body);
    expect(answer.kind).toBe('unknown');
    expect('serverError' in answer && answer.serverError === true).toBe(serverError);
    expect('attention' in answer && answer.attention === true).toBe(false);
  });
});

describe('a look-up', () => {
  it('knows no way without an order id, and says so without asking while the key lives', async () => {
    const stub = await startPaypal((_, response) => json(response, 500, {}));
    expect(await paypal.lookUp(accountAt(stub.url), chargeOf())).toEqual({ kind: 'absent' });
    expect(stub.seen).toEqual([]);
  });

  it('of an order that is not found proves nothing: the credentials may be another account’s', async () => {
    const answer = await read(() => issue('INVALID_RESOURCE_ID', 'RESOURCE_NOT_FOUND'), 404);
    expect(answer).toMatchObject({ kind: 'unknown', attention: true });
  });

  it.each([401, 403, 429, 500, 503])('that is answered %d says nothing new', async (status) => {
    const answer = await read(() => issue('X'), status);
    expect(answer.kind).toBe('unknown');
    expect('attention' in answer && answer.attention).toBeFalsy();
  });

  it('that is answered with another order than asked for says nothing', async () => {
    const answer = await read((c) => orderOf(c, { status: 'COMPLETED' }, { id: 'ORDER2' }));
    expect(answer.kind).toBe('unknown');
  });

  it('takes the capture a webhook named where it named no order', async () => {
    const charge = chargeOf({ reference: 'capture:CAPTURE1' });
    const [capture] = orderOf(charge, { status: 'COMPLETED' }).purchase_units[0]!.payments!
      .captures;
    const related = { supplementary_data: { related_ids: { order_id: 'ORDER1' } } };
    const stub = await startPaypal((_, response) =>
      json(response, 200, { ...capture, ...related }),
    );
    expect(await paypal.lookUp(accountAt(stub.url), charge)).toEqual({
      kind: 'succeeded',
      reference: 'ORDER1',
      chargeReference: 'CAPTURE1',
    });
    expect(stub.seen.at(-1)!.path).toBe('/v2/payments/captures/CAPTURE1');
  });

  it('never puts a reference into a path that is none', async () => {
    const stub = await startPaypal((_, response) => json(response, 200, {}));
    const charge = chargeOf({ reference: '../../v1/oauth2' });
    expect(await paypal.lookUp(accountAt(stub.url), charge)).toMatchObject({ kind: 'unknown' });
    expect(stub.seen).toEqual([]);
  });
});
