import fc from 'fast-check';
import { decodeTime } from 'ulid';
import { describe, expect, it } from 'vitest';

import { ID_PREFIXES, type IdPrefix, type RenewalId, isId, makeId } from '../../domain/ids.js';

const prefixes = Object.keys(ID_PREFIXES) as IdPrefix[];
const instants = fc.integer({ min: 1, max: 2 ** 48 - 1 });
const fractions = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('makeId', () => {
  it('is a prefix and 26 lower-case characters', () => {
    const id: RenewalId = makeId('rnw', Date.UTC(2026, 11, 1), () => 0);
    expect(id).toBe('rnw_01m8qedc000000000000000000');
    // @ts-expect-error a renewal's id is no subscription's.
    const wrong: ReturnType<typeof makeId<'sub'>> = id;
    expect(wrong).toBe(id);
  });

  it('carries its time and is told from every other noun', () => {
    fc.assert(
      fc.property(fc.constantFrom(...prefixes), instants, fractions, (prefix, at, fraction) => {
        const id = makeId(prefix, at, () => fraction);
        expect(decodeTime(id.slice(prefix.length + 1).toUpperCase())).toBe(at);
        expect(prefixes.filter((other) => isId(other, id))).toEqual([prefix]);
      }),
    );
  });

  it('sorts by time, whatever the random part', () => {
    fc.assert(
      fc.property(instants, instants, fractions, (a, b, fraction) => {
        fc.pre(a < b);
        expect(makeId('chg', a, () => fraction) < makeId('chg', b, () => 1 - fraction)).toBe(true);
      }),
    );
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses the instant %s', (at) => {
    expect(() => makeId('evt', at, () => 0)).toThrow('An id needs the instant');
  });
});

describe('isId', () => {
  it.each([
    'rnw_',
    'rnw',
    '',
    'rnw_01KBBH6Z000000000000000000',
    'rnw_01kbbh6z00000000000000000',
    'rnw_01kbbh6z0000000000000000000',
    'rnw_81kbbh6z000000000000000000',
    'rnw_01kbbh6z00000000000000000u',
    'sub_01kbbh6z000000000000000000',
    ' rnw_01kbbh6z000000000000000000',
    'rnw_01kbbh6z000000000000000000\n',
    42,
    null,
  ])('refuses %j', (value) => {
    expect(isId('rnw', value)).toBe(false);
  });
});
