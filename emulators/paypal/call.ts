/** One API call as an endpoint sees it. */
import type { Account } from './account.js';
import type { Resource } from './idempotency.js';

export interface Call {
  readonly account: Account;
  /** The PayPal-Request-Id, where the endpoint knows it. */
  readonly requestId: string | null;
  /** The `:names` of the path. */
  readonly ids: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  /** The body as it came, byte for byte. */
  readonly raw: string;
  readonly query: Readonly<Record<string, string>>;
  /** `Prefer: return=minimal`, which is PayPal's default. */
  readonly minimal: boolean;
}

export interface Reply {
  readonly status: number;
  /** Undefined: no content. */
  readonly body?: object;
  /** What the request id stands for from now on. */
  readonly made?: Resource;
}

export type Endpoint = (call: Call) => Reply;

export function ok(body: object): Reply {
  return { status: 200, body };
}

export interface Link {
  readonly href: string;
  readonly rel: string;
  readonly method: string;
}

export function link(
  { url }: Pick<Account, 'url'>,
  rel: string,
  path: string,
  method = 'GET',
): Link {
  return { href: `${url}${path}`, rel, method };
}
