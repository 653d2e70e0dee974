import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { knownCurrencies, money } from '../../../domain/money.js';
import { fromStripeAmount, toStripeAmount } from '../../../gateways/stripe/amount.js';

describe('Stripe amounts', () => {
  it.each([
    [1999, 'USD', 1999],
    [500, 'JPY', 500],
    [100, 'HUF', 100],
    [101, 'TWD', 101],
    [250, 'ISK', 25_000],
    [3600, 'UGX', 360_000],
    [4500, 'MGA', 45],
    [5120, 'KWD', 5120],
    [0, 'EUR', 0],
  ])('%d %s is sent as %d', (amountMinor, currency, wire) => {
    const amount = money(amountMinor, currency);
    expect(toStripeAmount(amount)).toBe(wire);
    expect(fromStripeAmount(wire, currency.toLowerCase())).toEqual(amount);
  });

  it.each([
    [4550, 'MGA'],
    [5121, 'KWD'],
    [Number.MAX_SAFE_INTEGER, 'ISK'],
  ])('refuses to send %d %s', (amountMinor, currency) => {
    expect(() => toStripeAmount(money(amountMinor, currency))).toThrow(
      expect.objectContaining({ code: 'invalid', reason: 'amount_not_supported' }),
    );
  });

  it.each([
    [25_050, 'isk', 'amount_not_supported'],
    [5121, 'kwd', 'amount_not_supported'],
    [19.99, 'usd', 'amount_not_supported'],
    [-100, 'isk', 'amount_negative'],
    [Number.MAX_SAFE_INTEGER, 'mga', 'amount_not_whole'],
    [100, 'xxx', 'unknown_currency'],
  ])('refuses to read %d %s', (amount, currency, reason) => {
    expect(() => fromStripeAmount(amount, currency)).toThrow(expect.objectContaining({ reason }));
  });

  it('come back as they were sent, or are not sent', () => {
    const currencies = fc.constantFrom(...knownCurrencies());
    const amounts = fc.oneof(
      fc.maxSafeNat(),
      fc.nat(1_000_000),
      fc.nat(9999).map((n) => n * 100),
    );
    fc.assert(
      fc.property(amounts, currencies, (amountMinor, currency) => {
        const amount = money(amountMinor, currency);
        let wire: number;
        try {
          wire = toStripeAmount(amount);
        } catch (error) {
          expect(error).toMatchObject({ reason: 'amount_not_supported' });
          expect(['ISK', 'UGX', 'MGA', 'BHD', 'JOD', 'KWD', 'OMR', 'TND']).toContain(currency);
          return;
        }
        expect(fromStripeAmount(wire, currency.toLowerCase())).toEqual(amount);
      }),
      { numRuns: 2000 },
    );
  });
});
