/** Text that PostgreSQL can keep: it has neither the null character nor half of a surrogate pair. */
const HALF_CHARACTER = /\p{Surrogate}/u;

export function isStorable(text: string): boolean {
  return !text.includes('\0') && !HALF_CHARACTER.test(text);
}

export function storable(text: string): string {
  return text.replaceAll('\0', '\ufffd').replaceAll(new RegExp(HALF_CHARACTER, 'gu'), '\ufffd');
}
