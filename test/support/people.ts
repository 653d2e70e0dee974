/** Customers, cards and subscriptions for tests: through the real adapter and the real transactions. */
import { randomUUID } from 'node:crypto';

import type { DunningPolicy } from '../../domain/dunning-policy.js';
import type { RenewalId, SubscriptionId } from '../../domain/ids.js';
import { money } from '../../domain/money.js';
import type { Interval } from '../../domain/period.js';
import { dunningWorkflowId, renewalWorkflowId } from '../../domain/workflow-ids.js';
import { markSent } from '../../prisma/dispatch.js';
import { addPolicyVersion } from '../../prisma/merchant.js';
import { newId } from '../../prisma/new-id.js';
import { offerNewMethod, createSubscription } from '../../prisma/subscription-change.js';
import type { GatewayAccount } from '../../prisma/charge.js';
import { type House, SECRETS } from './house.js';

export interface Person {
  readonly customerId: string;
  readonly paymentMethodId: string;
  readonly method: string;
}

/**
 * Where it is past noon now, and clocks are never changed: there a day has 24 hours, and the next local morning is far
 * off, at whatever hour of whatever day a test runs.
 */
export const whereItIsNoon = () => zoneEastBy(hoursToNoon());

export function whereItIsMidnight(): string {
  const east = hoursToNoon();
  return zoneEastBy(east > 0 ? east - 12 : east + 12);
}

const hoursToNoon = () => 12 - new Date().getUTCHours();
/** Signs are turned round in these names. */
const zoneEastBy = (hours: number) => `Etc/GMT${hours > 0 ? '-' : '+'}${Math.abs(hours)}`;

/** A customer with a card; `token` decides what becomes of charges. Null: no card at all. */
export async function aCustomer(house: House, token: string | null): Promise<Person> {
  const customerId = newId('cus');
  await house.db.customer.create({
    data: {
      id: customerId,
      merchantId: house.merchantId,
      timeZone: whereItIsNoon(),
      metadata: {},
      createdAt: new Date(),
    },
  });
  if (token === null) return { customerId, paymentMethodId: '', method: '' };
  return { customerId, ...(await giveCard(house, customerId, token)) };
}

/** A card, which becomes the customer's default. Open cases hear of it. `elsewhere`: of another gateway customer. */
export function giveCard(house: House, customerId: string, token: string, elsewhere = false) {
  return giveMethod(house, house.account, customerId, token, { elsewhere });
}

/** A PayPal wallet that the customer has approved. `fate` decides what becomes of charges. */
export async function giveWallet(
  house: House,
  customerId: string,
  fate = 'succeed',
  options: Given = { isDefault: false },
) {
  const { account, emulator } = house.paypal;
  const clientId = SECRETS.TEST_PAYPAL_CREDENTIALS.split(':')[0];
  const setup = await emulator.call<{ id: string }>('POST', 'setup_tokens', {
    client_id: clientId,
    fate,
  });
  return giveMethod(house, account, customerId, setup.id, options);
}

interface Given {
  readonly elsewhere?: boolean;
  readonly isDefault?: boolean;
  readonly instrument?: string;
}

async function giveMethod(
  house: House,
  account: GatewayAccount,
  customerId: string,
  token: string,
  { elsewhere = false, isDefault = true, instrument }: Given,
) {
  const { db, deps, merchantId } = house;
  const gateway = deps.gateways(account.gateway);
  const gatewayAccountId = account.id;
  const known = await db.paymentMethod.findFirst({ where: { customerId, gatewayAccountId } });
  const attached = await gateway.attachMethod(deps.accountFor(account), {
    token,
    customer: elsewhere ? undefined : known?.gatewayCustomerReference,
    email: undefined,
    name: undefined,
    merchantId,
    customerId,
    key: randomUUID(),
  });
  if (attached.kind !== 'attached') throw new Error(`${token}: ${attached.why}`);
  const paymentMethodId = newId('pm');
  const owed = await db.$transaction(async (tx) => {
    if (isDefault)
      await tx.paymentMethod.updateMany({ where: { customerId }, data: { isDefault: false } });
    await tx.paymentMethod.create({
      data: {
        id: paymentMethodId,
        merchantId,
        customerId,
        gatewayAccountId,
        kind: attached.methodKind,
        reference: attached.reference,
        gatewayCustomerReference: attached.customer,
        display: attached.display,
        fingerprint: attached.fingerprint ?? null,
        instrument: instrument ?? null,
        isDefault,
        createdAt: new Date(),
      },
    });
    return isDefault ? offerNewMethod(tx, { customerId }, new Date()) : [];
  });
  for (const dispatch of owed) {
    await deps.launch.send(dispatch);
    await markSent(db, dispatch.id);
  }
  return { paymentMethodId, method: attached.reference };
}

