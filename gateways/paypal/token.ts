/** Access tokens: fetched once for all who wait, kept until five minutes before they end, forgotten on a 401. */
import { z } from 'zod';

import type { Address } from './address.js';
import type { Deadline } from './deadline.js';
import { type HttpAnswer, exchange } from './http.js';
import { retryAfterMs } from './retry-after.js';

export type Token =
  | { readonly kind: 'token'; readonly value: string }
  /** PayPal cannot be asked for one now. */
  | { readonly kind: 'unavailable'; readonly why: string }
  /** PayPal does not know these credentials. */
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'limited'; readonly why: string; readonly retryAfterMs: number | undefined };

interface Kept {
  readonly value: string;
  /** Epoch milliseconds. */
  readonly goodUntil: number;
}

const kept = new Map<string, Kept>();
const flights = new Map<string, Promise<Token>>();

/** `patienceMs` is the flight's own deadline: whoever joins it may have less time left, and then goes without. */
export async function tokenFor(
  address: Address,
  deadline: Deadline,
  patienceMs: number,
): Promise<Token> {
  const known = kept.get(address.name);
  if (known && known.goodUntil > Date.now()) return { kind: 'token', value: known.value };
  const flight = flights.get(address.name) ?? launch(address, patienceMs);
  return within(deadline.leftMs(), flight);
}

/** Only the token that was refused: another call may have fetched a newer one meanwhile. */
export function forgetToken({ name }: Address, value: string): void {
  if (kept.get(name)?.value === value) kept.delete(name);
}

function launch(address: Address, patienceMs: number): Promise<Token> {
  const flight = fetchToken(address, patienceMs).finally(() => flights.delete(address.name));
  flights.set(address.name, flight);
  return flight;
}

async function within(ms: number, flight: Promise<Token>): Promise<Token> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Token>((resolve) => {
    const token: Token = { kind: 'unavailable', why: 'PayPal gave no access token in time' };
    timer = setTimeout(() => resolve(token), Math.max(0, ms));
  });
  try {
    return await Promise.race([flight, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function fetchToken(address: Address, withinMs: number): Promise<Token> {
  const { origin, prefix, clientId, clientSecret } = address;
  const asked = Date.now();
  const answer = await exchange({
    method: 'POST',
    origin,
    path: `${prefix}/v1/oauth2/token`,
    headers: {
      Authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
      Accept: 'application/json',
      'Content-Type': 'application/x-www-form-urlencoded',
    },
    body: 'grant_type=client_credentials',
    withinMs,
  });
  if (answer.kind !== 'answered')
    return unavailable(`PayPal cannot be asked for an access token: ${answer.why}`);
  return answer.status === 200 ? keep(address, answer.body, asked) : refusal(answer);
}

function refusal(answer: Extract<HttpAnswer, { kind: 'answered' }>): Token {
  const { status, headers, body } = answer;
  if (status === 429) {
    const why = 'PayPal limits how often access tokens are asked for';
    return { kind: 'limited', why, retryAfterMs: retryAfterMs(headers) };
  }
  if (status < 400 || status >= 500) return unavailable(`PayPal's token endpoint said ${status}`);
  const { error } = body;
  const said = typeof error === 'string' ? ` ${error}` : '';
  return { kind: 'refused', why: `PayPal refused the account's credentials (${status}${said})` };
}

const answered = z.object({
  // What a header can carry; anything else would make every later call fail without a word from PayPal.
  access_token: z.string().regex(/^[\x21-\x7e]+$/),
  token_type: z.string().regex(/^bearer$/i),
  expires_in: z.number().positive(),
});

function keep({ name }: Address, body: unknown, asked: number): Token {
  const read = answered.safeParse(body);
  if (!read.success) return unavailable("PayPal's token answer is not one");
  const { access_token: value, expires_in: seconds } = read.data;
  if (kept.size >= MOST_KEPT) kept.delete(kept.keys().next().value!);
  kept.set(name, { value, goodUntil: asked + seconds * 1000 - EARLY_MS });
  return { kind: 'token', value };
}

function unavailable(why: string): Token {
  return { kind: 'unavailable', why };
}

const EARLY_MS = 5 * 60_000;
/** Old secrets of rotated accounts stay behind; there are never many. */
const MOST_KEPT = 500;
