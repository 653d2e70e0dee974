/** What Stripe says about refunds, word by word; what an adapter must keep to whoever the vendor is: ../refunds.ts. */
import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';

import { type Money, money } from '../../../domain/money.js';
import type { FrozenRefund, RefundOrder } from '../../../gateways/gateway.js';
import { stripeFor } from '../../../gateways/stripe/client.js';
import { stripe } from '../../../gateways/stripe/index.js';
import { readRefund, readRefundFailure } from '../../../gateways/stripe/refund-answers.js';
import { type Merchant, frozen, oneAnswer, useGateway } from './bench.js';

const { merchant, control } = useGateway();

let refunds = 0;

function refundOf(chargeReference: string, more: Partial<RefundOrder> = {}): FrozenRefund {
  const id = `rfd_${++refunds}`;
  const order = { id, merchantId: 'mer_1', chargeReference, amount: money(1999, 'EUR'), ...more };
  const { amount } = order;
  const request = stripe.refunding.composeRefund(order);
  return { id, chargeReference, amount, request, resendable: true, reference: undefined };
}

async function charged(by: Merchant, fate = 'succeed'): Promise<string> {
  const order = await by.order('card', fate);
  const answer = await stripe.submit(by.account, frozen(order, stripe.compose(order)));
  return 'chargeReference' in answer ? answer.chargeReference! : '';
}

describe('a request', () => {
  test('names its charge, its amount and whose it is', () => {
    expect(refundOf('ch_1', { id: 'rfd_x' }).request).toEqual({
      charge: 'ch_1',
      amount: 1999,
      metadata: { dunlin_merchant: 'mer_1', dunlin_refund: 'rfd_x' },
    });
  });

  test.each([
    ['requested', 'requested_by_customer'],
    ['duplicate', 'duplicate'],
    ['fraud', 'fraudulent'],
  ] as const)('for %s says %s, and is taken', async (reason, said) => {
    const by = merchant();
    const answer = await stripe.refunding.refund(
      by.account,
      refundOf(await charged(by), { reason }),
    );
    if (answer.kind !== 'succeeded') throw new Error(JSON.stringify(answer));
    expect((await by.client.refunds.retrieve(answer.reference)).reason).toBe(said);
  });
});

describe('a refund', () => {
  const made = (refund: FrozenRefund, more: object) =>
    ({
      id: 're_1',
      amount: 1999,
      currency: 'eur',
      charge: refund.chargeReference,
      metadata: { dunlin_refund: refund.id },
      status: 'succeeded',
      ...more,
    }) as unknown as Stripe.Refund;

  function read(more: object, amount?: Money) {
    const refund = refundOf('ch_1', amount && { amount });
    return readRefund(made(refund, more), refund);
  }

  test.each([
    [{ status: 'succeeded' }, { kind: 'succeeded' }],
    [{ status: 'pending', pending_reason: 'processing' }, { askAgainMs: 6 * 3_600_000 }],
    [{ status: 'pending', pending_reason: 'insufficient_funds' }, { askAgainMs: 24 * 3_600_000 }],
    [{ status: 'requires_action' }, { kind: 'pending' }],
    [{ status: 'canceled' }, { kind: 'failed', failure: 'canceled' }],
    [{ status: null }, { kind: 'unknown' }],
    [{ status: 'of_next_year' }, { kind: 'unknown' }],
  ])('that is %j is %j', (more, said) => {
    expect(read(more)).toMatchObject({ reference: 're_1', ...said });
  });

  test.each([
    ['lost_or_stolen_card', 'payer_unreachable'],
    ['expired_or_canceled_card', 'payer_unreachable'],
    ['charge_for_pending_refund_disputed', 'disputed'],
    ['insufficient_funds', 'insufficient_balance'],
    ['declined', 'declined'],
    ['merchant_request', 'canceled'],
    ['unknown', 'other'],
    [undefined, 'other'],
  ])('that failed for %s: %s', (failure_reason, failure) => {
    const answer = read({ status: 'failed', failure_reason });
    expect(answer).toMatchObject({ kind: 'failed', failure, reference: 're_1' });
  });

  test.each([
    ['another amount', { amount: 2000 }],
    ['another currency', { currency: 'usd' }],
    ['another owner', { metadata: { dunlin_refund: 'rfd_other' } }],
    ['another charge', { charge: 'ch_other' }],
  ])('with %s is not ours, and a person hears of it', (_, more) => {
    expect(read(more)).toMatchObject({ kind: 'unknown', attention: true });
  });

  test('that succeeded may fail afterwards, and a look-up tells', async () => {
    const by = merchant();
    const refund = refundOf(await charged(by, 'refund_fail'));
    const answer = await stripe.refunding.refund(by.account, refund);
    if (answer.kind !== 'succeeded') throw new Error(JSON.stringify(answer));
    await control('POST', 'clock', { advance_seconds: 3 });
    const look = () => stripe.refunding.lookUpRefund(by.account, { ...refund, ...answer });
    await expect.poll(async () => (await look()).kind).toBe('failed');
    expect(await look()).toMatchObject({ failure: 'payer_unreachable' });
  });

  test('of a charge that somebody gave back by hand finds nothing left', async () => {
    const by = merchant();
    const charge = await charged(by);
    await by.client.refunds.create({ charge });
    const answer = await stripe.refunding.refund(by.account, refundOf(charge));
    expect(answer).toMatchObject({ kind: 'failed', failure: 'already_refunded' });
  });

  test('is found however many others its charge has', async () => {
    const by = merchant();
    const charge = await charged(by);
    const ours = refundOf(charge, { amount: money(7, 'EUR') });
    await stripe.refunding.refund(by.account, ours);
    for (let other = 0; other < 101; other++) await by.client.refunds.create({ charge, amount: 1 });
    expect((await stripe.refunding.lookUpRefund(by.account, ours)).kind).toBe('succeeded');
  });

  test('that was never sent is absent, also when its key has died: lists do not lag', async () => {
    const by = merchant();
    const dead = { ...refundOf(await charged(by)), resendable: false };
    expect(await stripe.refunding.lookUpRefund(by.account, dead)).toEqual({ kind: 'absent' });
  });
});

