/** A server that answers what a test says, and remembers what it was asked. */
import { type IncomingHttpHeaders, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach } from 'vitest';

import { money } from '../../../domain/money.js';
import type { Account, FrozenCharge } from '../../../gateways/gateway.js';
import { composeRequest } from '../../../gateways/paypal/request.js';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type Script = (seen: Seen, response: ServerResponse, count: number) => void;

export interface Stub {
  readonly url: string;
  readonly seen: Seen[];
  /** How many connections were made. */
  connections(): number;
}

const running: (() => void)[] = [];
afterEach(() => {
  for (const close of running.splice(0)) close();
});

export async function startStub(script: Script): Promise<Stub> {
  const seen: Seen[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      const one = { method, path, headers, body: Buffer.concat(chunks).toString('utf8') };
      seen.push(one);
      script(one, response, seen.length);
    });
  });
  server.on('connection', () => void connections++);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  running.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, seen, connections: () => connections };
}

export function json(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** Gives tokens by itself; the script answers everything else, and counts only that. */
export function startPaypal(script: Script): Promise<Stub> {
  let calls = 0;
  return startStub((seen, response) => {
    if (seen.path === '/v1/oauth2/token') return json(response, 200, TOKEN);
    return script(seen, response, ++calls);
  });
}

export const TOKEN = { access_token: 'A21AAtoken', token_type: 'Bearer', expires_in: 31_668 };

let clients = 0;

/** Credentials of its own, so that no test lives on another's token. */
export function accountAt(url: string, more: Partial<Account> = {}): Account {
  return {
    name: 'paypal-test',
    secret: `client_${++clients}_${process.pid}:secret_1`,
    mode: 'test',
    apiBase: url,
    trustedRoots: [],
    deadlineMs: 2_000,
    ...more,
  };
}

let charges = 0;

export function chargeOf(
  more: Partial<FrozenCharge> = {},
  amountMinor = 1999,
  method = 'vault1',
  renewalId = `rnw_${charges + 1}`,
): FrozenCharge {
  const id = `chg_${++charges}`;
  const amount = money(amountMinor, 'USD');
  const { request } = composeRequest({
    chargeId: id,
    merchantId: 'mer_1',
    renewalId,
    reversals: 0,
    amount,
    description: 'Pro, December',
    customer: 'CUSTOMER1',
    method,
    kind: 'paypal',
    living: undefined,
  });
  return {
    id,
    renewalId,
    amount,
    request,
    firstSentAt: Date.now(),
    resendable: true,
    askedAt: Date.now(),
    baseline: undefined,
    reference: undefined,
    otherReferences: [],
    ...more,
  };
}

/** An order of this charge as PayPal shows it, with one capture. */
export function orderOf(charge: FrozenCharge, capture: object | undefined, more: object = {}) {
  const owner = { custom_id: charge.id, invoice_id: charge.renewalId };
  const captures = capture && [
    { id: 'CAPTURE1', amount: { currency_code: 'USD', value: '19.99' }, ...owner, ...capture },
  ];
  return {
    id: 'ORDER1',
    intent: 'CAPTURE',
    status: 'COMPLETED',
    purchase_units: [
      { reference_id: 'default', ...owner, ...(captures && { payments: { captures } }) },
    ],
    ...more,
  };
}

/** PayPal's form of a refusal. */
export function issue(name: string, heading = 'UNPROCESSABLE_ENTITY') {
  return {
    name: heading,
    message: 'The request was refused.',
    debug_id: 'debug1',
    details: [{ issue: name, description: `It is ${name}.` }],
  };
}
