/** The parameters Stripe takes for PaymentIntents. Everything it does not take is refused. */
import { z } from 'zod';

import { mandateData } from './mandates.js';
import { paging } from './pages.js';
import { clearableText, expand, flag, ignored, integer, metadata, range, text } from './params.js';

const credentialUsage = z.enum(['recurring', 'unscheduled', 'installment']);

const paymentMethodOptions = z.looseObject({
  card: z
    .strictObject({
      capture_method: ignored,
      cvc_token: ignored,
      installments: ignored,
      mandate_options: ignored,
      moto: flag.optional(),
      network: text.optional(),
      request_decremental_authorization: ignored,
      request_extended_authorization: ignored,
      request_incremental_authorization: ignored,
      request_multicapture: ignored,
      request_overcapture: ignored,
      request_partial_authorization: ignored,
      request_three_d_secure: z.enum(['any', 'automatic', 'challenge']).optional(),
      require_cvc_recollection: ignored,
      setup_credential_usage: credentialUsage.optional(),
      setup_future_usage: text.optional(),
      statement_descriptor_suffix_kana: ignored,
      statement_descriptor_suffix_kanji: ignored,
      stored_credential_usage: credentialUsage.optional(),
      three_d_secure: ignored,
    })
    .optional(),
});

const common = {
  allowed_payment_method_types: z.array(text).optional(),
  amount_details: ignored,
  capture_method: z.enum(['automatic', 'automatic_async', 'manual']).optional(),
  excluded_payment_method_types: ignored,
  expand,
  hooks: ignored,
  payment_details: ignored,
  payment_method: text.optional(),
  payment_method_data: ignored,
  payment_method_options: paymentMethodOptions.optional(),
  receipt_email: ignored,
  setup_future_usage: z.enum(['off_session', 'on_session']).optional(),
  shipping: ignored,
};

/** Only with a confirmation. */
const confirming = {
  error_on_requires_action: flag.optional(),
  mandate: text.optional(),
  mandate_data: mandateData.optional(),
  off_session: z
    .enum(['true', 'false', 'one_off', 'recurring'])
    .transform((value) => value !== 'false')
    .optional(),
  radar_options: ignored,
  return_url: text.optional(),
  use_stripe_sdk: ignored,
  confirmation_token: ignored,
};

const describing = {
  application_fee_amount: ignored,
  customer: text.optional(),
  customer_account: ignored,
  description: clearableText.optional(),
  metadata: metadata.optional(),
  payment_method_configuration: ignored,
  statement_descriptor: text.optional(),
  statement_descriptor_suffix: clearableText.optional(),
  transfer_data: ignored,
  transfer_group: ignored,
};

export const created = z.strictObject({
  ...common,
  ...confirming,
  ...describing,
  amount: integer,
  automatic_payment_methods: z
    .strictObject({ enabled: flag, allow_redirects: z.enum(['always', 'never']).optional() })
    .optional(),
  confirm: flag.optional(),
  confirmation_method: z.enum(['automatic', 'manual']).optional(),
  currency: text,
  on_behalf_of: ignored,
});

export const updated = z.strictObject({
  ...common,
  ...describing,
  amount: integer.optional(),
  currency: text.optional(),
});

export const confirmed = z.strictObject({ ...common, ...confirming, amount_to_confirm: ignored });

export const canceled = z.strictObject({
  cancellation_reason: z
    .enum(['abandoned', 'duplicate', 'fraudulent', 'requested_by_customer'])
    .optional(),
  expand,
});

export const listed = z.strictObject({
  ...paging,
  created: range.optional(),
  customer: text.optional(),
  customer_account: ignored,
});

export const searched = z.strictObject({
  query: text,
  limit: integer.optional(),
  page: text.optional(),
  expand,
});
