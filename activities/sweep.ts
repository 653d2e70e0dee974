/** The sweep's repairs. Each reads rows in pages, and describes a run only for what looks stuck. */
import type { SubscriptionId } from '../domain/ids.js';
import { renewalWorkflowId } from '../domain/workflow-ids.js';
import {
  listCaselessRenewals,
  listEndedSubscriptions,
  listOverdueSubscriptions,
  listUnsettledRenewals,
} from '../prisma/lost.js';
import { openCase } from '../prisma/dunning-case.js';
import { lockRenewal } from '../prisma/renewal.js';
import { endSubscription } from '../prisma/subscription-change.js';
import { lockSubscription } from '../prisma/subscription.js';
import { ownerOf } from '../temporal/owner.js';
import type { Deps } from './deps.js';
import { type Repairs, repairEach } from './repairs.js';

const PAGE = 200;
/** Long enough for a run that was just started, or is just ending, to do what it is about to do. */
const STUCK_AFTER_MS = 120_000;

/** Starts again what some run should be working on while none is. */
export async function restartLost(deps: Deps): Promise<Repairs> {
  const before = new Date(Date.now() - STUCK_AFTER_MS);
  await reopenCases(deps);
  const lost = [...(await lostSubscriptions(deps, before)), ...(await lostRenewals(deps, before))];
  return repairEach(lost);
}

type Repair = () => Promise<void>;

async function lostSubscriptions({ db, launch }: Deps, before: Date): Promise<Repair[]> {
  const lost: Repair[] = [];
  for (let after = ''; ;) {
    const page = await listOverdueSubscriptions(db, before, after, PAGE);
    for (const { id, merchantId, nextPeriodStart } of page) {
      const periodStart = nextPeriodStart.getTime();
      if (await launch.isRunning(renewalWorkflowId(id as SubscriptionId, periodStart))) continue;
      const run = { merchantId, subscriptionId: id, periodStart, wakeAt: Date.now() };
      lost.push(() => launch.startRenewal(run));
    }
    if (page.length < PAGE) return lost;
    after = page.at(-1)!.id;
  }
}

async function lostRenewals({ db, launch }: Deps, before: Date): Promise<Repair[]> {
  const lost: Repair[] = [];
  for (let after = ''; ;) {
    const page = await listUnsettledRenewals(db, before, after, PAGE);
    for (const renewal of page) {
      const owner = ownerOf(renewal);
      if (!(await launch.isRunning(owner.workflowId))) lost.push(() => launch.start(owner));
    }
    if (page.length < PAGE) return lost;
    after = page.at(-1)!.id;
  }
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
