/** What an order may be asked for, and what of it PayPal refuses although it is well formed. */
import { z } from 'zod';

import { type Amount, amount, smallestUnits, unitsOrZero } from './amounts.js';
import { refused } from './errors.js';
import { ignored, text } from './params.js';
import { paymentSource } from './payment-sources.js';
import { experienceContext } from './vault-params.js';

const PARTS = [
  'item_total',
  'shipping',
  'handling',
  'tax_total',
  'insurance',
  'shipping_discount',
  'discount',
] as const;

const item = z.strictObject({
  category: z.enum(['DIGITAL_GOODS', 'PHYSICAL_GOODS', 'DONATION']).optional(),
  description: text(127).optional(),
  image_url: ignored,
  name: text(127),
  quantity: z.string().regex(/^[1-9][0-9]{0,9}$/),
  sku: text(127).optional(),
  tax: amount.optional(),
  unit_amount: amount,
  url: ignored,
});

const purchaseUnit = z.strictObject({
  amount: amount.extend({
    breakdown: z
      .strictObject(Object.fromEntries(PARTS.map((part) => [part, amount.optional()])))
      .optional(),
  }),
  custom_id: text(127).optional(),
  description: text(127).optional(),
  invoice_id: text(127).optional(),
  items: z.array(item).optional(),
  payee: z
    .strictObject({ email_address: text(254).optional(), merchant_id: text(13).optional() })
    .optional(),
  payment_instruction: ignored,
  reference_id: text(256).optional(),
  shipping: ignored,
  soft_descriptor: text(22).optional(),
  supplementary_data: ignored,
});

export const orderRequest = z.strictObject({
  application_context: experienceContext.extend({ payment_method: ignored }).optional(),
  intent: z.enum(['CAPTURE', 'AUTHORIZE']),
  payer: ignored,
  payment_source: paymentSource.optional(),
  processing_instruction: z
    .enum(['NO_INSTRUCTION', 'ORDER_COMPLETE_ON_PAYMENT_APPROVAL', 'ORDER_SAVED_EXPLICITLY'])
    .optional(),
  purchase_units: z.array(purchaseUnit).min(1).max(10),
});

type PurchaseUnit = z.output<typeof purchaseUnit>;

/** One part of an order, with its own amount and its own capture. */
export interface Unit {
  readonly reference_id: string;
  readonly amount: PurchaseUnit['amount'];
  /** In the currency's smallest unit at PayPal. */
  readonly units: number;
  readonly custom_id: string | undefined;
  readonly invoice_id: string | undefined;
  readonly description: string | undefined;
  readonly soft_descriptor: string | undefined;
  readonly capture: string | undefined;
}

export function unitsOf(asked: readonly PurchaseUnit[]): Unit[] {
  const named = asked.map(({ reference_id: name }) => name ?? 'default');
  if (asked.length > 1 && asked.some((unit) => unit.reference_id === undefined))
    throw refused('REFERENCE_ID_REQUIRED', { field: '/purchase_units', location: 'body' });
  if (new Set(named).size < named.length)
    throw refused('DUPLICATE_REFERENCE_ID', { field: '/purchase_units', location: 'body' });
  return asked.map((unit, index) => {
    const field = `/purchase_units/${index}/amount`;
    const units = smallestUnits(unit.amount, field);
    checkBreakdown(unit.amount, units, field);
    const { amount: total, custom_id, invoice_id, description, soft_descriptor } = unit;
    const texts = { custom_id, invoice_id, description, soft_descriptor };
    return { reference_id: named[index]!, amount: total, units, ...texts, capture: undefined };
  });
}

function checkBreakdown(
  { breakdown, currency_code: currency }: PurchaseUnit['amount'],
  total: number,
  field: string,
): void {
  if (!breakdown) return;
  const parts: Partial<Record<string, Amount | undefined>> = breakdown;
  const sum = PARTS.reduce((left, part) => {
    const given = parts[part];
    if (!given) return left;
    if (given.currency_code !== currency) throw refused('AMOUNT_MISMATCH', { field });
    const units = unitsOrZero(given, `${field}/breakdown/${part}`);
    return part.endsWith('discount') ? left - units : left + units;
  }, 0);
  if (sum !== total)
    throw refused('AMOUNT_MISMATCH', { field: `${field}/value`, location: 'body' });
}
