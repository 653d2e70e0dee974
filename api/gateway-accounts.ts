/** Gateway accounts: where money is collected, and where the credentials for it are. */
import { z } from 'zod';

import { DomainError } from '../domain/errors.js';
import {
  changeGatewayAccount,
  createGatewayAccount,
  listGatewayAccounts,
  requireGatewayAccount,
} from '../prisma/gateway-account.js';
import type { Caller } from './deps.js';
import { defined } from './defined.js';
import { pageAnswer, pageFor } from './page.js';
import { renderGatewayAccount } from './render/gateway-account.js';
import { route } from './route.js';
import { byId, listOf, pageOf } from './schemas/common.js';
import {
  changedGatewayAccount,
  gatewayAccount,
  newGatewayAccount,
} from './schemas/gateway-account.js';
import { write } from './write.js';

const tag = 'gateway-accounts';
const one = { 200: { description: 'The gateway account', schema: gatewayAccount } };

export const gatewayAccountRoutes = [
  route({
    method: 'post',
    path: '/v1/gateway-accounts',
    scope: 'admin',
    tag,
    summary: 'Add a gateway account',
    description: 'Credentials are references (env:NAME, file:/path), resolved when they are used.',
    body: newGatewayAccount,
    answers: { 201: { description: 'The new account', schema: gatewayAccount } },
    run: (request) =>
      write(request, async (tx) => {
        const { merchantId, body } = request;
        requireMode(request.caller, body.mode);
        const row = await createGatewayAccount(tx, { merchantId, ...body, ...columnsOf(body) });
        const location = `/v1/gateway-accounts/${row.id}`;
        return { status: 201, body: renderGatewayAccount(row), location };
      }),
  }),
  route({
    method: 'get',
    path: '/v1/gateway-accounts',
    scope: 'read',
    tag,
    summary: 'List gateway accounts, newest first',
    query: z.strictObject(pageOf('gwa')),
    answers: { 200: { description: 'Gateway accounts', schema: listOf(gatewayAccount) } },
    run: async ({ api, merchantId, query }) => {
      const rows = await listGatewayAccounts(api.db, pageFor(merchantId, query));
      return pageAnswer(rows, query.limit, renderGatewayAccount);
    },
  }),
  route({
    method: 'get',
    path: '/v1/gateway-accounts/{id}',
    scope: 'read',
    tag,
    summary: 'Read a gateway account',
    params: byId('gwa'),
    answers: one,
    run: async ({ api, merchantId, params }) => {
      const row = await requireGatewayAccount(api.db, merchantId, params.id);
      return { status: 200, body: renderGatewayAccount(row) };
    },
  }),
  route({
    method: 'patch',
    path: '/v1/gateway-accounts/{id}',
    scope: 'admin',
    tag,
    summary: 'Change a gateway account',
    params: byId('gwa'),
    body: changedGatewayAccount,
    immutable: ['gateway', 'mode'],
    answers: one,
    run: (request) =>
      write(request, async (tx) => {
        const { merchantId, params, body, caller } = request;
        const before = await requireGatewayAccount(tx, merchantId, params.id);
        requireMode(caller, before.mode);
        requireTestFor(body.api_base, before.mode);
        const { name, lane, state } = body;
        const changes = { ...defined({ name, lane, state }), ...defined(columnsOf(body)) };
        const row = await changeGatewayAccount(tx, before.id, changes);
        return { status: 200, body: renderGatewayAccount(row) };
      }),
  }),
];

/** A test key never touches what can move real money. */
function requireMode({ mode }: Caller, accountMode: string): void {
  if (mode === 'live' || accountMode === 'test') return;
  throw new DomainError('forbidden', 'test_key', 'A test key manages test accounts only', 'mode');
}

function requireTestFor(apiBase: string | null | undefined, mode: string): void {
  if (!apiBase || mode === 'test') return;
  throw new DomainError('invalid', 'invalid_request', 'is for test accounts only', 'api_base');
}

type References = Pick<
  z.output<typeof changedGatewayAccount>,
  'secret_ref' | 'webhook_secret_refs' | 'api_base'
>;

function columnsOf<B extends References>(body: B) {
  return {
    secretRef: body.secret_ref as B['secret_ref'],
    webhookSecretRefs: body.webhook_secret_refs as B['webhook_secret_refs'],
    apiBase: body.api_base as B['api_base'],
  };
}
