/** The sweep's repairs. Each reads rows in pages, and describes a run only for what looks stuck. */
import type { SubscriptionId } from '../domain/ids.js';
import { disputeWorkflowId, refundWorkflowId, renewalWorkflowId } from '../domain/workflow-ids.js';
import {
  listCaselessRenewals,
  listEndedSubscriptions,
  listOverdueSubscriptions,
  listUnsettledRenewals,
} from '../prisma/lost.js';
import { oweRefundRun } from '../prisma/dispatch.js';
import { openCase } from '../prisma/dunning-case.js';
import { type OpenDispute, listOpenDisputes, oweDisputeWake } from '../prisma/dispute.js';
import { type Refund, listUnsettledRefunds } from '../prisma/refund.js';
import { type Renewal, lockRenewal } from '../prisma/renewal.js';
import { endSubscription } from '../prisma/subscription-change.js';
import { type Subscription, lockSubscription } from '../prisma/subscription.js';
import { ownerOf } from '../temporal/owner.js';
import type { Deps } from './deps.js';
import { restartDeliveries } from './deliver.js';
import { sendDispatch } from './dispatch.js';
import { type Repairs, addRepairs, repairEach } from './repairs.js';

const PAGE = 50;
/** Long enough for a run that was just started, or is just ending, to do what it is about to do. */
const STUCK_AFTER_MS = 120_000;

/** Starts again what some run should be working on while none is. */
export async function restartLost(deps: Deps): Promise<Repairs> {
  const { db } = deps;
  const before = new Date(Date.now() - STUCK_AFTER_MS);
  await reopenCases(deps);
  return addRepairs([
    await eachPage(
      deps,
      (after) => listOverdueSubscriptions(db, before, after, PAGE),
      restartOf(deps),
    ),
    await eachPage(
      deps,
      (after) => listUnsettledRenewals(db, before, after, PAGE),
      ownerRestartOf(deps),
    ),
    await eachPage(
      deps,
      (after) => listUnsettledRefunds(db, before, after, PAGE),
      refundRestartOf(deps),
    ),
    await eachPage(
      deps,
      (after) => listOpenDisputes(db, before, after, PAGE),
      disputeRestartOf(deps),
    ),
    await restartDeliveries(deps),
  ]);
}

type Repair = () => Promise<void>;

/** Looks at one page of rows at a time, and repairs it before the next is read. */
async function eachPage<Row extends { readonly id: string }>(
  { alive }: Deps,
  read: (after: string) => Promise<Row[]>,
  repairOf: (row: Row) => Promise<Repair | undefined>,
): Promise<Repairs> {
  const repaired: Repairs[] = [];
  for (let after = ''; ;) {
    const page = await read(after);
    const repairs = await Promise.all(page.map(repairOf));
    repaired.push(
      await repairEach(
        alive,
        repairs.filter((repair) => repair !== undefined),
      ),
    );
    if (page.length < PAGE) return addRepairs(repaired);
    after = page.at(-1)!.id;
  }
}

function restartOf({ launch }: Deps) {
  return async ({ id, merchantId, nextPeriodStart }: Subscription): Promise<Repair | undefined> => {
    const periodStart = nextPeriodStart.getTime();
    const workflowId = renewalWorkflowId(id as SubscriptionId, periodStart);
    if (await launch.isRunning(workflowId)) return undefined;
    const run = { merchantId, subscriptionId: id, periodStart, wakeAt: Date.now() };
    return () => launch.startRenewal(run);
  };
}

function ownerRestartOf({ launch }: Deps) {
  return async (renewal: Renewal): Promise<Repair | undefined> => {
    const owner = ownerOf(renewal);
    return (await launch.isRunning(owner.workflowId)) ? undefined : () => launch.start(owner);
  };
}

function refundRestartOf(deps: Deps) {
  const { db, launch } = deps;
  return async (refund: Refund): Promise<Repair | undefined> => {
    if (await launch.isRunning(refundWorkflowId(refund.id))) return undefined;
    return async () => sendDispatch(deps, await oweRefundRun(db, refund, new Date()));
  };
}

function disputeRestartOf(deps: Deps) {
  const { db, launch } = deps;
  return async (dispute: OpenDispute): Promise<Repair | undefined> => {
    const { gatewayAccountId, gatewayReference } = dispute;
    if (await launch.isRunning(disputeWorkflowId(gatewayAccountId, gatewayReference)))
      return undefined;
    return async () => sendDispatch(deps, await oweDisputeWake(db, dispute, new Date()));
  };
}

/** A renewal past due without a case would be nobody's. Only a hand at the database can bring that about. */
async function reopenCases(deps: Deps): Promise<void> {
  const { db } = deps;
  const now = deps.clock.business();
  for (const { id } of await listCaselessRenewals(db, PAGE))
    await db.$transaction(async (tx) => {
      const renewal = await lockRenewal(tx, id);
      const cases = { renewalId: id, status: 'open' };
      if (renewal.status !== 'past_due' || (await tx.dunningCase.count({ where: cases })) > 0)
        return;
      await openCase(tx, renewal, UNEXPLAINED, now);
    });
}

const UNEXPLAINED = {
  class: 'issuer_soft',
  code: 'unknown',
  message: 'The renewal was past due and had no dunning case',
  elsewhere: false,
} as const;

/** Ends the subscriptions that no run watches over. */
export async function endOverdue(deps: Deps): Promise<Repairs> {
  const { db } = deps;
  const now = deps.clock.business();
  const over = await listEndedSubscriptions(db, now, PAGE);
  return repairEach(
    deps.alive,
    over.map(
      ({ id }) =>
        () =>
          db.$transaction(async (tx) => {
            const subscription = await lockSubscription(tx, id);
            if (subscription?.endsAt && subscription.endsAt <= now)
              await endSubscription(tx, subscription, now);
          }),
    ),
  );
}
