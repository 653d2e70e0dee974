import { z } from 'zod';

import {
  amountMinor,
  currency,
  idOf,
  instant,
  metadata,
  shownInstant,
  shownMetadata,
  text,
  timeZone,
} from './common.js';

const interval = z.enum(['minute', 'day', 'week', 'month', 'year']);
const collection = z.enum(['automatic', 'manual']);

export const SUBSCRIPTION_STATUSES = ['active', 'past_due', 'paused', 'canceled', 'ended'] as const;
export const SERVICES = ['full', 'restricted', 'suspended', 'ended'] as const;

export const newSubscription = z.strictObject({
  customer: idOf('cus'),
  amount_minor: amountMinor,
  currency,
  interval: interval.meta({ description: '"minute" is for test keys only' }),
  interval_count: z.int().min(1).max(1_000).default(1),
  starts_at: instant.optional().meta({
    description: 'When the first period begins and is billed, by default now',
  }),
  time_zone: timeZone.optional().meta({
    description: "Whose wall clock the billing day keeps, by default the customer's",
  }),
  description: text(500).nullable().optional(),
  collection: collection.default('automatic').meta({
    description: '"manual": the app starts each renewal itself',
  }),
  cycles: z.int().min(1).max(10_000).optional().meta({ description: 'Ends after so many periods' }),
  bill_past_periods: z.boolean().default(false).meta({
    description:
      'Allows starts_at more than one interval ago: the periods since are billed in order',
  }),
  payment_method: idOf('pm').optional().meta({ description: "By default the customer's default" }),
  dunning_policy: text(64).default('default'),
  metadata: metadata.default({}),
});

export const changedSubscription = z.strictObject({
  amount_minor: amountMinor.optional(),
  description: text(500).nullable().optional(),
  payment_method: idOf('pm').nullable().optional().meta({
    description: "null: the customer's default again",
  }),
  metadata: metadata.optional().meta({ description: 'Replaces what was there' }),
});

export const IMMUTABLE_TERMS = [
  'customer',
  'currency',
  'interval',
  'interval_count',
  'starts_at',
  'time_zone',
  'collection',
  'cycles',
  'dunning_policy',
] as const;

export const newCancellation = z
  .strictObject({
    at: z.enum(['period_end', 'now']),
    keep_debt: z.boolean().optional().meta({
      description: 'Only with "now": renewals that are owed already are still collected',
    }),
  })
  .refine(({ at, keep_debt }) => at === 'now' || keep_debt === undefined, {
    path: ['keep_debt'],
    error: 'belongs to at: "now"; at the period\'s end open renewals go on anyway',
  });

export const subscription = z
  .object({
    id: idOf('sub'),
    customer: idOf('cus'),
    payment_method: idOf('pm').nullable(),
    status: z.enum(SUBSCRIPTION_STATUSES),
    service: z.enum(SERVICES),
    amount_minor: z.int(),
    currency: z.string(),
    interval,
    interval_count: z.int(),
    starts_at: shownInstant,
    time_zone: z.string(),
    description: z.string().nullable(),
    collection,
    cycles: z.int().nullable(),
    dunning_policy: z.string(),
    next_period_start: shownInstant.nullable(),
    paused_at: shownInstant.nullable(),
    ends_at: shownInstant.nullable(),
    canceled_at: shownInstant.nullable(),
    metadata: shownMetadata,
    created_at: shownInstant,
  })
  .meta({ id: 'Subscription' });
