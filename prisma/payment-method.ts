/** Payment methods: references to what a gateway keeps. At most one per customer is the default. */
import { DomainError } from '../domain/errors.js';
import { type Tx, fieldNames } from './client.js';
import type { GatewayAccount, PaymentMethod } from './generated/client.js';
import { newId } from './new-id.js';
import { type Page, newestFirst } from './page.js';

export type PaymentMethodWithGateway = PaymentMethod & {
  readonly gateway: string;
  readonly accountName: string;
};

export interface NewPaymentMethod {
  readonly merchantId: string;
  readonly customerId: string;
  readonly account: Pick<GatewayAccount, 'id' | 'gateway' | 'name'>;
  readonly kind: string;
  /** The gateway's names of the method and of the customer it is attached to. */
  readonly reference: string;
  readonly gatewayCustomerReference: string;
  readonly display: string;
  readonly fingerprint?: string | undefined;
  /** The app's own name of what is behind it. */
  readonly instrument?: string | undefined;
  readonly makeDefault: boolean;
}

export interface Kept {
  readonly method: PaymentMethodWithGateway;
  /** Whether what would be charged next has changed. */
  readonly offersNew: boolean;
}

/** Keeps an attached method. The one with the same reference is the same method, and usable again. */
export async function keepPaymentMethod(tx: Tx, asked: NewPaymentMethod, now: Date): Promise<Kept> {
  // Two methods of one customer could otherwise both become the default.
  await tx.$queryRaw`select 1 from customer where id = ${asked.customerId} for update`;
  const before = await tx.paymentMethod.findUnique({
    where: {
      gatewayAccountId_reference: {
        gatewayAccountId: asked.account.id,
        reference: asked.reference,
      },
    },
  });
  const makeDefault = asked.makeDefault || (before?.isDefault ?? false);
  if (makeDefault) await dropDefault(tx, asked.customerId);
  const row = await upsert(tx, asked, makeDefault, now);
  const changed = !before || before.disabledAt !== null || !before.isDefault;
  const { gateway, name: accountName } = asked.account;
  const method = { ...row, gateway, accountName };
  return { method, offersNew: makeDefault && changed };
}

async function upsert(
  tx: Tx,
  asked: NewPaymentMethod,
  isDefault: boolean,
  now: Date,
): Promise<PaymentMethod> {
  const rows = await tx.$queryRaw<Record<string, unknown>[]>`
    insert into payment_method as m (id, merchant_id, customer_id, gateway_account_id, kind, reference,
      gateway_customer_reference, display, fingerprint, instrument, is_default, created_at)
    values (${newId('pm')}, ${asked.merchantId}, ${asked.customerId}, ${asked.account.id}, ${asked.kind},
      ${asked.reference}, ${asked.gatewayCustomerReference}, ${asked.display},
      ${asked.fingerprint ?? null}, ${asked.instrument ?? null}, ${isDefault}, ${now})
    on conflict (gateway_account_id, reference) do update set disabled_at = null,
      is_default = excluded.is_default, display = excluded.display,
      instrument = coalesce(excluded.instrument, m.instrument),
      gateway_customer_reference = excluded.gateway_customer_reference
    where m.customer_id = excluded.customer_id
    returning *`;
  if (rows[0]) return fieldNames<PaymentMethod>(rows[0]);
  const message = 'This payment method belongs to another customer';
  throw new DomainError('conflict', 'payment_method_taken', message, 'token');
}

async function dropDefault(tx: Tx, customerId: string): Promise<void> {
  const data = { isDefault: false };
  await tx.paymentMethod.updateMany({ where: { customerId, isDefault: true }, data });
}

/** It is charged no more. The row stays, for the charges that name it. */
export async function disablePaymentMethod(
  tx: Tx,
  merchantId: string,
  id: string,
  now: Date,
): Promise<{ readonly method: PaymentMethodWithGateway; readonly changed: boolean }> {
  const { count } = await tx.paymentMethod.updateMany({
    where: { id, merchantId, disabledAt: null },
    data: { disabledAt: now, isDefault: false },
  });
  return { method: await requirePaymentMethod(tx, merchantId, id), changed: count === 1 };
}

export async function requirePaymentMethod(
  db: Tx,
  merchantId: string,
  id: string,
): Promise<PaymentMethodWithGateway> {
  const row = await db.paymentMethod.findFirst({ where: { id, merchantId } });
  if (!row) throw new DomainError('not_found', 'not_found', `There is no payment method ${id}`);
  return (await withGateways(db, [row]))[0]!;
}

/** Whether the customer can be charged with it. */
export async function isUsable(
  db: Tx,
  whose: { readonly merchantId: string; readonly customerId: string },
  id: string,
): Promise<boolean> {
  const usable = { id, ...whose, disabledAt: null };
  return (await db.paymentMethod.count({ where: usable })) === 1;
}

export async function listPaymentMethods(
  db: Tx,
  page: Page & { readonly customerId: string },
): Promise<PaymentMethodWithGateway[]> {
  const { where, ...order } = newestFirst(page);
  const rows = await db.paymentMethod.findMany({
    where: { ...where, customerId: page.customerId },
    ...order,
  });
  return withGateways(db, rows);
}

async function withGateways(
  db: Tx,
  rows: readonly PaymentMethod[],
): Promise<PaymentMethodWithGateway[]> {
  const ids = [...new Set(rows.map(({ gatewayAccountId }) => gatewayAccountId))];
  const accounts = await db.gatewayAccount.findMany({ where: { id: { in: ids } } });
  const byId = new Map(accounts.map((account) => [account.id, account]));
  return rows.map((row) => {
    const { gateway, name: accountName } = byId.get(row.gatewayAccountId)!;
    return { ...row, gateway, accountName };
  });
}
