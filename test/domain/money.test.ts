import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  type Money,
  addMoney,
  allocate,
  currencyExponent,
  describeMoney,
  fromDecimalString,
  isCurrency,
  knownCurrencies,
  money,
  sameMoney,
  subtractMoney,
  toDecimalString,
} from '../../domain/money.js';

const currencies = fc.constantFrom(...knownCurrencies());
const amounts = fc.oneof(fc.maxSafeNat(), fc.nat(100_000));
const moneys = fc.tuple(amounts, currencies).map(([amount, currency]) => money(amount, currency));

describe('currencies', () => {
  it.each([
    ['EUR', 2],
    ['HUF', 2],
    ['TWD', 2],
    ['MGA', 2],
    ['JPY', 0],
    ['ISK', 0],
    ['UGX', 0],
    ['XOF', 0],
    ['KWD', 3],
    ['TND', 3],
  ])('%s has %d decimals', (code, exponent) => {
    expect(isCurrency(code) && currencyExponent(code)).toBe(exponent);
  });

  it.each(['eur', 'EU', 'EURO', 'XXX', '', ' EUR', '__proto__', null, 978])(
    '%j is none',
    (code) => {
      expect(isCurrency(code)).toBe(false);
    },
  );

  it('are all of the reference page, each once', () => {
    expect(knownCurrencies()).toHaveLength(new Set(knownCurrencies()).size);
    expect(knownCurrencies().length).toBe(138);
    expect(knownCurrencies().every((code) => /^[A-Z]{3}$/.test(code))).toBe(true);
  });
});

describe('money', () => {
  it.each([
    [0.5, 'EUR', 'amount_not_whole'],
    [Number.NaN, 'EUR', 'amount_not_whole'],
    [Number.POSITIVE_INFINITY, 'EUR', 'amount_not_whole'],
    [Number.MAX_SAFE_INTEGER + 1, 'EUR', 'amount_not_whole'],
    [-1, 'EUR', 'amount_negative'],
    [100, 'eur', 'unknown_currency'],
    [100, 'ZZZ', 'unknown_currency'],
  ])('refuses %s %s', (amount, currency, reason) => {
    expect(() => money(amount, currency)).toThrow(
      expect.objectContaining({ name: 'DomainError', code: 'invalid', reason }),
    );
  });

  it('is plain JSON, and minus zero is zero', () => {
    expect(JSON.parse(JSON.stringify(money(1999, 'USD')))).toStrictEqual(money(1999, 'USD'));
    expect(Object.is(money(-0, 'USD').amountMinor, 0)).toBe(true);
  });

  it('adds and subtracts without loss, or refuses', () => {
    fc.assert(
      fc.property(amounts, amounts, currencies, (a, b, currency) => {
        const [x, y] = [money(a, currency), money(b, currency)];
        if (a + b > Number.MAX_SAFE_INTEGER) expect(() => addMoney(x, y)).toThrow('whole number');
        else expect(subtractMoney(addMoney(x, y), y)).toEqual(x);
        if (a < b) expect(() => subtractMoney(x, y)).toThrow('less than nothing');
      }),
    );
  });

  it('never mixes currencies', () => {
    const [a, b] = [money(1, 'EUR'), money(1, 'USD')];
    expect(() => addMoney(a, b)).toThrow('EUR and USD');
    expect(() => subtractMoney(a, b)).toThrow('EUR and USD');
    expect(sameMoney(a, b)).toBe(false);
    expect(sameMoney(money(0, 'EUR'), money(0, 'USD'))).toBe(false);
    expect(sameMoney(a, money(1, 'EUR'))).toBe(true);
  });
});

describe('allocate', () => {
  const parts = (whole: Money, weights: number[]) =>
    allocate(whole, weights).map((part) => part.amountMinor);

  it('gives what is left over to the largest remainders, first come first among equals', () => {
    expect(parts(money(100, 'EUR'), [1, 1, 1])).toEqual([34, 33, 33]);
    expect(parts(money(10, 'EUR'), [1, 5, 1])).toEqual([2, 7, 1]);
    expect(parts(money(1, 'EUR'), [0, 1, 1])).toEqual([0, 1, 0]);
    expect(parts(money(5, 'EUR'), [7])).toEqual([5]);
    expect(parts(money(0, 'EUR'), [1, 2])).toEqual([0, 0]);
  });

  it('loses no cent, and no part is a unit or more off its share', () => {
    const weightLists = fc
      .array(fc.oneof(fc.nat(20), fc.maxSafeNat()), { minLength: 1, maxLength: 12 })
      .filter((weights) => weights.some((weight) => weight > 0));
    fc.assert(
      fc.property(moneys, weightLists, (whole, weights) => {
        const split = allocate(whole, weights);
        expect(split.reduce((a, b) => addMoney(a, b))).toEqual(whole);
        const total = weights.reduce((sum, weight) => sum + BigInt(weight), 0n);
        for (const [i, part] of split.entries()) {
          const exact = BigInt(whole.amountMinor) * BigInt(weights[i]!);
          const off = BigInt(part.amountMinor) * total - exact;
          expect(off < total && off > -total).toBe(true);
        }
      }),
    );
  });

  it.each([[[]], [[0, 0]], [[1, -1]], [[0.5, 0.5]], [[Number.NaN]]])('refuses %j', (weights) => {
    expect(() => allocate(money(1, 'EUR'), weights)).toThrow('eight');
  });
});

describe('decimal text', () => {
  it.each([
    [1999, 'USD', '19.99'],
    [5, 'USD', '0.05'],
    [0, 'USD', '0.00'],
    [100, 'HUF', '1.00'],
    [500, 'JPY', '500'],
    [5120, 'KWD', '5.120'],
    [Number.MAX_SAFE_INTEGER, 'EUR', '90071992547409.91'],
  ])('%d %s is %s', (amount, currency, text) => {
    expect(toDecimalString(money(amount, currency))).toBe(text);
    expect(describeMoney(money(amount, currency))).toBe(`${currency} ${text}`);
  });

  it('survives the way there and back', () => {
    fc.assert(
      fc.property(moneys, (amount) => {
        expect(fromDecimalString(toDecimalString(amount), amount.currency)).toEqual(amount);
      }),
    );
  });

  it.each([
    ['4.35', 'USD', 435],
    ['1.005', 'KWD', 1005],
    ['10.9', 'USD', 1090],
    ['10', 'USD', 1000],
    ['10.9000', 'USD', 1090],
    ['500.00', 'JPY', 500],
    ['007.50', 'EUR', 750],
  ])('reads %s %s as %d', (text, currency, amount) => {
    expect(fromDecimalString(text, currency)).toEqual(money(amount, currency));
  });

  it.each([
    ['1.005', 'USD', 'too_many_decimals'],
    ['500.5', 'JPY', 'too_many_decimals'],
    ['-1', 'USD', 'bad_decimal'],
    ['+1', 'USD', 'bad_decimal'],
    ['1e3', 'USD', 'bad_decimal'],
    ['1,000', 'USD', 'bad_decimal'],
    ['.5', 'USD', 'bad_decimal'],
    ['5.', 'USD', 'bad_decimal'],
    ['', 'USD', 'bad_decimal'],
    [' 1', 'USD', 'bad_decimal'],
    ['1\n', 'USD', 'bad_decimal'],
    ['90071992547409.92', 'EUR', 'amount_not_whole'],
    ['1', 'XXX', 'unknown_currency'],
  ])('refuses %j %s', (text, currency, reason) => {
    expect(() => fromDecimalString(text, currency)).toThrow(expect.objectContaining({ reason }));
  });
});
