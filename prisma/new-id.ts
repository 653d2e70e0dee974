import { randomInt } from 'node:crypto';

import { type Id, type IdPrefix, makeId } from '../domain/ids.js';

/** A fresh id. Ids name rows; no idempotency key is ever made this way, it is the id of a row that exists. */
export function newId<P extends IdPrefix>(prefix: P): Id<P> {
  return makeId(prefix, Date.now(), () => randomInt(2 ** 32) / 2 ** 32);
}
