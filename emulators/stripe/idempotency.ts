/**
 * Idempotency keys: the first answer to a key is kept and given again, a 402 and a 500 as much as a success.
 * After 24 hours a key is forgotten, and the same request executes anew.
 */
import type { Clock } from '../common/clock.js';
import type { Store } from '../common/store.js';
import { StripeError } from './errors.js';
import type { Form } from './form.js';

export interface KeptAnswer {
  readonly status: number;
  readonly body: string;
  readonly requestId: string;
}

interface Record {
  readonly fingerprint: string;
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly answer: KeptAnswer;
}

export interface KeyedRequest {
  readonly account: string;
  readonly key: string;
  readonly path: string;
  readonly params: Form;
}

export interface Idempotency {
  /** The kept answer, or undefined for a request that is now to be executed and then left. */
  enter(request: KeyedRequest): KeptAnswer | undefined;
  keep(request: KeyedRequest, answer: KeptAnswer): void;
  leave(request: KeyedRequest): void;
}

export function createIdempotency(store: Store, clock: Clock): Idempotency {
  const running = new Map<string, KeyedRequest>();
  const records = (account: string) => store.table<Record>(`${account}/idempotency`);

  return {
    enter(request) {
      const { account, key, path } = request;
      if (key.length > 255) throw mismatch('Idempotency keys can be at most 255 characters.');
      if (running.has(nameOf(request))) throw inUse(key);
      const record = records(account).get(key);
      if (record && clock.now() - record.at < KEPT_MS) {
        if (record.path !== path)
          throw mismatch(
            `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${path}' vs '${record.path}').`,
          );
        if (record.fingerprint !== fingerprint(request.params))
          throw mismatch(
            'Keys for idempotent requests can only be used with the same parameters they were first used with.',
          );
        return record.answer;
      }
      if (record) records(account).delete(key);
      running.set(nameOf(request), request);
      return undefined;
    },
    keep(request, answer) {
      const { account, key, path, params } = request;
      const record = { fingerprint: fingerprint(params), path, at: clock.now(), answer };
      records(account).put(key, record);
    },
    leave: (request) => void running.delete(nameOf(request)),
  };
}

const KEPT_MS = 24 * 3600 * 1000;

function nameOf({ account, key }: KeyedRequest): string {
  return `${account}/${key}`;
}

/** The order of the parameters does not matter; that of a list does. */
function fingerprint(params: Form): string {
  return JSON.stringify(params, (_, value: unknown) =>
    typeof value === 'object' && value && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

function mismatch(message: string): StripeError {
  return new StripeError(400, { type: 'idempotency_error', message });
}

function inUse(key: string): StripeError {
  return new StripeError(409, {
    type: 'invalid_request_error',
    code: 'idempotency_key_in_use',
    message: `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}.`,
  });
}
