/** What a round of charges means for its case: a decline spends the slot, an outage spends nothing. */
import { causeOf } from '../domain/charge.js';
import { ABANDONED, type Decline } from '../domain/decline.js';
import type { Decision, Step } from '../domain/dunning.js';
import { type RenewalId, isId } from '../domain/ids.js';
import { retryNotice } from '../domain/notice.js';
import { afterOutage } from '../domain/outage.js';
import type { RenewalStatus } from '../domain/renewal.js';
import type { Tx } from '../prisma/client.js';
import { type CaseOutage, type DunningCase, findOpenCase } from '../prisma/dunning-case.js';
import { Prisma } from '../prisma/generated/client.js';
import { type Renewal, lockRenewal, raiseAttention } from '../prisma/renewal.js';
import type { Deps } from './deps.js';
import { decide } from './dunning-case.js';
import { tellOfCase } from './tell-of-case.js';

type Retry = Extract<Step, { kind: 'retry' }>;
type Collected =
  | { readonly kind: 'paid' | 'no_gateway' }
  | { readonly kind: 'later'; readonly at: number; readonly why: string }
  | { readonly kind: 'not_owed'; readonly status: RenewalStatus }
  | { readonly kind: 'declined'; readonly decline: Decline }
  | { readonly kind: 'parked'; readonly why: string };

export function recordRetry(
  deps: Deps,
  { renewalId, step, collection }: { renewalId: RenewalId; step: Retry; collection: Collected },
): Promise<Decision> {
  const now = deps.clock.business();
  return deps.db.$transaction(async (tx) => {
    const renewal = await lockRenewal(tx, renewalId);
    const open = await findOpenCase(tx, renewal.id);
    if (open && collection.kind === 'declined' && collection.decline.code !== ABANDONED.code)
      await recordDecline(tx, renewal, open, step, collection.decline, now);
    if (open && collection.kind === 'no_gateway') await recordOutage(tx, open, step, now);
    if (open && collection.kind === 'later') await postpone(tx, open, step, collection, now);
    if (open && collection.kind === 'parked') await park(tx, open, step, collection.why, now);
    return decide(deps, tx, renewal, now);
  });
}

async function recordDecline(
  tx: Tx,
  renewal: Renewal,
  open: DunningCase,
  step: Retry,
  decline: Decline,
  now: Date,
): Promise<void> {
  const outage = open.outage as unknown as CaseOutage | null;
  const lostMs = outage ? now.getTime() - outage.since : 0;
  const declined = await tx.dunningCase.update({
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
  // The customer hears of it where it changes what helps, or where it is the answer to a new method.
  const before = open.lastDecline as unknown as Decline;
  const kind = retryNotice(before, decline, isId('pm', causeOf(step.round)));
  await tellOfCase(tx, renewal, declined, { kind, step: step.round }, now);
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
