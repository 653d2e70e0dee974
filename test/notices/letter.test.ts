import { describe, expect, it, test } from 'vitest';

import { LANGUAGES } from '../../domain/locale.js';
import { NOTICE_KINDS, needsLink } from '../../domain/notice.js';
import { letter, write } from './facts.js';

describe('every notice in every language', () => {
  test.each(LANGUAGES)('reads well in %s', async (locale) => {
    const all = NOTICE_KINDS.map((kind) => {
      const { subject, text } = letter(kind, { locale });
      return `=== ${kind}\nSubject: ${subject}\n\n${text}`;
    });
    await expect(all.join('\n')).toMatchFileSnapshot(`letters/${locale}.txt`);
  });

  test.each(LANGUAGES.flatMap((locale) => NOTICE_KINDS.map((kind) => [locale, kind] as const)))(
    '%s %s: says the same in HTML and as text, and leaves no gap',
    (locale, kind) => {
      const { html, text, subject } = letter(kind, { locale });
      const lines = text.split('\n').filter((line) => line !== '' && line !== '--');
      for (const line of lines.map((one) => one.replace(/:$/, '')))
        expect(unescaped(html)).toContain(line);
      for (const part of [html, text, subject]) expect(part).not.toMatch(/undefined|<%|null|NaN/);
      expect(html.includes('<a ')).toBe(needsLink(kind));
      expect(html).toContain(`<html lang="${locale}">`);
      expect(html).not.toMatch(/<(img|script|link|iframe|form)/);
      expect(subject).not.toContain('Ada');
      expect(subject).toContain('Nest & Söhne');
    },
  );

  it('looks like this in HTML', async () => {
    const { html } = letter('payment_failed', { locale: 'de' });
    await expect(html).toMatchFileSnapshot('letters/payment_failed.de.html.txt');
  });
});

function unescaped(html: string): string {
  return html.replaceAll('&amp;', '&').replaceAll('&#39;', "'").replaceAll('&quot;', '"');
}

describe('amounts and dates', () => {
  test.each([
    ['en-US', 'EUR', '€1,234.00'],
    ['de-DE', 'EUR', '1.234,00 €'],
    ['de-CH', 'CHF', "CHF 1'234.00"],
    ['fr-FR', 'EUR', '1 234,00 €'],
    ['es-MX', 'MXN', '$1,234.00'],
    ['en-US', 'JPY', '¥123,400'],
    ['en-US', 'KWD', 'KWD 123.400'],
  ])('in %s, %s', (locale, currency, expected) => {
    const { subject } = letter('recovered', { locale, renewal: { currency } });
    expect(subject.replaceAll(/[\u00a0\u202f]/g, ' ').replace('’', "'")).toContain(expected);
  });

  test.each([
    ['Europe/Berlin', '4. Dezember 2026'],
    ['America/New_York', '3. Dezember 2026'],
  ])('a debit is on the day of %s', (timeZone, day) => {
    const { text } = letter('debit_announced', { locale: 'de', customer: { timeZone } });
    expect(text).toContain(`Am ${day}`);
  });
});

const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '<%= it.link %>',
  'Ada\r\nBcc: eve@example.com',
  'Ada\u2028X-Header: 1',
  '\u202eevoL adA\u202c',
  '\u2066Ada\u2069',
  'Ada\u0000Lovelace',
  'a'.repeat(5_000),
];

describe('hostile words', () => {
  test.each(HOSTILE)('as a name, a brand and a description: %j', (words) => {
    const { html, text, subject, from } = letter('payment_failed', {
      customer: { name: words },
      settings: { brand: words },
      renewal: { description: words },
    });
    expect(html).not.toMatch(/<script|<img|onerror=alert\(1\)>/);
    expect(html.match(/<a /g)).toHaveLength(2);
    expect(html).not.toContain('href="javascript');
    // Controls and what turns the direction of writing; only our own isolates may stand there.
    const rest = (html + text).replaceAll('\n', '');
    expect(rest).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066\u2067\u2028\u2029]/u);
    expect(subject + from.name).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
    expect(Array.from(from.name).length).toBeLessThanOrEqual(80);
    expect(text.length).toBeLessThan(2_000);
  });

  test.each([
    'http://evil.example',
    'visit www.evil',
    'pay@evil.example',
    'evil.example/pay',
    'злой.рф',
    'evil。example',
    'böse．example',
  ])('a name that mail programs would turn into a link greets nobody: %s', (name) => {
    expect(letter('payment_failed', { customer: { name } }).text).toContain('Hello,');
  });

  test('a name in Arabic or Hebrew turns nothing around it', () => {
    const { text } = letter('payment_failed', { customer: { name: 'עדה' } });
    expect(text).toContain('Hello \u2068עדה\u2069,');
  });

  test.each([
    'ada@example.com\r\nBcc: eve@example.com',
    'ada@example.com, eve@example.com',
    'Ada <ada@example.com>',
    '"ada"@example.com',
    'ada@exam ple.com',
    'ada@example',
    '@example.com',
    'ada@127.0.0.1',
    'ada@example.com>',
    'ada\u202e@example.com',
    `${'a'.repeat(65)}@example.com`,
  ])('an address like %j is not written to', (email) => {
    expect(write('payment_failed', { customer: { email } })).toMatchObject({ kind: 'skip' });
  });

  test.each([
    ['ada@Bücher.Example', 'ada@xn--bcher-kva.example'],
    ['ada+tag@sub.example.co', 'ada+tag@sub.example.co'],
  ])('an address like %s is written to as %s', (email, to) => {
    expect(letter('payment_failed', { customer: { email } }).to).toBe(to);
  });
});

describe('a language', () => {
  test.each([
    ['de-AT', 'de'],
    ['fr-CA', 'fr'],
    ['pt-BR', 'en'],
    ['not a tag', 'en'],
  ])('%s is written in %s', (locale, language) => {
    expect(letter('refund_made', { locale: locale.includes(' ') ? 'en' : locale }).html).toContain(
      `<html lang="${language}">`,
    );
  });
});
