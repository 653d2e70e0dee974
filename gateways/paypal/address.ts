/** Where an account's requests go, and who it says it is. */
import { createHash } from 'node:crypto';

import type { Account } from '../gateway.js';

export interface Address {
  readonly kind: 'address';
  readonly origin: URL;
  /** What stands before every path; empty at PayPal itself. */
  readonly prefix: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Tells one set of credentials at one place from every other, and gives no secret away. */
  readonly name: string;
}

export interface Misconfigured {
  readonly kind: 'misconfigured';
  readonly why: string;
}

export function addressOf(account: Account): Address | Misconfigured {
  const base = baseOf(account);
  if (typeof base === 'string') return misconfigured(base);
  const [clientId, clientSecret] = splitOnce(account.secret);
  if (!clientId || !clientSecret)
    return misconfigured(`The secret of ${account.name} must be "client id:client secret"`);
  const prefix = base.pathname.replace(/\/+$/, '');
  const hash = createHash('sha256').update(clientSecret).digest('hex');
  const name = `${base.origin}${prefix} ${clientId} ${hash}`;
  return { kind: 'address', origin: base, prefix, clientId, clientSecret, name };
}

/** Plain HTTP to another machine would show the client secret to everybody on the way. */
function baseOf({ name, mode, apiBase }: Pick<Account, 'name' | 'mode' | 'apiBase'>): URL | string {
  if (apiBase === undefined) return new URL(VENDOR[mode]);
  if (mode === 'live') return `${name} is live: it goes to PayPal itself, never to an api_base`;
  if (!URL.canParse(apiBase)) return `The api_base of ${name} is not an address`;
  const base = new URL(apiBase);
  const secure = base.protocol === 'https:';
  if (secure || (base.protocol === 'http:' && isLoopback(base))) return base;
  return `The api_base of ${name} must be https, or http on this machine`;
}

export function isLoopback({ hostname }: URL): boolean {
  return ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
}

const VENDOR = {
  test: 'https://api-m.sandbox.paypal.com',
  live: 'https://api-m.paypal.com',
} as const;

function splitOnce(secret: string): [string, string] {
  const colon = secret.indexOf(':');
  return colon < 0 ? ['', ''] : [secret.slice(0, colon).trim(), secret.slice(colon + 1).trim()];
}

function misconfigured(why: string): Misconfigured {
  return { kind: 'misconfigured', why };
}
