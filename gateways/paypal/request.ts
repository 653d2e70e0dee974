/** The frozen request of a charge: an order that is captured as it is created, or one for the customer to approve. */
import { z } from 'zod';

import { DomainError } from '../../domain/errors.js';
import type { ChargeOrder, Composed } from '../gateway.js';
import { toPaypalAmount } from './amount.js';

const unit = z.object({
  reference_id: z.literal('default'),
  custom_id: z.string(),
  invoice_id: z.string(),
  description: z.string().optional(),
  amount: z.object({ currency_code: z.string(), value: z.string() }),
});

const wallet = z.object({
  paypal: z.object({
    vault_id: z.string(),
    stored_credential: z.object({
      payment_initiator: z.literal('MERCHANT'),
      usage: z.literal('SUBSEQUENT'),
      usage_pattern: z.literal('SUBSCRIPTION_PREPAID'),
    }),
  }),
});

const card = z.object({
  card: z.object({
    vault_id: z.string(),
    stored_credential: z.object({
      payment_initiator: z.literal('MERCHANT'),
      payment_type: z.literal('RECURRING'),
      usage: z.literal('SUBSEQUENT'),
    }),
  }),
});

const schema = z.discriminatedUnion('mode', [
  z.object({
    mode: z.literal('charge'),
    order: z.object({
      intent: z.literal('CAPTURE'),
      purchase_units: z.tuple([unit]),
      payment_source: z.union([wallet, card]),
    }),
  }),
  z.object({
    mode: z.literal('page'),
    order: z.object({ intent: z.literal('CAPTURE'), purchase_units: z.tuple([unit]) }),
  }),
]);

export type PaypalRequest = z.infer<typeof schema>;

/** Each charge is an order of its own: nothing is continued. What they share is the invoice, which PayPal takes once. */
export function composeRequest(order: ChargeOrder): Composed {
  const request: PaypalRequest = {
    mode: 'charge',
    order: {
      intent: 'CAPTURE',
      purchase_units: [unitOf(order)],
      payment_source: sourceOf(order),
    },
  };
  return { request };
}

export function composePage(order: ChargeOrder): Composed {
  const request: PaypalRequest = {
    mode: 'page',
    order: { intent: 'CAPTURE', purchase_units: [unitOf(order)] },
  };
  return { request };
}

/** Parsed field by field in the schema's order: a database may forget the order, and the bytes must not differ. */
export function readRequest(frozen: unknown): PaypalRequest {
  return schema.parse(frozen);
}

export function invoiceOf(request: PaypalRequest): string {
  return request.order.purchase_units[0].invoice_id;
}

function unitOf(order: ChargeOrder): z.infer<typeof unit> {
  const { chargeId, renewalId, reversals, amount } = order;
  const description = order.description && sanitize(order.description);
  return {
    reference_id: 'default',
    custom_id: chargeId,
    // PayPal takes an invoice once, for ever: what came back may be collected once more under the next name.
    invoice_id: reversals > 0 ? `${renewalId}-${reversals}` : renewalId,
    ...(description && { description }),
    amount: toPaypalAmount(amount),
  };
}

function sourceOf({ kind, method }: ChargeOrder): z.infer<typeof wallet> | z.infer<typeof card> {
  switch (kind) {
    case 'paypal':
      return {
        paypal: {
          vault_id: method,
          stored_credential: {
            payment_initiator: 'MERCHANT',
            usage: 'SUBSEQUENT',
            usage_pattern: 'SUBSCRIPTION_PREPAID',
          },
        },
      };
    case 'card':
      return {
        card: {
          vault_id: method,
          stored_credential: {
            payment_initiator: 'MERCHANT',
            payment_type: 'RECURRING',
            usage: 'SUBSEQUENT',
          },
        },
      };
    default:
      throw new DomainError(
        'invalid',
        'method_not_supported',
        `PayPal cannot be asked to charge a ${kind}.`,
        'kind',
      );
  }
}

/** At most 127 characters, none of which steers a terminal. Cut between characters, not inside one. */
function sanitize(description: string): string {
  const plain = description.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  let cut = '';
  for (const character of plain) {
    if (cut.length + character.length > 127) break;
    cut += character;
  }
  return cut;
}
