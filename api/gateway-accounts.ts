/** Gateway accounts: where money is collected, and where the credentials for it are. */
import { z } from 'zod';

import { DomainError } from '../domain/errors.js';
import {
  changeGatewayAccount,
  createGatewayAccount,
  listGatewayAccounts,
  requireGatewayAccount,
} from '../prisma/gateway-account.js';
import { lockRow } from '../prisma/lock-row.js';
import { requireMode, requireScope } from './authenticate.js';
import { defined } from './defined.js';
import type { ApiDeps } from './deps.js';
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
        requireMode(request.caller, body.mode, 'mode');
        requireBase(request.api, body.api_base);
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
    scope: 'operate',
    tag,
    summary: 'Change a gateway account',
    description:
      'Opening, draining and closing it is for operators; every other field needs the scope `admin`.',
    params: byId('gwa'),
    body: changedGatewayAccount,
    immutable: ['gateway', 'mode'],
    answers: one,
    run: (request) =>
      write(request, async (tx) => {
        const { merchantId, params, body, caller } = request;
        const { name, lane, state } = body;
        if (Object.keys(body).some((field) => field !== 'state')) requireScope(caller, 'admin');
        await lockRow(tx, 'gateway_account', params.id);
        const before = await requireGatewayAccount(tx, merchantId, params.id);
        requireMode(caller, before.mode, 'mode');
        requireTestFor(body.api_base, before.mode);
        requireBase(request.api, body.api_base);
        const changes = { ...defined({ name, lane, state }), ...defined(columnsOf(body)) };
        const after = renderGatewayAccount(await changeGatewayAccount(tx, before.id, changes));
        const audited = { object: after.id, before: renderGatewayAccount(before), after };
        return { status: 200, body: after, audited };
      }),
  }),
];

function requireTestFor(apiBase: string | null | undefined, mode: string): void {
  if (!apiBase || mode === 'test') return;
  throw new DomainError('invalid', 'invalid_request', 'is for test accounts only', 'api_base');
}

function requireBase({ permitsBase }: ApiDeps, apiBase: string | null | undefined): void {
  if (!apiBase || permitsBase(apiBase)) return;
  const why = 'is not among the addresses that this installation permits (GATEWAY_API_BASES)';
  throw new DomainError('invalid', 'invalid_request', why, 'api_base');
}

type Columns = Omit<z.output<typeof changedGatewayAccount>, 'name' | 'lane' | 'state'>;

function columnsOf<B extends Columns>(body: B) {
  return {
    secretRef: body.secret_ref as B['secret_ref'],
    webhookSecretRefs: body.webhook_secret_refs as B['webhook_secret_refs'],
    apiBase: body.api_base as B['api_base'],
    sendsPerSecond: body.sends_per_second,
    debitNoticeDays: body.debit_notice_days,
  };
}
