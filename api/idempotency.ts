/** Idempotency: one key, one answer, however often and however much at once it is asked. */
import { createHash } from 'node:crypto';
import type { Request } from 'express';

import { type CommandId, type RefundId, makeId } from '../domain/ids.js';
import type { IdempotentRequest } from '../prisma/idempotency.js';
import { derivedId, newId } from '../prisma/new-id.js';
import { invalidFields } from './problem.js';

export type KeyedRequest = IdempotentRequest;

export const IDEMPOTENCY_KEY = /^[\x20-\x7e]{1,255}$/;

/** The key of a request whose body was found in order. */
export function readIdempotencyKey(req: Request, merchantId: string): KeyedRequest | undefined {
  const key = req.get('idempotency-key');
  if (key === undefined) return undefined;
  if (!IDEMPOTENCY_KEY.test(key))
    throw invalidFields('invalid_request', [
      { field: 'Idempotency-Key', message: 'must be 1 to 255 printable ASCII characters' },
    ]);
  return {
    merchantId,
    key,
    hash: sha256(`POST ${req.baseUrl}${req.path}\n${sorted(req.body ?? {})}`),
  };
}

/**
 * The name under which a gateway hears of this request: the same for each repeat of it, so that a
 * call that was cut off is not made twice. Without a key a repeat is another request.
 */
export function gatewayKeyOf(what: 'attach' | 'setup', keyed: KeyedRequest | undefined): string {
  return `${what}:${keyed ? fingerprintOf(keyed).slice(0, 40) : newId('cmd')}`;
}

/** The id of the command that this request gives. Temporal takes the same id only once. */
export function commandIdOf(keyed: KeyedRequest | undefined): CommandId {
  if (!keyed) return newId('cmd');
  const bytes = Buffer.from(fingerprintOf(keyed), 'hex');
  let next = 6;
  return makeId('cmd', bytes.readUIntBE(0, 6) || 1, () => bytes[next++ % bytes.length]! / 256);
}

/**
 * The id of the refund that this request asks for, and its key at the gateway: asked again after the database was
 * restored to an earlier time, it is the same refund. `chargedAt` is where it sorts, at the soonest.
 */
export function refundIdOf(keyed: KeyedRequest | undefined, chargedAt: Date): RefundId {
  return keyed ? derivedId('rfd', chargedAt.getTime(), fingerprintOf(keyed)) : newId('rfd');
}

function fingerprintOf({ merchantId, key, hash }: KeyedRequest): string {
  return sha256(JSON.stringify([merchantId, key, hash]));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** JSON with its keys in order: the same body may be spelled in more than one way. */
function sorted(body: unknown): string {
  return JSON.stringify(body, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
