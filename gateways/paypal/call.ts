/** Calls of PayPal's API: an exchange with a token, and what came of it in four words. */
import type { Account } from '../gateway.js';
import { type Address, addressOf } from './address.js';
import type { Deadline } from './deadline.js';
import { type HttpAnswer, exchange } from './http.js';
import { retryAfterMs } from './retry-after.js';
import { forgetToken, tokenFor } from './token.js';

export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  /** PayPal-Request-Id. */
  readonly key?: string;
  /** An object, or text that is sent as it is written. */
  readonly body?: object | string;
  /** Of a body that is no JSON. */
  readonly contentType?: string;
}

export type Said =
  | Answered
  /** No byte of the request left. */
  | { readonly kind: 'unsent'; readonly why: string }
  /** Its answer, if there was one, says nothing: it may have been executed. */
  | { readonly kind: 'unreadable'; readonly why: string; readonly serverError: boolean }
  /** No byte of the request left, because the account cannot be used. */
  | {
      readonly kind: 'unusable';
      readonly why: string;
      readonly attention: boolean;
      readonly retryAfterMs?: number | undefined;
    };

export interface Answered {
  readonly kind: 'answered';
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly retryAfterMs: number | undefined;
  /** PayPal's name of this exchange, for its support. */
  readonly debugId: string | undefined;
}

export async function callPaypal(account: Account, call: Call, deadline: Deadline): Promise<Said> {
  const address = addressOf(account);
  if (address.kind === 'misconfigured')
    return { kind: 'unusable', why: address.why, attention: true };
  const first = await attempt(account, address, call, deadline);
  if (!first.token || !(first.said.kind === 'answered' && first.said.status === 401))
    return first.said;
  // A 401 is given before anything is executed: the same request may go out again, under the same key.
  forgetToken(address, first.token);
  return (await attempt(account, address, call, deadline)).said;
}

interface Attempt {
  readonly said: Said;
  /** The token it was sent with; absent when it was not sent. */
  readonly token?: string;
}

async function attempt(
  { deadlineMs }: Account,
  address: Address,
  call: Call,
  deadline: Deadline,
): Promise<Attempt> {
  const token = await tokenFor(address, deadline, deadlineMs);
  switch (token.kind) {
    case 'token': {
      const answer = await send(address, call, token.value, deadline);
      return { said: said(answer), token: token.value };
    }
    case 'unavailable':
      return { said: { kind: 'unsent', why: token.why } };
    case 'refused':
      return { said: { kind: 'unusable', why: token.why, attention: true } };
    case 'limited':
      return { said: { ...token, kind: 'unusable', attention: false } };
    default:
      return token satisfies never;
  }
}

function send(
  { origin, prefix }: Address,
  { method, path, key, body, contentType = 'application/json' }: Call,
  token: string,
  deadline: Deadline,
): Promise<HttpAnswer> {
  return exchange({
    method,
    origin,
    path: `${prefix}${path}`,
    headers: {
      Authorization: `Bearer ${token}`,
      Accept: 'application/json',
      'Content-Type': contentType,
      // Without it an answer names the order, but not whether money moved.
      Prefer: 'return=representation',
      ...(key !== undefined && { 'PayPal-Request-Id': key }),
    },
    body: body === undefined || typeof body === 'string' ? (body ?? '') : JSON.stringify(body),
    withinMs: deadline.leftMs(),
  });
}

function said(answer: HttpAnswer): Said {
  switch (answer.kind) {
    case 'answered': {
      const { status, headers, body } = answer;
      const debugId = headers['paypal-debug-id'];
      return {
        kind: 'answered',
        status,
        body,
        retryAfterMs: retryAfterMs(headers),
        debugId: typeof debugId === 'string' ? debugId : undefined,
      };
    }
    case 'unsent':
      return { kind: 'unsent', why: `PayPal cannot be reached: ${answer.why}` };
    case 'unreadable': {
      const why = `No readable answer from PayPal: ${answer.why}`;
      return { kind: 'unreadable', why, serverError: (answer.status ?? 0) >= 500 };
    }
    default:
      return answer satisfies never;
  }
}
