/** What a setup token may be asked for. */
import { z } from 'zod';

import { ignored, text } from './params.js';

const url = z
  .string()
  .max(2000)
  .regex(/^https?:\/\/\S+$/);

export const experienceContext = z.strictObject({
  brand_name: text(127).optional(),
  cancel_url: url.optional(),
  contact_preference: ignored,
  landing_page: z.enum(['LOGIN', 'GUEST_CHECKOUT', 'NO_PREFERENCE', 'BILLING']).optional(),
  locale: z
    .string()
    .regex(/^[a-z]{2,3}(-[A-Za-z]{4})?(-([A-Z]{2}|\d{3}))?$/)
    .optional(),
  payment_method_preference: z.enum(['UNRESTRICTED', 'IMMEDIATE_PAYMENT_REQUIRED']).optional(),
  return_url: url.optional(),
  shipping_preference: z.enum(['GET_FROM_FILE', 'NO_SHIPPING', 'SET_PROVIDED_ADDRESS']).optional(),
  user_action: z.enum(['CONTINUE', 'PAY_NOW']).optional(),
  vault_instruction: z.enum(['ON_CREATE_PAYMENT_TOKENS', 'ON_PAYER_APPROVAL']).optional(),
});

export const USAGE_PATTERNS = [
  'IMMEDIATE',
  'DEFERRED',
  'RECURRING_PREPAID',
  'RECURRING_POSTPAID',
  'THRESHOLD_PREPAID',
  'THRESHOLD_POSTPAID',
  'SUBSCRIPTION_PREPAID',
  'SUBSCRIPTION_POSTPAID',
  'UNSCHEDULED_PREPAID',
  'UNSCHEDULED_POSTPAID',
  'INSTALLMENT_PREPAID',
  'INSTALLMENT_POSTPAID',
] as const;

/** How a wallet is going to be used; part of setup tokens and of orders that save the wallet. */
export const usage = {
  customer_type: z.enum(['CONSUMER', 'BUSINESS']).optional(),
  description: z
    .string()
    .min(1)
    .max(128)
    .regex(/^[a-zA-Z0-9_'\-., :;!?"]*$/)
    .optional(),
  permit_multiple_payment_tokens: z.boolean().optional(),
  usage_pattern: z.enum(USAGE_PATTERNS).optional(),
  usage_type: z.enum(['MERCHANT', 'PLATFORM']).optional(),
};

export const customerId = z.string().regex(/^[0-9a-zA-Z_-]{1,22}$/);

const card = z.strictObject({
  billing_address: ignored,
  brand: ignored,
  experience_context: experienceContext.optional(),
  expiry: z.string().regex(/^[0-9]{4}-(0[1-9]|1[0-2])$/),
  name: text(300).optional(),
  number: z.string().regex(/^[0-9]{13,19}$/),
  security_code: z
    .string()
    .regex(/^[0-9]{3,4}$/)
    .optional(),
  verification_method: z.enum(['SCA_WHEN_REQUIRED', 'SCA_ALWAYS']).optional(),
});

const wallet = z.strictObject({
  ...usage,
  experience_context: experienceContext.optional(),
  shipping: ignored,
});

export const setupTokenRequest = z.strictObject({
  customer: z
    .strictObject({ id: customerId.optional(), merchant_customer_id: text(64).optional() })
    .optional(),
  payment_source: z
    .strictObject({ card: card.optional(), paypal: wallet.optional() })
    .refine((source) => (source.card === undefined) !== (source.paypal === undefined)),
});

export type CardRequest = z.output<typeof card>;
export type WalletRequest = z.output<typeof wallet>;
