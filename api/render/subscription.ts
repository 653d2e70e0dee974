import type { z } from 'zod';

import type { SubscriptionView } from '../../prisma/subscription-view.js';
import type { subscription } from '../schemas/subscription.js';

type Shown = z.infer<typeof subscription>;

export function renderSubscription(row: SubscriptionView): Shown {
  return {
    id: row.id,
    customer: row.customerId,
    payment_method: row.paymentMethodId,
    status:
      row.status === 'active' && row.hasOpenCase ? 'past_due' : (row.status as Shown['status']),
    service: row.service as Shown['service'],
    amount_minor: Number(row.amountMinor),
    currency: row.currency,
    interval: row.interval as Shown['interval'],
    interval_count: row.intervalCount,
    starts_at: row.startsAt.toISOString(),
    time_zone: row.timeZone,
    description: row.description,
    collection: row.collection as Shown['collection'],
    cycles: row.cycles,
    dunning_policy: row.dunningPolicy,
    next_period_start: nextPeriodStart(row),
    paused_at: row.pausedAt?.toISOString() ?? null,
    ends_at: row.endsAt?.toISOString() ?? null,
    canceled_at: row.canceledAt?.toISOString() ?? null,
    metadata: row.metadata as Record<string, string>,
    created_at: row.createdAt.toISOString(),
  };
}

/** Nothing when no further period is owed. */
function nextPeriodStart({ nextPeriodStart: next, endsAt }: SubscriptionView): string | null {
  return endsAt !== null && next >= endsAt ? null : next.toISOString();
}
