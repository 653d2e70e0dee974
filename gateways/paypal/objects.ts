/** PayPal's orders and captures, as far as we read them. What else they hold passes through unread. */
import { z } from 'zod';

const amount = z.object({ currency_code: z.string(), value: z.string() });

const links = z.array(z.object({ rel: z.string(), href: z.string() })).optional();

export const captureSchema = z.object({
  id: z.string().min(1),
  status: z.string(),
  status_details: z.object({ reason: z.string().optional() }).optional(),
  amount: amount.optional(),
  custom_id: z.string().optional(),
  invoice_id: z.string().optional(),
  processor_response: z
    .object({
      response_code: z.string().optional(),
      payment_advice_code: z.string().optional(),
    })
    .optional(),
  supplementary_data: z
    .object({ related_ids: z.object({ order_id: z.string().optional() }).optional() })
    .optional(),
  links,
});

export type Capture = z.infer<typeof captureSchema>;

export const refundSchema = z.object({
  id: z.string().min(1),
  status: z.string(),
  status_details: z.object({ reason: z.string().optional() }).optional(),
  amount: amount.optional(),
  custom_id: z.string().optional(),
  create_time: z.string().optional(),
  links,
});

export type Refund = z.infer<typeof refundSchema>;

export const orderSchema = z.object({
  id: z.string().min(1),
  status: z.string(),
  intent: z.string().optional(),
  payment_source: z
    .object({ card: z.object({ brand: z.string().optional() }).optional() })
    .optional(),
  purchase_units: z
    .array(
      z.object({
        custom_id: z.string().optional(),
        invoice_id: z.string().optional(),
        payments: z
          .object({
            captures: z.array(captureSchema).optional(),
            // Read one by one: a charge must stay readable, whatever its refunds look like.
            refunds: z.array(z.unknown()).optional(),
          })
          .optional(),
      }),
    )
    .optional(),
  links,
});

export type Order = z.infer<typeof orderSchema>;

export function capturesOf({ purchase_units: units = [] }: Order): Capture[] {
  return units.flatMap(({ payments }) => payments?.captures ?? []);
}

/** As far as they can be read. */
export function refundsOf(order: Order): Refund[] {
  return rawRefundsOf(order).flatMap((refund) => refundSchema.safeParse(refund).data ?? []);
}

export function rawRefundsOf({ purchase_units: units = [] }: Order): unknown[] {
  return units.flatMap(({ payments }) => payments?.refunds ?? []);
}

/** The id of the order that a capture belongs to, wherever it says so. */
export function orderOf({ supplementary_data: more, links = [] }: Capture): string | undefined {
  const up = links.find(({ rel, href }) => rel === 'up' && href.includes('/checkout/orders/'));
  return more?.related_ids?.order_id ?? up?.href.split('/').at(-1);
}

/** The id of the capture that a refund gives back from, if it says so. */
export function captureOf({ links = [] }: Refund): string | undefined {
  const up = links.find(({ rel, href }) => rel === 'up' && href.includes('/payments/captures/'));
  return up?.href.split('/').at(-1);
}

/** What names an object of PayPal's may stand in a path. */
export function isObjectId(id: string): boolean {
  return /^[\w-]{1,64}$/.test(id);
}
