import { z } from 'zod';

import { idOf, shownInstant } from './common.js';

const slug = z
  .string()
  .max(64)
  .regex(/^[a-z][a-z\d-]*$/, { error: 'must be lower case letters, digits and dashes' });

/** Dunlin's own settings are not a gateway's credentials. */
const OWN_SETTING = /^env:(DUNLIN_|DATABASE_|POSTGRES_|TEMPORAL_|PG[A-Z]+$)/;

const secretReference = z
  .string()
  .max(300)
  .regex(/^(env:[A-Za-z_]\w*|file:\/[\w./-]+)$/, {
    error:
      'must say where the secret is, as env:NAME or file:/path, and never be the secret itself',
  })
  .refine((reference) => !OWN_SETTING.test(reference), {
    error: 'names a setting of Dunlin itself',
  })
  .meta({ example: 'env:STRIPE_EU_KEY' });

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

const apiBase = z
  .url({ protocol: /^https?$/, error: 'must be an https address' })
  .max(300)
  .refine(isSafeBase, { error: 'must be https, or http on this machine, without credentials' })
  .meta({
    description: 'Test mode only: where requests go instead',
    example: 'http://127.0.0.1:8081',
  });

function isSafeBase(base: string): boolean {
  if (!URL.canParse(base)) return false;
  const { protocol, hostname, username, password } = new URL(base);
  return !username && !password && (protocol === 'https:' || LOOPBACK.includes(hostname));
}

const mode = z.enum(['test', 'live']);
const state = z.enum(['open', 'drained', 'closed']).meta({
  description:
    'Only an open account sends new charges and takes new payment methods. Look-ups always pass.',
});

export const newGatewayAccount = z
  .strictObject({
    name: slug.meta({ example: 'stripe-eu' }),
    gateway: z.enum(['stripe']),
    mode,
    secret_ref: secretReference,
    webhook_secret_refs: z.array(secretReference).max(5).default([]),
    api_base: apiBase.nullable().optional(),
    lane: slug.optional().meta({ description: "By default the gateway's common lane" }),
    state: state.default('open'),
  })
  .refine((account) => account.mode === 'test' || !account.api_base, {
    path: ['api_base'],
    error: 'is for test accounts only',
  });

export const changedGatewayAccount = z.strictObject({
  name: slug.optional(),
  secret_ref: secretReference.optional(),
  webhook_secret_refs: z.array(secretReference).max(5).optional(),
  api_base: apiBase.nullable().optional(),
  lane: slug.optional(),
  state: state.optional(),
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
    webhook_url: z.string().meta({ description: 'The path at which the gateway reports to us' }),
    created_at: shownInstant,
  })
  .meta({ id: 'GatewayAccount' });
