/** Subscribing: what must be true of an agreement before it is made, or changed. */
import type { z } from 'zod';

import { DomainError } from '../domain/errors.js';
import { money } from '../domain/money.js';
import { type Cadence, periodStart } from '../domain/period.js';
import type { Tx } from '../prisma/client.js';
import { findCustomer } from '../prisma/customer.js';
import { isUsable } from '../prisma/payment-method.js';
import { type Changed, createSubscription } from '../prisma/subscription-change.js';
import { hasDunningPolicy } from '../prisma/subscription-view.js';
import type { LockedSubscription } from '../prisma/subscription.js';
import { defined } from './defined.js';
import { type FieldError, invalidFields } from './problem.js';
import type { ApiRequest } from './route.js';
import type { changedSubscription, newSubscription } from './schemas/subscription.js';

type Terms = z.output<typeof newSubscription>;

export async function subscribe(
  tx: Tx,
  { caller, merchantId, body }: ApiRequest<unknown, unknown, Terms>,
  now: Date,
): Promise<Changed> {
  const customer = await findCustomer(tx, merchantId, body.customer);
  if (!customer) throw invalidFields('invalid_request', [unknown('customer')]);
  const cadence: Cadence = {
    interval: body.interval,
    intervalCount: body.interval_count,
    startsAt: body.starts_at === undefined ? wholeSecond(now) : Date.parse(body.starts_at),
    timeZone: body.time_zone ?? customer.timeZone,
  };
  const errors = [
    ...timeErrors(body, cadence, now),
    ...(await referenceErrors(tx, merchantId, body)),
  ];
  if (body.interval === 'minute' && caller.mode !== 'test')
    errors.push({ field: 'interval', message: '"minute" is for test keys only' });
  if (body.dunning_policy === 'quick' && caller.mode !== 'test')
    errors.push({ field: 'dunning_policy', message: '"quick" is for test keys only' });
  if (errors.length > 0) throw invalidFields('invalid_request', errors);
  return createSubscription(tx, { merchantId, cadence, ...termsOf(body) }, now);
}

/** Periods are named after their start: nobody wants to read milliseconds there. */
function wholeSecond(now: Date): number {
  return Math.floor(now.getTime() / 1000) * 1000;
}

function termsOf(body: Terms) {
  return {
    customerId: body.customer,
    paymentMethodId: body.payment_method,
    amount: money(body.amount_minor, body.currency),
    collection: body.collection,
    cycles: body.cycles,
    dunningPolicy: body.dunning_policy,
    description: body.description ?? undefined,
    metadata: body.metadata,
  };
}

function timeErrors(body: Terms, cadence: Cadence, now: Date): FieldError[] {
  const errors: FieldError[] = [];
  if (periodStart(cadence, 1) <= now.getTime() && !body.bill_past_periods)
    errors.push({
      field: 'starts_at',
      message: 'is more than one interval ago: set bill_past_periods to bill the periods since',
    });
  if (!endsInTime(cadence, body.cycles ?? 1))
    errors.push({ field: 'cycles', message: 'would end after the year 9000' });
  return errors;
}

/** Beyond this the calendar itself gives out. */
function endsInTime(cadence: Cadence, cycles: number): boolean {
  try {
    return periodStart(cadence, cycles) <= LAST_END;
  } catch (error) {
    if (error instanceof DomainError) return false;
    throw error;
  }
}

const LAST_END = Date.UTC(9000, 0, 1);

async function referenceErrors(tx: Tx, merchantId: string, body: Terms): Promise<FieldError[]> {
  const errors: FieldError[] = [];
  const whose = { merchantId, customerId: body.customer };
  if (body.payment_method !== undefined && !(await isUsable(tx, whose, body.payment_method)))
    errors.push(unknown('payment_method'));
  if (!(await hasDunningPolicy(tx, merchantId, body.dunning_policy)))
    errors.push(unknown('dunning_policy'));
  return errors;
}

function unknown(field: string): FieldError {
  return { field, message: `There is no such ${field.replace('_', ' ')}` };
}

/** The columns that a PATCH changes. */
export async function amendments(
  tx: Tx,
  { merchantId, customerId }: LockedSubscription,
  body: z.output<typeof changedSubscription>,
) {
  const {
    payment_method: paymentMethodId,
    amount_minor: amountMinor,
    description,
    metadata,
  } = body;
  if (paymentMethodId && !(await isUsable(tx, { merchantId, customerId }, paymentMethodId)))
    throw invalidFields('invalid_request', [unknown('payment_method')]);
  return defined({ amountMinor, description, paymentMethodId, metadata });
}
