import { describe, expect, test } from 'vitest';

import { ORDERS, captureIn, issueIn, renewal, speak, useEmulator } from './emulator.js';

const bench = useEmulator();
const SETUP = '/v3/vault/setup-tokens';
const TOKENS = '/v3/vault/payment-tokens';
const ask = () => ({ requestId: crypto.randomUUID() });
const exchanging = (id: string, type = 'SETUP_TOKEN') => ({
  payment_source: { token: { id, type } },
});

const WALLET = {
  customer: { id: 'customer_1' },
  payment_source: {
    paypal: {
      description: 'Pro, monthly',
      usage_pattern: 'SUBSCRIPTION_PREPAID',
      usage_type: 'MERCHANT',
      customer_type: 'CONSUMER',
      permit_multiple_payment_tokens: false,
      experience_context: {
        return_url: 'https://shop.example.com/back',
        cancel_url: 'https://shop.example.com/cancel',
        brand_name: 'Shop',
        locale: 'en-US',
        shipping_preference: 'NO_SHIPPING',
        vault_instruction: 'ON_PAYER_APPROVAL',
      },
    },
  },
};

describe('a wallet', () => {
  test('is saved with the payer’s leave, and charged without him', async () => {
    const merchant = bench.merchant();
    const setup = await merchant.post(SETUP, WALLET, ask());
    expect(setup.status).toBe(201);
    expect(setup.body).toMatchObject({
      status: 'PAYER_ACTION_REQUIRED',
      customer: { id: 'customer_1' },
      links: [{ rel: 'self' }, { rel: 'approve' }, { rel: 'confirm' }],
    });
    const { id } = setup.body;
    const early = await merchant.post(TOKENS, exchanging(id), ask());
    expect([early.status, issueIn(early)]).toEqual([422, 'SETUP_TOKEN_NOT_APPROVED']);

    await bench.control('POST', 'approve', { setup_token: id });
    expect((await merchant.get(`${SETUP}/${id}`)).body.status).toBe('APPROVED');
    const made = await merchant.post(TOKENS, exchanging(id), ask());
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      customer: { id: 'customer_1' },
      payment_source: {
        paypal: {
          email_address: expect.stringContaining('@'),
          payer_id: expect.stringMatching(/^[A-Z0-9]{13}$/),
          usage_pattern: 'SUBSCRIPTION_PREPAID',
        },
      },
    });
    expect((await merchant.get(`${TOKENS}/${made.body.id}`)).body).toEqual(made.body);
    const charged = await merchant.post(ORDERS, renewal(made.body.id), ask());
    expect(captureIn(charged.body).status).toBe('COMPLETED');
    const twice = await merchant.post(TOKENS, exchanging(id), ask());
    expect([twice.status, issueIn(twice)]).toEqual([422, 'TOKEN_ALREADY_VAULTED']);
  });

  test('is approved on the payer’s own page, which leads back to the merchant', async () => {
    const merchant = bench.merchant();
    const { body } = await merchant.post(SETUP, WALLET, ask());
    const { href } = body.links.find(({ rel }: { rel: string }) => rel === 'approve');
    const page = await speak(href);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.body).toContain('Agree and continue');
    const canceled = await speak(`${href}&answer=cancel`);
    expect(canceled.headers.get('location')).toContain('https://shop.example.com/cancel?');
    const agreed = await speak(`${href}&answer=approve`);
    expect([agreed.status, agreed.headers.get('location')]).toEqual([
      302,
      `https://shop.example.com/back?approval_session_id=${body.id}`,
    ]);
    expect((await merchant.get(`${SETUP}/${body.id}`)).body.status).toBe('APPROVED');
  });

  test('is lost when nobody exchanges the setup token within three days', async () => {
    const merchant = bench.merchant();
    const { body } = await merchant.post(SETUP, WALLET, ask());
    await bench.control('POST', 'approve', { setup_token: body.id });
    await bench.control('POST', 'clock', { advance_seconds: 3 * 86_400 });
    const late = bench.merchant(merchant.clientId);
    expect((await late.get(`${SETUP}/${body.id}`)).status).toBe(404);
    expect(issueIn(await late.post(TOKENS, exchanging(body.id), ask()))).toBe('TOKEN_EXPIRED');
  });

  test('cannot be charged any more once it is removed, by the merchant or by the payer', async () => {
    const merchant = bench.merchant();
    const [one, other] = [await merchant.vaulted(), await merchant.vaulted()];
    const removed = await merchant.send('DELETE', `${TOKENS}/${one}`);
    expect([removed.status, removed.body]).toEqual([204, '']);
    await bench.control('POST', `payment_tokens/${other}/remove`);
    for (const id of [one, other]) {
      expect((await merchant.get(`${TOKENS}/${id}`)).status).toBe(404);
      const charge = await merchant.post(ORDERS, renewal(id), ask());
      expect([charge.status, issueIn(charge)]).toEqual([422, 'TOKEN_ID_NOT_FOUND']);
    }
    expect((await merchant.send('DELETE', `${TOKENS}/${one}`)).status).toBe(204);
  });
});

