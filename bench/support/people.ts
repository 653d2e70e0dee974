/** Customers, their methods and subscriptions: through the real adapters and the real transactions. */
import type { SubscriptionId } from '../../domain/ids.js';
import { money } from '../../domain/money.js';
import { renewalWorkflowId } from '../../domain/workflow-ids.js';
import { markSent } from '../../prisma/dispatch.js';
import type { GatewayAccount } from '../../prisma/gateway-account.js';
import { newId } from '../../prisma/new-id.js';
import { keepPaymentMethod } from '../../prisma/payment-method.js';
import { createSubscription } from '../../prisma/subscription-change.js';
import type { Parts } from '../../processes/compose.js';

export async function addCustomer({ db }: Parts, merchantId: string): Promise<string> {
  const id = newId('cus');
  const createdAt = new Date();
  await db.customer.create({ data: { id, merchantId, timeZone: 'UTC', metadata: {}, createdAt } });
  return id;
}

/** The first method of a customer becomes the default. `token` decides what becomes of charges. */
export async function giveMethod(
  { db, deps }: Parts,
  account: GatewayAccount,
  customerId: string,
  token: string,
  makeDefault: boolean,
): Promise<void> {
  const { merchantId } = account;
  const attached = await deps.gateways(account.gateway).attachMethod(deps.accountFor(account), {
    token,
    customer: undefined,
    email: undefined,
    name: undefined,
    merchantId,
    customerId,
    key: newId('pm'),
  });
  if (attached.kind !== 'attached') throw new Error(`${token}: ${attached.why}`);
  const method = {
    merchantId,
    customerId,
    account,
    kind: attached.methodKind,
    reference: attached.reference,
    gatewayCustomerReference: attached.customer,
    display: attached.display,
    fingerprint: attached.fingerprint,
    makeDefault,
  };
  await db.$transaction((tx) => keepPaymentMethod(tx, method, new Date()));
}

export interface Terms {
  readonly merchantId: string;
  readonly customerId: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly dueAt: number;
}

/** A monthly subscription whose first period begins at `dueAt`; the id of that period's run. */
export async function subscribe(
  { db, deps }: Parts,
  { merchantId, customerId, amountMinor, currency, dueAt }: Terms,
): Promise<string> {
  const asked = {
    merchantId,
    customerId,
    amount: money(amountMinor, currency),
    cadence: { interval: 'month', intervalCount: 1, startsAt: dueAt, timeZone: 'UTC' },
    collection: 'automatic',
    dunningPolicy: 'default',
    metadata: {},
  } as const;
  const { subscription, dispatches } = await db.$transaction((tx) =>
    createSubscription(tx, asked, new Date()),
  );
  for (const dispatch of dispatches) {
    await deps.launch.send(dispatch);
    await markSent(db, dispatch.id);
  }
  return renewalWorkflowId(subscription.id as SubscriptionId, dueAt);
}
