import { describe, expect, test } from 'vitest';

import { ORDERS, amount, captureIn, issueIn, renewal, speak, useEmulator } from './emulator.js';

const bench = useEmulator();

/** One renewal with a part of it spoilt. */
async function spoilt(change: (body: ReturnType<typeof renewal>) => object) {
  const merchant = bench.merchant();
  const body = change(renewal(await merchant.vaulted()));
  const answer = await merchant.post(ORDERS, body, { requestId: crypto.randomUUID() });
  expect(await bench.journal(merchant)).toEqual([]);
  return answer;
}

const priced = (value: unknown, currency = 'USD') => ({
  purchase_units: [{ amount: { currency_code: currency, value } }],
});

describe('an order is refused', () => {
  test.each([
    ['12.345', 'USD', 422, 'DECIMAL_PRECISION'],
    ['100.5', 'JPY', 422, 'DECIMALS_NOT_SUPPORTED'],
    ['2000.00', 'HUF', 422, 'DECIMALS_NOT_SUPPORTED'],
    ['100.00', 'TWD', 422, 'DECIMALS_NOT_SUPPORTED'],
    ['10.00', 'KWD', 422, 'INVALID_CURRENCY_CODE'],
    ['10.00', 'INR', 422, 'INVALID_CURRENCY_CODE'],
    ['10.00', 'usd', 422, 'INVALID_CURRENCY_CODE'],
    ['10.00', 'DOLLAR', 400, 'INVALID_STRING_LENGTH'],
    ['0.00', 'USD', 422, 'CANNOT_BE_ZERO_OR_NEGATIVE'],
    ['-1.00', 'USD', 422, 'CANNOT_BE_ZERO_OR_NEGATIVE'],
    ['9999999999999999.00', 'USD', 422, 'MAX_VALUE_EXCEEDED'],
    ['ten', 'USD', 400, 'INVALID_PARAMETER_SYNTAX'],
    ['1e3', 'USD', 400, 'INVALID_PARAMETER_SYNTAX'],
    [10, 'USD', 400, 'INVALID_PARAMETER_SYNTAX'],
    [undefined, 'USD', 400, 'MISSING_REQUIRED_PARAMETER'],
    ['1'.repeat(33), 'USD', 400, 'INVALID_STRING_LENGTH'],
  ])('for %s %s: %i %s', async (value, currency, status, issue) => {
    const answer = await spoilt((body) => ({ ...body, ...priced(value, currency) }));
    expect([answer.status, issueIn(answer)]).toEqual([status, issue]);
    expect(answer.body.details[0].field).toMatch(/^\/purchase_units\/0\/amount\//);
  });

  test.each([
    ['an unknown field', { surprise: 1 }, 'NOT_SUPPORTED', '/surprise'],
    ['no intent', { intent: undefined }, 'MISSING_REQUIRED_PARAMETER', '/intent'],
    ['a strange intent', { intent: 'STEAL' }, 'INVALID_PARAMETER_VALUE', '/intent'],
    ['no units', { purchase_units: [] }, 'INVALID_ARRAY_MIN_ITEMS', '/purchase_units'],
    [
      'eleven units',
      { purchase_units: Array.from({ length: 11 }, () => priced('1.00').purchase_units[0]) },
      'INVALID_ARRAY_MAX_ITEMS',
      '/purchase_units',
    ],
    [
      'two sources',
      { payment_source: { paypal: {}, token: { id: 'B-1', type: 'BILLING_AGREEMENT' } } },
      'INVALID_PARAMETER_VALUE',
      '/payment_source',
    ],
    [
      'a token of a setup',
      { payment_source: { token: { id: 'x', type: 'SETUP_TOKEN' } } },
      'INVALID_PARAMETER_VALUE',
      '/payment_source/token/type',
    ],
  ])('for %s', async (_, change, issue, field) => {
    const answer = await spoilt((body) => ({ ...body, ...change }));
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      name: 'INVALID_REQUEST',
      details: [{ issue, field, location: 'body' }],
      links: [{ rel: 'information_link' }],
    });
  });

  test.each([
    ['custom_id', 127],
    ['invoice_id', 127],
    ['description', 127],
    ['soft_descriptor', 22],
    ['reference_id', 256],
  ])('for a %s of more than %i characters', async (name, most) => {
    const unit = { amount: amount('1.00'), [name]: 'x'.repeat(most + 1) };
    const answer = await spoilt((body) => ({ ...body, purchase_units: [unit] }));
    expect([answer.status, issueIn(answer)]).toEqual([400, 'INVALID_STRING_LENGTH']);
  });

  test('for all that is wrong at once', async () => {
    const answer = await spoilt((body) => ({ ...body, ...priced('x'), intent: 'STEAL' }));
    expect(answer.body.details).toHaveLength(2);
  });

  test('by the merchant for two units', async () => {
    const purchase_units = ['a', 'b'].map((reference_id) => ({
      reference_id,
      amount: amount('1.00'),
    }));
    const answer = await spoilt((body) => ({ ...body, purchase_units }));
    expect(issueIn(answer)).toBe('MERCHANT_INITIATED_WITH_MULTIPLE_PURCHASE_UNITS');
  });

  test('for parts that do not make up the whole', async () => {
    const breakdown = { item_total: amount('10.00'), tax_total: amount('1.00') };
    const unit = { amount: { ...amount('12.00'), breakdown } };
    expect(issueIn(await spoilt((body) => ({ ...body, purchase_units: [unit] })))).toBe(
      'AMOUNT_MISMATCH',
    );
  });

  test.each([
    [{ paypal: { vault_id: 'nobody' } }, 'TOKEN_ID_NOT_FOUND'],
    [{ card: { vault_id: 'nobody' } }, 'TOKEN_ID_NOT_FOUND'],
    [{ token: { id: 'B-NONE', type: 'BILLING_AGREEMENT' } }, 'TOKEN_ID_NOT_FOUND'],
    [{ paypal: { billing_agreement_id: 'B-NONE' } }, 'BILLING_AGREEMENT_NOT_FOUND'],
    [{ card: { number: '4111111111111111' } }, 'PAYEE_NOT_ENABLED_FOR_CARD_PROCESSING'],
  ])('for the source %o', async (payment_source, issue) => {
    const answer = await spoilt((body) => ({ ...body, payment_source }));
    expect([answer.status, issueIn(answer)]).toEqual([422, issue]);
  });

  test('for a wallet named as a card', async () => {
    const answer = await spoilt(({ payment_source: { paypal }, ...body }) => ({
      ...body,
      payment_source: { card: { vault_id: paypal.vault_id } },
    }));
    expect(issueIn(answer)).toBe('MISMATCHED_VAULT_ID_TO_PAYMENT_SOURCE');
  });

  test.each([
    [{ payment_type: 'ONE_TIME' }, {}, 'INCOMPATIBLE_PARAMETER_VALUE'],
    [{ usage: 'FIRST' }, {}, 'INCOMPATIBLE_PARAMETER_VALUE'],
    [{}, { security_code: '123' }, 'MERCHANT_INITIATED_WITH_SECURITY_CODE'],
    [
      {
        payment_initiator: 'CUSTOMER',
        previous_network_transaction_reference: { id: '123456789' },
      },
      {},
      'INCOMPATIBLE_PARAMETER_VALUE',
    ],
  ])('for the stored credential %o', async (stored, more, issue) => {
    const merchant = bench.merchant();
    const vault_id = await merchant.vaulted('succeed', 'card');
    const usual = { payment_initiator: 'MERCHANT', payment_type: 'RECURRING' };
    const card = { vault_id, stored_credential: { ...usual, ...stored }, ...more };
    const body = { ...renewal(vault_id), payment_source: { card } };
    expect(issueIn(await merchant.post(ORDERS, body, { requestId: 'stored' }))).toBe(issue);
  });

  test('without a request id, once somebody is to pay', async () => {
    const merchant = bench.merchant();
    const answer = await merchant.post(ORDERS, renewal(await merchant.vaulted()));
    expect([answer.status, issueIn(answer)]).toEqual([400, 'PAYPAL_REQUEST_ID_REQUIRED']);
    expect((await merchant.post(ORDERS, { intent: 'CAPTURE', ...priced('1') })).status).toBe(201);
  });

  test('for a request id of more than 108 characters', async () => {
    const merchant = bench.merchant();
    const ask = { requestId: 'x'.repeat(109) };
    const answer = await merchant.post(ORDERS, renewal(await merchant.vaulted()), ask);
    expect([answer.status, issueIn(answer)]).toEqual([400, 'INVALID_STRING_LENGTH']);
  });

  test('to authorize only, which this merchant may not', async () => {
    expect(issueIn(await spoilt((body) => ({ ...body, intent: 'AUTHORIZE' })))).toBe(
      'AUTH_CAPTURE_NOT_ENABLED',
    );
  });
});

