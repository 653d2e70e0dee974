/** Payment methods: what a customer pays with, as a reference to what a gateway keeps. */
import { z } from 'zod';

import {
  disablePaymentMethod,
  listPaymentMethods,
  requirePaymentMethod,
} from '../prisma/payment-method.js';
import { requireCustomer } from '../prisma/customer.js';
import { offerNewMethod } from '../prisma/subscription-change.js';
import { attachPaymentMethod } from './attach.js';
import { pageAnswer, pageFor } from './page.js';
import { renderPaymentMethod } from './render/payment-method.js';
import { route } from './route.js';
import { byId, listOf, pageOf } from './schemas/common.js';
import { newPaymentMethod, paymentMethod } from './schemas/payment-method.js';
import { write } from './write.js';

const tag = 'payment-methods';
const one = { 200: { description: 'The payment method', schema: paymentMethod } };

export const paymentMethodRoutes = [
  route({
    method: 'post',
    path: '/v1/customers/{id}/payment-methods',
    scope: 'write',
    tag,
    summary: 'Attach a payment method to a customer',
    description:
      'The token is attached at the gateway at once; a refusal is a 422 with code ' +
      '`payment_method_refused`. As the default it is tried on open renewals and cases right away.',
    params: byId('cus'),
    body: newPaymentMethod,
    answers: { 201: { description: 'The payment method', schema: paymentMethod } },
    run: (request) => attachPaymentMethod(request),
  }),
  route({
    method: 'get',
    path: '/v1/customers/{id}/payment-methods',
    scope: 'read',
    tag,
    summary: "List a customer's payment methods, newest first",
    params: byId('cus'),
    query: z.strictObject(pageOf('pm')),
    answers: { 200: { description: 'Payment methods', schema: listOf(paymentMethod) } },
    run: async ({ api, merchantId, params, query }) => {
      const customer = await requireCustomer(api.db, merchantId, params.id);
      const page = { ...pageFor(merchantId, query), customerId: customer.id };
      return pageAnswer(await listPaymentMethods(api.db, page), query.limit, renderPaymentMethod);
    },
  }),
  route({
    method: 'get',
    path: '/v1/payment-methods/{id}',
    scope: 'read',
    tag,
    summary: 'Read a payment method',
    params: byId('pm'),
    answers: one,
    run: async ({ api, merchantId, params }) => {
      const row = await requirePaymentMethod(api.db, merchantId, params.id);
      return { status: 200, body: renderPaymentMethod(row) };
    },
  }),
  route({
    method: 'delete',
    path: '/v1/payment-methods/{id}',
    scope: 'write',
    tag,
    summary: 'Disable a payment method',
    description: 'It is charged no more. It stays readable, for the charges that name it.',
    params: byId('pm'),
    answers: one,
    run: (request) =>
      write(request, async (tx, now) => {
        const { merchantId, params } = request;
        const { method, changed } = await disablePaymentMethod(tx, merchantId, params.id, now);
        const { customerId } = method;
        // Charges planned with it give way, as they do to a new one.
        const dispatches = changed ? await offerNewMethod(tx, { customerId }, now) : [];
        const body = renderPaymentMethod(method);
        const audited = changed ? { object: body.id, after: body } : null;
        return { status: 200, body, dispatches, audited };
      }),
  }),
];
