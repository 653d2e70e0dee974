/** What notices say, in each language: Eta templates over `Words`, escaped where they become HTML. */
import type { Language } from '../../domain/locale.js';
import type { NoticeKind } from '../../domain/notice.js';
import { de } from './de.js';
import { en } from './en.js';
import { es } from './es.js';
import { fr } from './fr.js';

export interface Texts {
  /** With `it.name`, and where there is none. */
  readonly greeting: string;
  readonly plainGreeting: string;
  /** What is paid for, where the subscription has no description; and the quotes around one. */
  readonly subscription: string;
  readonly quotes: readonly [string, string];
  /** On the button that leads to the page for payment methods, and the line that offers its address. */
  readonly button: string;
  readonly orOpen: string;
  /** Why the customer gets this. */
  readonly footer: string;
  readonly notices: Readonly<Record<NoticeKind, Text>>;
}

interface Text {
  /** Names nobody: brand and amount only. */
  readonly subject: string;
  readonly title: string;
  readonly paragraphs: readonly string[];
}

/** What the templates may name, as `it`. */
export interface Words {
  readonly brand: string;
  readonly name: string;
  readonly amount: string;
  /** What is paid for. */
  readonly what: string;
  /** Of an announced debit, or of a period to come. */
  readonly day: string;
  /** What is debited. */
  readonly method: string;
}

export const TEXTS: Readonly<Record<Language, Texts>> = { en, de, fr, es };