test.each([
  ['HUF', '2000', 200_000],
  ['JPY', '500', 500],
  ['TWD', '90', 9_000],
  ['EUR', '10.9', 1_090],
  ['EUR', '.5', 50],
])('%s %s is taken, and the journal counts ISO minor units', async (currency, value, minor) => {
  const merchant = bench.merchant();
  const body = { ...renewal(await merchant.vaulted()), ...priced(value, currency) };
  const { body: order } = await merchant.post(ORDERS, body, { requestId: currency });
  expect(captureIn(order).amount.currency_code).toBe(currency);
  expect(await bench.journal(merchant)).toMatchObject([{ amount_minor: minor, currency }]);
});

describe('a request is refused', () => {
  test.each([
    [{ 'content-type': 'text/plain' }, '{}', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [{}, '{"intent":', 400, 'INVALID_REQUEST'],
    [{}, '"CAPTURE"', 400, 'INVALID_REQUEST'],
    [{ prefer: 'return=everything' }, '{}', 400, 'INVALID_REQUEST'],
  ])('with %o and the body %s', async (headers, body, status, name) => {
    const answer = await bench.merchant().post(ORDERS, body, { headers });
    expect([answer.status, answer.body.name]).toEqual([status, name]);
  });

  test.each([
    ['GET', '/v2/checkout/orders'],
    ['PUT', '/v2/checkout/orders/1'],
    ['GET', '/v9/anything'],
    ['GET', '/v2/payments/captures/none'],
    ['GET', '/v2/payments/refunds/none'],
    ['GET', '/v3/vault/payment-tokens/none'],
    ['DELETE', '/v3/vault/payment-tokens/none'],
    ['GET', '/v3/vault/setup-tokens/none'],
    ['GET', '/v1/customer/disputes/none'],
    ['GET', '/v1/notifications/webhooks/none'],
    ['GET', '/v1/notifications/webhooks-events/none'],
    ['GET', '/v1/notifications/certs/none'],
  ])('%s %s with a 404', async (method, path) => {
    const answer = await bench.merchant().send(method, path);
    expect([answer.status, answer.body.name]).toEqual([404, 'RESOURCE_NOT_FOUND']);
  });

  test('for a field of a capture or a query nobody knows', async () => {
    const merchant = bench.merchant();
    const { body } = await merchant.post(ORDERS, { intent: 'CAPTURE', ...priced('1') });
    const capture = await merchant.post(`${ORDERS}/${body.id}/capture`, { amount: '1' });
    expect([capture.status, issueIn(capture)]).toEqual([400, 'NOT_SUPPORTED']);
    const read = await merchant.get(`${ORDERS}/${body.id}?expand=all`);
    expect([read.status, issueIn(read)]).toEqual([400, 'NOT_SUPPORTED']);
  });
});

describe('the header PayPal-Mock-Response', () => {
  const mocked = (issue: string) => ({
    requestId: crypto.randomUUID(),
    headers: { 'paypal-mock-response': JSON.stringify({ mock_application_codes: issue }) },
  });

  test.each([
    ['INSTRUMENT_DECLINED', 422],
    ['DUPLICATE_INVOICE_ID', 422],
    ['CARD_EXPIRED', 422],
    ['MISSING_REQUIRED_PARAMETER', 400],
    ['INVALID_ACCOUNT_STATUS', 401],
    ['PERMISSION_DENIED', 403],
    ['INTERNAL_SERVER_ERROR', 500],
  ])('%s is answered %i, and nothing moves', async (issue, status) => {
    const merchant = bench.merchant();
    const body = renewal(await merchant.vaulted());
    const ask = mocked(issue);
    const answer = await merchant.post(ORDERS, body, ask);
    expect([answer.status, issueIn(answer)]).toEqual([status, issue]);
    expect(await bench.journal(merchant)).toEqual([]);
    const { requestId } = ask;
    expect((await merchant.post(ORDERS, body, { requestId })).status).toBe(201);
  });

  test('is refused when it is not JSON', async () => {
    const headers = { 'paypal-mock-response': 'INSTRUMENT_DECLINED' };
    const answer = await bench.merchant().get(`${ORDERS}/x`, { headers });
    expect([answer.status, issueIn(answer)]).toEqual([400, 'INVALID_PARAMETER_SYNTAX']);
  });
});

test('without a token there is a 401', async () => {
  const answer = await speak(`${bench.url()}${ORDERS}/1`);
  expect([answer.status, answer.body.name]).toEqual([401, 'AUTHENTICATION_FAILURE']);
});
