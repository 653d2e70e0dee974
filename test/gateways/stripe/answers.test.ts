import { describe, expect, test } from 'vitest';

import { stripe } from '../../../gateways/stripe/index.js';
import { frozen, oneAnswer, orderOf } from './bench.js';

/** What the adapter makes of one answer, and how often it asked for it. */
async function submitTo(status: number, headers: Record<string, string>, error: object) {
  const { account, asked } = await oneAnswer(status, headers, { error });
  const order = orderOf('chg_1', 'card');
  const answer = await stripe.submit(account, frozen(order, stripe.compose(order)));
  return { answer, asked: asked() };
}

const RATE_LIMIT = { type: 'invalid_request_error', code: 'rate_limit', message: 'Too many.' };

describe('a rate limit', () => {
  test.each([
    ['429 and seconds', 429, { 'retry-after': '7' }, 7000],
    ['429 and far too many seconds', 429, { 'retry-after': '999999' }, 3_600_000],
    ['429 and a date gone by', 429, { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }, 0],
    ['429 and nothing', 429, {}, undefined],
    ['429 and nonsense', 429, { 'retry-after': 'soon' }, undefined],
    ['a 400', 400, { 'retry-after': '1' }, 1000],
  ])('told by %s is nobody’s fault', async (_, status, headers, retryAfterMs) => {
    const { answer } = await submitTo(status, headers, RATE_LIMIT);
    expect(answer).toMatchObject({ kind: 'refused', attention: false, parks: false });
    expect('retryAfterMs' in answer ? answer.retryAfterMs : undefined).toBe(retryAfterMs);
  });

  test('may be given as a date to come', async () => {
    const date = new Date(Date.now() + 60_000).toUTCString();
    const { answer } = await submitTo(429, { 'retry-after': date }, RATE_LIMIT);
    const { retryAfterMs } = answer as { retryAfterMs: number };
    expect(retryAfterMs).toBeGreaterThan(50_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  test('is not retried behind our back, even when Stripe asks its SDK to', async () => {
    const headers = { 'stripe-should-retry': 'true', 'retry-after': '1' };
    expect((await submitTo(429, headers, RATE_LIMIT)).asked).toBe(1);
    const failed = await submitTo(500, headers, { type: 'api_error', message: 'Sorry.' });
    expect(failed).toMatchObject({ asked: 1, answer: { kind: 'unknown', serverError: true } });
  });
});

describe('other refusals', () => {
  test.each([
    [400, true],
    [401, false],
    [403, false],
    [404, true],
  ])('%d needs a person', async (status, parks) => {
    const { answer } = await submitTo(status, {}, { type: 'invalid_request_error', message: 'No' });
    expect(answer).toMatchObject({ kind: 'refused', attention: true, parks });
    expect(answer).not.toHaveProperty('retryAfterMs');
  });
});
