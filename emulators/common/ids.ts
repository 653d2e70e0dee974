/** Identifiers in Stripe's manner: a prefix that says the kind, and letters and digits that say nothing. */
import { randomBytes } from 'node:crypto';

export function newId(prefix: string, length = 24): string {
  let name = '';
  // Base 62 has no hyphen and no underscore, so that an id can always be split at its prefix.
  for (const byte of randomBytes(length)) name += ALPHABET[byte % ALPHABET.length]!;
  return `${prefix}_${name}`;
}

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