export interface Terms {
  readonly interval?: Interval;
  readonly startsAt?: number;
  readonly cycles?: number;
  readonly collection?: 'automatic' | 'manual';
  readonly policy?: string;
  readonly amountMinor?: number;
}

/** A subscription whose first run is started, as the API would. */
export async function aSubscription(house: House, { customerId }: Person, terms: Terms = {}) {
  const now = new Date();
  const { subscription, dispatches } = await house.db.$transaction((tx) =>
    createSubscription(
      tx,
      {
        merchantId: house.merchantId,
        customerId,
        amount: money(terms.amountMinor ?? 1900, 'EUR'),
        cadence: {
          interval: terms.interval ?? 'month',
          intervalCount: 1,
          startsAt: terms.startsAt ?? now.getTime(),
          timeZone: 'UTC',
        },
        collection: terms.collection ?? 'automatic',
        cycles: terms.cycles,
        dunningPolicy: terms.policy ?? 'default',
        description: 'Pro, monthly',
        metadata: {},
      },
      now,
    ),
  );
  for (const dispatch of dispatches) {
    await house.deps.launch.send(dispatch);
    await markSent(house.db, dispatch.id);
  }
  return subscription;
}

export async function aPolicy(house: House, policy: DunningPolicy): Promise<string> {
  const name = `policy-${randomUUID().slice(0, 8)}`;
  await addPolicyVersion(house.db, house.merchantId, name, policy, new Date());
  return name;
}

export function renewalRun(
  house: House,
  subscription: { readonly id: string; readonly startsAt: Date },
  periodStart = subscription.startsAt,
) {
  const id = renewalWorkflowId(subscription.id as SubscriptionId, periodStart.getTime());
  return house.client.workflow.getHandle(id);
}

export function dunningRun(house: House, renewalId: string) {
  return house.client.workflow.getHandle(dunningWorkflowId(renewalId as RenewalId));
}

/** Lets a run skip its waits whenever nothing is under way; the child it starts does the same. */
export async function skipTime(house: House, workflowId: string): Promise<void> {
  await house.client.workflowService.updateWorkflowExecutionOptions({
    namespace: house.target.namespace,
    workflowExecution: { workflowId },
    workflowExecutionOptions: { timeSkippingConfig: { enabled: true } },
    updateMask: { paths: ['time_skipping_config'] },
  });
}

export async function until<T>(
  what: () => Promise<T | undefined | null | false>,
  withinMs = 15_000,
): Promise<T> {
  for (const end = Date.now() + withinMs; ;) {
    const found = await what();
    if (found) return found;
    if (Date.now() > end)
      throw new Error(`Did not happen within ${withinMs} ms: ${what.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Moves a run's own clock ahead by so much, through whatever falls due on the way. */
export async function fastForward(house: House, workflowId: string, ms: number): Promise<void> {
  const fastForwardConfig = { id: randomUUID(), duration: { seconds: Math.round(ms / 1000) } };
  await house.client.workflowService.updateWorkflowExecutionOptions({
    namespace: house.target.namespace,
    workflowExecution: { workflowId },
    workflowExecutionOptions: { timeSkippingConfig: { enabled: true, fastForwardConfig } },
    updateMask: { paths: ['time_skipping_config'] },
  } as never);
}
