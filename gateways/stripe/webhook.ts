/** Stripe's webhooks: verified over the raw bytes, then reduced to what they are about. */
import Stripe from 'stripe';

import type { GatewayReport, WebhookHeaders } from '../gateway.js';

const TOLERANCE_SECONDS = 300;

/** Undefined: no secret of ours signed these bytes, or not recently. During a roll there are two secrets. */
export function readWebhook(
  raw: Buffer,
  headers: WebhookHeaders,
  secrets: readonly string[],
): GatewayReport | undefined {
  const signature = headers['stripe-signature'];
  if (typeof signature !== 'string' || isFromTheFuture(signature)) return undefined;
  for (const secret of secrets) {
    try {
      return report(verifier.constructEvent(raw, signature, secret, TOLERANCE_SECONDS));
    } catch {
      // Not signed with this secret; perhaps with the next.
    }
  }
  return undefined;
}

const verifier = new Stripe('sk_unused').webhooks;

/** Stripe's own check lets future timestamps pass, which would keep a stolen signature valid for ever. */
function isFromTheFuture(signature: string): boolean {
  const stamped = Number(/(?:^|,)t=(\d+)/.exec(signature)?.[1]);
  return stamped > Date.now() / 1000 + TOLERANCE_SECONDS;
}

function report(event: Stripe.Event): GatewayReport {
  const { id, type, request } = event;
  const causedBy = request?.idempotency_key ?? undefined;
  if (!type.startsWith('payment_intent.')) return { eventId: id, type, about: undefined };
  const intent = event.data.object as Stripe.PaymentIntent;
  return {
    eventId: id,
    type,
    about: {
      reference: intent.id,
      merchantId: intent.metadata['dunlin_merchant'],
      renewalId: intent.metadata['dunlin_renewal'],
      causedBy,
    },
  };
}