describe('a card', () => {
  const card = { number: '4111111111111111', expiry: '2039-12', security_code: '123' };

  test('needs no approval, and nothing of its number is kept but the end', async () => {
    const merchant = bench.merchant();
    const setup = await merchant.post(SETUP, { payment_source: { card } }, ask());
    expect(setup.body).toMatchObject({
      status: 'APPROVED',
      payment_source: { card: { last_digits: '1111', brand: 'VISA', expiry: '2039-12' } },
    });
    const made = await merchant.post(TOKENS, exchanging(setup.body.id), ask());
    expect(JSON.stringify(made.body)).not.toContain(card.number);
  });

  test('is declined by the name on it, as in the sandbox', async () => {
    const merchant = bench.merchant();
    const named = { ...card, name: 'CCREJECT-IF' };
    const setup = await merchant.post(SETUP, { payment_source: { card: named } }, ask());
    const { body } = await merchant.post(TOKENS, exchanging(setup.body.id), ask());
    const order = { ...renewal(body.id), payment_source: { card: { vault_id: body.id } } };
    const charged = await merchant.post(ORDERS, order, ask());
    expect(captureIn(charged.body).processor_response.response_code).toBe('5120');
  });
});

describe('the vault', () => {
  test('lists a customer’s methods by the page', async () => {
    const merchant = bench.merchant();
    const ids: string[] = [];
    for (let n = 0; n < 7; n++) ids.push(await merchant.vaulted('succeed', 'paypal', 'c7'));
    await merchant.vaulted('succeed', 'paypal', 'c8');
    const first = await merchant.get(`${TOKENS}?customer_id=c7&total_required=true`);
    const shown = ({ body }: typeof first) =>
      body.payment_tokens.map(({ id }: { id: string }) => id);
    expect(first.body).toMatchObject({ customer: { id: 'c7' }, total_items: 7, total_pages: 2 });
    const { href } = first.body.links.find(({ rel }: { rel: string }) => rel === 'next');
    const second = await merchant.get(href.replace(bench.url(), ''));
    expect([...shown(first), ...shown(second)]).toEqual(ids);
    expect(second.body.links.map(({ rel }: { rel: string }) => rel)).not.toContain('next');
  });

  test.each([
    ['GET', `${TOKENS}`, undefined, 'MISSING_REQUIRED_PARAMETER'],
    ['GET', `${TOKENS}?customer_id=c&page_size=6`, undefined, 'INVALID_PARAMETER_VALUE'],
    ['POST', SETUP, { payment_source: {} }, 'INVALID_PARAMETER_VALUE'],
    [
      'POST',
      SETUP,
      { payment_source: { paypal: { description: 'Pro <b>' } } },
      'INVALID_PARAMETER_SYNTAX',
    ],
    [
      'POST',
      SETUP,
      { payment_source: { paypal: { usage_pattern: 'SOMETIMES' } } },
      'INVALID_PARAMETER_VALUE',
    ],
    [
      'POST',
      SETUP,
      { payment_source: { card: { number: '4111111111111112', expiry: '2039-12' } } },
      'INVALID_PARAMETER_VALUE',
    ],
    ['POST', TOKENS, exchanging('x', 'CARD'), 'INVALID_PARAMETER_VALUE'],
  ])('refuses %s %s %o: %s', async (method, path, body, issue) => {
    const answer = await bench.merchant().send(method, path, body, ask());
    expect([answer.status, issueIn(answer)]).toEqual([400, issue]);
  });

  test('refuses what has no request id, and what it does not know', async () => {
    const merchant = bench.merchant();
    const bare = await merchant.post(SETUP, WALLET);
    expect([bare.status, issueIn(bare)]).toEqual([400, 'PAYPAL_REQUEST_ID_REQUIRED']);
    const unknown = await merchant.post(TOKENS, exchanging('NOBODY'), ask());
    expect([unknown.status, issueIn(unknown)]).toEqual([404, 'INVALID_RESOURCE_ID']);
  });

  test('adopts an old billing agreement', async () => {
    const merchant = bench.merchant();
    const grant = { client_id: merchant.clientId, fate: 'declined_5120' };
    const { id } = await bench.control('POST', 'billing_agreements', grant);
    const made = await merchant.post(TOKENS, exchanging(id, 'BILLING_AGREEMENT'), ask());
    const charged = await merchant.post(ORDERS, renewal(made.body.id), ask());
    expect(captureIn(charged.body).status).toBe('DECLINED');
  });

  test('changes a method’s fate on request', async () => {
    const merchant = bench.merchant();
    const id = await merchant.vaulted('INSTRUMENT_DECLINED');
    expect((await merchant.post(ORDERS, renewal(id), ask())).status).toBe(422);
    const fate = await bench.control('GET', `payment_tokens/${id}/fate`);
    expect(fate).toEqual({ fate: 'INSTRUMENT_DECLINED', refusals: 1 });
    await bench.control('PUT', `payment_tokens/${id}/fate`, { fate: 'succeed' });
    expect((await merchant.post(ORDERS, renewal(id), ask())).status).toBe(201);
  });
});
