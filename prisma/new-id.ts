import { createHash, randomInt } from 'node:crypto';

import { type Id, type IdPrefix, makeId } from '../domain/ids.js';

/** A fresh id. Ids name rows; no idempotency key is ever made this way, it is the id of a row that exists. */
export function newId<P extends IdPrefix>(prefix: P): Id<P> {
  return makeId(prefix, Date.now(), () => randomInt(2 ** 32) / 2 ** 32);
}

/**
 * The id of what its parts name, the same whenever it is asked for. A database that was restored to an earlier time
 * gives what it has lost the same ids again, so that a gateway recognizes their keys. `atMs` is where it sorts.
 */
export function derivedId<P extends IdPrefix>(
  prefix: P,
  atMs: number,
  ...parts: readonly [string, ...string[]]
): Id<P> {
  const bytes = createHash('sha256')
    .update(JSON.stringify([prefix, ...parts]))
    .digest();
  let next = 0;
  return makeId(prefix, atMs, () => bytes[next++ % bytes.length]! / 256);
}
