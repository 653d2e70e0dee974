/** Looking up what became of a charge, without changing anything. */
import type Stripe from 'stripe';
import { z } from 'zod';

import type { Account, FrozenCharge, LookUp } from '../gateway.js';
import { latestCharge, readFailure, readIntent } from './answers.js';
import { stripeFor } from './client.js';
import { readRequest } from './request.js';
import { unlessReturned } from './returns.js';

/** A page's attempts are the customer's, who may try again there: its charge is looked up in its own way. */
export async function lookUp(account: Account, charge: FrozenCharge): Promise<LookUp> {
  try {
    const intent = await objectOf(account, charge);
    if (!intent) return await absentHere(account, charge);
    const said = read(intent, charge);
    return said.kind === 'succeeded' ? await unlessReturned(account, intent, said) : said;
  } catch (error) {
    return { kind: 'unknown', why: whyUnreadable(error) };
  }
}

/**
 * Absence is about to become proof: then the customer must be one of this account, for in another account, whose
 * credentials these may be by now, nothing is ever found.
 */
async function absentHere(account: Account, charge: FrozenCharge): Promise<LookUp> {
  const request = readRequest(charge.request);
  if (charge.resendable || request.mode !== 'create') return { kind: 'absent' };
  const { customer: id } = request.params;
  const customer = await stripeFor(account)
    .customers.retrieve(id)
    .catch((error: unknown) => error);
  if (customer instanceof Error) {
    const why = `${account.name} does not know the customer of this charge: ${whyUnreadable(customer)}`;
    return { kind: 'unknown', why, attention: true };
  }
  return { kind: 'absent' };
}

/** The PaymentIntent of a charge, read as it is now; undefined when there is none. */
export function objectOf(
  account: Account,
  charge: FrozenCharge,
): Promise<Stripe.PaymentIntent | undefined> {
  const reference = referenceOf(charge);
  return reference ? retrieve(account, reference) : find(account, charge);
}

/** A charge that continues an object knows it from the beginning. */
export function referenceOf(charge: FrozenCharge): string | undefined {
  const request = readRequest(charge.request);
  return 'paymentIntent' in request ? request.paymentIntent : charge.reference;
}

const EXPAND = { expand: ['latest_charge'] };

export function retrieve(account: Account, reference: string): Promise<Stripe.PaymentIntent> {
  return stripeFor(account).paymentIntents.retrieve(reference, EXPAND);
}

export function whyUnreadable(error: unknown): string {
  const answer = readFailure(error);
  return 'why' in answer ? answer.why : `Stripe answered ${answer.kind}`;
}

function read(intent: Stripe.PaymentIntent, charge: FrozenCharge): LookUp {
  const { mode } = readRequest(charge.request);
  switch (mode) {
    case 'create':
      return readIntent(intent, charge);
    case 'confirm':
      return sinceBaseline(intent, charge);
    case 'page':
      return readPage(intent, charge, null);
    case 'continued_page':
      return readPage(intent, charge, baselineOf(charge));
    default:
      return mode satisfies never;
  }
}

const baselineSchema = z.object({ latestCharge: z.string().nullable() });

/** The newest attempt before ours; undefined when it was never read, and so nothing was sent. */
function baselineOf(charge: FrozenCharge): string | null | undefined {
  const baseline = baselineSchema.safeParse(charge.baseline);
  return baseline.success ? baseline.data.latestCharge : undefined;
}

function isUnchanged(intent: Stripe.PaymentIntent, baseline: string | null | undefined): boolean {
  return baseline === undefined || baseline === (latestCharge(intent) ?? null);
}

/** A confirmation may lead here without an attempt of its own to show. */
const UNDER_WAY: ReadonlySet<string> = new Set([
  'processing',
  'requires_action',
  'requires_capture',
]);

/** A newer attempt than before our confirmation is ours; no newer one means that ours was not executed yet. */
function sinceBaseline(intent: Stripe.PaymentIntent, charge: FrozenCharge): LookUp {
  const unchanged = isUnchanged(intent, baselineOf(charge));
  if (!unchanged || UNDER_WAY.has(intent.status)) return readIntent(intent, charge);
  if (intent.status === 'succeeded') return { kind: 'duplicate', reference: intent.id };
  if (intent.status === 'canceled')
    return { kind: 'gone', why: `${intent.id} was canceled without an attempt of this charge` };
  return { kind: 'unchanged' };
}

/** An attempt that failed on the page, or none yet: as long as the object lives the customer may pay it. */
function readPage(
  intent: Stripe.PaymentIntent,
  charge: FrozenCharge,
  baseline: string | null | undefined,
): LookUp {
  const reference = intent.id;
  switch (intent.status) {
    case 'requires_payment_method':
    case 'requires_confirmation':
      return { kind: 'pending', reference };
    case 'canceled':
      return { kind: 'gone', why: `${reference} was canceled before the customer had paid` };
    case 'succeeded':
      if (isUnchanged(intent, baseline)) return { kind: 'duplicate', reference };
      return readIntent(intent, charge);
    default:
      return readIntent(intent, charge);
  }
}

/** Lists by customer, because the search API lags. Pages are bounded: a renewal's intent is among the newest. */
async function find(
  account: Account,
  charge: FrozenCharge,
): Promise<Stripe.PaymentIntent | undefined> {
  const request = readRequest(charge.request);
  if (request.mode !== 'create' && request.mode !== 'page') return undefined;
  const since = Math.floor(charge.firstSentAt / 1000) - CLOCK_SKEW_SECONDS;
  const list = stripeFor(account).paymentIntents.list({
    customer: request.params.customer,
    created: { gte: Math.max(0, since) },
    limit: 100,
    expand: ['data.latest_charge'],
  });
  const page = request.mode === 'page' ? charge.id : undefined;
  for await (const intent of list) {
    const { dunlin_renewal: renewal, dunlin_page: itsPage } = intent.metadata;
    const ours = renewal === charge.renewalId && itsPage === page;
    if (ours && !charge.otherReferences.includes(intent.id)) return intent;
  }
  return undefined;
}

const CLOCK_SKEW_SECONDS = 600;
