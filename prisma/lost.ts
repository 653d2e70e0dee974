/** What a crash may have left without a run: read by the sweep, rows only, oldest first, in pages. */
import type { Database } from './client.js';
import { OPEN_SQL } from './open-status.js';
import type { Renewal } from './renewal.js';
import type { Subscription } from './subscription.js';

/** Automatic subscriptions whose next period is due for a while and was not opened, or whose end has come. */
export function listOverdueSubscriptions(
  db: Database,
  dueBefore: Date,
  after: string,
  limit: number,
): Promise<Subscription[]> {
  return db.$queryRaw<Subscription[]>`
    select id, merchant_id as "merchantId", next_period_start as "nextPeriodStart", ends_at as "endsAt"
    from subscription
    where collection = 'automatic' and (status = 'active'
        or (status = 'canceled' and next_period_start < ends_at)
        or (status = 'paused' and next_period_start < paused_at))
      and next_period_start < ${dueBefore} and id > ${after}
    order by id limit ${limit}`;
}

/** Renewals that some run should be working on: unsettled ones, and owners of charges still open. */
export function listUnsettledRenewals(
  db: Database,
  createdBefore: Date,
  after: string,
  limit: number,
): Promise<Renewal[]> {
  return db.$queryRaw<Renewal[]>`
    select r.id, r.merchant_id as "merchantId", r.subscription_id as "subscriptionId",
      r.period_start as "periodStart", r.status
    from renewal r
    where r.id > ${after} and r.created_at < ${createdBefore} and (
      r.status in ('collecting', 'past_due') or exists (
        select 1 from charge c
        where c.renewal_id = r.id and c.status in ${OPEN_SQL}))
    order by r.id limit ${limit}`;
}

/** Renewals past due whose case is missing: a crash between the two would lose them. */
export function listCaselessRenewals(db: Database, limit: number): Promise<Renewal[]> {
  return db.$queryRaw<Renewal[]>`
    select r.id from renewal r
    where r.status = 'past_due'
      and not exists (select 1 from dunning_case c where c.renewal_id = r.id and c.status = 'open')
    order by r.id limit ${limit}`;
}

/** Manual or paused subscriptions whose agreed end has come: no run sleeps for them. */
export function listEndedSubscriptions(
  db: Database,
  now: Date,
  limit: number,
): Promise<{ id: string }[]> {
  return db.subscription.findMany({
    where: {
      endsAt: { lte: now },
      OR: [{ status: 'paused' }, { status: 'active', collection: 'manual' }],
    },
    select: { id: true },
    take: limit,
  });
}
