import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { knownCurrencies, money } from '../../../domain/money.js';
import { fromPaypalAmount, isAmount, toPaypalAmount } from '../../../gateways/paypal/amount.js';

const said = (currency: string, value: string) => ({ currency_code: currency, value });

/** All 24, of which three have no decimals at PayPal. */
const TAKEN =
  'AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF ILS JPY MXN MYR NOK NZD PHP PLN SEK SGD THB TWD USD'.split(
    ' ',
  );

describe('PayPal amounts', () => {
  it.each([
    [1999, 'USD', '19.99'],
    [5, 'EUR', '0.05'],
    [100_000, 'GBP', '1000.00'],
    [500, 'JPY', '500'],
    [150_000, 'HUF', '1500'],
    [29_900, 'TWD', '299'],
    [9_007_199_254_740_991, 'USD', '90071992547409.91'],
  ])('%d %s is sent as %s', (amountMinor, currency, value) => {
    const amount = money(amountMinor, currency);
    expect(toPaypalAmount(amount)).toEqual(said(currency, value));
    expect(fromPaypalAmount(said(currency, value))).toEqual(amount);
  });

  it.each([
    ['forints with a fraction', 150_050, 'HUF'],
    ['Taiwan dollars with a fraction', 101, 'TWD'],
    ['a currency with three decimals', 5120, 'KWD'],
    ['a currency it does not take', 100, 'INR'],
    ['nothing', 0, 'USD'],
  ])('refuses to send %s', (_, amountMinor, currency) => {
    expect(() => toPaypalAmount(money(amountMinor, currency))).toThrow(
      expect.objectContaining({ code: 'invalid', reason: 'amount_not_supported' }),
    );
  });

  it.each(['10.9', '10.90', '10.900'])('reads %s as the same money', (value) => {
    expect(fromPaypalAmount(said('USD', value))).toEqual(money(1090, 'USD'));
    expect(isAmount(said('USD', value), money(1090, 'USD'))).toBe(true);
  });

  it.each([
    ['another amount', said('USD', '10.91')],
    ['another currency', said('EUR', '10.90')],
    ['a fraction of a cent', said('USD', '10.901')],
    ['less than nothing', said('USD', '-10.90')],
    ['an exponent', said('USD', '1.09e1')],
    ['nonsense', said('USD', 'NaN')],
    ['an unknown currency', said('XXX', '10.90')],
    ['no amount', undefined],
  ])('does not take %s for what was asked', (_, answer) => {
    expect(isAmount(answer, money(1090, 'USD'))).toBe(false);
  });

  it('takes 24 currencies', () => {
    const taken = knownCurrencies().filter((currency) => {
      try {
        return toPaypalAmount(money(10_000, currency));
      } catch {
        return false;
      }
    });
    expect(taken).toEqual(TAKEN);
  });

  it('come back as they were sent, or are not sent', () => {
    const amounts = fc.oneof(
      fc.maxSafeNat(),
      fc.nat(1_000_000),
      fc.nat(9999).map((n) => n * 100),
    );
    fc.assert(
      fc.property(amounts, fc.constantFrom(...knownCurrencies()), (amountMinor, currency) => {
        const amount = money(amountMinor, currency);
        let wire: ReturnType<typeof toPaypalAmount>;
        try {
          wire = toPaypalAmount(amount);
        } catch (error) {
          expect(error).toMatchObject({ reason: 'amount_not_supported' });
          const fraction = ['HUF', 'TWD'].includes(currency) && amountMinor % 100 !== 0;
          expect(fraction || amountMinor === 0 || !TAKEN.includes(currency)).toBe(true);
          return;
        }
        expect(wire.value).toMatch(/^\d+(\.\d\d)?$/);
        expect(wire.value.length).toBeLessThanOrEqual(32);
        expect(fromPaypalAmount(wire)).toEqual(amount);
      }),
      { numRuns: 2000 },
    );
  });
});
