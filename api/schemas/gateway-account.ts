import { z } from 'zod';

import { gatewayNames } from '../../gateways/index.js';
import { idOf, shownInstant, webAddress } from './common.js';

const slug = z
  .string()
  .max(64)
  .regex(/^[a-z][a-z\d-]*$/, { error: 'must be lower case letters, digits and dashes' });

/** Dunlin's own settings are not a gateway's credentials. */
const OWN_SETTING =
  /^(env:(DUNLIN_|DATABASE_|POSTGRES_|TEMPORAL_|SIGNING_|SMTP_|PG[A-Z]+$)|file:\/(proc|sys|dev)\/)/;
/** A path that could be written shorter may lead elsewhere than it seems. */
const ROUNDABOUT = /\/\.{0,2}\//;

const secretReference = z
  .string()
  .max(300)
  .regex(/^(env:[A-Za-z_]\w*|file:\/[\w./-]+)$/, {
    error:
      'must say where the secret is, as env:NAME or file:/path, and never be the secret itself',
  })
  .refine((reference) => !ROUNDABOUT.test(reference), {
    error: 'must be a path without empty steps, . and ..',
  })
  .refine((reference) => !OWN_SETTING.test(reference), {
    error: 'names a setting of Dunlin itself',
  })
  .meta({ example: 'env:STRIPE_EU_KEY' });

const credentials = secretReference.meta({
  description: 'Where to find Stripe\'s secret key, or PayPal\'s "client_id:client_secret"',
});

const webhookSecrets = z
  .array(secretReference)
  .max(5)
  .meta({
    description:
      "Where to find what webhooks are verified with: Stripe's signing secrets, or the ids of PayPal's webhooks. Two " +
      'while one is being replaced.',
  });

const apiBase = webAddress(300).meta({
  description: 'Test mode only: where requests go instead, if GATEWAY_API_BASES permits it',
  example: 'http://127.0.0.1:8081',
});

const mode = z.enum(['test', 'live']);
const state = z.enum(['open', 'drained', 'closed']).meta({
  description:
    '"open": everything. "drained": no new charges and no new payment methods, but charges under way go on: they ' +
    'are sent again where needed, and looked up. "closed": it sends no payment at all; look-ups and refunds still pass.',
});

const sendsPerSecond = z.number().positive().max(1_000).nullable().meta({
  description: 'New charges are spaced so that no second sees more. null: they are not spaced.',
  example: 25,
});

const debitNoticeDays = z.int().min(0).max(30).nullable().meta({
  description:
    'How many days before a bank debit its payer is told of it. null: as the kind of debit demands.',
});

export const newGatewayAccount = z
  .strictObject({
    name: slug.meta({ example: 'stripe-eu' }),
    gateway: z.enum(gatewayNames()),
    mode,
    secret_ref: credentials,
    webhook_secret_refs: webhookSecrets.default([]),
    api_base: apiBase.nullable().optional(),
    lane: slug.optional().meta({ description: "By default the gateway's common lane" }),
    state: state.default('open'),
    sends_per_second: sendsPerSecond.optional(),
    debit_notice_days: debitNoticeDays.optional(),
  })
  .refine((account) => account.mode === 'test' || !account.api_base, {
    path: ['api_base'],
    error: 'is for test accounts only',
  });

export const changedGatewayAccount = z.strictObject({
  name: slug.optional(),
  secret_ref: credentials.optional(),
  webhook_secret_refs: webhookSecrets.optional(),
  api_base: apiBase.nullable().optional(),
  lane: slug.optional(),
  state: state.optional(),
  sends_per_second: sendsPerSecond.optional(),
  debit_notice_days: debitNoticeDays.optional(),
});

export const gatewayAccount = z
  .object({
    id: idOf('gwa'),
    name: z.string(),
    gateway: z.string(),
    mode,
    secret_ref: z.string(),
    webhook_secret_refs: z.array(z.string()),
    api_base: z.string().nullable(),
    lane: z.string(),
    state,
    sends_per_second: z.number().nullable(),
    debit_notice_days: z.int().nullable(),
    quiet_until: shownInstant.nullable().meta({
      description: 'Until then nothing new is sent, because the gateway asked to be left alone',
    }),
    webhook_url: z.string().meta({ description: 'The path at which the gateway reports to us' }),
    created_at: shownInstant,
  })
  .meta({ id: 'GatewayAccount' });
