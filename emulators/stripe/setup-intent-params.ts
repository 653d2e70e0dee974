/** The parameters Stripe takes for SetupIntents, and a SetupIntent as it begins. */
import type Stripe from 'stripe';
import { z } from 'zod';

import { newId } from '../common/ids.js';
import { mandateData } from './mandates.js';
import { clearableText, expand, flag, ignored, metadata, text } from './params.js';

const common = {
  allowed_payment_method_types: z.array(text).optional(),
  confirmation_token: ignored,
  expand,
  mandate_data: mandateData.optional(),
  payment_method: text.optional(),
  payment_method_data: ignored,
  payment_method_options: ignored,
  return_url: text.optional(),
  use_stripe_sdk: ignored,
};

export const created = z.strictObject({
  ...common,
  attach_to_self: ignored,
  automatic_payment_methods: z
    .strictObject({ enabled: flag, allow_redirects: z.enum(['always', 'never']).optional() })
    .optional(),
  confirm: flag.optional(),
  customer: text.optional(),
  customer_account: ignored,
  description: clearableText.optional(),
  excluded_payment_method_types: ignored,
  flow_directions: ignored,
  metadata: metadata.optional(),
  on_behalf_of: ignored,
  payment_method_configuration: ignored,
  single_use: ignored,
  usage: z.enum(['off_session', 'on_session']).optional(),
});

export const confirmed = z.strictObject(common);

export const canceled = z.strictObject({
  cancellation_reason: z.enum(['abandoned', 'duplicate', 'requested_by_customer']).optional(),
  expand,
});

export function newSetupIntent(
  now: number,
  asked: Omit<z.output<typeof created>, 'metadata' | 'payment_method'> & {
    metadata: Stripe.Metadata;
    payment_method: string | null;
  },
): Stripe.SetupIntent {
  const id = newId('seti');
  const types = asked.allowed_payment_method_types;
  return {
    id,
    object: 'setup_intent',
    allowed_payment_method_types: types ?? null,
    application: null,
    automatic_payment_methods: types ? null : { allow_redirects: 'always', enabled: true },
    cancellation_reason: null,
    client_secret: newId(`${id}_secret`),
    created: now,
    customer: asked.customer ?? null,
    customer_account: null,
    description: asked.description ?? null,
    excluded_payment_method_types: null,
    flow_directions: null,
    last_setup_error: null,
    latest_attempt: null,
    livemode: false,
    mandate: null,
    metadata: asked.metadata,
    next_action: null,
    on_behalf_of: null,
    payment_method: asked.payment_method,
    payment_method_configuration_details: null,
    payment_method_options: null,
    payment_method_types: types ?? ['card'],
    single_use_mandate: null,
    status: asked.payment_method ? 'requires_confirmation' : 'requires_payment_method',
    usage: asked.usage ?? 'off_session',
  } satisfies Stripe.SetupIntent;
}
