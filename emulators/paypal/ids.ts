/** Identifiers in PayPal's manner: capitals and digits for what moves money, small letters for what is vaulted. */
import { randomBytes } from 'node:crypto';

/** Orders, captures, refunds, setup tokens and webhooks. */
export function newId(length = 17): string {
  return pick(CAPITALS, length);
}

export function newVaultId(): string {
  return pick(SMALL, 10);
}

export function newEventId(): string {
  return `WH-${newId()}-${newId()}`;
}

export function newDebugId(): string {
  return randomBytes(7).toString('hex').slice(0, 13);
}

function pick(alphabet: string, length: number): string {
  let name = '';
  for (const byte of randomBytes(length)) name += alphabet[byte % alphabet.length]!;
  return name;
}

const CAPITALS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const SMALL = '0123456789abcdefghijklmnopqrstuvwxyz';
