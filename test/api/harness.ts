/** The real API on a real database; Temporal and the gateway are recorders at the edge of the process. */
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import pg from 'pg';
import { pino } from 'pino';
import { expect } from 'vitest';

import { planRefund } from '../../activities/plan-refund.js';
import { isPermittedBase } from '../../gateways/api-base.js';
import { gatewayNamed } from '../../gateways/index.js';
import { createApp } from '../../api/app.js';
import type { ApiDeps } from '../../api/deps.js';
import { routes } from '../../api/routes.js';
import { problem } from '../../api/schemas/common.js';
import type {
  AttachRequest,
  Attached,
  Gateway,
  Setup,
  SetupRequest,
} from '../../gateways/gateway.js';
import { methodLinks } from '../../notices/link.js';
import { createApiKey } from '../../prisma/api-key.js';
import { type Database, openDatabase } from '../../prisma/client.js';
import { oweDisputeWake } from '../../prisma/dispute.js';
import { createGatewayAccount } from '../../prisma/gateway-account.js';
import { ensureMerchant } from '../../prisma/merchant.js';
import type { Launch, OwedMessage } from '../../temporal/launch.js';
import { createMessenger } from '../../outbound/messenger.js';
import { createTestDatabase } from '../support/database.js';
import { expectDocumented } from '../support/documented.js';

interface Answered {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- Tests read whatever the API answers.
  readonly body: any;
}

interface CallOptions {
  readonly key?: string | null;
  readonly body?: unknown;
  readonly raw?: string;
  readonly headers?: Record<string, string>;
}

export interface House {
  readonly url: string;
  readonly db: Database;
  readonly databaseUrl: string;
  readonly merchant: MerchantInHouse;
  readonly logged: string[];
  readonly sent: OwedMessage[];
  readonly wishes: unknown[][];
  readonly terminated: string[];
  /** Gateway accounts whose books were to be compared. */
  readonly reconciled: string[];
  readonly attached: AttachRequest[];
  readonly setups: { readonly account: string; readonly request: SetupRequest }[];
  readonly dispatched: string[];
  /** What the edges do next, for tests to replace. */
  readonly edges: Edges;
  call(method: string, path: string, options?: CallOptions): Promise<Answered>;
  addMerchant(): Promise<MerchantInHouse>;
  close(): Promise<void>;
}

interface Edges {
  attach: (request: AttachRequest) => Attached;
  setup: (request: SetupRequest) => Setup;
  send: (owed: OwedMessage) => Promise<void>;
  wish: () => Promise<void>;
  ping: () => Promise<void>;
}

export interface MerchantInHouse {
  readonly id: string;
  readonly admin: string;
  readonly accountId: string;
}

export const WEBHOOK_SIGNATURE = 'signed by the gateway';

