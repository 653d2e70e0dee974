/** Refunds at Stripe: made on the charge itself, and known among its refunds by our id in their metadata. */
import type Stripe from 'stripe';
import { z } from 'zod';

import type {
  Account,
  FrozenRefund,
  RefundAnswer,
  RefundLookUp,
  RefundOrder,
  RefundsListed,
  SeenRefund,
} from '../gateway.js';
import { fromStripeAmount, toStripeAmount } from './amount.js';
import { stripeFor } from './client.js';
import { whyUnreadable } from './look-up.js';
import { readRefund, readRefundFailure, refusedByCharge, unknown } from './refund-answers.js';
import { unavailable } from './unavailable.js';

const schema = z.object({
  charge: z.string(),
  amount: z.number(),
  reason: z.enum(['requested_by_customer', 'duplicate', 'fraudulent']).optional(),
  metadata: z.record(z.string(), z.string()),
});

type StripeRefundRequest = z.infer<typeof schema>;

/** The amount is always named: without one Stripe gives back whatever is left. */
export function composeRefund(order: RefundOrder): object {
  const request: StripeRefundRequest = {
    charge: order.chargeReference,
    amount: toStripeAmount(order.amount),
    ...(order.reason && { reason: REASONS[order.reason] }),
    metadata: { dunlin_merchant: order.merchantId, dunlin_refund: order.id },
  };
  return request;
}

const REASONS = {
  requested: 'requested_by_customer',
  duplicate: 'duplicate',
  fraud: 'fraudulent',
} as const;

export async function refund(account: Account, refund: FrozenRefund): Promise<RefundAnswer> {
  const params = schema.parse(refund.request) as Stripe.RefundCreateParams & StripeRefundRequest;
  try {
    const key = { idempotencyKey: refund.id };
    return readRefund(await stripeFor(account).refunds.create(params, key), refund);
  } catch (error) {
    const refusal = readRefundFailure(error);
    const ends = refusal.kind === 'failed' || (refusal.kind === 'refused' && refusal.parks);
    return ends ? explained(account, refund, params.amount, refusal) : refusal;
  }
}

/**
 * A refusal that would end the refund may be the doing of an earlier send of it: "already refunded", by us. So the
 * charge's refunds are looked through before it is believed.
 */
async function explained(
  account: Account,
  refund: FrozenRefund,
  asked: number,
  refusal: Extract<RefundAnswer, { kind: 'failed' | 'refused' }>,
): Promise<RefundAnswer> {
  try {
    const made = await find(account, refund);
    if (made) return readRefund(made, refund);
    if (refusal.kind === 'failed') return refusal;
    const charge = await stripeFor(account).charges.retrieve(refund.chargeReference);
    return refusedByCharge(charge, asked, refusal.why) ?? refusal;
  } catch (error) {
    if (refusal.kind === 'refused') return refusal;
    return unknown(
      `${refusal.why} Whether by an earlier send is not known: ${whyUnreadable(error)}`,
    );
  }
}

export async function lookUpRefund(account: Account, refund: FrozenRefund): Promise<RefundLookUp> {
  const { reference } = refund;
  try {
    const made =
      reference === undefined
        ? await find(account, refund)
        : await stripeFor(account).refunds.retrieve(reference);
    return made ? readRefund(made, refund) : { kind: 'absent' };
  } catch (error) {
    return unknown(whyUnreadable(error));
  }
}

async function find(
  account: Account,
  { id, chargeReference }: FrozenRefund,
): Promise<Stripe.Refund | undefined> {
  for await (const made of refundsOf(account, chargeReference))
    if (made.metadata?.['dunlin_refund'] === id) return made;
  return undefined;
}

/** Lists never lag. They end: a charge can only be given back once. */
function refundsOf(account: Account, charge: string): AsyncIterable<Stripe.Refund> {
  return stripeFor(account).refunds.list({ charge, limit: 100 });
}

export async function listRefunds(
  account: Account,
  chargeReference: string,
): Promise<RefundsListed> {
  const refunds: SeenRefund[] = [];
  try {
    for await (const made of refundsOf(account, chargeReference)) refunds.push(seen(made));
    return { kind: 'listed', refunds };
  } catch (error) {
    return unavailable(error);
  }
}

function seen({ id, metadata, amount, currency, status, created }: Stripe.Refund): SeenRefund {
  return {
    reference: id,
    refundId: metadata?.['dunlin_refund'],
    amount: fromStripeAmount(amount, currency),
    status: STANDING.get(status ?? '') ?? 'pending',
    at: created * 1000,
  };
}

/** Any other is under way, as far as anybody knows. */
const STANDING: ReadonlyMap<string, SeenRefund['status']> = new Map<string, SeenRefund['status']>([
  ['succeeded', 'succeeded'],
  ['failed', 'failed'],
  ['canceled', 'failed'],
]);
