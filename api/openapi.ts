/** The OpenAPI document: made from the declarations that the routes themselves are made from. */
import { z } from 'zod';
import {
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponsesObject,
  createDocument,
} from 'zod-openapi';

import { IDEMPOTENCY_KEY } from './idempotency.js';
import { LONGEST_WAIT_SECONDS } from './input.js';
import type { Route } from './route.js';
import { routes } from './routes.js';
import { problem } from './schemas/common.js';
import { EVENT_TYPES, exampleOf, messageOf } from './schemas/event-types.js';
import { openedPayment } from './schemas/payment-link.js';
import {
  customersMethod,
  customersSession,
  methodPage,
  shownMethod,
  shownSession,
} from './schemas/update-payment-method.js';

export function openApiDocument() {
  return createDocument({
    openapi: '3.1.0',
    info: { title: 'Dunlin API', version: '1', description: INTRODUCTION },
    servers: [{ url: '/' }],
    paths: { ...routePaths(), ...OPEN_PATHS },
    webhooks: webhooks(),
    components: {
      securitySchemes: {
        apiKey: {
          type: 'http',
          scheme: 'bearer',
          description:
            'An API key, `dk_test_…` or `dk_live_…`. Scopes: read, write, operate, admin.',
        },
      },
    },
  });
}

const INTRODUCTION = `Payment orchestration: subscriptions, their renewals, and the recovery of those that fail.

Money is \`amount_minor\` (whole minor units) and \`currency\`. Every refusal is a problem (RFC 9457) with a stable
\`code\`. Every POST that changes something takes an \`Idempotency-Key\`: the same key and body give the same answer,
marked \`Idempotency-Replayed: true\`. Lists take \`limit\` and \`starting_after\`. Unknown fields and card numbers are refused.`;

function routePaths(): ZodOpenApiPathsObject {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes)
    paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route) };
  return paths;
}

/** What an app's endpoint is sent. */
function webhooks(): ZodOpenApiPathsObject {
  const sent = Object.entries(EVENT_TYPES).map(([type, kind]) => {
    const schema = messageOf(type, kind);
    const content = { 'application/json': { schema, example: exampleOf(type) } };
    const responses = { '2XX': { description: 'Taken: anything else is tried again' } };
    const post = { tags: ['events'], summary: kind.when, requestBody: { content }, responses };
    return [type, { post }];
  });
  return Object.fromEntries(sent) as ZodOpenApiPathsObject;
}

function operationOf(route: Route): ZodOpenApiOperationObject {
  const { params, query, body, description = '', scope } = route;
  const header = headersOf(route);
  return {
    operationId: operationId(route),
    tags: [route.tag],
    summary: route.summary,
    description: `${description}\n\nScope: \`${scope}\`.`.trim(),
    security: [{ apiKey: [] }],
    requestParams: {
      ...(params && { path: params }),
      ...(query && { query }),
      ...(header && { header }),
    },
    ...(body && {
      requestBody: {
        required: !body.safeParse({}).success,
        content: { 'application/json': { schema: body } },
      },
    }),
    responses: { ...answersOf(route), ...problemsOf(route) },
  };
}

/** "post_v1_subscriptions_id_renewals" */
function operationId({ method, path }: Route): string {
  return method + path.replaceAll(/\W+/g, '_').replace(/_$/, '');
}

function headersOf({ method, waits }: Route): z.ZodObject | undefined {
  if (method !== 'post') return undefined;
  const idempotencyKey = z.string().regex(IDEMPOTENCY_KEY).optional().meta({
    description: 'Repeating a request with the same key does nothing twice',
    example: 'order-4711',
  });
  const prefer = z
    .string()
    .optional()
    .meta({
      description: `\`wait=20\`: answer with the outcome if there is one within so many seconds (at most ${LONGEST_WAIT_SECONDS})`,
      example: 'wait=20',
    });
  return z.object({ 'Idempotency-Key': idempotencyKey, ...(waits && { Prefer: prefer }) });
}

function answersOf({ answers, method }: Route): ZodOpenApiResponsesObject {
  const replayed = z
    .literal('true')
    .optional()
    .meta({ description: 'This answer was given before' });
  const shown = Object.entries(answers).map(([status, { description, schema, mediaType }]) => [
    status,
    {
      description,
      ...(schema && { content: { 'application/json': { schema } } }),
      ...(mediaType && { content: { [mediaType]: { schema: z.string() } } }),
      ...(method === 'post' && { headers: z.object({ 'Idempotency-Replayed': replayed }) }),
    },
  ]);
  return Object.fromEntries(shown) as ZodOpenApiResponsesObject;
}

