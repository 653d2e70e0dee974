/**
 * Stripe's books: its balance transactions, each read with the object that moved.
 *
 * A line is in the currency that Stripe settles in. Where that is not the charge's own, the object says what was
 * taken, and the fee, which is in the other currency, is left out.
 */
import type Stripe from 'stripe';

import { DomainError } from '../../domain/errors.js';
import type { Account, BooksPage, BooksWindow, Movement, Owner } from '../gateway.js';
import { fromStripeBalance } from './amount.js';
import { stripeFor } from './client.js';
import { unavailable } from './unavailable.js';

type Line = Stripe.BalanceTransaction;

export async function listMovements(account: Account, window: BooksWindow): Promise<BooksPage> {
  try {
    const { data, has_more: more } = await stripeFor(account).balanceTransactions.list({
      created: { gte: Math.floor(window.from / 1000), lte: Math.floor(window.to / 1000) },
      limit: 100,
      expand: ['data.source'],
      ...(window.page !== undefined && { starting_after: window.page }),
    });
    const movements = data.map(movementOf).filter((movement) => movement !== undefined);
    const next = more ? data.at(-1)?.id : undefined;
    return { kind: 'page', movements, next, completeTo: window.to };
  } catch (error) {
    if (!(error instanceof DomainError)) return unavailable(error);
    return { kind: 'unavailable', why: error.message, attention: true };
  }
}

function movementOf(line: Line): Movement | undefined {
  const object = objectOf(line);
  const kind = kindOf(line, object);
  try {
    return {
      line: line.id,
      kind,
      reference: object.reference,
      chargeReference: object.chargeReference,
      objectReference: object.objectReference,
      customerReference: object.customerReference,
      owner: object.owner,
      ...amountsOf(line, object),
      settled: object.settled,
      at: line.created * 1000,
    };
  } catch (error) {
    // What is nobody's charge may be in a currency that Dunlin cannot hold.
    if (kind === 'other' && error instanceof DomainError) return undefined;
    throw error;
  }
}

/** Stripe's own types divide the same movement by the kind of method; its categories do not. */
function kindOf({ reporting_category: category }: Line, { failed }: Moved): Movement['kind'] {
  // A debit that was booked before it failed: its two lines cancel each other out.
  if (failed) return 'other';
  return KINDS.get(category) ?? 'other';
}

const KINDS: ReadonlyMap<string, Movement['kind']> = new Map<string, Movement['kind']>([
  ['charge', 'charge'],
  ['payment', 'charge'],
  ['refund', 'refund'],
  ['payment_refund', 'refund'],
  ['refund_failure', 'refund_failure'],
  ['dispute', 'dispute'],
  ['dispute_reversal', 'dispute_reversal'],
]);

function amountsOf(line: Line, { wire }: Moved): Pick<Movement, 'amount' | 'feeMinor'> {
  if (wire && wire.currency !== line.currency)
    return { amount: fromStripeBalance(wire.amount, wire.currency), feeMinor: 0 };
  return {
    amount: fromStripeBalance(Math.abs(line.amount), line.currency),
    feeMinor: fromStripeBalance(line.fee, line.currency).amountMinor,
  };
}

/** What the object behind a line says of itself. */
interface Moved extends Pick<
  Movement,
  'reference' | 'chargeReference' | 'objectReference' | 'customerReference' | 'owner' | 'settled'
> {
  readonly wire: { readonly amount: number; readonly currency: string } | undefined;
  /** A charge that came to nothing. */
  readonly failed: boolean;
}

function objectOf({ id, source }: Line): Moved {
  const unknown = { ...NOTHING, reference: typeof source === 'string' ? source : id };
  if (typeof source === 'string' || source === null) return unknown;
  switch (source.object) {
    case 'charge':
      return ofCharge(source);
    case 'refund':
      return ofRefund(source);
    case 'dispute':
      return ofDispute(source);
    default:
      return { ...unknown, reference: source.id ?? id };
  }
}

const NOTHING = {
  chargeReference: undefined,
  objectReference: undefined,
  customerReference: undefined,
  owner: {},
  settled: true,
  wire: undefined,
  failed: false,
} as const;

function ofCharge(charge: Stripe.Charge): Moved {
  return {
    ...common(charge),
    reference: charge.id,
    chargeReference: charge.id,
    customerReference: idOf(charge.customer),
    owner: ownerIn(charge.metadata),
    settled: charge.status !== 'pending',
    failed: charge.status === 'failed',
  };
}

function ofRefund(refund: Stripe.Refund): Moved {
  return {
    ...common(refund),
    reference: refund.id,
    chargeReference: idOf(refund.charge),
    owner: ownerIn(refund.metadata ?? {}),
    settled: refund.status !== 'pending' && refund.status !== 'requires_action',
  };
}

/** A dispute's metadata are nobody's: whose it is, its charge says. */
function ofDispute(dispute: Stripe.Dispute): Moved {
  return { ...common(dispute), reference: dispute.id, chargeReference: idOf(dispute.charge) };
}

function common(source: Stripe.Charge | Stripe.Refund | Stripe.Dispute) {
  const { amount, currency, payment_intent: intent } = source;
  return { ...NOTHING, objectReference: idOf(intent), wire: { amount, currency } };
}

function ownerIn(metadata: Stripe.Metadata): Owner {
  return {
    merchantId: metadata['dunlin_merchant'],
    renewalId: metadata['dunlin_renewal'],
    chargeId: metadata['dunlin_page'],
    refundId: metadata['dunlin_refund'],
  };
}

function idOf(named: string | { readonly id: string } | null): string | undefined {
  return (typeof named === 'string' ? named : named?.id) ?? undefined;
}
