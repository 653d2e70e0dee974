/** Payment method sessions: a customer gives a payment method where only the gateway sees it. */
import type { z } from 'zod';

import { DomainError } from '../domain/errors.js';
import type { Setup } from '../gateways/gateway.js';
import {
  type Customer,
  findCustomer,
  findGatewayCustomer,
  keepGatewayCustomer,
} from '../prisma/customer.js';
import { type GatewayAccount, requireGatewayAccount } from '../prisma/gateway-account.js';
import { gatewayKeyOf } from './idempotency.js';
import { invalidFields } from './problem.js';
import { type Answer, route } from './route.js';
import { newPaymentMethodSession, paymentMethodSession } from './schemas/payment-method-session.js';
import { type SessionRequest, accountForSetup } from './setup-account.js';
import { credentialsOf, gatewayAway } from './usable-account.js';
import { findEarlier, write } from './write.js';

type Session = z.infer<typeof paymentMethodSession>;
type Ready = Extract<Setup, { kind: 'ready' }>;

export const paymentMethodSessionRoutes = [
  route({
    method: 'post',
    path: '/v1/payment-method-sessions',
    scope: 'write',
    tag: 'payment-methods',
    summary: 'Let a customer give a payment method',
    description:
      "On the gateway's page (`url`) or in its fields on yours (`client_secret`). Afterwards attach it with POST " +
      '/v1/customers/{id}/payment-methods at the same gateway account: `token` is the `reference` where there was a ' +
      "page, else what the gateway's fields have given. Nothing is charged.",
    body: newPaymentMethodSession,
    answers: { 201: { description: 'The session', schema: paymentMethodSession } },
    run: (request) => openSession(request),
  }),
];

/** A repeat asks the gateway again, under the same key: it says the same, and its secrets need not be kept here. */
export async function openSession(request: SessionRequest): Promise<Answer> {
  const { api, merchantId, body } = request;
  const earlier = await findEarlier(request);
  const customer = await findCustomer(api.db, merchantId, body.customer);
  if (!customer)
    throw invalidFields('invalid_request', [
      { field: 'customer', message: 'There is no such customer' },
    ]);
  const account = earlier
    ? await requireGatewayAccount(api.db, merchantId, (earlier.body as Session).gateway_account.id)
    : await accountForSetup(request, customer);
  requireSafeReturn(account, body);
  const setup = await askGateway(request, customer, account);
  return withSecrets(earlier ?? (await keep(request, customer, account, setup)), setup);
}

function requireSafeReturn({ mode }: GatewayAccount, body: SessionRequest['body']): void {
  if (mode === 'test') return;
  const errors = (['return_url', 'cancel_url'] as const)
    .filter((field) => !body[field].startsWith('https:'))
    .map((field) => ({ field, message: 'must be https for a live account' }));
  if (errors.length > 0) throw invalidFields('invalid_request', errors);
}

async function askGateway(
  { api, merchantId, body, keyed, log }: SessionRequest,
  { id: customerId }: Customer,
  row: GatewayAccount,
): Promise<Ready> {
  const setup = await api.gateways(row.gateway).createSetup(credentialsOf(api, row), {
    customer: await findGatewayCustomer(api.db, { customerId, gatewayAccountId: row.id }),
    merchantId,
    customerId,
    kinds: [body.kind],
    returnUrl: body.return_url,
    cancelUrl: body.cancel_url,
    key: gatewayKeyOf('setup', keyed),
  });
  if (setup.kind === 'ready') return setup;
  if (setup.kind === 'refused')
    throw new DomainError('invalid', 'payment_method_refused', setup.why, 'kind');
  throw gatewayAway(log, row, setup.why);
}

function keep(
  request: SessionRequest,
  { id: customerId }: Customer,
  account: GatewayAccount,
  { reference, customer }: Ready,
): Promise<Answer> {
  const { merchantId, body } = request;
  const session: Session = {
    reference,
    customer: customerId,
    kind: body.kind,
    gateway: account.gateway,
    gateway_account: { id: account.id, name: account.name },
    url: null,
    client_secret: null,
  };
  return write(request, async (tx) => {
    const atGateway = { merchantId, customerId, gatewayAccountId: account.id };
    if (customer !== undefined) await keepGatewayCustomer(tx, atGateway, customer);
    return { status: 201, body: session, audited: { object: customerId } };
  });
}

/** A gateway that has forgotten the key makes another: that one's secrets do not belong to this answer. */
function withSecrets(answer: Answer, { reference, url, clientSecret }: Ready): Answer {
  if ((answer.body as Session).reference !== reference) return answer;
  const secrets = { url: url ?? null, client_secret: clientSecret ?? null };
  return { ...answer, body: { ...answer.body, ...secrets } };
}
