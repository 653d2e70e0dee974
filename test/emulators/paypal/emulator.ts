/** An emulator for one test file, merchants that speak to it by fetch alone, and shorthand for the control API. */
import { afterAll, beforeAll } from 'vitest';

import { type PaypalEmulator, startPaypalEmulator } from '../../../emulators/paypal/server.js';

export interface Spoken {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

/** Answers are read by looking into them; what a test looks for it also compares. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Body = any;

interface Ask {
  readonly requestId?: string;
  readonly prefer?: string;
  readonly headers?: Record<string, string>;
}

export interface Merchant {
  readonly clientId: string;
  get(path: string, ask?: Ask): Promise<Spoken>;
  post(path: string, body?: unknown, ask?: Ask): Promise<Spoken>;
  send(method: string, path: string, body?: unknown, ask?: Ask): Promise<Spoken>;
  /** A vaulted method of that fate. */
  vaulted(fate?: string, kind?: 'paypal' | 'card', customerId?: string): Promise<string>;
}

export interface Bench {
  /** With a client id of its own, so that tests do not see each other's objects. */
  merchant(clientId?: string): Merchant;
  control<T = Body>(method: string, path: string, body?: unknown): Promise<T>;
  journal(merchant: Merchant): Promise<JournalEntry[]>;
  /** Resolves once every fault has struck as often as it will. */
  struck(): Promise<void>;
  url(): string;
}

export interface JournalEntry {
  kind: string;
  id: string;
  order: string;
  capture: string;
  amount_minor: number;
  currency: string;
  client_id: string;
  custom_id: string | null;
  invoice_id: string | null;
  request_id: string | null;
  idempotency_key: string | null;
}

export function useEmulator(): Bench {
  let emulator: PaypalEmulator;
  beforeAll(async () => {
    emulator = await startPaypalEmulator({ port: 0, stateFile: undefined });
  });
  afterAll(() => emulator.close());
  return {
    merchant: (clientId) => merchantAt(() => emulator.url, clientId),
    control: (method, path, body) => control(emulator, method, path, body),
    async journal({ clientId }) {
      const { entries } = await control<{ entries: JournalEntry[] }>(emulator, 'GET', 'journal');
      return entries.filter((entry) => entry.client_id === clientId);
    },
    async struck() {
      await eventually(async () => {
        const { faults } = await control<{ faults: object[] }>(emulator, 'GET', 'faults');
        return faults.length === 0 || undefined;
      });
    },
    url: () => emulator.url,
  };
}

let clients = 0;

export function merchantAt(url: () => string, clientId = `bench-client-${++clients}`): Merchant {
  let token: Promise<string> | undefined;
  const merchant: Merchant = {
    clientId,
    get: (path, ask) => merchant.send('GET', path, undefined, ask),
    post: (path, body = {}, ask = {}) => merchant.send('POST', path, body, ask),
    async send(method, path, body, { requestId, prefer = 'return=representation', headers } = {}) {
      token ??= accessToken(url(), clientId);
      return speak(`${url()}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${await token}`,
          'content-type': 'application/json',
          prefer,
          ...(requestId !== undefined && { 'paypal-request-id': requestId }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
    },
    async vaulted(fate = 'succeed', kind = 'paypal', customer_id?) {
      const grant = { client_id: clientId, fate, kind, ...(customer_id && { customer_id }) };
      const { id } = await control({ url: url() }, 'POST', 'setup_tokens', grant);
      const source = { payment_source: { token: { id, type: 'SETUP_TOKEN' } } };
      const { body } = await merchant.post('/v3/vault/payment-tokens', source, {
        requestId: `vault-${String(id)}`,
      });
      return body.id;
    },
  };
  return merchant;
}

export async function speak(url: string, init: RequestInit = {}): Promise<Spoken> {
  const answer = await fetch(url, { redirect: 'manual', ...init });
  const text = await answer.text();
  const isJson = answer.headers.get('content-type') === 'application/json';
  return {
    status: answer.status,
    headers: answer.headers,
    body: isJson ? JSON.parse(text) : text,
  };
}

export async function askForToken(url: string, clientId: string, secret: string, form?: string) {
  return speak(`${url}/v1/oauth2/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: form ?? 'grant_type=client_credentials',
  });
}

async function accessToken(url: string, clientId: string): Promise<string> {
  const { body } = await askForToken(url, clientId, 'bench-secret');
  return body.access_token;
}

export async function control<T = Body>(
  { url }: Pick<PaypalEmulator, 'url'>,
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

export const ORDERS = '/v2/checkout/orders';

export function amount(value: string, currency = 'USD') {
  return { currency_code: currency, value };
}

/** A renewal: one call, created and captured, the payer away. */
export function renewal(vaultId: string, unit: object = {}) {
  return {
    intent: 'CAPTURE',
    purchase_units: [{ amount: amount('19.99'), ...unit }],
    payment_source: {
      paypal: {
        vault_id: vaultId,
        stored_credential: {
          payment_initiator: 'MERCHANT',
          usage: 'SUBSEQUENT',
          usage_pattern: 'SUBSCRIPTION_PREPAID',
        },
      },
    },
  };
}

export function captureIn(order: Body): Body {
  return order.purchase_units[0].payments.captures[0];
}

export function issueIn({ body }: Spoken): string {
  return body.details[0].issue;
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
