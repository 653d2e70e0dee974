/** An emulator for one test file, the real SDK pointed at it, and shorthand for the control API. */
import Stripe from 'stripe';
import { afterAll, beforeAll } from 'vitest';

import { type StripeEmulator, startStripeEmulator } from '../../../emulators/stripe/server.js';

export interface Bench {
  /** A client with a key of its own, so that tests do not see each other's objects. */
  client(key?: string): Stripe;
  control<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T>;
  url(): string;
}

export function useEmulator(): Bench {
  let emulator: StripeEmulator;
  beforeAll(async () => {
    emulator = await startStripeEmulator({ port: 0, stateFile: undefined });
  });
  afterAll(() => emulator.close());
  return {
    client: (key) => clientOf(emulator, key),
    control: (method, path, body) => control(emulator, method, path, body),
    url: () => emulator.url,
  };
}

let keys = 0;

export function clientOf(
  { port }: Pick<StripeEmulator, 'port'>,
  key = `sk_test_bench${++keys}`,
): Stripe {
  return new Stripe(key, {
    host: '127.0.0.1',
    port,
    protocol: 'http',
    maxNetworkRetries: 0,
    telemetry: false,
    timeout: 5_000,
  });
}

export async function control<T = Record<string, unknown>>(
  { url }: Pick<StripeEmulator, 'url'>,
  method: string,
  path: string,
  body?: unknown,
): Promise<T> {
  const answer = await fetch(`${url}/_emulator/${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** A customer with one saved card of the given fate. */
export async function savedCard(stripe: Stripe, token: string) {
  const customer = await stripe.customers.create();
  const method = await stripe.paymentMethods.attach(token, { customer: customer.id });
  return { customer: customer.id, payment_method: method.id };
}

export const OFF_SESSION = {
  amount: 1999,
  currency: 'usd',
  confirm: true,
  off_session: true,
  allowed_payment_method_types: ['card'],
} satisfies Stripe.PaymentIntentCreateParams;

/** What a call is refused with; a call that is not refused fails the test. */
export async function refusal(call: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  const answer = await call.then(
    () => undefined,
    (error: unknown) => error as Stripe.errors.StripeError,
  );
  if (!answer) throw new Error('The call was not refused.');
  return answer;
}

export async function eventually<T>(
  look: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const deadline = Date.now() + 5_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error('It did not happen within five seconds.');
    await new Promise((later) => setTimeout(later, 20));
  }
}

export interface JournalEntry {
  kind: string;
  id: string;
  payment_intent: string;
  amount_minor: number;
  currency: string;
  account: string;
  metadata: Record<string, string>;
  idempotency_key: string | null;
}
