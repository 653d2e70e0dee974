/** Locales: which of our languages a customer reads, and by which rules amounts and dates are written. */

export const LANGUAGES = ['en', 'de', 'fr', 'es'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The language for a tag such as "de-AT": its own, or English where we have no words in it. */
export function languageOf(tag: string | null): Language {
  const language = parse(tag)?.language;
  return LANGUAGES.find((one) => one === language) ?? 'en';
}

/** The tag under which amounts and dates are written: language and country, and nothing that changes digits. */
export function localeOf(tag: string | null): string {
  const locale = parse(tag);
  if (!locale || languageOf(tag) !== locale.language) return 'en';
  return locale.region ? `${locale.language}-${locale.region}` : locale.language;
}

/** What looks like a tag may still be none. */
function parse(tag: string | null): Intl.Locale | undefined {
  try {
    return tag ? new Intl.Locale(tag) : undefined;
  } catch {
    return undefined;
  }
}
