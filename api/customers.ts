/** Customers: who pays. */
import { z } from 'zod';

import {
  changeCustomer,
  createCustomer,
  listCustomers,
  requireCustomer,
} from '../prisma/customer.js';
import { lockRow } from '../prisma/lock-row.js';
import { defined } from './defined.js';
import { pageAnswer, pageFor } from './page.js';
import { renderCustomer } from './render/customer.js';
import { route } from './route.js';
import { byId, listOf, pageOf } from './schemas/common.js';
import { changedCustomer, customer, newCustomer } from './schemas/customer.js';
import { write } from './write.js';

const tag = 'customers';
const one = { 200: { description: 'The customer', schema: customer } };

export const customerRoutes = [
  route({
    method: 'post',
    path: '/v1/customers',
    scope: 'write',
    tag,
    summary: 'Create a customer',
    body: newCustomer,
    answers: { 201: { description: 'The new customer', schema: customer } },
    run: (request) =>
      write(request, async (tx, now) => {
        const { time_zone: timeZone, ...asked } = request.body;
        const { merchantId } = request;
        const row = await createCustomer(tx, { merchantId, timeZone, ...asked }, now);
        return { status: 201, body: renderCustomer(row), location: `/v1/customers/${row.id}` };
      }),
  }),
  route({
    method: 'get',
    path: '/v1/customers',
    scope: 'read',
    tag,
    summary: 'List customers, newest first',
    query: z.strictObject(pageOf('cus')),
    answers: { 200: { description: 'Customers', schema: listOf(customer) } },
    run: async ({ api, merchantId, query }) => {
      const rows = await listCustomers(api.db, pageFor(merchantId, query));
      return pageAnswer(rows, query.limit, renderCustomer);
    },
  }),
  route({
    method: 'get',
    path: '/v1/customers/{id}',
    scope: 'read',
    tag,
    summary: 'Read a customer',
    params: byId('cus'),
    answers: one,
    run: async ({ api, merchantId, params }) => {
      const row = await requireCustomer(api.db, merchantId, params.id);
      return { status: 200, body: renderCustomer(row) };
    },
  }),
  route({
    method: 'patch',
    path: '/v1/customers/{id}',
    scope: 'write',
    tag,
    summary: 'Change a customer',
    description: 'A subscription keeps the time zone it began with.',
    params: byId('cus'),
    body: changedCustomer,
    answers: one,
    run: (request) =>
      write(request, async (tx) => {
        const { time_zone: timeZone, ...asked } = request.body;
        const changes = { ...defined(asked), ...(timeZone !== undefined && { timeZone }) };
        const { merchantId, params } = request;
        await lockRow(tx, 'customer', params.id);
        const before = renderCustomer(await requireCustomer(tx, merchantId, params.id));
        const body = renderCustomer(await changeCustomer(tx, merchantId, params.id, changes));
        return { status: 200, body, audited: { object: body.id, before, after: body } };
      }),
  }),
];
