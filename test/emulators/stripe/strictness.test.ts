import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';

import { OFF_SESSION, refusal, savedCard, useEmulator } from './emulator.js';

const bench = useEmulator();

/** What a browser or a hand-written client could send, which the SDK's types would not let us. */
async function send(method: string, path: string, body = '', authorization = 'Bearer sk_test_raw') {
  const answer = await fetch(`${bench.url()}${path}`, {
    method,
    headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
    ...(body && { body }),
  });
  return { status: answer.status, ...((await answer.json()) as { error: Record<string, string> }) };
}

describe('a request is refused', () => {
  test.each([
    ['amount=100&currency=usd&colour=red', 'parameter_unknown', 'colour'],
    ['amount=100&currency=usd&metadata[a][b]=c', undefined, 'metadata'],
    ['currency=usd', 'parameter_missing', 'amount'],
    ['amount=100', 'parameter_missing', 'currency'],
    ['amount=ten&currency=usd', 'parameter_invalid_integer', 'amount'],
    ['amount=49&currency=usd', 'amount_too_small', 'amount'],
    ['amount=49&currency=jpy', 'amount_too_small', 'amount'],
    ['amount=100000000&currency=usd', 'amount_too_large', 'amount'],
    ['amount=100&currency=abc', undefined, 'currency'],
    ['amount=101&currency=isk', undefined, 'amount'],
    ['amount=100&currency=usd&off_session=true', undefined, 'off_session'],
    ['amount=100&currency=usd&statement_descriptor=Dunlin', undefined, 'statement_descriptor'],
    [
      'amount=100&currency=usd&payment_method_types[0]=card',
      'payment_method_types_no_longer_supported',
      'payment_method_types',
    ],
    ['amount=100&currency=usd&customer=cus_nobody', 'resource_missing', 'customer'],
    ['amount=100&currency=usd&payment_method=pm_nothing', 'resource_missing', 'payment_method'],
    [
      'amount=100&currency=usd&payment_method_options[card][unheard_of]=1',
      'parameter_unknown',
      'payment_method_options[card][unheard_of]',
    ],
  ])('for %s', async (body, code, param) => {
    const { status, error } = await send('POST', '/v1/payment_intents', body);
    expect(status).toBe(400);
    expect(error).toMatchObject({ type: 'invalid_request_error', param });
    expect(error['code']).toBe(code);
  });

  test('for the old name of the allowed methods on a SetupIntent too', async () => {
    const { status, error } = await send(
      'POST',
      '/v1/setup_intents',
      'payment_method_types[]=card',
    );
    expect(status).toBe(400);
    expect(error['code']).toBe('payment_method_types_no_longer_supported');
  });

  test.each([
    ['GET', '/v1/nonsense'],
    ['POST', '/v1/payment_intents/pi_1/nonsense'],
    ['DELETE', '/v1/payment_intents/pi_1'],
    ['GET', '/nonsense'],
  ])('for a path there is not: %s %s', async (method, path) => {
    const { status, error } = await send(method, path);
    expect(status).toBe(404);
    expect(error).toMatchObject({ type: 'invalid_request_error' });
    expect(error['message']).toContain(path);
  });

  test.each([
    ['', 'did not provide'],
    ['Bearer nonsense', 'Invalid API Key'],
    ['Bearer sk_live_real', 'refuses live keys'],
  ])('for the authorization "%s"', async (authorization, words) => {
    const { status, error } = await send('GET', '/v1/charges', '', authorization);
    expect(status).toBe(401);
    expect(error['message']).toContain(words);
    expect(JSON.stringify(error)).not.toContain('sk_live_real');
  });

  test('for the payment method of another customer, and leaves no PaymentIntent', async () => {
    const stripe = bench.client();
    const card = await savedCard(stripe, 'pm_card_visa');
    const other = await stripe.customers.create();
    const charge = { ...OFF_SESSION, payment_method: card.payment_method };
    const foreign = await refusal(stripe.paymentIntents.create({ ...charge, customer: other.id }));
    expect(foreign).toMatchObject({ statusCode: 400, param: 'payment_method' });
    const nobody = await refusal(stripe.paymentIntents.create(charge));
    expect(nobody).toMatchObject({ statusCode: 400, param: 'customer' });
    expect((await stripe.paymentIntents.list()).data).toEqual([]);
  });

  test('for an object of another account, as if it were not there', async () => {
    const { id } = await bench.client().customers.create();
    const error = await refusal(bench.client().customers.retrieve(id));
    expect(error).toMatchObject({ statusCode: 404, code: 'resource_missing' });
  });

  test('for a card number, which the log of requests does not show', async () => {
    const card = { number: '4242424242424242', exp_month: 12, exp_year: 2030, cvc: '987' };
    const stripe = bench.client();
    const error = await refusal(stripe.paymentMethods.create({ type: 'card', card }));
    expect(error.message).toContain('unsafe');
    const log = JSON.stringify(await bench.control('GET', 'requests'));
    expect(log).not.toContain('4242424242424242');
  });
});

test('the log of requests shows what was sent, without the key', async () => {
  const stripe = bench.client('sk_test_logged');
  await stripe.customers.create({ metadata: { a: 'b' } }, { idempotencyKey: 'logged-1' });
  const log = await bench.control<{ requests: Record<string, unknown>[] }>('GET', 'requests');
  expect(log.requests.at(-1)).toMatchObject({
    method: 'POST',
    path: '/v1/customers',
    idempotency_key: 'logged-1',
    body: { metadata: { a: 'b' } },
    status: 200,
  });
  expect(JSON.stringify(log)).not.toContain('sk_test_logged');
});

test('what may be sent to Stripe for a renewal is accepted', async () => {
  const stripe = bench.client();
  const card = await savedCard(stripe, 'pm_card_visa');
  const request: Stripe.PaymentIntentCreateParams = {
    ...OFF_SESSION,
    ...card,
    description: 'Renewal',
    statement_descriptor_suffix: 'DUNLIN',
    error_on_requires_action: true,
    payment_method_options: { card: { stored_credential_usage: 'recurring' } },
    metadata: { merchant: 'm', renewal: 'r' },
  };
  expect((await stripe.paymentIntents.create(request)).status).toBe('succeeded');
});
