/** Customers: who pays, and by which name each gateway account knows them. */
import { DomainError } from '../domain/errors.js';
import type { Tx } from './client.js';
import type { Customer, Prisma } from './generated/client.js';
import { newId } from './new-id.js';
import { type Page, newestFirst } from './page.js';

export type { Customer };

export interface NewCustomer {
  readonly merchantId: string;
  readonly email?: string | null | undefined;
  readonly name?: string | null | undefined;
  readonly country?: string | null | undefined;
  readonly locale?: string | null | undefined;
  readonly timeZone: string;
  readonly metadata: Prisma.InputJsonObject;
}

export function createCustomer(tx: Tx, asked: NewCustomer, now: Date): Promise<Customer> {
  return tx.customer.create({
    data: {
      id: newId('cus'),
      merchantId: asked.merchantId,
      email: asked.email ?? null,
      name: asked.name ?? null,
      country: asked.country ?? null,
      locale: asked.locale ?? null,
      timeZone: asked.timeZone,
      metadata: asked.metadata,
      createdAt: now,
    },
  });
}

export async function changeCustomer(
  tx: Tx,
  merchantId: string,
  id: string,
  changes: Prisma.CustomerUncheckedUpdateInput,
): Promise<Customer> {
  await requireCustomer(tx, merchantId, id);
  return tx.customer.update({ where: { id }, data: changes });
}

export async function requireCustomer(db: Tx, merchantId: string, id: string): Promise<Customer> {
  const row = await findCustomer(db, merchantId, id);
  if (!row) throw new DomainError('not_found', 'not_found', `There is no customer ${id}`);
  return row;
}

export function findCustomer(db: Tx, merchantId: string, id: string): Promise<Customer | null> {
  return db.customer.findFirst({ where: { id, merchantId } });
}

export function listCustomers(db: Tx, page: Page): Promise<Customer[]> {
  const { where, ...order } = newestFirst(page);
  return db.customer.findMany({ where, ...order });
}

interface AtGateway {
  readonly merchantId: string;
  readonly customerId: string;
  readonly gatewayAccountId: string;
}

/** The gateway's own name for the customer, if it has one. */
export async function findGatewayCustomer(
  db: Tx,
  { customerId, gatewayAccountId }: Omit<AtGateway, 'merchantId'>,
): Promise<string | undefined> {
  const row = await db.gatewayCustomer.findUnique({
    where: { customerId_gatewayAccountId: { customerId, gatewayAccountId } },
  });
  return row?.reference;
}

export async function keepGatewayCustomer(
  tx: Tx,
  { merchantId, customerId, gatewayAccountId }: AtGateway,
  reference: string,
): Promise<void> {
  await tx.$executeRaw`
    insert into gateway_customer (customer_id, gateway_account_id, merchant_id, reference)
    values (${customerId}, ${gatewayAccountId}, ${merchantId}, ${reference})
    on conflict (customer_id, gateway_account_id) do update set reference = excluded.reference`;
}
