/** Upcoming renewals: the periods that customers are to be told of, some days before they begin. */
import { MOST_UPCOMING_DAYS } from '../domain/notice.js';
import type { Tx } from './client.js';
import type { UpcomingPeriod } from './notice.js';

/** Not those that a recovery keeps open, nor periods shorter than the time ahead: these would never end. */
export function listUnannounced(db: Tx, now: Date, limit: number): Promise<UpcomingPeriod[]> {
  return db.$queryRaw<UpcomingPeriod[]>`
    select s.id as "subscriptionId", s.merchant_id as "merchantId", s.customer_id as "customerId",
      s.next_period_start as "periodStart"
    from subscription s
    join merchant m on m.id = s.merchant_id
      and m.settings->'notices'->'kinds' @> '["renewal_upcoming"]',
    make_interval(days => (m.settings->'notices'->>'upcomingDays')::integer) as ahead
    where s.collection = 'automatic' and s.status = 'active'
      and s.next_period_start > ${now}
      and s.next_period_start <= ${now}::timestamptz + make_interval(days => ${MOST_UPCOMING_DAYS}::integer)
      and s.next_period_start <= ${now}::timestamptz + ahead
      and (s.interval_count || ' ' || s.interval)::interval > ahead
      and (s.ends_at is null or s.next_period_start < s.ends_at)
      and not exists (select 1 from dunning_case c where c.subscription_id = s.id and c.status = 'open')
      and not exists (
        select 1 from notice n where n.subscription_id = s.id and n.period_start = s.next_period_start)
    order by s.next_period_start, s.id limit ${limit}`;
}
