/** Payment methods: a customer approves a setup token on PayPal's page, and it becomes a token for renewals. */
import { z } from 'zod';

import type { Account, Attached, AttachRequest, Setup, SetupRequest } from '../gateway.js';
import { failureOf } from './orders.js';
import { type Said, callPaypal } from './call.js';
import { type Deadline, deadlineIn } from './deadline.js';
import { isObjectId } from './objects.js';

const methodSchema = z.object({
  id: z.string().min(1),
  customer: z.object({ id: z.string().min(1) }),
  payment_source: z.object({
    paypal: z
      .object({ email_address: z.string().optional(), payer_id: z.string().optional() })
      .optional(),
    card: z.object({ brand: z.string().optional(), last_digits: z.string().optional() }).optional(),
  }),
});

type Method = z.infer<typeof methodSchema>;

/** The token is a setup token the customer has approved, or a payment token of this customer that exists already. */
export async function attachMethod(account: Account, request: AttachRequest): Promise<Attached> {
  const { token, key } = request;
  if (!isObjectId(token)) return { kind: 'refused', why: 'This is no token of PayPal' };
  const deadline = deadlineIn(account.deadlineMs);
  const said = await callPaypal(
    account,
    {
      method: 'POST',
      path: '/v3/vault/payment-tokens',
      key: `${key}:attach`,
      body: { payment_source: { token: { id: token, type: 'SETUP_TOKEN' } } },
    },
    deadline,
  );
  const method = read(said, methodSchema);
  if (method) return attached(method);
  const failed = failedBy(said);
  return failed.kind === 'refused' ? explain(account, request, failed, deadline) : failed;
}

function attached(method: Method): Attached {
  const { id: reference, customer, payment_source: source } = method;
  const isCard = source.card !== undefined;
  return {
    kind: 'attached',
    customer: customer.id,
    reference,
    methodKind: isCard ? 'card' : 'paypal',
    display: isCard ? displayCard(source.card!) : displayWallet(source.paypal?.email_address),
    // Of a card PayPal shows nothing that would be the same elsewhere and another's nowhere.
    fingerprint: isCard ? undefined : source.paypal?.payer_id,
  };
}

function displayWallet(email: string | undefined): string {
  const [, first, domain] = /^(.).*(@[^@]+)$/u.exec(email ?? '') ?? [];
  return first === undefined ? 'PayPal' : `PayPal ${first}···${domain}`;
}

function displayCard({ brand = 'card', last_digits: last = '' }: NonNullable<Source['card']>) {
  const name = brand.charAt(0).toUpperCase() + brand.slice(1).toLowerCase();
  return `${name} ···${last.slice(-4)}`;
}

type Source = Method['payment_source'];
type Refused = { readonly kind: 'refused'; readonly why: string };
type NotDone = Refused | { readonly kind: 'unavailable'; readonly why: string };

/** The refusal alone does not tell a customer who has not agreed yet from one who did so too long ago. */
async function explain(
  account: Account,
  { token, customer }: AttachRequest,
  refused: Refused,
  deadline: Deadline,
): Promise<Attached> {
  const path = `/v3/vault/setup-tokens/${token}`;
  const setup = await callPaypal(account, { method: 'GET', path }, deadline);
  if (setup.kind !== 'answered') return refused;
  if (setup.status === 404) return existing(account, token, customer, deadline);
  const { status } = setup.body;
  if (status === 'CREATED' || status === 'PAYER_ACTION_REQUIRED')
    return because('The customer has not approved this on PayPal’s page yet', refused);
  if (status === 'VAULTED' || status === 'TOKENIZED')
    return because('This approval was used already: each serves once', refused);
  return refused;
}

/** Only of the customer it is asked for: any other's would be charged for him. */
async function existing(
  account: Account,
  token: string,
  customer: string | undefined,
  deadline: Deadline,
): Promise<Attached> {
  const path = `/v3/vault/payment-tokens/${token}`;
  const said = await callPaypal(account, { method: 'GET', path }, deadline);
  const method = read(said, methodSchema);
  if (method && method.customer.id === customer) return attached(method);
  if (method) return { kind: 'refused', why: 'This token belongs to another customer of PayPal' };
  if (said.kind === 'answered' && said.status < 500) return { kind: 'refused', why: EXPIRED };
  return failedBy(said);
}

const EXPIRED =
  'PayPal does not know this token: an approval that is not taken up dies after three days';

function because(why: string, refused: Refused): Refused {
  return { kind: 'refused', why: `${why} (${refused.why})` };
}

const setupSchema = z.object({
  id: z.string().min(1),
  customer: z.object({ id: z.string() }).optional(),
  links: z.array(z.object({ rel: z.string(), href: z.string() })).default([]),
});

/** A setup token for a PayPal wallet, which the customer approves at its address. */
export async function createSetup(account: Account, request: SetupRequest): Promise<Setup> {
  const { customer, kinds, returnUrl, cancelUrl, key } = request;
  if (kinds.length > 0 && !kinds.includes('paypal'))
    return { kind: 'refused', why: `PayPal's page saves PayPal wallets, not ${kinds.join(', ')}` };
  const wallet = {
    usage_type: 'MERCHANT',
    usage_pattern: 'SUBSCRIPTION_PREPAID',
    customer_type: 'CONSUMER',
    experience_context: {
      return_url: returnUrl,
      cancel_url: cancelUrl,
      shipping_preference: 'NO_SHIPPING',
      vault_instruction: 'ON_PAYER_APPROVAL',
    },
  };
  const body = {
    payment_source: { paypal: wallet },
    ...(customer !== undefined && { customer: { id: customer } }),
  };
  const said = await callPaypal(
    account,
    { method: 'POST', path: '/v3/vault/setup-tokens', key: `${key}:setup`, body },
    deadlineIn(account.deadlineMs),
  );
  const setup = read(said, setupSchema);
  if (!setup) return failedBy(said);
  const url = setup.links.find(({ rel }) => rel === 'approve')?.href;
  return { kind: 'ready', reference: setup.id, customer: setup.customer?.id, url };
}

function read<T>(said: Said, schema: z.ZodType<T>): T | undefined {
  if (said.kind !== 'answered' || said.status < 200 || said.status >= 300) return undefined;
  const parsed = schema.safeParse(said.body);
  return parsed.success ? parsed.data : undefined;
}

/** Refused when the request or the token is at fault; what may pass, and what is ours to mend, is unavailable. */
function failedBy(said: Said): NotDone {
  const answer = failureOf(said);
  if (answer.kind === 'declined') return { kind: 'refused', why: answer.decline.message };
  if (answer.kind === 'refused' && answer.parks) return { kind: 'refused', why: answer.why };
  return { kind: 'unavailable', why: 'why' in answer ? answer.why : `PayPal says ${answer.kind}` };
}
