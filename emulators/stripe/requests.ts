/** The log of requests, for tests that ask what was really sent. In memory, the newest 5,000. */
import type { Form } from './form.js';

export interface LoggedRequest {
  readonly at: string;
  readonly request_id: string;
  readonly account: string | null;
  readonly method: string;
  readonly path: string;
  readonly idempotency_key: string | null;
  readonly body: Form;
  /** Null: the connection was cut instead of an answer. */
  readonly status: number | null;
  readonly replayed: boolean;
  readonly fault: string | null;
}

export interface Requests {
  add(request: LoggedRequest): void;
  all(): LoggedRequest[];
  clear(): void;
}

export function createRequests(): Requests {
  let requests: LoggedRequest[] = [];
  return {
    add(request) {
      requests.push(withoutCardNumbers(request));
      // Trimmed seldom, so that a busy emulator does not copy the list for every request.
      if (requests.length > 2 * KEPT) requests = requests.slice(-KEPT);
    },
    all: () => requests.slice(-KEPT),
    clear: () => void (requests = []),
  };
}

const KEPT = 5_000;

function withoutCardNumbers(request: LoggedRequest): LoggedRequest {
  const { card } = request.body;
  if (typeof card !== 'object' || Array.isArray(card) || !('number' in card)) return request;
  return { ...request, body: { ...request.body, card: '[not logged]' } };
}
