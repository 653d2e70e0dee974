/** Dunning cases: opening, what their next step is decided from, and closing. */
import type { Decline } from '../domain/decline.js';
import type { DunningPolicy, ServiceEffect } from '../domain/dunning-policy.js';
import type { Service } from '../domain/subscription.js';
import type { Tx } from './client.js';
import { oweRenewalWake } from './dispatch.js';
import { recordEvent } from './event.js';
import { Prisma } from './generated/client.js';
import type { DunningCase, Renewal } from './generated/client.js';
import { newId } from './new-id.js';
import { planNotice } from './notice.js';

export type { DunningCase };

/** What stops a case, an outage or an announced debit: the round it interrupts, and when to look again. Kept as JSON. */
export interface CaseOutage {
  readonly since: number;
  readonly waits: number;
  readonly lookAgainAt: number;
  readonly round: string;
  readonly slotAt?: number | undefined;
  /** Why, when it is no outage. */
  readonly why?: string | undefined;
}

/** Opens the case of a declined renewal. Opening it twice finds the first. */
export async function openCase(
  tx: Tx,
  renewal: Renewal,
  decline: Decline,
  now: Date,
  parked?: string,
): Promise<void> {
  const number = (await tx.dunningCase.count({ where: { renewalId: renewal.id } })) + 1;
  const opened = await tx.dunningCase.create({
    data: {
      id: newId('dnc'),
      merchantId: renewal.merchantId,
      renewalId: renewal.id,
      subscriptionId: renewal.subscriptionId,
      dunningPolicyId: renewal.dunningPolicyId,
      number,
      status: 'open',
      openedAt: now,
      parked: parked ?? null,
      lastDecline: decline as unknown as Prisma.InputJsonObject,
      lastDeclineAt: now,
    },
  });
  await tx.renewal.update({ where: { id: renewal.id }, data: { status: 'past_due' } });
  // What was asked of the renewal before was answered by the decline.
  const asked = { renewalId: renewal.id, spentAt: null };
  await tx.command.updateMany({ where: asked, data: { spentAt: now } });
  await recordCaseEvent(tx, opened, 'dunning_case.opened', now, { decline_class: decline.class });
}

/** The open case of a renewal. */
export function findOpenCase(tx: Tx, renewalId: string): Promise<DunningCase | null> {
  return tx.dunningCase.findFirst({ where: { renewalId, status: 'open' } });
}

export async function readPolicy(tx: Tx, id: string): Promise<DunningPolicy> {
  const row = await tx.dunningPolicy.findUniqueOrThrow({ where: { id } });
  return row.document as unknown as DunningPolicy;
}

/** The policy that a renewal follows. */
export async function readPolicyOf(tx: Tx, renewalId: string): Promise<DunningPolicy> {
  const { dunningPolicyId } = await tx.renewal.findUniqueOrThrow({
    where: { id: renewalId },
    select: { dunningPolicyId: true },
  });
  return readPolicy(tx, dunningPolicyId);
}

/** Closes the open case, if there is one, with what it means for the service and for held periods. */
export async function closeCase(
  tx: Tx,
  renewal: Renewal,
  outcome: 'recovered' | 'unpaid' | 'canceled',
  now: Date,
): Promise<void> {
  const open = await findOpenCase(tx, renewal.id);
  if (!open) return;
  await tx.dunningCase.update({
    where: { id: open.id },
    data: { status: outcome, closedAt: now, outage: Prisma.DbNull },
  });
  if (outcome !== 'unpaid') await restoreService(tx, open, now);
  await recordCaseEvent(tx, open, `dunning_case.${outcome}`, now);
  const told = { kind: 'recovered', subject: open.id, step: 'closed' } as const;
  if (outcome === 'recovered') await planNotice(tx, renewal, told, now);
  await wakeHeldPeriod(tx, open, now);
}

/** The service comes back with the last open case, unless the subscription itself has ended. */
async function restoreService(tx: Tx, closed: DunningCase, now: Date): Promise<void> {
  const others = { subscriptionId: closed.subscriptionId, status: 'open', id: { not: closed.id } };
  if ((await tx.dunningCase.count({ where: others })) > 0) return;
  const restored = await tx.subscription.updateMany({
    where: { id: closed.subscriptionId, service: { in: ['restricted', 'suspended'] } },
    data: { service: 'full' },
  });
  if (restored.count > 0) await recordCaseEvent(tx, closed, 'service.restored', now);
}

/** A later period that waited for this case is looked at again now. */
async function wakeHeldPeriod(tx: Tx, closed: DunningCase, now: Date): Promise<void> {
  const policy = await readPolicy(tx, closed.dunningPolicyId);
  if (policy.laterPeriods !== 'hold') return;
  const subscription = await tx.subscription.findUniqueOrThrow({
    where: { id: closed.subscriptionId },
  });
  if (subscription.nextPeriodStart > now) return;
  const { merchantId, id: subscriptionId, nextPeriodStart: periodStart } = subscription;
  await oweRenewalWake(tx, { merchantId, subscriptionId, periodStart }, now);
}

const SERVICE_AFTER: Record<Exclude<ServiceEffect, 'keep'>, Service> = {
  restrict: 'restricted',
  suspend: 'suspended',
  end: 'ended',
};

/** From mild to severe: no case gives back what another has taken, or what ended with the subscription. */
const SERVICE_LEVELS: Service[] = ['full', 'restricted', 'suspended', 'ended'];

/** What a stage does to the service. The app hears of it through the event. Says whether it changed anything. */
export async function changeService(
  tx: Tx,
  open: DunningCase,
  effect: ServiceEffect,
  now: Date,
): Promise<boolean> {
  if (effect === 'keep') return false;
  const service = SERVICE_AFTER[effect];
  const milder = SERVICE_LEVELS.slice(0, SERVICE_LEVELS.indexOf(service));
  const changed = await tx.subscription.updateMany({
    where: { id: open.subscriptionId, service: { in: milder } },
    data: { service },
  });
  if (changed.count > 0) await recordCaseEvent(tx, open, `service.${service}`, now);
  return changed.count > 0;
}

export function recordCaseEvent(
  tx: Tx,
  { merchantId, subscriptionId, renewalId, id }: DunningCase,
  type: string,
  at: Date,
  more: object = {},
): Promise<void> {
  const payload = { dunning_case: id, renewal: renewalId, subscription: subscriptionId, ...more };
  return recordEvent(tx, { merchantId, subscriptionId, type, payload, at });
}
