import { createHmac } from 'node:crypto';

import { describe, expect, it, test } from 'vitest';

import { methodLinks } from '../../notices/link.js';
import { KEY, NOW } from './facts.js';

const links = methodLinks(KEY);
const LINK = {
  customerId: 'cus_01jxqv8b5e0c3k9m2n4p6r8s7t',
  renewalId: 'rnw_01jxqv8b5e0c3k9m2n4p6r8s7t',
};
const token = links.sign(LINK, NOW);
const days = (count: number) => new Date(NOW.getTime() + count * 86_400_000);
const said = (text: string) => Buffer.from(text).toString('base64url');

const signedWith = (key: string, text: string) =>
  createHmac('sha256', key).update(text).digest('base64url');

describe('a link', () => {
  it('says whose it is for 30 days', () => {
    expect(links.read(token, NOW)).toEqual(LINK);
    expect(links.read(token, days(29.99))).toEqual(LINK);
    expect(links.read(token, days(30))).toBeUndefined();
  });

  it('stands in an address as it is, and is short', () => {
    expect(token).toMatch(/^[\w.-]{100,170}$/);
  });

  const [payload = '', mac = ''] = token.split('.');
  const other = said(
    `cus_01jxqv8b5e0c3k9m2n4p6r8s7z.${LINK.renewalId}.${Math.floor(days(30).getTime() / 1000)}`,
  );
  test.each([
    ['nothing', ''],
    ['no signature', payload],
    ['an empty signature', `${payload}.`],
    ['another customer under the same signature', `${other}.${mac}`],
    ['one letter less', token.slice(0, -1)],
    ['one letter more', `${token}A`],
    ['another part', `${token}.x`],
    ['another spelling of the same bytes', `${payload}.${mac}=`],
    ['a far expiry', `${said(`${LINK.customerId}.${LINK.renewalId}.99999999999`)}.${mac}`],
    ['a signature of the key as it is', `${payload}.${signedWith(KEY, payload)}`],
    ['a signature of another key', methodLinks(`${KEY}!`).sign(LINK, NOW)],
    ['a huge one', `${'A'.repeat(100_000)}.${mac}`],
  ])('is refused: %s', (_, forged) => {
    expect(links.read(forged, NOW)).toBeUndefined();
  });

  it('is refused with any single letter changed', () => {
    for (let at = 0; at < token.length; at++) {
      const letter = token[at] === 'A' ? 'B' : 'A';
      const forged = token.slice(0, at) + letter + token.slice(at + 1);
      expect(links.read(forged, NOW), `at ${at}`).toBeUndefined();
    }
  });
});
