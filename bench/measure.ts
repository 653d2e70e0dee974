import type { Client as Statistics } from 'pg';

import { money } from '../domain/money.js';
import type { SubscriptionId } from '../domain/ids.js';
import { renewalWorkflowId } from '../domain/workflow-ids.js';
import { createGatewayAccount } from '../prisma/gateway-account.js';
import { ensureMerchant } from '../prisma/merchant.js';
import { newId } from '../prisma/new-id.js';
import { createSubscription } from '../prisma/subscription-change.js';
import type { Parts } from '../processes/compose.js';

export interface Tenant {
  readonly merchantId: string;
  readonly customerId: string;
}

/** A merchant with one customer and one good card. */
export async function prepareTenant({ db, deps }: Parts, apiBase: string): Promise<Tenant> {
  const { id: merchantId } = await ensureMerchant(db, 'bench', new Date());
  const account = await createGatewayAccount(db, {
    merchantId,
    name: 'stripe',
    gateway: 'stripe',
    mode: 'test',
    secretRef: 'env:BENCH_STRIPE_KEY',
    webhookSecretRefs: [],
    apiBase,
  });
  const customerId = newId('cus');
  const createdAt = new Date();
  const customer = { id: customerId, merchantId, timeZone: 'UTC', metadata: {}, createdAt };
  await db.customer.create({ data: customer });
  const attached = await deps.gateways('stripe').attachMethod(deps.accountFor(account), {
    token: 'pm_card_visa',
    customer: undefined,
    email: undefined,
    name: undefined,
    merchantId,
    customerId,
    key: customerId,
  });
  if (attached.kind !== 'attached') throw new Error(attached.why);
  await db.paymentMethod.create({
    data: {
      id: newId('pm'),
      merchantId,
      customerId,
      gatewayAccountId: account.id,
      kind: attached.methodKind,
      reference: attached.reference,
      gatewayCustomerReference: attached.customer,
      display: attached.display,
      isDefault: true,
      createdAt,
    },
  });
  return { merchantId, customerId };
}

/** So many renewals, asleep until they all fall due at once; everything between then and the last payment counts. */
export async function measureRenewals(
  { db, client, deps }: Parts,
  { merchantId, customerId }: Tenant,
  statistics: Statistics,
  emulatorUrl: string,
  count: number,
): Promise<Record<string, number>> {
  const dueAt = Date.now() + 10_000;
  const handles = [];
  for (let n = 0; n < count; n++) {
    const { subscription, dispatches } = await db.$transaction((tx) =>
      createSubscription(
        tx,
        {
          merchantId,
          customerId,
          amount: money(1900, 'EUR'),
          cadence: { interval: 'month', intervalCount: 1, startsAt: dueAt, timeZone: 'UTC' },
          collection: 'automatic',
          dunningPolicy: 'default',
          metadata: {},
        },
        new Date(),
      ),
    );
    for (const dispatch of dispatches) await deps.launch.send(dispatch);
    const workflowId = renewalWorkflowId(subscription.id as SubscriptionId, dueAt);
    handles.push(client.workflow.getHandle(workflowId));
  }
  const sent = await mutatingCalls(emulatorUrl);
  await statistics.query('select pg_stat_statements_reset()');
  await Promise.all(handles.map((handle) => handle.result()));
  const seconds = (Date.now() - dueAt) / 1000;
  const sql = await countStatements(statistics);
  const history = await handles[0]!.fetchHistory();
  return {
    'history events': history.events!.length,
    'SQL statements': sql.statements / count,
    commits: sql.commits / count,
    'gateway calls': ((await mutatingCalls(emulatorUrl)) - sent) / count,
    'per second': Number((count / seconds).toFixed(1)),
  };
}

async function countStatements(statistics: Statistics) {
  const { rows } = await statistics.query<{ statements: string; commits: string }>(`
    select coalesce(sum(calls) filter (where query !~* '^(begin|commit|rollback)'), 0) as statements,
      coalesce(sum(calls) filter (where query ~* '^commit'), 0)
        + coalesce(sum(calls) filter (where query ~* '^\\s*update charge c'), 0) as commits
    from pg_stat_statements where query !~* 'pg_stat_statements'`);
  return { statements: Number(rows[0]!.statements), commits: Number(rows[0]!.commits) };
}

async function mutatingCalls(emulatorUrl: string): Promise<number> {
  const response = await fetch(`${emulatorUrl}/_emulator/requests`);
  const { requests } = (await response.json()) as { requests: { method: string }[] };
  return requests.filter(({ method }) => method === 'POST').length;
}
