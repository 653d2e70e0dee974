/** Stripe behind the gateway port. */
import type Stripe from 'stripe';
import { z } from 'zod';

import type {
  Account,
  Answer,
  FrozenCharge,
  Gateway,
  LookUp,
  Prepared,
  Released,
} from '../gateway.js';
import { latestCharge, readFailure, readIntent } from './answers.js';
import { stripeFor } from './client.js';
import { attachMethod } from './methods.js';
import { composeRequest, readRequest } from './request.js';
import { readWebhook } from './webhook.js';

/** Stripe prunes keys after at least 24 hours; an hour less leaves room for a slow last send. */
const KEY_LIFE_MS = 23 * 3_600_000;

export const stripe: Gateway = {
  keyLifeMs: KEY_LIFE_MS,
  compose: composeRequest,
  prepare,
  submit,
  lookUp,
  release,
  readWebhook,
  attachMethod,
};

const EXPAND = { expand: ['latest_charge'] };

/** Before a re-confirmation: which attempt is the newest now, so that a newer one can be told from it. */
async function prepare(account: Account, charge: FrozenCharge): Promise<Prepared> {
  const request = readRequest(charge.request);
  if (request.mode === 'create') return { kind: 'ready', baseline: undefined };
  try {
    const intent = await stripeFor(account).paymentIntents.retrieve(request.paymentIntent, EXPAND);
    if (intent.status === 'canceled') return { kind: 'gone' };
    if (intent.status === 'succeeded') return { kind: 'duplicate' };
    return { kind: 'ready', baseline: { latestCharge: latestCharge(intent) ?? null } };
  } catch (error) {
    return { kind: 'unreadable', why: whyUnreadable(error) };
  }
}

async function submit(account: Account, charge: FrozenCharge): Promise<Answer> {
  const request = readRequest(charge.request);
  const { paymentIntents } = stripeFor(account);
  const key = { idempotencyKey: charge.id };
  try {
    const intent =
      request.mode === 'create'
        ? await paymentIntents.create({ ...createParams(request.params), ...EXPAND }, key)
        : await paymentIntents.confirm(
            request.paymentIntent,
            { ...request.params, ...EXPAND },
            key,
          );
    return readIntent(intent, charge);
  } catch (error) {
    return readFailure(error);
  }
}

type CreateParams = Extract<ReturnType<typeof readRequest>, { mode: 'create' }>['params'];

function createParams(params: CreateParams): Stripe.PaymentIntentCreateParams {
  return params as Stripe.PaymentIntentCreateParams;
}

async function lookUp(account: Account, charge: FrozenCharge): Promise<LookUp> {
  const request = readRequest(charge.request);
  try {
    if (request.mode === 'confirm')
      return sinceBaseline(await retrieve(account, request.paymentIntent), charge);
    if (charge.reference) return readIntent(await retrieve(account, charge.reference), charge);
    return await find(account, charge, request.params.customer);
  } catch (error) {
    return { kind: 'unknown', why: whyUnreadable(error) };
  }
}

function retrieve(account: Account, reference: string): Promise<Stripe.PaymentIntent> {
  return stripeFor(account).paymentIntents.retrieve(reference, EXPAND);
}

const baselineSchema = z.object({ latestCharge: z.string().nullable() });

/** A confirmation may lead here without an attempt of its own to show. */
const UNDER_WAY: ReadonlySet<string> = new Set([
  'processing',
  'requires_action',
  'requires_capture',
]);

/** A newer attempt than before our confirmation is ours; no newer one means that ours was not executed yet. */
function sinceBaseline(intent: Stripe.PaymentIntent, charge: FrozenCharge): LookUp {
  const baseline = baselineSchema.safeParse(charge.baseline);
  const unchanged =
    !baseline.success || baseline.data.latestCharge === (latestCharge(intent) ?? null);
  if (!unchanged || UNDER_WAY.has(intent.status)) return readIntent(intent, charge);
  if (intent.status === 'succeeded') return { kind: 'duplicate', reference: intent.id };
  if (intent.status === 'canceled')
    return { kind: 'gone', why: `${intent.id} was canceled without an attempt of this charge` };
  return { kind: 'unchanged' };
}

/** Lists by customer, because the search API lags. Pages are bounded: a renewal's intent is among the newest. */
async function find(account: Account, charge: FrozenCharge, customer: string): Promise<LookUp> {
  const since = Math.floor(charge.firstSentAt / 1000) - CLOCK_SKEW_SECONDS;
  const list = stripeFor(account).paymentIntents.list({
    customer,
    created: { gte: since },
    limit: 100,
    expand: ['data.latest_charge'],
  });
  for await (const intent of list) {
    const ours = intent.metadata['dunlin_renewal'] === charge.renewalId;
    if (!ours || charge.otherReferences.includes(intent.id)) continue;
    return readIntent(intent, charge);
  }
  return { kind: 'absent' };
}

const CLOCK_SKEW_SECONDS = 600;

/** Cancels the PaymentIntent, which is the only proof that it can never succeed. */
async function release(account: Account, charge: FrozenCharge, attempt: number): Promise<Released> {
  const { reference } = charge;
  if (!reference) return { kind: 'released' };
  try {
    const key = { idempotencyKey: `${charge.id}:release:${attempt}` };
    const intent = await stripeFor(account).paymentIntents.cancel(reference, {}, key);
    return { kind: intent.status === 'canceled' ? 'released' : 'still_open' };
  } catch (error) {
    const answer = readFailure(error);
    if (answer.kind === 'unreachable' || answer.kind === 'unknown' || answer.kind === 'refused')
      return releasedAfterAll(account, reference);
    return { kind: 'still_open' };
  }
}

/** A refused or unanswered cancel: the object itself says whether it is canceled. */
async function releasedAfterAll(account: Account, reference: string): Promise<Released> {
  try {
    const { status } = await retrieve(account, reference);
    return { kind: status === 'canceled' ? 'released' : 'still_open' };
  } catch (error) {
    return { kind: 'unavailable', why: whyUnreadable(error) };
  }
}

function whyUnreadable(error: unknown): string {
  const answer = readFailure(error);
  return 'why' in answer ? answer.why : `Stripe answered ${answer.kind}`;
}
