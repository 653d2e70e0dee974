import type { Express } from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { pino } from 'pino';
import { createApp } from '../../api/app.js';
import type { ApiDeps } from '../../api/deps.js';
import { openApiDocument } from '../../api/openapi.js';
import { expressPath } from '../../api/route.js';
import { routes } from '../../api/routes.js';
import { type House, openHouse } from './harness.js';

let house: House;
beforeAll(async () => void (house = await openHouse()));
afterAll(() => house.close());

const document = openApiDocument();
const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({
    method,
    path,
    operation: operation as {
      operationId?: string;
      security?: object[];
      description?: string;
      parameters?: { name: string; in: string }[];
      requestBody?: { required?: boolean };
      responses: Record<string, { content?: Record<string, unknown> }>;
    },
  })),
);
const secured = operations.filter(({ path }) => path.startsWith('/v1/'));
const sample = (path: string) => path.replaceAll(/\{\w+\}/g, 'cus_01jxqv8b5e0c3k9m2n4p6r8s7t');

describe('the OpenAPI document', () => {
  it('is served as it is made', async () => {
    const { status, body } = await house.call('GET', '/openapi.json', { key: null });
    expect(status).toBe(200);
    expect(body).toEqual(JSON.parse(JSON.stringify(document)));
    expect(body.openapi).toBe('3.1.0');
  });

  it('documents every route that exists, and no other', () => {
    const documented = operations.map(({ method, path }) => `${method} ${path}`).toSorted();
    const existing = existingRoutes(createApp({ logger: pino({ level: 'silent' }) } as ApiDeps))
      .filter((it) => !it.includes('/docs'))
      .toSorted();
    expect(existing).toEqual(documented);
  });

  it('names every noun of the design', () => {
    const paths = Object.keys(document.paths ?? {});
    for (const path of [
      '/v1/customers/{id}/payment-methods',
      '/v1/subscriptions/{id}/cancellation',
      '/v1/subscriptions/{id}/pause',
      '/v1/subscriptions/{id}/renewals',
      '/v1/renewals/{id}/charges',
      '/v1/dunning-cases/{id}/retries',
      '/v1/dunning-cases/{id}/hold',
      '/v1/dunning-cases/{id}/write-off',
      '/v1/payment-method-sessions',
      '/v1/charges/{id}',
      '/v1/charges/{id}/resolution',
      '/v1/gateway-accounts/{id}',
      '/v1/routing-rules/{id}',
      '/v1/routing-rules/evaluations',
      '/v1/api-keys',
      '/v1/events/{id}',
      '/v1/events/{id}/deliveries',
      '/v1/webhook-endpoints/{id}',
      '/webhooks/{gateway}/{account}',
    ])
      expect(paths).toContain(path);
  });

  it('gives each operation its own id, its scope and its security', () => {
    const ids = secured.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { operation } of secured) {
      expect(operation.security).toEqual([{ apiKey: [] }]);
      expect(operation.description).toMatch(/Scope: `(read|write|operate|admin)`/);
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['401', '422']));
    }
  });

  it('offers an Idempotency-Key on every POST, and Prefer where an outcome can be awaited', () => {
    for (const { method, path, operation } of secured) {
      const headers = (operation.parameters ?? [])
        .filter((it) => it.in === 'header')
        .map(({ name }) => name);
      expect(headers.includes('Idempotency-Key'), path).toBe(method === 'post');
      expect(headers.includes('Prefer'), path).toBe(method === 'post' && AWAITED.includes(path));
    }
  });

  it('promises no body where there is none', () => {
    const gone = document.paths?.['/v1/routing-rules/{id}']?.delete?.responses?.['204'];
    expect(gone).toEqual({ description: 'It is gone' });
  });

  it('says of the link in a notice what it takes and how it refuses', () => {
    const link = operations.filter(({ path }) => path.startsWith('/update-payment-method/'));
    const told = link.map(({ method, operation: { responses, requestBody } }) => [
      method,
      requestBody?.required,
      '400' in responses,
      '410' in responses,
    ]);
    expect(told).toEqual([
      ['get', undefined, false, false],
      ['post', true, true, true],
      ['post', true, true, true],
    ]);
  });

  it('describes every problem in one schema', () => {
    for (const { operation } of secured)
      for (const [status, { content }] of Object.entries(operation.responses))
        if (Number(status) >= 400)
          expect(content).toEqual({
            'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
          });
  });
});

