/** API keys: who may ask for what. The secret is shown once and kept as a hash. */
import { z } from 'zod';

import { DomainError } from '../domain/errors.js';
import { createApiKey, listApiKeys, revokeApiKey } from '../prisma/api-key.js';
import { pageAnswer, pageFor } from './page.js';
import { renderApiKey } from './render/api-key.js';
import { route } from './route.js';
import { apiKey, createdApiKey, newApiKey } from './schemas/api-key.js';
import { byId, listOf, pageOf } from './schemas/common.js';
import { write } from './write.js';

const tag = 'api-keys';

export const apiKeyRoutes = [
  route({
    method: 'post',
    path: '/v1/api-keys',
    scope: 'admin',
    tag,
    summary: 'Create an API key',
    description:
      'The secret is in this answer and nowhere else. A test key creates only test keys.',
    body: newApiKey,
    answers: { 201: { description: 'The new key with its secret', schema: createdApiKey } },
    run: (request) =>
      write(request, async (tx) => {
        const { merchantId, caller, body } = request;
        if (caller.mode === 'test' && body.mode === 'live')
          throw new DomainError(
            'forbidden',
            'test_key',
            'A test key creates test keys only',
            'mode',
          );
        const { row, secret } = await createApiKey(tx, { merchantId, ...body });
        const after = renderApiKey(row);
        const audited = { object: row.id, after };
        return { status: 201, body: { ...after, secret: null }, shownOnce: { secret }, audited };
      }),
  }),
  route({
    method: 'get',
    path: '/v1/api-keys',
    scope: 'admin',
    tag,
    summary: 'List API keys, newest first',
    query: z.strictObject(pageOf('key')),
    answers: { 200: { description: 'API keys', schema: listOf(apiKey) } },
    run: async ({ api, merchantId, query }) => {
      const rows = await listApiKeys(api.db, pageFor(merchantId, query));
      return pageAnswer(rows, query.limit, renderApiKey);
    },
  }),
  route({
    method: 'delete',
    path: '/v1/api-keys/{id}',
    scope: 'admin',
    tag,
    summary: 'Revoke an API key',
    params: byId('key'),
    answers: { 200: { description: 'The revoked key', schema: apiKey } },
    run: (request) =>
      write(request, async (tx, now) => {
        const { merchantId, params } = request;
        const { row, changed } = await revokeApiKey(tx, merchantId, params.id, now);
        const body = renderApiKey(row);
        return { status: 200, body, audited: changed ? { object: row.id, after: body } : null };
      }),
  }),
];
