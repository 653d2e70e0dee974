/** Writing a notice: from facts to a letter in the customer's language, as HTML and as plain text. */
import { Eta } from 'eta';

import { languageOf } from '../domain/locale.js';
import { money, toDecimalString } from '../domain/money.js';
import { type NoticeKind, isOvertaken, needsLink } from '../domain/notice.js';
import type { NoticeFacts } from '../prisma/notice-facts.js';
import type { Notice } from '../prisma/notice.js';
import { HTML_LAYOUT, TEXT_LAYOUT } from './layout.js';
import type { MethodLinks } from './link.js';
import { greetable, mailable, plain } from './plain.js';
import type { Letter } from './post.js';
import { TEXTS, type Texts, type Words } from './texts/texts.js';

export type Written =
  | { readonly kind: 'letter'; readonly letter: Letter }
  | { readonly kind: 'skip'; readonly why: string };

export interface Addresses {
  readonly links: MethodLinks;
  /** Where customers reach us. Absent: no notice can carry a link. */
  readonly publicUrl: string | undefined;
}

/** A letter, or why there is none. */
export function writeLetter(
  notice: Notice,
  facts: NoticeFacts,
  addresses: Addresses,
  now: Date,
): Written {
  const kind = notice.kind as NoticeKind;
  const { settings, customer } = facts;
  const skip = (why: string): Written => ({ kind: 'skip', why });
  if (!settings) return skip('The merchant has set no sender: notices.from');
  if (!settings.kinds.includes(kind)) return skip(`The merchant's settings leave ${kind} out`);
  if (isOvertaken(kind, facts.after)) return skip('It was overtaken by what happened since');
  if (kind === 'recovered' && !facts.wasTold) return skip('The customer had not been told before');
  if (!customer.email) return skip('The customer has no e-mail address');
  const to = mailable(customer.email);
  if (!to) return skip("The customer's e-mail address cannot be written to");
  const from = mailable(settings.from);
  if (!from) return skip('notices.from cannot be written from');
  const link = needsLink(kind) ? linkOf(notice, addresses, now) : '';
  if (link === undefined) return skip('PUBLIC_URL is not set, and this notice needs a link');

  const language = languageOf(notice.locale);
  const shown = render(kind, TEXTS[language], wordsOf(notice, facts, TEXTS[language]), {
    language,
    link,
  });
  const letter = {
    ...shown,
    from: { name: plain(settings.brand), address: from },
    replyTo: mailable(settings.replyTo),
    to,
    messageId: messageIdOf(notice, from),
    date: now,
  };
  return { kind: 'letter', letter };
}

/** The same for each repeat, so that a mail program recognizes one. */
function messageIdOf({ id }: Notice, from: string): string {
  return `${id}@${from.slice(from.lastIndexOf('@') + 1)}`;
}

function linkOf(
  { customerId, renewalId }: Notice,
  { links, publicUrl }: Addresses,
  now: Date,
): string | undefined {
  if (!publicUrl || !renewalId) return undefined;
  const token = links.sign({ customerId, renewalId }, now);
  return `${publicUrl.replace(/\/+$/, '')}/update-payment-method/${token}`;
}

function wordsOf(
  { locale }: Notice,
  { settings, customer, amountMinor, currency, description, day, method }: NoticeFacts,
  { subscription: unnamed, quotes }: Texts,
): Words {
  const what = plain(description ?? '');
  const { timeZone } = customer;
  const days = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone });
  return {
    brand: plain(settings!.brand),
    name: greetable(customer.name),
    amount: writtenAmount(locale, amountMinor, currency),
    what: what ? `${quotes[0]}${what}${quotes[1]}` : unnamed,
    day: day ? days.format(day) : '',
    method: plain(method ?? ''),
  };
}

/** From the decimal text, with the currency's own decimals: no float is formed. */
function writtenAmount(locale: string, amountMinor: number, currency: string): string {
  const text = toDecimalString(money(amountMinor, currency));
  const digits = text.split('.')[1]?.length ?? 0;
  const options = { style: 'currency', currency } as const;
  const fixed = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  const format = new Intl.NumberFormat(locale, { ...options, ...fixed });
  return format.format(text as Intl.StringNumericLiteral);
}

const forHtml = new Eta({ autoEscape: true });
const forText = new Eta({ autoEscape: false });

function render(
  kind: NoticeKind,
  texts: Texts,
  words: Words,
  { language, link }: { readonly language: string; readonly link: string },
): Pick<Letter, 'subject' | 'text' | 'html'> {
  const say = (template: string) => forText.renderString(template, words);
  const { subject, title, paragraphs } = texts.notices[kind];
  // The sentences are filled in as plain text first, and escaped as a whole by the layout.
  const parts = {
    language,
    link,
    title,
    brand: words.brand,
    greeting: say(words.name ? texts.greeting : texts.plainGreeting),
    paragraphs: paragraphs.map(say),
    button: texts.button,
    orOpen: texts.orOpen,
    footer: say(texts.footer),
  };
  return {
    subject: say(subject),
    text: forText.renderString(TEXT_LAYOUT, parts),
    html: forHtml.renderString(HTML_LAYOUT, parts),
  };
}