function problemsOf({ method, params }: Route): ZodOpenApiResponsesObject {
  const statuses = [401, 403, 422, 429, 500, 503];
  if (params) statuses.push(404);
  if (method !== 'get') statuses.push(400, 409, 413, 415);
  return problemResponses(statuses);
}

function problemResponses(statuses: readonly number[]): ZodOpenApiResponsesObject {
  const content = { 'application/problem+json': { schema: problem } };
  const responses = statuses.map((status) => [status, { description: 'A problem', content }]);
  return Object.fromEntries(responses) as ZodOpenApiResponsesObject;
}

const LINK_PROBLEMS = [400, 404, 409, 410, 413, 415, 422, 429, 503];

/** What needs no API key. */
const OPEN_PATHS: ZodOpenApiPathsObject = {
  '/webhooks/{gateway}/{account}': {
    post: {
      tags: ['webhooks'],
      summary: 'Where a gateway reports',
      description: "Authenticated by the gateway's signature over the raw body.",
      security: [],
      requestParams: { path: z.object({ gateway: z.string(), account: z.string() }) },
      requestBody: {
        content: { 'application/json': { schema: z.record(z.string(), z.unknown()) } },
      },
      responses: {
        200: plainAnswer('Stored', z.object({ received: z.literal(true) })),
        ...problemResponses([400, 404, 413, 429, 503]),
      },
    },
  },
  '/payment-links/{secret}/payments': {
    post: {
      tags: ['renewals'],
      summary: 'Begin, or go on with, the payment behind a link',
      description:
        "What the customer's browser needs to pay: the gateway's page (`url`), or what its fields take (`client_secret`). " +
        "The link's secret is all the authentication there is. A link that was used up, replaced or has expired is a 410.",
      security: [],
      requestParams: { path: z.object({ secret: z.string() }) },
      responses: {
        200: plainAnswer('What the browser needs', openedPayment),
        ...problemResponses([404, 409, 410, 429, 503]),
      },
    },
  },
  '/update-payment-method/{token}': {
    get: ofLink(
      'What a customer sees behind the link of a notice',
      'A token that is forged or older than 30 days is a 404.',
      { 200: plainAnswer('Amount, brand, and what can be given', methodPage) },
      [404, 429, 503],
    ),
  },
  '/update-payment-method/{token}/sessions': {
    post: {
      ...ofLink(
        'Let the customer of a link give a payment method',
        "On the gateway's page (`url`) or in its fields on yours (`client_secret`). Nothing is charged.",
        { 201: plainAnswer('What the browser needs', shownSession) },
        LINK_PROBLEMS,
      ),
      requestBody: bodyOf(customersSession),
    },
  },
  '/update-payment-method/{token}/payment-methods': {
    post: {
      ...ofLink(
        'Attach what the customer has given, and charge it',
        'Where the session had a page, `token` is its `reference`. What was paid or given up meanwhile is a 410.',
        { 201: plainAnswer('The payment method, now the default', shownMethod) },
        LINK_PROBLEMS,
      ),
      requestBody: bodyOf(customersMethod),
    },
  },
  '/healthz': openGet('Whether the process runs', z.object({ status: z.literal('ok') }), []),
  '/readyz': openGet('Whether it can work', z.object({ status: z.literal('ready') }), [503]),
  '/openapi.json': openGet('This document', z.record(z.string(), z.unknown()), []),
};

/** The token is all the authentication there is. */
function ofLink(
  summary: string,
  description: string,
  answers: ZodOpenApiResponsesObject,
  problems: readonly number[],
) {
  return {
    tags: ['payment-methods'],
    summary,
    description,
    security: [],
    requestParams: { path: z.object({ token: z.string() }) },
    responses: { ...answers, ...problemResponses(problems) },
  };
}

function bodyOf(schema: z.ZodType) {
  return { required: true, content: { 'application/json': { schema } } };
}

function openGet(summary: string, schema: z.ZodType, problems: readonly number[]) {
  const responses = { 200: plainAnswer(summary, schema), ...problemResponses(problems) };
  return { get: { tags: ['about'], summary, security: [], responses } };
}

function plainAnswer(description: string, schema: z.ZodType) {
  return { description, content: { 'application/json': { schema } } };
}
