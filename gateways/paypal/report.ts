/** What a PayPal event is about. */
import { z } from 'zod';

import type { GatewayReport } from '../gateway.js';
import { refundIdIn, renewalIdIn } from './marks.js';
import { nameCapture } from './orders.js';

const eventSchema = z.object({
  id: z.string().min(1),
  event_type: z.string().min(1),
  resource: z.unknown().optional(),
});

const links = z.array(z.object({ rel: z.string(), href: z.string() })).default([]);

/** A capture; or a refund or a reversal of one, whose link `up` leads to it. */
const paymentSchema = z.object({
  id: z.string().min(1),
  custom_id: z.string().optional(),
  invoice_id: z.string().optional(),
  supplementary_data: z
    .object({
      related_ids: z
        .object({ order_id: z.string().optional(), capture_id: z.string().optional() })
        .optional(),
    })
    .optional(),
  links,
});

const orderSchema = z.object({
  id: z.string().optional(),
  order_id: z.string().optional(),
  purchase_units: z
    .array(z.object({ custom_id: z.string().optional(), invoice_id: z.string().optional() }))
    .default([]),
});

/** Undefined when it has not even an id. */
export function readReport(raw: Buffer): GatewayReport | undefined {
  const event = eventSchema.safeParse(parse(raw));
  if (!event.success) return undefined;
  const { id: eventId, event_type: type, resource } = event.data;
  const refund = refundIn(type, resource);
  const dispute = disputeIn(type, resource);
  return {
    eventId,
    type,
    about: aboutOf(type, resource),
    ...(refund && { refund }),
    ...(dispute && { dispute }),
  };
}

function parse(raw: Buffer): unknown {
  try {
    return JSON.parse(raw.toString('utf8'));
  } catch {
    return undefined;
  }
}

function aboutOf(type: string, resource: unknown): GatewayReport['about'] {
  if (isAboutRefund(type)) return undefined;
  if (type.startsWith('PAYMENT.CAPTURE.')) return aboutPayment(type, resource);
  if (type.startsWith('CHECKOUT.')) return aboutOrder(resource);
  return undefined;
}

/**
 * The reference is the order; where the event names none, as of a reversal, it is the capture, marked as one, which a
 * look-up takes as well. An order's id is never guessed: looked up in vain it would hold the charge for ever.
 */
function aboutPayment(type: string, resource: unknown): GatewayReport['about'] {
  const read = paymentSchema.safeParse(resource);
  if (!read.success) return undefined;
  const { id, custom_id: causedBy, invoice_id: invoice, supplementary_data: more } = read.data;
  const up = read.data.links.find(({ rel }) => rel === 'up')?.href ?? '';
  const orderId = more?.related_ids?.order_id ?? idAfter('/checkout/orders/', up);
  const captureId = more?.related_ids?.capture_id ?? idAfter('/payments/captures/', up);
  const reference = orderId ?? nameCapture(captureId ?? id);
  return {
    says: SAYS[type.slice('PAYMENT.CAPTURE.'.length)] ?? 'other',
    reference,
    merchantId: undefined,
    renewalId: renewalIdIn(invoice),
    causedBy,
  };
}

const SAYS: Partial<Record<string, 'paid' | 'returned'>> = {
  COMPLETED: 'paid',
  REVERSED: 'returned',
};

/** A completed order may hold a declined capture: what an order says is never that it was paid. */
function aboutOrder(resource: unknown): GatewayReport['about'] {
  const read = orderSchema.safeParse(resource);
  const reference = read.data?.order_id ?? read.data?.id;
  if (!read.success || reference === undefined) return undefined;
  const { custom_id: causedBy, invoice_id: invoice } = read.data.purchase_units[0] ?? {};
  return {
    says: 'other',
    reference,
    merchantId: undefined,
    renewalId: renewalIdIn(invoice),
    causedBy,
  };
}

function idAfter(path: string, href: string): string | undefined {
  const at = href.indexOf(path);
  return at < 0 ? undefined : href.slice(at + path.length).split(/[/?#]/)[0] || undefined;
}

/** Its resource is the refund, whose `custom_id` is no charge's. */
function isAboutRefund(type: string): boolean {
  return type === 'PAYMENT.CAPTURE.REFUNDED' || type.startsWith('PAYMENT.REFUND.');
}

function refundIn(type: string, resource: unknown): GatewayReport['refund'] {
  const read = paymentSchema.safeParse(resource);
  if (!isAboutRefund(type) || !read.success) return undefined;
  const { id: reference, custom_id: custom, links: all } = read.data;
  const up = all.find(({ rel }) => rel === 'up')?.href ?? '';
  const chargeReference =
    read.data.supplementary_data?.related_ids?.capture_id ?? idAfter('/payments/captures/', up);
  return { reference, refundId: refundIdIn(custom), chargeReference };
}

const disputeSchema = z.object({ dispute_id: z.string().min(1) });

function disputeIn(type: string, resource: unknown): GatewayReport['dispute'] {
  if (!type.startsWith('CUSTOMER.DISPUTE.')) return undefined;
  const read = disputeSchema.safeParse(resource);
  return read.success ? { reference: read.data.dispute_id } : undefined;
}
