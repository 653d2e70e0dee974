/** The activities of a case: open it, say what comes next, do it, close it. */
import { causeOf } from '../domain/charge.js';
import { ABANDONED, type Decline } from '../domain/decline.js';
import { type Decision, type Step, nextStep } from '../domain/dunning.js';
import type { RenewalId } from '../domain/ids.js';
import { afterOutage } from '../domain/outage.js';
import type { RenewalStatus } from '../domain/renewal.js';
import { readCaseState } from '../prisma/case-state.js';
import type { Tx } from '../prisma/client.js';
import {
  type CaseOutage,
  type DunningCase,
  changeService,
  closeCase,
  findOpenCase,
  openCase,
  readPolicy,
  recordCaseEvent,
} from '../prisma/dunning-case.js';
import { Prisma } from '../prisma/generated/client.js';
import {
  type Renewal,
  endRenewal,
  lockRenewal,
  raiseAttention,
  recordRenewalEvent,
  titleOf,
} from '../prisma/renewal.js';
import { cancelSubscription } from '../prisma/subscription-cancel.js';
import { lockSubscription } from '../prisma/subscription.js';
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
    const renewal = await lockRenewal(tx, renewalId);
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
      await changeService(tx, open, stage.service, now);
      await recordCaseEvent(tx, open, 'dunning_case.stage_entered', now, { stage: name });
    }
    return decide(deps, tx, renewal, now);
  });
}

type Retry = Extract<Step, { kind: 'retry' }>;
type Collected =
  | { readonly kind: 'paid' | 'no_gateway' }
  | { readonly kind: 'later'; readonly at: number; readonly why: string }
  | { readonly kind: 'not_owed'; readonly status: RenewalStatus }
  | { readonly kind: 'declined'; readonly decline: Decline }
  | { readonly kind: 'parked'; readonly why: string };

/** What a round of charges means for its case: a decline spends the slot, an outage spends nothing. */
export function recordRetry(
  deps: Deps,
  { renewalId, step, collection }: { renewalId: RenewalId; step: Retry; collection: Collected },
): Promise<Decision> {
  const now = deps.clock.business();
  return deps.db.$transaction(async (tx) => {
    const renewal = await lockRenewal(tx, renewalId);
    const open = await findOpenCase(tx, renewal.id);
    if (open && collection.kind === 'declined' && collection.decline.code !== ABANDONED.code)
      await recordDecline(tx, open, step, collection.decline, now);
    if (open && collection.kind === 'no_gateway') await recordOutage(tx, open, step, now);
    if (open && collection.kind === 'later') await postpone(tx, open, step, collection, now);
    if (open && collection.kind === 'parked') await park(tx, open, step, collection.why, now);
    return decide(deps, tx, renewal, now);
  });
}

async function recordDecline(
  tx: Tx,
  open: DunningCase,
  step: Retry,
  decline: Decline,
  now: Date,
): Promise<void> {
  const outage = open.outage as unknown as CaseOutage | null;
  const lostMs = outage ? now.getTime() - outage.since : 0;
  await tx.dunningCase.update({
    where: { id: open.id },
    data: {
      lastDecline: decline as unknown as Prisma.InputJsonObject,
      lastDeclineAt: now,
      ...(step.slotAt && { lastSlotAt: new Date(step.slotAt) }),
      outage: Prisma.DbNull,
      parked: null,
      lostMs: { increment: lostMs },
    },
  });
  await spendCommand(tx, step.round, now);
}

/** A fact of the case, so that neither a restart nor a wake forgets it. */
async function park(tx: Tx, open: DunningCase, step: Retry, why: string, now: Date): Promise<void> {
  await tx.dunningCase.update({
    where: { id: open.id },
    data: { parked: why.slice(0, 500), outage: Prisma.DbNull },
  });
  const next = 'Nothing is sent before an operator sends retryNow, or there is another method';
  await raiseAttention(tx, open.renewalId, { why, next }, now);
  await spendCommand(tx, step.round, now);
}

/** The round goes on under the same name, with the number of its wait. */
async function recordOutage(tx: Tx, open: DunningCase, step: Retry, now: Date): Promise<void> {
  const before = open.outage as unknown as CaseOutage | null;
  const waits = (before?.waits ?? 0) + 1;
  const outage: CaseOutage = {
    since: before?.since ?? now.getTime(),
    waits,
    lookAgainAt: now.getTime() + afterOutage(waits),
    round: `${causeOf(step.round)}+${waits}`,
    slotAt: step.slotAt,
  };
  const why = 'No gateway can be reached for this case, for more than a day';
  if (now.getTime() - outage.since > DAY_MS)
    await raiseAttention(tx, open.renewalId, { why, next: 'It goes on trying' }, now);
  const data = { outage: outage as unknown as Prisma.InputJsonObject };
  await tx.dunningCase.update({ where: { id: open.id }, data });
  await spendCommand(tx, step.round, now);
}

/** The same round goes on at the day that its debit was announced for. */
async function postpone(
  tx: Tx,
  open: DunningCase,
  { round, slotAt }: Retry,
  { at, why }: Extract<Collected, { kind: 'later' }>,
  now: Date,
): Promise<void> {
  const before = open.outage as unknown as CaseOutage | null;
  const { since = now.getTime(), waits = 0 } = before ?? {};
  const outage: CaseOutage = { since, waits, lookAgainAt: at, round, slotAt, why };
  const data = { outage: outage as unknown as Prisma.InputJsonObject };
  await tx.dunningCase.update({ where: { id: open.id }, data });
  await spendCommand(tx, round, now);
}

const DAY_MS = 86_400_000;

/** A round that a command named has used that command up. */
async function spendCommand(tx: Tx, round: string, now: Date): Promise<void> {
  await tx.command.updateMany({
    where: { id: causeOf(round), spentAt: null },
    data: { spentAt: now },
  });
}

/** Recovery ends without the money: a late payment is still booked. */
export async function closeDunningCase(deps: Deps, renewalId: RenewalId): Promise<CaseOutcome> {
  const { subscriptionId } = await deps.db.renewal.findUniqueOrThrow({ where: { id: renewalId } });
  const now = deps.clock.business();
  const outcome = await deps.db.$transaction(async (tx) => {
    // The subscription's lock comes before the renewal's, as when a period is opened.
    const subscription = await lockSubscription(tx, subscriptionId);
    const renewal = await lockRenewal(tx, renewalId);
    const open = await findOpenCase(tx, renewalId);
    if (!open || renewal.status !== 'past_due') return outcomeOfClosed(renewal);

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
