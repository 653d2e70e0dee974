/** The words that many requests and answers share. */
import { z } from 'zod';
import 'zod-openapi';

import { isCurrency } from '../../domain/currency.js';
import type { IdPrefix } from '../../domain/ids.js';
import { isTimeZone } from '../../domain/period.js';
import { isStorable } from '../storable.js';

const EXAMPLE_ULID = '01jxqv8b5e0c3k9m2n4p6r8s7t';

export function text(max: number) {
  return z
    .string()
    .min(1)
    .max(max)
    .refine(isStorable, { error: 'has characters that cannot be stored' });
}

/** Words for a person, of which blanks are none. */
export function words(max: number) {
  return text(max).refine((value) => value.trim() !== '', { error: 'has no words' });
}

export function idOf(prefix: IdPrefix) {
  return z
    .string()
    .regex(new RegExp(`^${prefix}_[0-7][0-9a-hjkmnp-tv-z]{25}$`), {
      error: `must be a ${prefix}_… id`,
    })
    .meta({ example: `${prefix}_${EXAMPLE_ULID}` });
}

export function byId(prefix: IdPrefix) {
  return z.strictObject({ id: idOf(prefix) });
}

export const amountMinor = z
  .int({ error: 'must be a whole number of minor units' })
  .positive({ error: 'must be greater than 0' })
  .meta({ description: 'Whole minor units: EUR 19.00 is 1900, JPY 500 is 500', example: 1900 });

export const currency = z
  .string()
  .length(3)
  .refine(isCurrency, { error: 'must be an ISO 4217 code in upper case, such as EUR' })
  .meta({ example: 'EUR' });

export const timeZone = z
  .string()
  .max(64)
  .refine(isTimeZone, { error: 'must be an IANA time zone such as Europe/Berlin' })
  .meta({ example: 'Europe/Berlin' });

export const metadata = z
  .record(text(40), z.string().max(500).refine(isStorable))
  .refine((entries) => Object.keys(entries).length <= 50, { error: 'has more than 50 keys' })
  .meta({ description: 'Up to 50 keys of up to 40 characters; values of up to 500', example: {} });

/** An ISO instant with its offset, between the years 2000 and 2999. */
export const instant = z.iso
  .datetime({ offset: true, error: 'must be an instant such as 2026-12-01T09:00:00Z' })
  .refine(isInRange, { error: 'must be between the years 2000 and 2999' })
  .meta({ example: '2026-12-01T09:00:00Z' });

/** What is no instant at all was refused before. */
function isInRange(value: string): boolean {
  const at = Date.parse(value);
  return Number.isNaN(at) || (at >= Date.UTC(2000, 0, 1) && at < Date.UTC(3000, 0, 1));
}

export const reason = words(500).meta({
  description: 'Why. It goes into the audit trail, with the name of the API key.',
  example: 'The customer called: the card works again',
});

/** In answers. */
export const shownInstant = z.iso.datetime().meta({ example: '2026-12-01T09:00:00.000Z' });
export const shownMetadata = z.record(z.string(), z.string());
export const workflow = z
  .object({ id: z.string(), url: z.string() })
  .meta({ description: 'The Temporal workflow at work on it, and where to watch it' });
export const nextStep = z
  .object({ kind: z.string(), at: shownInstant.nullable(), why: z.string() })
  .meta({ description: 'What happens next by itself, when, and why' });

export const needsAttention = z
  .object({ since: z.string(), why: z.string(), next: z.string() })
  .meta({ description: 'Why a person must look, and what happens next by itself' });

/** A gateway account as other things name it. */
export const shownAccount = z.object({ id: idOf('gwa'), name: z.string() }).meta({
  description: 'The gateway account',
  example: { id: `gwa_${EXAMPLE_ULID}`, name: 'stripe-eu' },
});

export const accountNamed = text(64).meta({
  description: 'Id or name of a gateway account',
  example: 'stripe-eu',
});

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

/** An address that is https, or http on this machine, and carries no credentials. */
export function webAddress(max: number) {
  return z
    .url({ protocol: /^https?$/, error: 'must be an https address' })
    .max(max)
    .refine(isSafeAddress, {
      error: 'must be https, or http on this machine, without credentials',
    });
}

function isSafeAddress(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname, username, password } = new URL(address);
  return !username && !password && (protocol === 'https:' || LOOPBACK.includes(hostname));
}

const LIMIT = { error: 'must be a whole number from 1 to 100' };

/** Query of a list. */
export function pageOf(prefix: IdPrefix) {
  return {
    limit: z.coerce.number(LIMIT).int(LIMIT).min(1, LIMIT).max(100, LIMIT).default(20),
    starting_after: idOf(prefix)
      .optional()
      .meta({
        description: 'The last id of the page before',
        example: `${prefix}_${EXAMPLE_ULID}`,
      }),
  };
}

export function listOf<T extends z.ZodType>(item: T) {
  return z.object({ data: z.array(item), has_more: z.boolean() });
}

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().meta({ description: 'Stable, for programs', example: 'invalid_request' }),
    errors: z.array(z.object({ field: z.string(), message: z.string() })),
    request_id: z.string(),
  })
  .meta({ id: 'Problem', description: 'A refusal, as in RFC 9457' });