export async function openHouse(more: Partial<ApiDeps> = {}): Promise<House> {
  const database = await createTestDatabase();
  const db = openDatabase({ url: database.url, maxConnections: 20 });
  const record = {
    logged: [] as string[],
    sent: [] as OwedMessage[],
    wishes: [] as unknown[][],
    terminated: [] as string[],
    reconciled: [] as string[],
    attached: [] as AttachRequest[],
    setups: [] as { account: string; request: SetupRequest }[],
    dispatched: [] as string[],
    edges: {
      attach: acceptToken,
      setup: offerFields,
      send: () => Promise.resolve(),
      wish: () => Promise.resolve(),
      ping: () => Promise.resolve(),
    } as Edges,
  };
  const deps: ApiDeps = {
    db,
    launch: recorder(record),
    logger: pino({ level: 'debug' }, sink(record.logged)),
    gateways: (name) => ({ ...gatewayNamed(name), ...fakeGateway(record) }),
    accountFor: ({ name, apiBase }) => ({
      name,
      secret: 'sk_test_hidden',
      mode: 'test',
      apiBase: apiBase ?? undefined,
      trustedRoots: [],
      deadlineMs: 1_000,
    }),
    webhookAccountFor: ({ name }) => ({
      name,
      mode: 'test',
      apiBase: undefined,
      trustedRoots: [],
      deadlineMs: 1_000,
      webhookSecrets: ['whsec_hidden'],
      askWith: undefined,
    }),
    permitsBase: (base) => isPermittedBase(base, ['http://127.0.0.1:*']),
    dispatchWebhook: (id) => Promise.resolve(void record.dispatched.push(id)),
    temporalLink: (id) => `http://temporal.test/${encodeURIComponent(id)}`,
    messenger: createMessenger({
      send: () => Promise.reject(new Error('This harness sends nothing')),
      signingKey: 'a key of thirty-two characters or more',
      privateTargets: false,
    }),
    paymentLinks: {
      issue: () => Promise.reject(new Error('This harness issues no links')),
      use: () => Promise.resolve(undefined),
    },
    methodLinks: methodLinks('a key of thirty-two characters or more'),
    planRefund: (tx, wish, now) => planRefund({ gateways: gatewayNamed }, tx, wish, now),
    wakeDispute: oweDisputeWake,
    readNextStep: () => Promise.resolve({ kind: 'retry', at: new Date(), why: 'A test says so' }),
    ...more,
  };
  const server = createApp(deps).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const merchant = await addMerchant(db);
  return {
    ...record,
    url,
    db,
    databaseUrl: database.url,
    merchant,
    call: (method, path, options = {}) => call(url, merchant.admin, method, path, options),
    addMerchant: () => addMerchant(db),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await expectDocumented(db);
      await db.$disconnect();
      await database.drop();
    },
  };
}

type Record_ = Pick<
  House,
  'sent' | 'wishes' | 'terminated' | 'reconciled' | 'attached' | 'setups' | 'dispatched' | 'edges'
>;

function recorder(record: Record_): Launch {
  return {
    startRenewal: () => Promise.resolve(),
    async send(owed) {
      await record.edges.send(owed);
      record.sent.push(owed);
    },
    start: () => Promise.resolve(),
    reportCharge: () => Promise.resolve(),
    async wish(...args) {
      record.wishes.push(args);
      await record.edges.wish();
    },
    reconcile: (account) => Promise.resolve(void record.reconciled.push(account.id)),
    keepReconciling: () => Promise.resolve(),
    terminateSleeper: (id) => Promise.resolve(void record.terminated.push(id)),
    isRunning: () => Promise.resolve(true),
    ping: () => record.edges.ping(),
  };
}

function acceptToken({ token, customer, customerId }: AttachRequest): Attached {
  return {
    kind: 'attached',
    customer: customer ?? `cus_at_gateway_${customerId}`,
    reference: `attached_${token}`,
    methodKind: 'card',
    display: 'Visa ···4242',
    fingerprint: `finger_${token}`,
  };
}

function offerFields({ customer, customerId, key }: SetupRequest): Setup {
  return {
    kind: 'ready',
    reference: `setup_${key}`,
    customer: customer ?? `cus_at_gateway_${customerId}`,
    clientSecret: `secret_of_${key}`,
  };
}

/** The port's three verbs that HTTP uses. A webhook says in plain JSON what the real one would translate. */
function fakeGateway(
  record: Record_,
): Pick<Gateway, 'attachMethod' | 'createSetup' | 'readWebhook'> {
  return {
    attachMethod(_account: unknown, request: AttachRequest) {
      record.attached.push(request);
      return Promise.resolve(record.edges.attach(request));
    },
    createSetup({ name }: { name: string }, request: SetupRequest) {
      record.setups.push({ account: name, request });
      return Promise.resolve(record.edges.setup(request));
    },
    readWebhook(_account: unknown, raw: Buffer, headers: Record<string, unknown>) {
      if (headers['x-signature'] !== WEBHOOK_SIGNATURE) return Promise.resolve({ kind: 'forged' });
      const report = JSON.parse(raw.toString()) as object;
      return Promise.resolve({ kind: 'report', report });
    },
  } as Pick<Gateway, 'attachMethod' | 'createSetup' | 'readWebhook'>;
}

