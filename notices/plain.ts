/** Strangers' words in our letters: names without anything that could break out of a line, and addresses that can be written to. */
import { domainToASCII } from 'node:url';

/** Controls, line separators, and what is invisible or turns the direction of writing. */
const TREACHEROUS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]+/gu;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;
const MOST = 80;

/** One line of visible characters, kept from turning its surroundings around. */
export function plain(text: string, most = MOST): string {
  const line = text.normalize('NFC').replaceAll(TREACHEROUS, ' ').replaceAll(/\s+/g, ' ').trim();
  const letters = Array.from(line);
  const short = letters.length > most ? `${letters.slice(0, most - 1).join('')}…` : line;
  return RIGHT_TO_LEFT.test(short) ? `\u2068${short}\u2069` : short;
}

/** A name to greet by. What looks like an address is none: mail programs would turn it into a link. */
export function greetable(name: string | null): string {
  const clean = plain(name ?? '');
  return /[/:@<>\\]|[\p{L}\p{N}_][.。．｡][\p{L}\p{N}_]|www/iu.test(clean) ? '' : clean;
}

/** Conservative on purpose: every character that means something in a header or an SMTP command is out. */
const LOCAL_PART = /^[\w!#$%&'*+\-/=?^`{|}~]+(\.[\w!#$%&'*+\-/=?^`{|}~]+)*$/;
const HOST = /^([a-z\d]([a-z\d-]{0,61}[a-z\d])?\.)+[a-z][a-z\d-]{0,61}[a-z\d]$/;

/** The address in the form that every mail server takes, or undefined if there is none. */
export function mailable(address: string | null): string | undefined {
  const at = address?.lastIndexOf('@') ?? -1;
  if (!address || at < 1 || address.length > 254) return undefined;
  const local = address.slice(0, at);
  const given = address.slice(at + 1);
  if (/[\s\p{Cc}\p{Cf}]/u.test(given)) return undefined;
  const host = domainToASCII(given).toLowerCase();
  return local.length <= 64 && LOCAL_PART.test(local) && HOST.test(host)
    ? `${local}@${host}`
    : undefined;
}
