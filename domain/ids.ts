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
} as const;

/** The part of an id before the underscore: "rnw". */
export type IdPrefix = keyof typeof ID_PREFIXES;

declare const prefix: unique symbol;

/** An id of one noun: `Id<'rnw'>` is a string like "rnw_01jxq…", and no other noun's id fits it. */
export type Id<P extends IdPrefix> = string & { readonly [prefix]: P };

/** A merchant: "mer_…". */
export type MerchantId = Id<'mer'>;
/** An API key's public id: "key_…". Never the secret. */
export type ApiKeyId = Id<'key'>;
/** A merchant's account at one gateway: "gwa_…". */
export type GatewayAccountId = Id<'gwa'>;
/** A customer: "cus_…". Ours; Stripe's customer ids look alike, but are upper and lower case. */
export type CustomerId = Id<'cus'>;
/** A payment method: "pm_…". Ours, not the gateway's token. */
export type PaymentMethodId = Id<'pm'>;
/** A subscription: "sub_…". */
export type SubscriptionId = Id<'sub'>;
/** A renewal: "rnw_…". */
export type RenewalId = Id<'rnw'>;
/** A charge, and the idempotency key it is sent under: "chg_…". */
export type ChargeId = Id<'chg'>;
/** A dunning case: "dnc_…". */
export type DunningCaseId = Id<'dnc'>;
/** A dunning policy, one version of it: "dpo_…". */
export type DunningPolicyId = Id<'dpo'>;
/** An operator's command: "cmd_…". It names the round that the command causes. */
export type CommandId = Id<'cmd'>;
/** A start, wake or signal owed to Temporal: "dsp_…". It names the round that it causes. */
export type DispatchId = Id<'dsp'>;
/** A webhook as received: "gev_…". */
export type GatewayEventId = Id<'gev'>;
/** What we send out: "evt_…". */
export type EventId = Id<'evt'>;

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
