/** Who asks: a client id and its secret buy an access token, and the token names the account. */
import { createHash, randomBytes } from 'node:crypto';

import type { Clock } from '../common/clock.js';
import type { Store } from '../common/store.js';
import { OauthError, PaypalError } from './errors.js';

interface Token {
  readonly clientId: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

export interface Credentials {
  /** From now on only this secret buys tokens for this client. */
  register(clientId: string, secret: string): void;
  issue(authorization: string | undefined): { token: string; clientId: string; seconds: number };
  /** The client behind a bearer token. */
  clientOf(authorization: string | undefined): string;
  /** Without a client, everybody's. Says how many. */
  revoke(clientId?: string): number;
  setLifetime(seconds: number): void;
}

/** Neither secrets nor tokens are kept, only their digests. */
export function createCredentials(store: Store, clock: Clock): Credentials {
  const secrets = store.table<string>('client_secrets');
  const tokens = store.table<Token>('access_tokens');
  const lifetimes = store.table<number>('token_lifetime');

  return {
    register(clientId, secret) {
      checkShape(clientId, secret);
      secrets.put(clientId, digest(secret));
    },
    issue(authorization) {
      const [clientId, secret] = basic(authorization);
      checkShape(clientId, secret);
      const registered = secrets.get(clientId);
      if (registered !== undefined && registered !== digest(secret))
        throw invalidClient('Client Authentication failed');
      forgetExpired();
      const token = `A21AA${randomBytes(36).toString('base64url')}`;
      const seconds = lifetimes.get('seconds') ?? LIFETIME_SECONDS;
      tokens.put(digest(token), { clientId, expiresAt: clock.now() + seconds * 1000 });
      return { token, clientId, seconds };
    },
    clientOf(authorization) {
      const token = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1];
      if (token === undefined) throw new PaypalError(401, []);
      const known = tokens.get(digest(token));
      if (!known) throw new OauthError(401, 'invalid_token', 'Access Token not found in cache');
      if (known.expiresAt <= clock.now())
        throw new OauthError(401, 'invalid_token', 'The token has expired');
      return known.clientId;
    },
    revoke(clientId) {
      const all = tokens
        .ids()
        .filter((name) => clientId === undefined || tokens.get(name)!.clientId === clientId);
      for (const name of all) tokens.delete(name);
      return all.length;
    },
    setLifetime: (seconds) => lifetimes.put('seconds', seconds),
  };

  function forgetExpired(): void {
    for (const name of tokens.ids())
      if (tokens.get(name)!.expiresAt < clock.now() - 3_600_000) tokens.delete(name);
  }
}

const LIFETIME_SECONDS = 31_668;

function basic(authorization: string | undefined): [clientId: string, secret: string] {
  const encoded = /^Basic (\S+)$/.exec(authorization ?? '')?.[1];
  const [clientId, ...secret] = Buffer.from(encoded ?? '', 'base64')
    .toString('utf8')
    .split(':');
  return [clientId ?? '', secret.join(':')];
}

function checkShape(clientId: string, secret: string): void {
  if (/^live/i.test(clientId) || /^live/i.test(secret))
    throw invalidClient('This is an emulator: it refuses live credentials');
  if (!/^[\w.-]{6,128}$/.test(clientId) || !/^[\w.-]{6,128}$/.test(secret))
    throw invalidClient('Client Authentication failed');
}

function invalidClient(description: string): OauthError {
  return new OauthError(401, 'invalid_client', description);
}

function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
