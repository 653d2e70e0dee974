/**
 * Card numbers: finding one where none may be. Dunlin holds references to cards, never cards; a
 * request that carries a card number is refused before it is stored or logged.
 */
import cardValidator from 'card-validator';

/**
 * Whether the text holds a card number: 12 to 19 digits that a card brand issues, with a right
 * check digit, in one piece or in groups parted by single spaces, dashes or dots. Digits that touch
 * a letter or an underscore belong to an id, and UUIDs, ISO timestamps and IBANs are what they look
 * like.
 */
export function containsCardNumber(text: string): boolean {
  const groups = digitGroups(withoutLookalikes(text));
  return groups.some((_, first) => cardBeginsAt(groups, first));
}

/**
 * Where the first card number is, as a path ("$.card.number", "$.items[2]"), in any JSON value:
 * strings, numbers and object keys. A key that is one is written as "{key}", so that the path can
 * be shown.
 */
export function findCardNumber(value: unknown): string | undefined {
  const waiting: { readonly path: string; readonly node: unknown }[] = [{ path: '$', node: value }];
  // A list of what is left to read, not recursion: a hostile body can nest deeper than the stack.
  for (let next; (next = waiting.pop());) {
    const { path, node } = next;
    if (typeof node === 'string' || typeof node === 'number') {
      if (containsCardNumber(String(node))) return path;
    } else if (Array.isArray(node)) {
      for (let i = node.length - 1; i >= 0; i--)
        waiting.push({ path: `${path}[${i}]`, node: node[i] });
    } else if (typeof node === 'object' && node !== null) {
      const entries = Object.entries(node);
      if (entries.some(([key]) => containsCardNumber(key))) return `${path}.{key}`;
      for (const [key, child] of entries.toReversed())
        waiting.push({ path: childPath(path, key), node: child });
    }
  }
  return undefined;
}

interface DigitGroup {
  readonly digits: string;
  /** Whether a letter or underscore stands right before or right after it. */
  readonly touchedBefore: boolean;
  readonly touchedAfter: boolean;
  /** Whether one separator, and nothing else, parts it from the next group. */
  readonly joined: boolean;
}

function digitGroups(text: string): DigitGroup[] {
  return [...text.matchAll(/\d+/g)].map(({ 0: digits, index }) => {
    const end = index + digits.length;
    return {
      digits,
      touchedBefore: WORD.test(text.charAt(index - 1)),
      touchedAfter: WORD.test(text.charAt(end)),
      joined: SEPARATOR.test(text.charAt(end)) && /\d/.test(text.charAt(end + 1)),
    };
  });
}

/**
 * A card number takes whole groups: 16 digits in the middle of 30 are part of some other number.
 */
function cardBeginsAt(groups: readonly DigitGroup[], first: number): boolean {
  if (groups[first]!.touchedBefore) return false;
  let digits = '';
  for (let last = first; last < groups.length; last++) {
    const group = groups[last]!;
    digits += group.digits;
    if (digits.length > LONGEST) return false;
    if (digits.length >= SHORTEST && !group.touchedAfter && isCard(digits)) return true;
    if (!group.joined) return false;
  }
  return false;
}

function isCard(digits: string): boolean {
  // The brand check is slow; without these two a body of lone digits would take seconds to read.
  if (digits.startsWith('0') || !hasCheckDigit(digits)) return false;
  return cardValidator.number(digits, { luhnValidateUnionPay: true }).isValid;
}

/** Luhn's rule: every second digit from the right counts double, and the sum ends in 0. */
function hasCheckDigit(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const value = Number(digits[digits.length - 1 - i]) * (1 + (i % 2));
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 === 0;
}

function withoutLookalikes(text: string): string {
  return text
    .replace(UUID, ' _ ')
    .replace(TIMESTAMP, ' _ ')
    .replace(IBAN, (found) => (isIban(found) ? ' _ ' : found));
}

/** An IBAN proves itself: moved and read as a number, it leaves 1 when divided by 97. */
function isIban(text: string): boolean {
  const compact = text.replaceAll(' ', '');
  const moved = compact.slice(4) + compact.slice(0, 4);
  let rest = 0;
  for (const character of moved) rest = Number(`${rest}${Number.parseInt(character, 36)}`) % 97;
  return rest === 1;
}

function childPath(path: string, key: string): string {
  return /^[A-Za-z_]\w*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

const SHORTEST = 12;
const LONGEST = 19;
const WORD = /[\p{L}_]/u;
/** Also the no-break space and the dashes that word processors put in place of the plain ones. */
const SEPARATOR = /[ .\-\u00a0\u2010-\u2015]/;
const UUID = /\b[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}\b/gi;
const TIMESTAMP = /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?/g;
const IBAN = /\b[A-Z]{2}\d{2}(?: ?[A-Z\d]{4}){2,7}(?: ?[A-Z\d]{1,3})?\b/g;
