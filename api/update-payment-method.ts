/** The link in a notice: a customer gives another payment method, without an API key and for nobody else. */
import { type Request, type RequestHandler, type Response, Router } from 'express';

import {
  type GatewayAccount,
  findGatewayAccount,
  listOpenAccounts,
} from '../prisma/gateway-account.js';
import { type MethodPage, findMethodPage } from '../prisma/method-page.js';
import { attachPaymentMethod } from './attach.js';
import { readJson } from './body.js';
import { guardBody } from './card-guard.js';
import type { ApiDeps, Caller } from './deps.js';
import { readBody } from './input.js';
import { openSession } from './payment-method-sessions.js';
import { Problem, invalidFields } from './problem.js';
import { limitPerAddress } from './rate-limit.js';
import { requestIdOf } from './request-log.js';
import type { ApiRequest } from './route.js';
import { customersMethod, customersSession } from './schemas/update-payment-method.js';

const PATH = '/update-payment-method/:token';

export function updatePaymentMethod(api: ApiDeps): Router {
  const router = Router();
  const limited = limitPerAddress(api.rateLimit);
  router.get(PATH, limited, show(api));
  router.post(`${PATH}/sessions`, limited, readJson, guardBody, beginSession(api));
  router.post(`${PATH}/payment-methods`, limited, readJson, guardBody, attach(api));
  return router;
}

type Handler = RequestHandler<{ token: string }>;

function show(api: ApiDeps): Handler {
  return async (req, res) => {
    const page = await requirePage(api, req.params.token);
    const { brand, status, amountMinor, currency } = page;
    const kinds = await kindsFor(api, page);
    answer(res, 200, { brand, status, amount_minor: amountMinor, currency, kinds });
  };
}

async function kindsFor(api: ApiDeps, { merchantId, mode }: MethodPage): Promise<string[]> {
  const open = await listOpenAccounts(api.db, merchantId, mode);
  return [...new Set(open.flatMap(({ gateway }) => api.gateways(gateway).kinds))];
}

function beginSession(api: ApiDeps): Handler {
  return async (req, res) => {
    const page = await requireOpenPage(api, req.params.token);
    const asked = readBody({ body: customersSession }, req);
    const { kind, return_url, cancel_url } = customersSession.parse(asked);
    const { customerId: customer, currency } = page;
    const body = { customer, kind, return_url, cancel_url, currency };
    const { body: session } = await openSession(requestOf(api, req, page, body, 'sessions'));
    const shown = session as Record<string, unknown> & { gateway_account: { id: string } };
    const { reference, gateway, url, client_secret, gateway_account: at } = shown;
    answer(res, 201, { reference, kind, gateway, gateway_account: at.id, url, client_secret });
  };
}

function attach(api: ApiDeps): Handler {
  return async (req, res) => {
    const page = await requireOpenPage(api, req.params.token);
    const asked = customersMethod.parse(readBody({ body: customersMethod }, req));
    const account = await findGatewayAccount(api.db, page.merchantId, asked.gateway_account);
    requireSameMode(account, page);
    const { body: attached } = await attachPaymentMethod({
      ...requestOf(api, req, page, { ...asked, default: true }, 'payment-methods'),
      params: { id: page.customerId },
    });
    const { kind, display } = attached as Record<string, unknown>;
    answer(res, 201, { kind, display });
  };
}

function requireSameMode(account: GatewayAccount | null, { mode }: MethodPage): void {
  if (account?.mode === mode) return;
  const message = 'There is no such account';
  throw invalidFields('invalid_request', [{ field: 'gateway_account', message }]);
}

async function requirePage(api: ApiDeps, token: string): Promise<MethodPage> {
  const link = api.methodLinks.read(token, new Date());
  const page = link && (await findMethodPage(api.db, link));
  if (page) return page;
  throw new Problem(404, 'not_found', 'This link is not valid, or no longer');
}

async function requireOpenPage(api: ApiDeps, token: string): Promise<MethodPage> {
  const page = await requirePage(api, token);
  if (page.status === 'open') return page;
  throw new Problem(410, 'link_over', `The payment is ${page.status}`);
}

/** As if the merchant had asked, for this customer only. */
function requestOf<B>(
  api: ApiDeps,
  req: Request<{ token: string }>,
  { merchantId, mode }: MethodPage,
  body: B,
  what: 'sessions' | 'payment-methods',
): ApiRequest<unknown, unknown, B> {
  const caller: Caller = { keyId: '', keyName: 'the customer', merchantId, mode, scopes: [] };
  return {
    api,
    caller,
    merchantId,
    action: `POST /update-payment-method/{token}/${what}`,
    requestId: requestIdOf(req),
    params: {},
    query: {},
    body,
    keyed: undefined,
    preferredWait: undefined,
    closed: new AbortController().signal,
    log: req.log,
  };
}

function answer(res: Response, status: number, body: object): void {
  res.set('Cache-Control', 'no-store').status(status).json(body);
}
