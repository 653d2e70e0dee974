/** Opening: what the run of a period does when it wakes. It can be run again at any time. */
import type { Plan } from '../domain/charge.js';
import type { RenewalId } from '../domain/ids.js';
import type { ClosedOutcome, Opening, RenewalStatus } from '../domain/renewal.js';
import { continues, owesPeriod, wakeAt } from '../domain/subscription.js';
import { parsePeriodStart } from '../domain/workflow-ids.js';
import { type Charge, listCharges } from '../prisma/charge.js';
import type { Tx } from '../prisma/client.js';
import { readPolicy } from '../prisma/dunning-case.js';
import { type Renewal, createRenewal, titleOf } from '../prisma/renewal.js';
import { endSubscription } from '../prisma/subscription-change.js';
import {
  type LockedSubscription,
  type Subscription,
  agreementOf,
  lockSubscription,
} from '../prisma/subscription.js';
import type { Deps } from './deps.js';
import { planNext } from './plan-charge.js';
import { openTickets } from './tickets.js';

interface Period {
  readonly subscriptionId: string;
  /** "2026-12-01T00:00Z" */
  readonly periodStart: string;
}

interface Opened {
  readonly opening: Opening;
  /** The subscription as it stands now, when this run's period is behind it. */
  readonly movedOn?: Subscription;
}

export async function openRenewal(deps: Deps, period: Period): Promise<Opening> {
  const now = deps.clock.business();
  const { opening, movedOn } = await deps.db.$transaction((tx) => open(deps, tx, period, now));
  // After the commit and in every execution, so that the chain depends on nothing that happens later.
  if (movedOn) await startSuccessor(deps, movedOn);
  return opening;
}

async function open(deps: Deps, tx: Tx, period: Period, now: Date): Promise<Opened> {
  const start = parsePeriodStart(period.periodStart);
  const subscription = await lockSubscription(tx, period.subscriptionId);
  if (!subscription) return { opening: closed('not_owed') };

  const existing = await tx.renewal.findUnique({
    where: {
      subscriptionId_periodStart: { subscriptionId: subscription.id, periodStart: new Date(start) },
    },
  });
  if (existing) return { opening: await adopt(deps, tx, existing, now), movedOn: subscription };

  const notNow = await whyNotNow(tx, subscription, start, now);
  if (notNow) return notNow;
  const { renewal, subscription: movedOn } = await createRenewal(tx, subscription, {}, now);
  const plan = await planNext(deps, tx, renewal, [], 'first', now);
  return { opening: opened(renewal, 'first', plan), movedOn };
}

/** Reasons for a period to have no renewal: over, passed by, paused, not begun, or held back. */
async function whyNotNow(
  tx: Tx,
  subscription: LockedSubscription,
  start: number,
  now: Date,
): Promise<Opened | undefined> {
  const { endsAt, collection, nextPeriodStart } = subscription;
  if (endsAt && start >= endsAt.getTime()) {
    if (now < endsAt) return { opening: { kind: 'not_yet', dueAt: endsAt.getTime() } };
    await endSubscription(tx, subscription, now);
    return { opening: closed('subscription_over') };
  }
  if (start !== nextPeriodStart.getTime())
    return { opening: closed('not_owed'), movedOn: subscription };
  if (collection === 'manual' || !owesPeriod(agreementOf(subscription), start))
    return { opening: closed('not_owed') };
  if (now.getTime() < start) return { opening: { kind: 'not_yet', dueAt: start } };
  if (await isHeld(tx, subscription))
    return { opening: { kind: 'held', lookAgainAt: now.getTime() + HELD_LOOK_MS } };
  return undefined;
}

const HELD_LOOK_MS = 6 * 3_600_000;

async function isHeld(tx: Tx, subscription: LockedSubscription): Promise<boolean> {
  if (!subscription.hasOpenCase) return false;
  const open = await tx.dunningCase.findFirstOrThrow({
    where: { subscriptionId: subscription.id, status: 'open' },
  });
  return (await readPolicy(tx, open.dunningPolicyId)).laterPeriods === 'hold';
}

/** A renewal that exists: written by the API a moment ago, or opened by an earlier execution. */
async function adopt(deps: Deps, tx: Tx, renewal: Renewal, now: Date): Promise<Opening> {
  const charges = await listCharges(tx, renewal.id);
  if (renewal.status === 'collecting') {
    const round = charges.findLast(({ pageSecretHash }) => !pageSecretHash)?.round ?? 'first';
    const plan = await planNext(deps, tx, renewal, charges, round, now);
    return opened(renewal, round, plan, charges);
  }
  const openCharges = await openTickets(deps, tx, renewal.id);
  return {
    kind: 'closed',
    outcome: renewal.status as Exclude<RenewalStatus, 'collecting'>,
    renewal: { id: renewal.id as RenewalId, title: titleOf(renewal) },
    openCharges,
  };
}

function opened(
  renewal: Renewal,
  round: string,
  plan: Plan,
  charges: readonly Charge[] = [],
): Opening {
  const waits = charges.map((charge) => Number(/^first\+(\d+)$/.exec(charge.round)?.[1] ?? 0));
  return {
    kind: 'opened',
    renewalId: renewal.id as RenewalId,
    title: titleOf(renewal),
    round,
    waits: Math.max(0, ...waits),
    plan,
  };
}

function closed(outcome: ClosedOutcome): Opening {
  return { kind: 'closed', outcome, openCharges: [] };
}

async function startSuccessor({ launch, tempo }: Deps, next: Subscription): Promise<void> {
  const start = next.nextPeriodStart.getTime();
  if (next.collection === 'manual' || !continues(agreementOf(next), start)) return;
  await launch.startRenewal({
    merchantId: next.merchantId,
    subscriptionId: next.id,
    periodStart: start,
    wakeAt: wakeAt(start, Date.now(), tempo),
  });
}
