/** A notice and its facts, without any database. */
import { NOTICE_KINDS, type NoticeKind } from '../../domain/notice.js';
import { type Written, writeLetter } from '../../notices/letter.js';
import { methodLinks } from '../../notices/link.js';
import type { Letter } from '../../notices/post.js';
import type { NoticeFacts } from '../../prisma/notice-facts.js';
import type { Notice } from '../../prisma/notice.js';

export const NOW = new Date('2026-12-01T09:00:00Z');
export const KEY = 'a key of thirty-two characters or more';
const CUSTOMER = 'cus_01jxqv8b5e0c3k9m2n4p6r8s7t';
const RENEWAL = 'rnw_01jxqv8b5e0c3k9m2n4p6r8s7t';

export interface Case {
  readonly locale?: string;
  readonly customer?: object;
  readonly settings?: object;
  readonly renewal?: object;
}

export function write(kind: NoticeKind, about: Case = {}): Written {
  const { locale = 'en', customer = {}, settings = {}, renewal = {} } = about;
  const notice = {
    id: 'ntc_01jxqv8b5e0c3k9m2n4p6r8s7t',
    customerId: CUSTOMER,
    renewalId: RENEWAL,
    kind,
    locale,
  } as Notice;
  const facts = {
    settings: {
      from: 'billing@nest.example',
      replyTo: null,
      brand: 'Nest & Söhne',
      kinds: NOTICE_KINDS,
      upcomingDays: 7,
      ...settings,
    },
    customer: {
      email: 'ada@example.com',
      name: 'Ada Lovelace',
      timeZone: 'Europe/Berlin',
      ...customer,
    },
    currency: 'EUR',
    description: 'Pro, monthly',
    after: {
      caseStatus: 'open',
      renewalStatus: renewalStatus(kind),
      refundStatus: 'succeeded',
      isUpcoming: true,
    },
    amountMinor: 123_400,
    wasTold: true,
    day: new Date('2026-12-03T23:30:00Z'),
    method: 'SEPA ···3000',
    ...renewal,
  } as unknown as NoticeFacts;
  const links = { ...methodLinks(KEY), sign: () => 'a.signed-token' };
  return writeLetter(notice, facts, { links, publicUrl: 'https://pay.nest.example/' }, NOW);
}

export function letter(kind: NoticeKind, about: Case = {}): Letter {
  const written = write(kind, about);
  if (written.kind === 'skip') throw new Error(written.why);
  return written.letter;
}

function renewalStatus(kind: NoticeKind): string {
  return kind === 'recovered' ? 'paid' : 'past_due';
}
