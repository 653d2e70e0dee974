/** Authentication: an API key names its merchant, its mode and its scopes. */
import type { RequestHandler, Response } from 'express';

import { DomainError } from '../domain/errors.js';
import { findApiKey } from '../prisma/api-key.js';
import type { ApiDeps, Caller, Scope } from './deps.js';
import { Problem } from './problem.js';

export function authenticate({ db }: Pick<ApiDeps, 'db'>): RequestHandler {
  return async (req, res, next) => {
    const secret = /^Bearer (dk_(?:test|live)_\w{24,200})$/i.exec(
      req.get('authorization') ?? '',
    )?.[1];
    const key = secret === undefined ? null : await findApiKey(db, secret);
    if (!key || key.revokedAt) throw notAuthenticated();
    const caller: Caller = {
      keyId: key.id,
      keyName: key.name,
      merchantId: key.merchantId,
      mode: key.mode === 'live' ? 'live' : 'test',
      scopes: key.scopes,
    };
    res.locals['caller'] = caller;
    next();
  };
}

/** Whoever made this request, once that is known. */
export function callerOf(res: Response): Caller | undefined {
  return res.locals['caller'] as Caller | undefined;
}

/** The scope `admin` includes every other. */
export function requireScope(caller: Caller, scope: Scope): void {
  if (caller.scopes.includes(scope) || caller.scopes.includes('admin')) return;
  throw new Problem(403, 'missing_scope', `This API key has no scope "${scope}"`);
}

/** A test key never touches what can move real money. */
export function requireMode({ mode }: Caller, touched: string, field: string): void {
  if (mode === 'live' || touched === 'test') return;
  throw new DomainError('forbidden', 'test_key', 'A test key touches only what is test', field);
}

function notAuthenticated(): Problem {
  const detail = 'Send a valid API key: Authorization: Bearer dk_test_… or dk_live_…';
  return new Problem(401, 'not_authenticated', detail, {
    headers: { 'WWW-Authenticate': 'Bearer realm="dunlin"' },
  });
}
