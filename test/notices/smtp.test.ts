import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest';

import { smtpPost } from '../../notices/smtp.js';
import { type MailSink, decodedSubject, headerOf, openMailSink } from '../support/mail-sink.js';
import { letter } from './facts.js';

let sink: MailSink;
beforeAll(async () => void (sink = await openMailSink()));
beforeEach(() => {
  sink.trouble = 'none';
  sink.arrived.splice(0);
});
afterAll(() => sink.close());

const post = (deadlineMs = 10_000) => smtpPost({ url: sink.url, deadlineMs });

describe('a letter on the wire', () => {
  it('has our headers, and both its bodies', async () => {
    const written = letter('recovered', {
      locale: 'de',
      settings: { replyTo: 'help@nest.example' },
    });
    expect(await post().send(written)).toEqual({ kind: 'accepted' });
    const [arrived] = sink.arrived;
    expect(arrived).toMatchObject({ from: 'billing@nest.example', to: ['ada@example.com'] });
    expect(headerOf(arrived!, 'To')).toBe('ada@example.com');
    expect(headerOf(arrived!, 'Reply-To')).toBe('help@nest.example');
    expect(headerOf(arrived!, 'From')).toMatch(/^=\?UTF-8\?.* <billing@nest\.example>$/);
    expect(headerOf(arrived!, 'Auto-Submitted')).toBe('auto-generated');
    expect(headerOf(arrived!, 'Message-ID')).toBe('<ntc_01jxqv8b5e0c3k9m2n4p6r8s7t@nest.example>');
    expect(decodedSubject(arrived!)).toMatch(/^Nest & Söhne: Ihre Zahlung über 1\.234,00\s€/);
    expect(arrived!.raw).toMatch(/Content-Type: multipart\/alternative/);
    expect(arrived!.raw).toMatch(/Content-Type: text\/plain[\s\S]*Content-Type: text\/html/);
  });

  test.each([
    'Nest\r\nBcc: eve@example.com',
    'Nest" <eve@example.com>, "',
    'Nest\n\nThe body begins',
    'Nest\u2028Bcc: eve@example.com',
    '=?UTF-8?Q?=0D=0ABcc:_eve@example.com?=',
  ])('is kept in its headers by no brand: %j', async (brand) => {
    const written = letter('recovered', { settings: { brand }, customer: { name: brand } });
    // The worst case: nothing was cleaned before.
    await post().send({ ...written, from: { ...written.from, name: brand } });
    const [arrived] = sink.arrived;
    expect(arrived!.to).toEqual(['ada@example.com']);
    expect(headerOf(arrived!, 'Bcc')).toBeUndefined();
    const head = arrived!.raw.slice(0, arrived!.raw.indexOf('\r\n\r\n'));
    const names = [...head.matchAll(/^([\w-]+):/gm)].map(([, name]) => name!.toLowerCase());
    expect(names.toSorted()).toEqual([
      'auto-submitted',
      'content-type',
      'date',
      'from',
      'message-id',
      'mime-version',
      'subject',
      'to',
    ]);
    expect(headerOf(arrived!, 'From')).toMatch(/<billing@nest\.example>$/);
  });
});

/** This machine, under a name that could be any other. */
const ELSEWHERE = '[::ffff:127.0.0.1]';

describe('the answer', () => {
  test.each([
    ['busy_at_recipient', { kind: 'refused', final: false }],
    ['busy_at_end', { kind: 'refused', final: false }],
    ['no_such_recipient', { kind: 'refused', final: true }],
    ['silent', { kind: 'unheard' }],
  ] as const)('of a server that is %s', async (trouble, expected) => {
    sink.trouble = trouble;
    const deadlineMs = trouble === 'silent' ? 1_000 : undefined;
    const posted = await post(deadlineMs).send(letter('recovered'));
    expect(posted).toMatchObject(expected);
    expect(JSON.stringify(posted)).not.toContain('@');
  });

  test.each([
    ['nobody listens', 'smtp://127.0.0.1:1'],
    ['the host has no address', 'smtp://nobody.invalid'],
    [
      'a password would cross the network in the clear',
      `smtp://user:secret-word@${ELSEWHERE}:PORT`,
    ],
    ['it is no TLS server', 'smtps://127.0.0.1:PORT'],
  ])('where %s: nothing was handed over', async (_, url) => {
    const at = url.replace('PORT', String(sink.port));
    const posted = await smtpPost({ url: at, deadlineMs: 1_000 }).send(letter('recovered'));
    expect(posted).toMatchObject({ kind: 'refused', final: false });
    expect(JSON.stringify(posted)).not.toMatch(/secret-word|user/);
    expect([sink.arrived, sink.passwords]).toEqual([[], []]);
  });

  it('is that the letter was taken, where a password goes no further than this machine', async () => {
    const url = sink.url.replace('//', '//user:secret-word@');
    const posted = await smtpPost({ url, deadlineMs: 1_000 }).send(letter('recovered'));
    expect(posted).toEqual({ kind: 'accepted' });
    expect(sink.passwords.splice(0)).toEqual(['secret-word']);
  });
});
