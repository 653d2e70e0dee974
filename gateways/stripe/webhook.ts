/** Stripe's webhooks: verified over the raw bytes, then reduced to what they are about. */
import Stripe from 'stripe';

import type { GatewayReport, WebhookAccount, WebhookHeaders, WebhookRead } from '../gateway.js';

const TOLERANCE_SECONDS = 300;

export async function readWebhook(
  { webhookSecrets }: WebhookAccount,
  raw: Buffer,
  headers: WebhookHeaders,
): Promise<WebhookRead> {
  const signature = headers['stripe-signature'];
  if (typeof signature !== 'string' || isFromTheFuture(signature)) return { kind: 'forged' };
  for (const secret of webhookSecrets) {
    try {
      const event = verifier.constructEvent(raw, signature, secret, TOLERANCE_SECONDS);
      return { kind: 'report', report: report(event) };
    } catch {
      // Not signed with this secret; perhaps with the next.
    }
  }
  return { kind: 'forged' };
}

const verifier = new Stripe('sk_unused').webhooks;

/** Stripe's own check lets future timestamps pass, which would keep a stolen signature valid for ever. */
function isFromTheFuture(signature: string): boolean {
  const stamped = Number(/(?:^|,)t=(\d+)/.exec(signature)?.[1]);
  return stamped > Date.now() / 1000 + TOLERANCE_SECONDS;
}

/**
 * Each change of a PaymentIntent has an event of its own, so a charge's are not read, with one exception: what came
 * back after success is only told as a dispute.
 */
function report(event: Stripe.Event): GatewayReport {
  const { id: eventId, type, request } = event;
  const named = { eventId, type };
  const causedBy = request?.idempotency_key ?? undefined;
  if (type.startsWith('charge.dispute.'))
    return { ...named, ...ofDispute(type, event.data.object as Stripe.Dispute, causedBy) };
  if (type.startsWith('refund.') || type === 'charge.refund.updated')
    return { ...named, about: undefined, refund: ofRefund(event.data.object as Stripe.Refund) };
  if (type.startsWith('payment_intent.'))
    return { ...named, about: ofIntent(type, event.data.object as Stripe.PaymentIntent, causedBy) };
  return { ...named, about: undefined };
}

type About = GatewayReport['about'];

function ofIntent(type: string, intent: Stripe.PaymentIntent, causedBy: string | undefined): About {
  return {
    says: type === 'payment_intent.succeeded' ? 'paid' : 'other',
    reference: intent.id,
    merchantId: intent.metadata['dunlin_merchant'],
    renewalId: intent.metadata['dunlin_renewal'],
    causedBy,
  };
}

function ofRefund({ id, charge, metadata }: Stripe.Refund): NonNullable<GatewayReport['refund']> {
  return {
    reference: id,
    refundId: metadata?.['dunlin_refund'],
    chargeReference: (typeof charge === 'string' ? charge : charge?.id) ?? undefined,
  };
}

function ofDispute(
  type: string,
  dispute: Stripe.Dispute,
  causedBy: string | undefined,
): Pick<GatewayReport, 'about' | 'dispute'> {
  const about = RETURNS.has(type) ? returned(dispute, causedBy) : undefined;
  return { about, dispute: { reference: dispute.id } };
}

const RETURNS: ReadonlySet<string> = new Set([
  'charge.dispute.created',
  'charge.dispute.funds_withdrawn',
]);

/** A dispute has metadata of its own and nobody's: whose it is, its PaymentIntent says. */
function returned(
  { payment_intent: intent, metadata }: Stripe.Dispute,
  causedBy: string | undefined,
): About {
  const reference = typeof intent === 'string' ? intent : intent?.id;
  if (!reference) return undefined;
  return {
    says: 'returned',
    reference,
    merchantId: metadata['dunlin_merchant'],
    renewalId: metadata['dunlin_renewal'],
    causedBy,
  };
}
