/** The activities of a case: open it, say what comes next, do it, close it. */
import type { Decline } from '../domain/decline.js';
import { type Decision, nextStep } from '../domain/dunning.js';
import type { Stage } from '../domain/dunning-policy.js';
import type { RenewalId } from '../domain/ids.js';
import { stageNotice } from '../domain/notice.js';
import type { RenewalStatus } from '../domain/renewal.js';
import { readCaseState } from '../prisma/case-state.js';
import { findOpenCharge } from '../prisma/charge.js';
import type { Tx } from '../prisma/client.js';
import {
  type DunningCase,
  changeService,
  closeCase,
  findOpenCase,
  openCase,
  readPolicy,
  recordCaseEvent,
} from '../prisma/dunning-case.js';
import {
  type Renewal,
  endRenewal,
  findLockedRenewal,
  lockRenewal,
  recordRenewalEvent,
  titleOf,
} from '../prisma/renewal.js';
import { cancelSubscription } from '../prisma/subscription-cancel.js';
import { lockSubscription } from '../prisma/subscription.js';
import { resolveCharge } from './charge.js';
import { tellOfCase } from './tell-of-case.js';
import { openTickets } from './tickets.js';
import type { Deps } from './deps.js';
import { sendOwedTo } from './dispatch.js';

/** Hands a declined renewal over. Answers the status that the renewal has then. */
export function openDunningCase(
  deps: Deps,
  { renewalId, decline }: { renewalId: RenewalId; decline: Decline },
): Promise<RenewalStatus> {
  const now = deps.clock.business();
  return deps.db.$transaction(async (tx) => {
    const renewal = await findLockedRenewal(tx, renewalId);
    if (!renewal) return 'canceled';
    if (renewal.status !== 'collecting') return renewal.status as RenewalStatus;
    await openCase(tx, renewal, decline, now);
    return 'past_due';
  });
}

export function readDunningCase(deps: Deps, renewalId: RenewalId): Promise<Decision> {
  const now = deps.clock.business();
  return deps.db.$transaction(async (tx) =>
    decide(deps, tx, await lockRenewal(tx, renewalId), now),
  );
}

/** The one place where the rules meet the rows. */
export async function decide(deps: Deps, tx: Tx, renewal: Renewal, now: Date): Promise<Decision> {
  const title = titleOf(renewal);
  const open = await findOpenCase(tx, renewal.id);
  if (!open) {
    const openCharges = await openTickets(deps, tx, renewal.id);
    return { kind: 'closed', title, outcome: outcomeOfClosed(renewal), openCharges };
  }
  const { policy, state } = await readCaseState(tx, renewal, open, now);
  const step = nextStep(policy, state);
  if (!step) return { kind: 'exhausted', title };
  return {
    kind: 'next',
    step,
    title,
    stage: state.stagesEntered.at(-1) ?? 'not begun',
    retries: state.retriesAt.length,
    lastDecline: wordsFor(state.lastDecline),
  };
}

type CaseOutcome = 'recovered' | 'unpaid' | 'canceled';

function wordsFor({ code, class: kind }: Decline): string {
  return code === kind ? code : `${code} (${kind})`;
}

function outcomeOfClosed({ status }: Renewal): CaseOutcome {
  if (status === 'paid') return 'recovered';
  return status === 'unpaid' ? 'unpaid' : 'canceled';
}

/** Entering a stage twice, after a crash, changes nothing. */
export function enterStage(
  deps: Deps,
  { renewalId, stage: name }: { renewalId: RenewalId; stage: string },
): Promise<Decision> {
  const now = deps.clock.business();
  return deps.db.$transaction(async (tx) => {
    const renewal = await lockRenewal(tx, renewalId);
    const open = await findOpenCase(tx, renewal.id);
    const entered = (open?.stagesEntered ?? []) as { name: string }[];
    if (open && !entered.some((stage) => stage.name === name)) {
      const policy = await readPolicy(tx, open.dunningPolicyId);
      const stage = policy.stages.find((candidate) => candidate.name === name)!;
      await tx.dunningCase.update({
        where: { id: open.id },
        data: { stagesEntered: [...entered, { name, at: now.toISOString() }] },
      });
      const changed = await changeService(tx, open, stage.service, now);
      if (changed || stage.service === 'keep') await tellOfStage(tx, renewal, open, stage, now);
      await recordCaseEvent(tx, open, 'dunning_case.stage_entered', now, { stage: name });
    }
    return decide(deps, tx, renewal, now);
  });
}

/** Not where another case, or a cancellation, has taken the service before: that was told then. */
async function tellOfStage(
  tx: Tx,
  renewal: Renewal,
  open: DunningCase,
  { name: step, service, notice }: Stage,
  now: Date,
): Promise<void> {
  if (!notice) return;
  const kind = stageNotice(service, open.lastDecline as unknown as Decline);
  await tellOfCase(tx, renewal, open, { kind, step }, now);
}

/** Recovery ends without the money: a late payment is still booked. */
export async function closeDunningCase(deps: Deps, renewalId: RenewalId): Promise<CaseOutcome> {
  const { subscriptionId } = await deps.db.renewal.findUniqueOrThrow({ where: { id: renewalId } });
  const now = deps.clock.business();
  // The customer may have opened a payment page since the decision: that comes first, and Temporal tries again.
  const page = await findOpenCharge(deps.db, renewalId);
  if (page) await resolveCharge(deps, page.id);
  const outcome = await deps.db.$transaction(async (tx) => {
    // The subscription's lock comes before the renewal's, as when a period is opened.
    const subscription = await lockSubscription(tx, subscriptionId);
    const renewal = await lockRenewal(tx, renewalId);
    const open = await findOpenCase(tx, renewalId);
    if (!open || renewal.status !== 'past_due') return outcomeOfClosed(renewal);
    if (await findOpenCharge(tx, renewalId))
      throw new Error('A charge is under way: the case closes after it');

    const policy = await readPolicy(tx, open.dunningPolicyId);
    await endRenewal(tx, renewal, 'unpaid', now);
    await closeCase(tx, renewal, 'unpaid', now);
    await recordRenewalEvent(tx, { ...renewal, status: 'unpaid' }, 'renewal.unpaid', now);
    const goesOn = subscription?.status === 'active' || subscription?.status === 'paused';
    if (policy.finally === 'cancel_subscription' && goesOn)
      await cancelSubscription(
        tx,
        subscription,
        { at: 'now', keepDebt: true, keepUnopened: false },
        now,
      );
    return 'unpaid';
  });
  await sendOwedTo(deps, subscriptionId);
  return outcome;
}
