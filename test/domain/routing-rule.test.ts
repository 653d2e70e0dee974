import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  type RoutingConditions,
  type RoutingRule,
  type RoutingSubject,
  accountsOf,
  ruleFor,
} from '../../domain/routing-rule.js';

const rule = (conditions: RoutingConditions, more: Partial<RoutingRule> = {}): RoutingRule => ({
  id: 'rul_1',
  name: 'A rule',
  mode: 'test',
  conditions,
  accounts: [{ id: 'gwa_1' }],
  ...more,
});

const subject: RoutingSubject = {
  customerId: 'cus_1',
  country: 'DE',
  currency: 'EUR',
  amountMinor: 1900,
  customerMetadata: { plan: 'pro', seats: 3 },
  subscriptionMetadata: { region: 'eu' },
};

const card = { kind: 'card', mode: 'test' };

function fits(conditions: RoutingConditions, about: Partial<RoutingSubject> = {}): boolean {
  return ruleFor([rule(conditions)], { ...subject, ...about }, card) !== undefined;
}

describe('a rule fits', () => {
  it.each<[string, RoutingConditions, boolean]>([
    ['everything, when it is empty', {}, true],
    ['one of its countries', { countries: ['FR', 'DE'] }, true],
    ['no other country', { countries: ['FR'] }, false],
    ['one of its currencies', { currencies: ['USD', 'EUR'] }, true],
    ['no other currency', { currencies: ['USD'] }, false],
    ['one of its kinds', { methodKinds: ['paypal', 'card'] }, true],
    ['no other kind', { methodKinds: ['paypal'] }, false],
    ['the lowest amount', { amountMin: 1900 }, true],
    ['no amount below', { amountMin: 1901 }, false],
    ['the highest amount', { amountMax: 1900 }, true],
    ['no amount above', { amountMax: 1899 }, false],
    ['metadata of the customer', { customerMetadata: { plan: 'pro' } }, true],
    ['no other value of it', { customerMetadata: { plan: 'free' } }, false],
    ['no value of another type', { customerMetadata: { seats: '3' } }, false],
    ['metadata of the subscription', { subscriptionMetadata: { region: 'eu' } }, true],
    ['no metadata that is not there', { subscriptionMetadata: { plan: 'pro' } }, false],
    ['no name that every object has', { customerMetadata: { constructor: 'Object' } }, false],
    ['all at once', { countries: ['DE'], currencies: ['EUR'], amountMin: 1 }, true],
    ['not when one is missing', { countries: ['DE'], currencies: ['USD'], amountMin: 1 }, false],
  ])('%s', (_, conditions, expected) => {
    expect(fits(conditions)).toBe(expected);
  });

  it('no country, where the customer has none', () => {
    expect(fits({ countries: ['DE'] }, { country: null })).toBe(false);
    expect(fits({}, { country: null })).toBe(true);
  });

  it('no bounds, where the amount is not known yet', () => {
    expect(fits({ amountMin: 0 }, { amountMinor: Number.NaN })).toBe(false);
    expect(fits({ amountMax: 1e9 }, { amountMinor: Number.NaN })).toBe(false);
    expect(fits({}, { amountMinor: Number.NaN })).toBe(true);
  });

  it('only what is of its mode', () => {
    expect(ruleFor([rule({})], subject, { kind: 'card', mode: 'live' })).toBeUndefined();
  });

  it('before all that come after it', () => {
    const rules = [
      rule({ currencies: ['USD'] }, { id: 'dollars' }),
      rule({}, { id: 'live', mode: 'live' }),
      rule({ countries: ['DE'] }, { id: 'germans' }),
      rule({}, { id: 'rest' }),
    ];
    expect(ruleFor(rules, subject, card)?.id).toBe('germans');
    expect(ruleFor(rules, { ...subject, country: 'FR' }, card)?.id).toBe('rest');
    expect(ruleFor(rules, subject, { ...card, mode: 'live' })?.id).toBe('live');
  });
});

const weighted = (...weights: (number | undefined)[]): RoutingRule =>
  rule({}, { accounts: weights.map((weight, index) => ({ id: `gwa_${index}`, weight })) });

describe('the accounts of a rule', () => {
  it('come in their order without weights', () => {
    expect(accountsOf(weighted(undefined, undefined, undefined), 'cus_1')).toEqual([
      'gwa_0',
      'gwa_1',
      'gwa_2',
    ]);
    expect(accountsOf(weighted(0, 0), 'cus_1')).toEqual(['gwa_0', 'gwa_1']);
  });

  it('without a weight are never first, and keep their order behind', () => {
    for (let n = 0; n < 500; n++) {
      const [first, ...rest] = accountsOf(weighted(undefined, 1, 0, 3), `cus_${n}`);
      expect(['gwa_1', 'gwa_3']).toContain(first);
      expect(rest).toEqual(['gwa_0', 'gwa_1', 'gwa_2', 'gwa_3'].filter((id) => id !== first));
    }
  });

  const rules = fc
    .array(fc.option(fc.integer({ min: 0, max: 1000 }), { nil: undefined }), {
      minLength: 1,
      maxLength: 20,
    })
    .map((weights) => weighted(...weights));

  it('are each there once, whoever the customer is', () => {
    fc.assert(
      fc.property(rules, fc.string(), (one, customerId) => {
        const ids = accountsOf(one, customerId);
        expect(ids.toSorted()).toEqual(one.accounts.map(({ id }) => id).toSorted());
      }),
    );
  });

  it('are always in the same order for the same customer', () => {
    fc.assert(
      fc.property(rules, fc.string(), (one, customerId) => {
        expect(accountsOf(structuredClone(one), customerId)).toEqual(accountsOf(one, customerId));
      }),
    );
  });

  // Ids as they are: those made in one second share most of their characters.
  const customers = Array.from({ length: 10_000 }, (_, n) => {
    const tail = n.toString(32).padStart(5, '0');
    return `cus_01jxqv8b5e0c3k9m2n4p6${tail}`;
  });

  it('get their share of the customers, over ten thousand', () => {
    const weights = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 2, maxLength: 5 });
    const ids = fc.integer({ min: 0, max: 1e9 });
    fc.assert(
      fc.property(weights, ids, (all, id) => {
        const total = all.reduce((sum, weight) => sum + weight, 0);
        fc.pre(total > 0);
        const one = { ...weighted(...all), id: `rul_${id}` };
        const firsts = new Map<string, number>();
        for (const customer of customers) {
          const first = accountsOf(one, customer)[0]!;
          firsts.set(first, (firsts.get(first) ?? 0) + 1);
        }
        all.forEach((weight, index) => {
          const expected = weight / total;
          const share = (firsts.get(`gwa_${index}`) ?? 0) / customers.length;
          // Five standard deviations of a fair draw.
          const tolerance = 5 * Math.sqrt((expected * (1 - expected)) / customers.length);
          expect(Math.abs(share - expected)).toBeLessThanOrEqual(tolerance);
        });
      }),
      // The same draws each time: of those made anew, one run in five hundred met an unfair one.
      { numRuns: 20, seed: 1 },
    );
  });

  it('are drawn anew by each rule', () => {
    const one = weighted(1, 1);
    const moved = customers.filter(
      (id) => accountsOf(one, id)[0] !== accountsOf({ ...one, id: 'rul_2' }, id)[0],
    );
    expect(moved.length / customers.length).toBeGreaterThan(0.45);
    expect(moved.length / customers.length).toBeLessThan(0.55);
  });
});
