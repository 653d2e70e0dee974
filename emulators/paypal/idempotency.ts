/**
 * Request ids: a repeat is answered with what has become of the first request by now, not with the bytes of its
 * answer. A refused payment is refused again, a 500 is not kept, and in time every id is forgotten.
 */
import type { Clock } from '../common/clock.js';
import type { Store } from '../common/store.js';
import { refused } from './errors.js';

export interface Resource {
  readonly kind: 'order' | 'refund' | 'dispute' | 'setup_token' | 'payment_token';
  readonly id: string;
}

export type Kept =
  | { readonly made: Resource }
  | { readonly refusal: { readonly status: number; readonly body: string } };

export interface KeyedRequest {
  readonly account: string;
  /** The route: an id means nothing to another one. */
  readonly name: string;
  readonly id: string;
}

export interface Idempotency {
  /** What is kept, or undefined for a request that is now to be executed and then left. */
  enter(request: KeyedRequest): Kept | undefined;
  keep(request: KeyedRequest, what: Kept): void;
  leave(request: KeyedRequest): void;
}

interface Record {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly kept: Kept;
}

export function createIdempotency(store: Store, clock: Clock): Idempotency {
  const running = new Set<string>();
  const records = (account: string) => store.table<Record>(`${account}/request_ids`);

  return {
    enter(request) {
      const name = nameOf(request);
      if (running.has(`${request.account}/${name}`)) throw refused('PREVIOUS_REQUEST_IN_PROGRESS');
      const record = records(request.account).get(name);
      if (record && clock.now() - record.at < (keptSeconds(request.name) ?? 0) * 1000)
        return record.kept;
      if (record) records(request.account).delete(name);
      running.add(`${request.account}/${name}`);
      return undefined;
    },
    keep: (request, kept) =>
      records(request.account).put(nameOf(request), { at: clock.now(), kept }),
    leave: (request) => void running.delete(`${request.account}/${nameOf(request)}`),
  };
}

/** Undefined: the endpoint does not know the header. */
export function keptSeconds(route: string): number | undefined {
  if (!route.startsWith('POST ')) return undefined;
  return KEPT_SECONDS.find(([beginning]) => route.startsWith(`POST ${beginning}`))?.[1];
}

const KEPT_SECONDS = [
  ['/v2/checkout/orders', 6 * 3600],
  ['/v2/payments', 45 * 86_400],
  ['/v3/vault', 3 * 3600],
  // PayPal does not say for how long.
  ['/v1/customer/disputes', 3 * 3600],
] as const;

function nameOf({ name, id }: KeyedRequest): string {
  return `${name} ${id}`;
}
