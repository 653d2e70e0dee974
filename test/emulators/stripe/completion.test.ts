import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';

import { complete, completion } from '../../../emulators/stripe/completion.js';
import { createEmulator } from '../../../emulators/stripe/emulator.js';
import { createPaymentIntent } from '../../../emulators/stripe/payment-intents.js';

const emulator = createEmulator(undefined);
const account = emulator.account('acct_page');

function unconfirmed(types: string[], currency = 'eur'): Stripe.PaymentIntent {
  const params = { amount: '1999', currency, allowed_payment_method_types: types };
  const cause = { id: 'req_1', idempotency_key: 'chg_1:create' };
  return createPaymentIntent({ account, cause, path: '', ids: {}, params });
}

const onPage = (asked: object) => complete(account, completion.parse(asked));

function causeOfLast(type: string): string | null | undefined {
  return account.events.all().findLast((event) => event.type === type)?.request?.idempotency_key;
}

describe('the customer on the page', () => {
  test.each([
    ['pm_card_visa', 'succeeded', 'succeeded'],
    ['pm_card_authenticationRequired', 'succeeded', 'succeeded'],
    ['pm_card_authenticationRequired', 'failed', 'requires_payment_method'],
    ['pm_card_visa', 'failed', 'requires_payment_method'],
    ['pm_card_authenticationRequired', 'abandoned', 'requires_action'],
    ['pm_card_chargeDeclined', 'succeeded', 'requires_payment_method'],
    ['pm_sepaDebit_success_de', 'succeeded', 'processing'],
  ])('with %s, %s: %s', (token, outcome, status) => {
    const { id } = unconfirmed(['card', 'sepa_debit']);
    expect(onPage({ payment_intent: id, token, outcome }).status).toBe(status);
  });

  test('may try again after a failure, and sends no key of ours', () => {
    const { id } = unconfirmed(['card']);
    onPage({ payment_intent: id, token: 'pm_card_chargeDeclinedInsufficientFunds' });
    expect(causeOfLast('payment_intent.payment_failed')).toBeNull();
    expect(onPage({ payment_intent: id, payment_method: 'pm_card_visa' }).status).toBe('succeeded');
    expect(causeOfLast('payment_intent.succeeded')).toBeNull();
    expect(() => onPage({ payment_intent: id, token: 'pm_card_visa' })).toThrow(/succeeded/);
    expect(() => onPage({ payment_intent: id, token: 'pm_card_visa', outcome: 'failed' })).toThrow(
      /succeeded/,
    );
  });

  test('names a payment method', () => {
    expect(completion.safeParse({ payment_intent: 'pi_1' }).success).toBe(false);
  });
});
