import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';

import { declineOfReturn, unlessReturned } from '../../../gateways/stripe/returns.js';
import { oneAnswer } from './bench.js';

describe('a disputed debit', () => {
  const succeeded = { kind: 'succeeded', reference: 'pi_1', chargeReference: 'ch_1' } as const;
  const charge = {
    id: 'ch_1',
    disputed: true,
    payment_method_details: { type: 'us_bank_account' },
  };
  const intent = { id: 'pi_1', latest_charge: charge } as unknown as Stripe.PaymentIntent;

  async function withDisputes(...statuses: string[]) {
    const data = statuses.map((status) => ({ id: 'du_1', status, reason: 'insufficient_funds' }));
    const { account } = await oneAnswer(200, {}, { object: 'list', data, has_more: false });
    return unlessReturned(account, intent, succeeded);
  }

  test.each(['won', 'prevented', 'warning_needs_response', 'warning_closed'])(
    'has succeeded all the same when it is %s',
    async (status) => expect(await withDisputes(status)).toEqual(succeeded),
  );

  test.each(['lost', 'needs_response', 'under_review', 'brand_new'])(
    'has come back when it is %s, even after one that was won',
    async (status) => expect((await withDisputes('won', status)).kind).toBe('returned'),
  );

  test('is unknown while the dispute does not show', async () => {
    expect(await withDisputes()).toMatchObject({ kind: 'unknown', reference: 'pi_1' });
  });
});

describe('the reason of a return', () => {
  test.each([
    ['insufficient_funds', 'insufficient_funds'],
    ['bank_cannot_process', 'technical'],
    ['incorrect_account_details', 'new_method'],
    ['debit_not_authorized', 'consent_revoked'],
    ['customer_initiated', 'consent_revoked'],
    ['subscription_canceled', 'consent_revoked'],
    ['unrecognized', 'consent_revoked'],
    ['credit_not_processed', 'consent_revoked'],
    ['product_not_received', 'consent_revoked'],
    ['product_unacceptable', 'consent_revoked'],
    ['noncompliant', 'consent_revoked'],
    ['fraudulent', 'fraud'],
    ['duplicate', 'duplicate_check'],
    ['check_returned', 'issuer_soft'],
    ['general', 'issuer_soft'],
  ])('%s: %s', (reason, expected) => {
    const decline = declineOfReturn({ reason });
    expect(decline).toMatchObject({ class: expected, code: reason, elsewhere: false });
    expect(decline.unmapped).toBeUndefined();
  });

  test('that is new is soft, and worth an alert', () => {
    expect(declineOfReturn({ reason: 'brand_new' })).toMatchObject({
      class: 'issuer_soft',
      unmapped: true,
    });
  });
});