describe('the refunds of a charge', () => {
  test.each([
    ['succeeded', 'succeeded'],
    ['pending', 'pending'],
    ['requires_action', 'pending'],
    ['failed', 'failed'],
    ['canceled', 'failed'],
    [null, 'pending'],
    ['of_next_year', 'pending'],
  ])('that are %s are listed as %s', async (status, said) => {
    const made = { id: 're_1', amount: 7, currency: 'eur', created: 5, metadata: null, status };
    const list = { object: 'list', data: [made], has_more: false, url: '/v1/refunds' };
    const { account } = await oneAnswer(200, {}, list);
    expect(await stripe.refunding.listRefunds(account, 'ch_1')).toEqual({
      kind: 'listed',
      refunds: [
        { reference: 're_1', refundId: undefined, amount: money(7, 'EUR'), status: said, at: 5000 },
      ],
    });
  });

  test('are all listed, those made by hand among them', async () => {
    const by = merchant();
    const charge = await charged(by);
    await stripe.refunding.refund(by.account, refundOf(charge, { amount: money(7, 'EUR') }));
    for (let other = 0; other < 101; other++) await by.client.refunds.create({ charge, amount: 1 });
    const listed = await stripe.refunding.listRefunds(by.account, charge);
    if (listed.kind !== 'listed') throw new Error(listed.why);
    expect(listed.refunds).toHaveLength(102);
    expect(listed.refunds.filter(({ refundId }) => refundId !== undefined)).toHaveLength(1);
  });

  test('of an account that may not be read are for a person; of a busy one they are not', async () => {
    const refused = async (status: number) => {
      const error = { type: 'invalid_request_error', message: 'No.' };
      const { account } = await oneAnswer(status, {}, { error });
      return stripe.refunding.listRefunds(account, 'ch_1');
    };
    for (const status of [401, 403])
      expect(await refused(status)).toMatchObject({ kind: 'unavailable', attention: true });
    for (const status of [429, 500])
      expect(await refused(status)).not.toHaveProperty('attention', true);
  });
});

describe('a refusal', () => {
  async function refusalOf(status: number, code: string | undefined, type: string) {
    const error = { type, code, message: 'No.' };
    const { account } = await oneAnswer(status, {}, { error });
    // Its list of refunds is refused too: so what the answer says by itself is read apart.
    const refund = refundOf('ch_1');
    const thrown: unknown = await stripeFor(account)
      .refunds.create({ charge: 'ch_1' })
      .catch((caught: unknown) => caught);
    return {
      alone: readRefundFailure(thrown),
      whole: await stripe.refunding.refund(account, refund),
    };
  }

  test.each([
    ['charge_already_refunded', 'already_refunded'],
    ['amount_too_large', 'exceeds_charge'],
    ['amount_too_small', 'not_allowed'],
    ['charge_disputed', 'disputed'],
    ['refund_disputed_payment', 'disputed'],
    ['charge_not_refundable', 'not_allowed'],
    ['balance_insufficient', 'insufficient_balance'],
    ['insufficient_funds', 'insufficient_balance'],
  ])('for %s fails: %s', async (code, failure) => {
    const { alone, whole } = await refusalOf(400, code, 'invalid_request_error');
    expect(alone).toMatchObject({ kind: 'failed', failure });
    // It is not believed while the refunds of the charge cannot be read.
    expect(whole.kind).toBe('unknown');
  });

  test.each([
    [402, 'card_declined', { kind: 'failed', failure: 'declined' }],
    [402, 'insufficient_funds', { kind: 'failed', failure: 'insufficient_balance' }],
    [400, 'parameter_unknown', { kind: 'refused', attention: true, parks: true }],
    [400, undefined, { kind: 'refused', attention: true, parks: true }],
    [404, 'resource_missing', { kind: 'refused', attention: true, parks: true }],
    [401, undefined, { kind: 'refused', attention: true, parks: false }],
    [403, undefined, { kind: 'refused', attention: true, parks: false }],
    [429, 'lock_timeout', { kind: 'unknown' }],
    [409, 'idempotency_key_in_use', { kind: 'unknown' }],
    [500, undefined, { kind: 'unknown', serverError: true }],
  ])('with %s %s is %j', async (status, code, said) => {
    const { alone } = await refusalOf(status, code, 'invalid_request_error');
    expect(alone).toMatchObject(said);
  });
});