const AWAITED = [
  '/v1/subscriptions/{id}/renewals',
  '/v1/charges/{id}/refunds',
  '/v1/refunds/{id}/approvals',
];

describe('every route', () => {
  it.each(secured.map(({ method, path }) => [method.toUpperCase(), path]))(
    '%s %s: 401 without a key',
    async (method, path) => {
      const { status, body, headers } = await house.call(method, sample(path), { key: null });
      expect([status, body.code]).toEqual([401, 'not_authenticated']);
      expect(headers.get('www-authenticate')).toContain('Bearer');
    },
  );

  it.each(
    secured
      .filter(({ path }) => path.includes('{'))
      .map((it) => [it.method.toUpperCase(), it.path]),
  )('%s %s: 404 for what is not there', async (method, path) => {
    const { status } = await house.call(method, path.replaceAll(/\{\w+\}/g, 'nothing_like_it'));
    expect(status).toBe(404);
  });

  it.each(
    secured
      .filter(({ method }) => method !== 'get')
      .map((it) => [it.method.toUpperCase(), it.path]),
  )('%s %s: 422 for an unknown field', async (method, path) => {
    const declared = routes.find((it) => it.method === method.toLowerCase() && it.path === path)!;
    const { status, body } = await house.call(method, withRightId(declared), {
      body: { no_such_field: 1 },
    });
    expect(status).toBe(422);
    expect(body.errors).toContainEqual({
      field: 'no_such_field',
      message: 'is not a field of this request',
    });
  });

  it.each(secured.map(({ method, path }) => [method.toUpperCase(), path]))(
    '%s %s: 403 without its scope',
    async (method, path) => {
      const { scope } = routes.find(
        (it) => it.method === method.toLowerCase() && it.path === path,
      )!;
      const others = ['read', 'write', 'operate'].filter((it) => it !== scope);
      const made = await house.call('POST', '/v1/api-keys', {
        body: { name: 'narrow', mode: 'test', scopes: others },
      });
      const answered = await house.call(method, sample(path), { key: made.body.secret });
      expect([answered.status, answered.body.code]).toEqual([403, 'missing_scope']);
    },
  );

  it('refuses a method that it does not offer', async () => {
    const { status, headers } = await house.call('PUT', '/v1/customers');
    expect([status, headers.get('allow')]).toEqual([405, 'POST, GET']);
  });
});

function withRightId({ path }: { path: string }): string {
  const prefix = {
    customers: 'cus',
    subscriptions: 'sub',
    renewals: 'rnw',
    'dunning-cases': 'dnc',
  };
  const more = {
    'payment-methods': 'pm',
    charges: 'chg',
    'gateway-accounts': 'gwa',
    'routing-rules': 'rul',
    'api-keys': 'key',
    reconciliations: 'rcn',
    differences: 'dif',
    disputes: 'dis',
    refunds: 'rfd',
    attention: 'rnw',
    events: 'evt',
    'webhook-endpoints': 'whe',
  };
  const noun = path.split('/')[2] as keyof (typeof prefix & typeof more);
  return path.replace('{id}', `${{ ...prefix, ...more }[noun]}_01jxqv8b5e0c3k9m2n4p6r8s7t`);
}

interface Layer {
  route?: { path: string; methods: Record<string, boolean> };
  handle: { stack?: Layer[] };
}

function existingRoutes(app: Express): string[] {
  const walk = (layers: Layer[]): string[] =>
    layers.flatMap(({ route, handle }) =>
      route
        ? Object.keys(route.methods)
            .filter((method) => method !== '_all')
            .map((method) => `${method} ${route.path.replaceAll(/:(\w+)/g, '{$1}')}`)
        : walk(handle.stack ?? []),
    );
  expect(routes.every((it) => expressPath(it).startsWith('/v1/'))).toBe(true);
  return [...new Set(walk((app as unknown as { router: { stack: Layer[] } }).router.stack))];
}
