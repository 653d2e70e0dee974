/** Attaching a payment method: the gateway is asked first, and what it said is kept in one transaction. */
import type { z } from 'zod';

import { DomainError } from '../domain/errors.js';
import type { Attached } from '../gateways/gateway.js';
import {
  type Customer,
  findGatewayCustomer,
  keepGatewayCustomer,
  requireCustomer,
} from '../prisma/customer.js';
import { type GatewayAccount, findGatewayAccount } from '../prisma/gateway-account.js';
import { keepPaymentMethod } from '../prisma/payment-method.js';
import { offerNewMethod } from '../prisma/subscription-change.js';
import { gatewayKeyOf } from './idempotency.js';
import { renderPaymentMethod } from './render/payment-method.js';
import type { Answer, ApiRequest } from './route.js';
import type { newPaymentMethod } from './schemas/payment-method.js';
import { credentialsOf, gatewayAway, requireUsable } from './usable-account.js';
import { findEarlier, write } from './write.js';

export type AttachRequest = ApiRequest<{ id: string }, unknown, z.output<typeof newPaymentMethod>>;
type Accepted = Extract<Attached, { kind: 'attached' }>;

export async function attachPaymentMethod(request: AttachRequest): Promise<Answer> {
  const earlier = await findEarlier(request);
  if (earlier) return earlier;
  const { api, merchantId, params, body } = request;
  const customer = await requireCustomer(api.db, merchantId, params.id);
  const row = await findGatewayAccount(api.db, merchantId, body.gateway_account);
  const account = requireUsable(row, request.caller);
  const accepted = await askGateway(request, customer, account);
  return keep(request, customer, account, accepted);
}

async function askGateway(
  { api, merchantId, body, keyed, log }: AttachRequest,
  customer: Customer,
  row: GatewayAccount,
): Promise<Accepted> {
  const known = { customerId: customer.id, gatewayAccountId: row.id };
  const attached = await api.gateways(row.gateway).attachMethod(credentialsOf(api, row), {
    token: body.token,
    customer: body.gateway_customer ?? (await findGatewayCustomer(api.db, known)),
    email: customer.email ?? undefined,
    name: customer.name ?? undefined,
    merchantId,
    customerId: customer.id,
    key: gatewayKeyOf('attach', keyed),
  });
  if (attached.kind === 'attached') return attached;
  if (attached.kind === 'refused')
    throw new DomainError('invalid', 'payment_method_refused', attached.why, 'token');
  throw gatewayAway(log, row, attached.why);
}

function keep(
  request: AttachRequest,
  { id: customerId }: Customer,
  account: GatewayAccount,
  { customer, reference, methodKind: kind, display, fingerprint }: Accepted,
): Promise<Answer> {
  const { merchantId, body } = request;
  return write(request, async (tx, now) => {
    const atGateway = { merchantId, customerId, gatewayAccountId: account.id };
    await keepGatewayCustomer(tx, atGateway, customer);
    const kept = await keepPaymentMethod(
      tx,
      {
        merchantId,
        customerId,
        account,
        kind,
        reference,
        display,
        fingerprint,
        instrument: body.instrument,
        gatewayCustomerReference: customer,
        makeDefault: body.default,
      },
      now,
    );
    const dispatches = kept.offersNew ? await offerNewMethod(tx, { customerId }, now) : [];
    const location = `/v1/payment-methods/${kept.method.id}`;
    return { status: 201, body: renderPaymentMethod(kept.method), location, dispatches };
  });
}
