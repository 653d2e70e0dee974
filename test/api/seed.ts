/** Rows that runs and gateways would write, for tests of how they are shown. */
import { newId } from '../../prisma/new-id.js';
import { planNotice } from '../../prisma/notice.js';
import type { House, MerchantInHouse } from './harness.js';

export interface Seeded {
  readonly subscription: string;
  readonly renewal: string;
  readonly charge: string;
  readonly dunningCase: string;
  readonly paymentMethod: string;
  readonly customer: string;
}

export const DECLINE = {
  class: 'insufficient_funds',
  code: 'insufficient_funds',
  message: 'Your card has insufficient funds.',
  elsewhere: false,
};

/** A subscription with a past-due renewal, its declined charge and its open case. */
export async function seedPastDue(house: House, merchant: MerchantInHouse): Promise<Seeded> {
  const call: House['call'] = (...args) => house.call(...args);
  const key = merchant.admin;
  const customer = (await call('POST', '/v1/customers', { key, body: {} })).body.id as string;
  const token = `tok_${customer.slice(-12)}`;
  const method = await call('POST', `/v1/customers/${customer}/payment-methods`, {
    key,
    body: { gateway_account: 'stripe-eu', token },
  });
  const body = { customer, amount_minor: 1900, currency: 'EUR', interval: 'month' };
  const subscription = (await call('POST', '/v1/subscriptions', { key, body })).body.id as string;
  const renewal = (await call('POST', `/v1/subscriptions/${subscription}/renewals`, { key })).body
    .id as string;
  const paymentMethod = method.body.id as string;
  const charge = await seedCharge(house, merchant, { renewal, paymentMethod }, 'declined');
  const dunningCase = await seedCase(house, merchant, { renewal, subscription });
  return { subscription, renewal, charge, dunningCase, paymentMethod, customer };
}

export async function seedCharge(
  { db }: House,
  merchant: MerchantInHouse,
  { renewal, paymentMethod }: { renewal: string; paymentMethod: string },
  status: string,
  more: { round?: string; ordinal?: number; gatewayReference?: string } = {},
): Promise<string> {
  const id = newId('chg');
  const decided = status === 'declined';
  await db.charge.create({
    data: {
      id,
      merchantId: merchant.id,
      renewalId: renewal,
      paymentMethodId: paymentMethod,
      gatewayAccountId: merchant.accountId,
      ordinal: more.ordinal ?? 1,
      round: more.round ?? 'first',
      candidate: `${paymentMethod}@${merchant.accountId}`,
      amountMinor: 1900,
      currency: 'EUR',
      request: {},
      status,
      plannedAt: new Date(),
      firstSentAt: new Date(),
      gatewayReference: more.gatewayReference ?? 'pi_1',
      ...(decided && { decline: DECLINE, settledAt: new Date() }),
    },
  });
  return id;
}

async function seedCase(
  { db }: House,
  merchant: MerchantInHouse,
  { renewal, subscription }: { renewal: string; subscription: string },
): Promise<string> {
  const id = newId('dnc');
  const row = await db.renewal.update({ where: { id: renewal }, data: { status: 'past_due' } });
  await db.dunningCase.create({
    data: {
      id,
      merchantId: merchant.id,
      renewalId: renewal,
      subscriptionId: subscription,
      dunningPolicyId: row.dunningPolicyId,
      number: 1,
      status: 'open',
      openedAt: new Date(),
      stagesEntered: [{ name: 'warned', at: new Date().toISOString() }],
      lastDecline: DECLINE,
      lastDeclineAt: new Date(),
    },
  });
  return id;
}

/** Something that the seeded customer is told. */
export async function seedNotice({ db }: House, { renewal, dunningCase }: Seeded): Promise<void> {
  const row = await db.renewal.findUniqueOrThrow({ where: { id: renewal } });
  const told = { kind: 'payment_failed', subject: dunningCase, step: 'warned' } as const;
  await planNotice(db, row, told, new Date());
}

/** A paid charge with a refund, a dispute, and a difference in the gateway's books, each waiting for a person. */
export async function seedMoneyBack(
  { db }: House,
  merchant: MerchantInHouse,
  { renewal, subscription, charge }: Seeded,
): Promise<
  Record<'refunds' | 'disputes' | 'reconciliations' | 'differences' | 'attention', string>
> {
  const at = new Date();
  const needsAttention = { since: at.toISOString(), why: 'A test says so', next: 'Nothing' };
  const whose = { merchantId: merchant.id, gatewayAccountId: merchant.accountId };
  const of = { ...whose, renewalId: renewal, chargeId: charge, currency: 'EUR', needsAttention };
  const refunds = newId('rfd');
  await db.refund.create({
    data: {
      ...of,
      id: refunds,
      amountMinor: 100,
      origin: 'gateway',
      kind: 'requested',
      reason: 'A test',
      status: 'failed',
      createdAt: at,
    },
  });
  const disputes = newId('dis');
  await db.dispute.create({
    data: {
      ...of,
      id: disputes,
      subscriptionId: subscription,
      gatewayReference: `du_${disputes}`,
      inquiry: false,
      reason: 'fraudulent',
      amountMinor: 1900,
      status: 'needs_response',
      openedAt: at,
    },
  });
  const reconciliations = newId('rcn');
  const window = { windowStart: at, windowEnd: at, startedAt: at };
  await db.reconciliation.create({
    data: { ...whose, ...window, id: reconciliations, status: 'done' },
  });
  const differences = newId('dif');
  await db.difference.create({
    data: {
      ...whose,
      id: differences,
      reconciliationId: reconciliations,
      type: 'amount',
      object: 'charge',
      reference: 'ch_1',
      status: 'needs_person',
      why: 'A test says so',
      foundAt: at,
    },
  });
  return { refunds, disputes, reconciliations, differences, attention: refunds };
}
