/** The log of requests, for tests that ask what was really sent. In memory, the newest 5,000. */
export interface LoggedRequest {
  readonly at: string;
  readonly request_id: string;
  readonly account: string | null;
  readonly method: string;
  readonly path: string;
  readonly idempotency_key: string | null;
  readonly body: Readonly<Record<string, unknown>>;
  /** Null: the connection was cut instead of an answer. */
  readonly status: number | null;
  readonly replayed: boolean;
  readonly fault: string | null;
}

export interface Requests<Logged extends LoggedRequest = LoggedRequest> {
  add(request: Logged): void;
  all(): Logged[];
  clear(): void;
}

export function createRequests<Logged extends LoggedRequest>(): Requests<Logged> {
  let requests: Logged[] = [];
  return {
    add(request) {
      requests.push({ ...request, body: withoutCardNumbers(request.body) });
      // Trimmed seldom, so that a busy emulator does not copy the list for every request.
      if (requests.length > 2 * KEPT) requests = requests.slice(-KEPT);
    },
    all: () => requests.slice(-KEPT),
    clear: () => void (requests = []),
  };
}

const KEPT = 5_000;

/** A card stands at the top at Stripe, and inside the payment source at PayPal. */
function withoutCardNumbers(
  body: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const { card, payment_source: source } = body;
  if (hasNumber(card)) return { ...body, card: '[not logged]' };
  if (typeof source !== 'object' || !source || !('card' in source) || !hasNumber(source.card))
    return body;
  return { ...body, payment_source: { ...source, card: '[not logged]' } };
}

function hasNumber(card: unknown): boolean {
  return typeof card === 'object' && card !== null && 'number' in card;
}
