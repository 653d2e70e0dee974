/**
 * Ids: a prefix that names the noun, and a ULID. They sort by the time they were made, read well in
 * logs, and their types keep one noun's id from being passed as another's.
 */
import { ulid } from 'ulid';

import { DomainError } from './errors.js';

/** The noun behind each prefix. A prefix is never reused for another noun. */
export const ID_PREFIXES = {
  mer: 'merchant',
  key: 'API key',
  gwa: 'gateway account',
  cus: 'customer',
  pm: 'payment method',
  sub: 'subscription',
  rnw: 'renewal',
  chg: 'charge',
  dnc: 'dunning case',
  dpo: 'dunning policy',
  cmd: 'command',
  dsp: 'dispatch owed to Temporal',
  gev: 'gateway event',
  evt: 'event',
  rul: 'routing rule',
  rfd: 'refund',
  dis: 'dispute',
  ltx: 'ledger transaction',
  len: 'ledger entry',
  mov: "movement in a gateway's books",
  rcn: 'reconciliation',
  dif: 'difference',
  aud: 'audit entry',
  whe: 'webhook endpoint',
  ntc: 'notice to a customer',
} as const;

/** The part of an id before the underscore: "rnw". */
export type IdPrefix = keyof typeof ID_PREFIXES;

declare const prefix: unique symbol;

/** An id of one noun: `Id<'rnw'>` is a string like "rnw_01jxq…", and no other noun's id fits it. */
export type Id<P extends IdPrefix> = string & { readonly [prefix]: P };

/** A subscription: "sub_…". */
export type SubscriptionId = Id<'sub'>;
/** A renewal: "rnw_…". */
export type RenewalId = Id<'rnw'>;
/** A charge, and the idempotency key it is sent under: "chg_…". */
export type ChargeId = Id<'chg'>;
/** A refund, and the idempotency key it is sent under: "rfd_…". */
export type RefundId = Id<'rfd'>;
/** An operator's command: "cmd_…". It names the round that the command causes. */
export type CommandId = Id<'cmd'>;

/**
 * A new id. `atMs` is an epoch instant in whole milliseconds, after 1970 began; ids made in the
 * same millisecond are in no particular order. `random` gives numbers from 0 up to 1.
 */
export function makeId<P extends IdPrefix>(prefix: P, atMs: number, random: () => number): Id<P> {
  // The library would quietly read the machine's clock in place of zero.
  if (!Number.isSafeInteger(atMs) || atMs <= 0)
    throw new DomainError('invalid', 'bad_instant', 'An id needs the instant at which it is made.');
  return `${prefix}_${ulid(atMs, random).toLowerCase()}` as Id<P>;
}

/** Whether this has the shape of such an id. Whether the thing exists is another question. */
export function isId<P extends IdPrefix>(prefix: P, value: unknown): value is Id<P> {
  return (
    typeof value === 'string' &&
    value.startsWith(`${prefix}_`) &&
    LOWER_CASE_ULID.test(value.slice(prefix.length + 1))
  );
}

/**
 * Crockford's alphabet without i, l, o, u; the first character holds only three bits of the time.
 */
const LOWER_CASE_ULID = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;
