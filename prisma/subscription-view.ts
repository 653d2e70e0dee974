/** Subscriptions as they are shown: with what their open cases say about them. */
import { DomainError } from '../domain/errors.js';
import { type Database, type Tx, fieldNames } from './client.js';
import { Prisma } from './generated/client.js';
import type { Page } from './page.js';
import { type LockedSubscription, type Subscription, lockSubscription } from './subscription.js';

export type SubscriptionView = Subscription & { readonly hasOpenCase: boolean };

export interface SubscriptionPage extends Page {
  readonly customerId?: string | undefined;
  readonly status?: string | undefined;
}

export async function requireSubscription(
  db: Tx,
  merchantId: string,
  id: string,
): Promise<SubscriptionView> {
  const rows = await selectViews(db, Prisma.sql`s.merchant_id = ${merchantId} and s.id = ${id}`, 1);
  return rows[0] ?? thereIsNone(id);
}

/** The merchant's subscription under its row lock. */
export async function requireLocked(
  tx: Tx,
  merchantId: string,
  id: string,
): Promise<LockedSubscription> {
  const locked = await lockSubscription(tx, id);
  return locked?.merchantId === merchantId ? locked : thereIsNone(id);
}

export function listSubscriptions(
  db: Database,
  page: SubscriptionPage,
): Promise<SubscriptionView[]> {
  const conditions = [Prisma.sql`s.merchant_id = ${page.merchantId}`];
  if (page.after !== undefined) conditions.push(Prisma.sql`s.id < ${page.after}`);
  if (page.customerId !== undefined)
    conditions.push(Prisma.sql`s.customer_id = ${page.customerId}`);
  if (page.status !== undefined) conditions.push(hasStatus(page.status));
  return selectViews(db, Prisma.join(conditions, ' and '), page.limit);
}

/** `past_due` is no column: it is an active subscription with an open case. */
function hasStatus(status: string): Prisma.Sql {
  if (status === 'past_due') return Prisma.sql`s.status = 'active' and ${OPEN_CASE}`;
  if (status === 'active') return Prisma.sql`s.status = 'active' and not ${OPEN_CASE}`;
  return Prisma.sql`s.status = ${status}`;
}

const OPEN_CASE = Prisma.sql`exists (
  select 1 from dunning_case c where c.subscription_id = s.id and c.status = 'open')`;

async function selectViews(
  db: Tx,
  condition: Prisma.Sql,
  limit: number,
): Promise<SubscriptionView[]> {
  const rows = await db.$queryRaw<Record<string, unknown>[]>`
    select s.*, ${OPEN_CASE} as has_open_case from subscription s
    where ${condition} order by s.id desc limit ${limit}`;
  return rows.map((row) => fieldNames<SubscriptionView>(row));
}

function thereIsNone(id: string): never {
  throw new DomainError('not_found', 'not_found', `There is no subscription ${id}`);
}

/** Whether the merchant has a dunning policy of this name. */
export async function hasDunningPolicy(db: Tx, merchantId: string, name: string): Promise<boolean> {
  return (await db.dunningPolicy.count({ where: { merchantId, name } })) > 0;
}
