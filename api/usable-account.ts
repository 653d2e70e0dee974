/** A gateway account that a request wants to use now, and what to say when it cannot. */
import type { Logger } from 'pino';

import { DomainError } from '../domain/errors.js';
import type { Account } from '../gateways/gateway.js';
import type { GatewayAccount } from '../prisma/gateway-account.js';
import { requireMode } from './authenticate.js';
import type { ApiDeps, Caller } from './deps.js';

const FIELD = 'gateway_account';

export function requireUsable(row: GatewayAccount | null, caller: Caller): GatewayAccount {
  if (!row) throw new DomainError('invalid', 'unknown_gateway_account', 'There is none', FIELD);
  requireMode(caller, row.mode, FIELD);
  if (row.state !== 'open')
    throw new DomainError('conflict', 'gateway_account_not_open', `It is ${row.state}`, FIELD);
  return row;
}

/** A missing secret is nothing the caller did, and its name is none of the caller's business. */
export function credentialsOf(api: ApiDeps, row: GatewayAccount): Account {
  try {
    return api.accountFor(row);
  } catch (cause) {
    const message = 'The credentials of this gateway account cannot be read';
    throw Object.assign(new DomainError('unavailable', 'no_credentials', message), { cause });
  }
}

export function gatewayAway(log: Logger, { id }: GatewayAccount, why: string): DomainError {
  log.warn({ gateway_account: id, why }, 'a payment method could not be taken');
  return new DomainError('unavailable', 'gateway_unavailable', 'The gateway could not be reached');
}
