import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { containsCardNumber, findCardNumber } from '../../domain/card-number.js';
import { ID_PREFIXES, type IdPrefix, makeId } from '../../domain/ids.js';

describe('containsCardNumber', () => {
  it.each([
    ['Visa', '4242424242424242'],
    ['Visa debit', '4000056655665556'],
    ['Visa of 19 digits', '4000000000000000006'],
    ['Mastercard', '5555555555554444'],
    ['Mastercard, 2 series', '2223003122003222'],
    ['American Express', '378282246310005'],
    ['Discover', '6011111111111117'],
    ['Diners', '30569309025904'],
    ['JCB', '3566002020360505'],
    ['UnionPay', '6205500000000000004'],
    ['Maestro of 12 digits', '501800000009'],
    ['spaced', '4242 4242 4242 4242'],
    ['dashed', '4242-4242-4242-4242'],
    ['dotted', '4242.4242.4242.4242'],
    ['American Express, spaced', '3782 822463 10005'],
    ['no-break spaces', '4242\u00a04242\u00a04242\u00a04242'],
    ['long dashes', '4242–4242–4242–4242'],
    ['oddly spaced', '42 4242 42424 24242'],
    ['in a sentence', 'my card is 4242-4242-4242-4242 thanks'],
    ['with its expiry', '4242 4242 4242 4242 12/27 123'],
    ['with its expiry, all spaced', '4242 4242 4242 4242 12 27 123'],
    ['after another number', 'order 17 4242424242424242'],
    ['before a word with a digit', '4242 4242 4242 4242 3rd floor'],
    ['in quotes', 'number="4242424242424242";'],
    ['after a colon', 'pan:4242424242424242'],
  ])('sees %s', (_, text) => {
    expect(containsCardNumber(text)).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['an order number with a wrong check digit', '4242424242424241'],
    ['a number of no brand', '1234567890123452'],
    ['too few digits', '42424242424'],
    ['part of a longer run', '42424242424242424242424242'],
    ['a run behind a letter', 'A4242424242424242'],
    ['a run before a letter', '4242424242424242B'],
    ['a run behind an underscore', 'order_4242424242424242'],
    ['a run before an umlaut', '4242424242424242ß'],
    ['two separators', '4242  4242  4242  4242'],
    ['other separators', '4242/4242/4242/4242'],
    ['a ULID', '01KBBH6Z424242424242424242'],
    ['an id of ours', 'rnw_01kbbh6z000000000000000000'],
    ['an ISO timestamp', '2026-12-01T10:15:30.123456789Z'],
    ['a compact timestamp', '20261201T101530123Z'],
    ['epoch milliseconds', '1795824000000'],
    ['epoch nanoseconds', '1795824000000000000'],
    ['a UUID', '550e8400-e29b-41d4-a716-501800000009'],
    ['an IBAN', 'DE89370400440532013000'],
    ['a spaced IBAN', 'DE89 3704 0044 0532 0130 00'],
    ['a spaced IBAN with a card-like middle', 'BE68 5390 0754 7034'],
    ['a phone number', '+49 30 901820'],
    ['an amount', '1 000 000.00'],
    ['a period of dates', '2026-12-01 2027-01-01'],
  ])('does not take %s for one', (_, text) => {
    expect(containsCardNumber(text)).toBe(false);
  });

  it('never takes an id or a timestamp of ours for one', () => {
    const fractions = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    const prefixes = fc.constantFrom(...(Object.keys(ID_PREFIXES) as IdPrefix[]));
    const dates = fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) });
    fc.assert(
      fc.property(
        prefixes,
        dates,
        fc.array(fractions, { minLength: 16 }),
        (prefix, date, draws) => {
          let i = 0;
          const id = makeId(prefix, date.getTime() + 1, () => draws[i++ % draws.length]!);
          expect(containsCardNumber(id)).toBe(false);
          expect(containsCardNumber(date.toISOString())).toBe(false);
        },
      ),
    );
    fc.assert(fc.property(fc.uuid(), (uuid) => !containsCardNumber(uuid)));
  });

  it('sees any Visa number, however it is grouped', () => {
    const separators = fc.array(fc.constantFrom('', ' ', '-', '.'), {
      minLength: 15,
      maxLength: 15,
    });
    fc.assert(
      fc.property(fc.nat(10 ** 14 - 1), separators, (body, between) => {
        const digits = withCheckDigit(`4${String(body).padStart(14, '0')}`);
        const text = Array.from(digits, (digit, i) => digit + (between[i] ?? '')).join('');
        expect(containsCardNumber(`paid with ${text}, thanks`)).toBe(true);
      }),
    );
  });

  it('reads a large body of lone digits in reasonable time', () => {
    for (const digit of '0479') expect(containsCardNumber(`${digit} `.repeat(50_000))).toBe(false);
  });
});

describe('findCardNumber', () => {
  it.each([
    ['4242424242424242', '$'],
    [4242424242424242, '$'],
    [{ customer: { card: { number: '4242 4242 4242 4242' } } }, '$.customer.card.number'],
    [{ metadata: { 'card no': '378282246310005' } }, '$.metadata["card no"]'],
    [{ items: [1, 'x', { pan: 5555555555554444 }] }, '$.items[2].pan'],
    [{ metadata: { '4242424242424242': true } }, '$.metadata.{key}'],
    [{ a: '4242424242424242', b: '4242424242424242' }, '$.a'],
  ])('%j: at %s', (value, path) => {
    expect(findCardNumber(value)).toBe(path);
  });

  it.each([
    null,
    undefined,
    true,
    {},
    [],
    1999,
    { id: 'sub_01kbbh6z000000000000000000', amount_minor: 1999, currency: 'EUR' },
    { metadata: { order: '4242424242424241' } },
  ])('finds none in %j', (value) => {
    expect(findCardNumber(value)).toBeUndefined();
  });

  it('reads what is nested deeper than the stack', () => {
    let deep: unknown = '4242424242424242';
    for (let i = 0; i < 20_000; i++) deep = [deep];
    expect(findCardNumber(deep)).toContain('[0][0]');
  });
});

function withCheckDigit(body: string): string {
  const sum = Array.from(body).reduce((total, digit, i) => {
    const doubled = (body.length - i) % 2 === 1 ? Number(digit) * 2 : Number(digit);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return body + ((10 - (sum % 10)) % 10);
}