function sink(lines: string[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
}

async function addMerchant(db: Database): Promise<MerchantInHouse> {
  const name = `merchant ${randomBytes(6).toString('hex')}`;
  const { id } = await ensureMerchant(db, name, new Date());
  const account = await createGatewayAccount(db, {
    merchantId: id,
    name: 'stripe-eu',
    gateway: 'stripe',
    mode: 'test',
    secretRef: 'env:STRIPE_SECRET_KEY',
    webhookSecretRefs: ['env:STRIPE_WEBHOOK_SECRET'],
  });
  const asked = { merchantId: id, name: 'ops', mode: 'test', scopes: ['admin'] } as const;
  const { secret } = await createApiKey(db, asked);
  return { id, admin: secret, accountId: account.id };
}

/** Every answer a test sees is checked against the schema that the documentation promises. */
async function call(
  url: string,
  admin: string,
  method: string,
  path: string,
  { key = admin, body, raw, headers = {} }: CallOptions,
): Promise<Answered> {
  const content = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(key !== null && { authorization: `Bearer ${key}` }),
      ...(content !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(content !== undefined && { body: content }),
  });
  const text = await response.text();
  const answered = {
    status: response.status,
    headers: response.headers,
    body: text === '' ? undefined : (JSON.parse(text) as unknown),
  };
  expectPromised(method, path, answered);
  return answered;
}

function expectPromised(method: string, path: string, { status, headers, body }: Answered): void {
  if (status >= 400) {
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(problem.parse(body)).toEqual(body);
    expect(body.request_id).toBe(headers.get('x-request-id'));
    expect(JSON.stringify(body)).not.toMatch(/\bat .*\.[jt]s:\d+/);
    return;
  }
  const declared = routes.find(
    (it) => it.method === method.toLowerCase() && matches(it.path, path.split('?')[0]!),
  );
  if (!declared) return;
  const promised = declared.answers[status];
  expect(promised, `${method} ${path} may not answer ${status}`).toBeDefined();
  expect(promised!.schema?.parse(body)).toEqual(body);
}

function matches(template: string, path: string): boolean {
  return new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path);
}

/** Every text and JSON value of every row, to search for what must not be there. */
export async function everythingStored(databaseUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select quote_ident(tablename) as name from pg_tables where schemaname = 'public'`,
    );
    const texts: string[] = [];
    for (const { name } of tables) {
      const { rows } = await client.query<{ row: string }>(
        `select to_jsonb(t)::text as row from ${name} t`,
      );
      texts.push(...rows.map(({ row }) => row));
    }
    return texts.join('\n');
  } finally {
    await client.end();
  }
}

export async function aCustomer(house: House, key?: string): Promise<string> {
  const answered = await house.call('POST', '/v1/customers', { body: {}, ...(key && { key }) });
  expect(answered.status).toBe(201);
  return answered.body.id as string;
}

/** Another account of the merchant, besides its "stripe-eu". */
export async function anAccount(house: House, more: object, key?: string): Promise<string> {
  const { status, body } = await house.call('POST', '/v1/gateway-accounts', {
    body: { gateway: 'stripe', mode: 'test', secret_ref: 'env:STRIPE_TEST_KEY', ...more },
    ...(key && { key }),
  });
  expect(status).toBe(201);
  return body.id as string;
}

export async function aLiveKey({ db, merchant }: House): Promise<string> {
  const asked = { merchantId: merchant.id, name: 'boss', mode: 'live', scopes: ['admin'] } as const;
  return (await createApiKey(db, asked)).secret;
}

/** An API key of the house's merchant with these scopes only. */
export async function aKeyWith(house: House, scopes: readonly string[]): Promise<string> {
  const { body } = await house.call('POST', '/v1/api-keys', {
    body: { name: scopes.join(' and '), mode: 'test', scopes },
  });
  return body.secret as string;
}

export async function aSubscription(house: House, terms: object = {}, key?: string) {
  const customer = await aCustomer(house, key);
  const answered = await house.call('POST', '/v1/subscriptions', {
    body: { customer, amount_minor: 1900, currency: 'EUR', interval: 'month', ...terms },
    ...(key && { key }),
  });
  expect(answered.status).toBe(201);
  return answered.body as { id: string; customer: string; [field: string]: unknown };
}
