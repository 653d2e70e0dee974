/** Stripe behind the gateway port. */
import type Stripe from 'stripe';

import type {
  Account,
  Answer,
  Books,
  Disputing,
  FrozenCharge,
  Gateway,
  Prepared,
  Refunding,
  Released,
} from '../gateway.js';
import { latestCharge, readFailure, readIntent } from './answers.js';
import { listMovements } from './books.js';
import { stripeFor } from './client.js';
import { readDispute } from './disputes.js';
import { sendEvidence } from './evidence.js';
import { lookUp, objectOf, referenceOf, retrieve, whyUnreadable } from './look-up.js';
import { attachMethod, createSetup } from './methods.js';
import { openPage } from './pages.js';
import { composeRefund, listRefunds, lookUpRefund, refund } from './refunds.js';
import { composePageRequest, composeRequest, readRequest } from './request.js';
import { readWebhook } from './webhook.js';

/** Stripe prunes keys after at least 24 hours; an hour less leaves room for a slow last send. */
const KEY_LIFE_MS = 23 * 3_600_000;

type WholeGateway = Gateway & {
  readonly refunding: Refunding;
  readonly disputing: Disputing;
  readonly books: Books;
};

export const stripe: WholeGateway = {
  kinds: ['card', 'sepa_debit', 'us_bank_account'],
  modeOf: (secret) => (secret.includes('_live_') ? 'live' : 'test'),
  keyLifeMs: KEY_LIFE_MS,
  afterItsKey:
    'That it does not show two hours after its key has died is proof that it was never made.',
  namedByHand: (name) => (name.startsWith('pi_') ? { reference: name } : { chargeReference: name }),
  compose: composeRequest,
  prepare,
  submit,
  lookUp,
  composePage: composePageRequest,
  openPage,
  // The customer's confirmation takes the money: nothing is left for us to do but to look.
  completePage: lookUp,
  release,
  readWebhook,
  attachMethod,
  createSetup,
  refunding: {
    refundKeyLifeMs: KEY_LIFE_MS,
    composeRefund,
    refund,
    lookUpRefund,
    listRefunds,
  },
  disputing: { readDispute, sendEvidence },
  books: { listMovements },
};

const EXPAND = { expand: ['latest_charge'] };

/** Before a re-confirmation: which attempt is the newest now, so that a newer one can be told from it. */
async function prepare(account: Account, charge: FrozenCharge): Promise<Prepared> {
  const request = readRequest(charge.request);
  if (request.mode === 'create') return { kind: 'ready', baseline: undefined };
  // A page's own object is made for this charge: every attempt on it is its own.
  if (request.mode === 'page') return { kind: 'ready', baseline: { latestCharge: null } };
  try {
    const intent = await retrieve(account, request.paymentIntent);
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
    switch (request.mode) {
      case 'create': {
        const params = request.params as Stripe.PaymentIntentCreateParams;
        return readIntent(await paymentIntents.create({ ...params, ...EXPAND }, key), charge);
      }
      case 'confirm': {
        const params = request.params as Stripe.PaymentIntentConfirmParams;
        const confirmation = { ...params, ...EXPAND };
        return readIntent(
          await paymentIntents.confirm(request.paymentIntent, confirmation, key),
          charge,
        );
      }
      case 'page':
      case 'continued_page':
        return { kind: 'unknown', why: 'Only the customer sends this payment: it is looked up' };
      default:
        return request satisfies never;
    }
  } catch (error) {
    return readFailure(error);
  }
}

/** Cancels the PaymentIntent, which is the only proof that it can never succeed. */
async function release(account: Account, charge: FrozenCharge, attempt: number): Promise<Released> {
  const found = await referenceToRelease(account, charge);
  if (found.kind !== 'found') return found;
  const { reference } = found;
  try {
    if (isPage(charge) && SETTLING.has((await retrieve(account, reference)).status))
      return { kind: 'still_open' };
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

function isPage(charge: FrozenCharge): boolean {
  const { mode } = readRequest(charge.request);
  return mode === 'page' || mode === 'continued_page';
}

/** The customer has paid on the page, and the bank is at it: that is not withdrawn. */
const SETTLING: ReadonlySet<string> = new Set(['processing', 'requires_capture', 'succeeded']);

/**
 * A page whose object is not known may still have one that waits for the customer. One that does not show, because
 * its creation is under way, cannot be paid either: nobody was given its client secret.
 */
async function referenceToRelease(
  account: Account,
  charge: FrozenCharge,
): Promise<Released | { readonly kind: 'found'; readonly reference: string }> {
  try {
    const { mode } = readRequest(charge.request);
    const reference =
      charge.reference ??
      referenceOf(charge) ??
      (mode === 'page' ? (await objectOf(account, charge))?.id : undefined);
    return reference ? { kind: 'found', reference } : { kind: 'released' };
  } catch (error) {
    return { kind: 'unavailable', why: whyUnreadable(error) };
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
