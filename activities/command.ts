/** Commands: what people ask of a run becomes a fact first, with who asked and why. */
import type { Decision } from '../domain/dunning.js';
import type { RenewalId } from '../domain/ids.js';
import type { RenewalStatus } from '../domain/renewal.js';
import type { RecordedCommand, Verdict } from '../workflows/messages.js';
import { auditCommand } from '../prisma/audit.js';
import { readCharge } from '../prisma/charge.js';
import { settleOpen } from '../prisma/charge-outcome.js';
import type { Tx } from '../prisma/client.js';
import { findOpenCase } from '../prisma/dunning-case.js';
import type { Prisma } from '../prisma/generated/client.js';
import {
  type Renewal,
  cancelRenewal as dropRenewal,
  clearAttention,
  lockRenewal,
  raiseAttention as raise,
  writeOffRenewal,
} from '../prisma/renewal.js';
import type { Deps } from './deps.js';
import { sendOwedTo } from './dispatch.js';
import { decide } from './dunning-case.js';
import { takeMoney } from './take-money.js';

interface Commanded {
  readonly renewalId: RenewalId;
  readonly command: RecordedCommand;
  /** The command only repeats a step that failed: it asks for no charge of its own. */
  readonly repeatsStep?: boolean;
}

/** Records a command and lets it take effect. Recording it twice, after a crash, changes nothing. */
export async function recordCommand(
  deps: Deps,
  { renewalId, command, repeatsStep = false }: Commanded,
): Promise<Decision> {
  const now = deps.clock.business();
  const { decision, subscriptionId } = await deps.db.$transaction(async (tx) => {
    const renewal = await lockRenewal(tx, renewalId);
    const spentAt = repeatsStep ? now : null;
    if (await insertOnce(tx, renewal, command, now, spentAt))
      await takeEffect(tx, renewal, command, now);
    const decision = await decide(deps, tx, await lockRenewal(tx, renewalId), now);
    return { decision, subscriptionId: renewal.subscriptionId };
  });
  if (decision.kind === 'closed') await sendOwedTo(deps, subscriptionId);
  return decision;
}

/** A command to the run of a renewal that is still collecting. Answers the renewal's status then. */
export function commandRenewal(
  deps: Deps,
  { renewalId, command }: Commanded,
): Promise<RenewalStatus> {
  const now = deps.clock.business();
  return deps.db.$transaction(async (tx) => {
    const renewal = await lockRenewal(tx, renewalId);
    if (await insertOnce(tx, renewal, command, now)) await takeEffect(tx, renewal, command, now);
    return (await lockRenewal(tx, renewalId)).status as RenewalStatus;
  });
}

async function insertOnce(
  tx: Tx,
  { id: renewalId, merchantId }: Renewal,
  { id, kind, actor, reason, ...rest }: RecordedCommand | (Verdict & { id: string; kind: string }),
  now: Date,
  spentAt: Date | null = null,
): Promise<boolean> {
  const said = { actor: actor.slice(0, 200), reason: reason.slice(0, 1000) };
  const { count } = await tx.command.createMany({
    data: [
      {
        id,
        merchantId,
        renewalId,
        kind,
        ...said,
        arguments: rest as Prisma.InputJsonObject,
        recordedAt: now,
        spentAt,
      },
    ],
    skipDuplicates: true,
  });
  if (count !== 1) return false;
  const object = 'chargeId' in rest ? rest.chargeId : renewalId;
  await auditCommand(tx, { ...said, id, merchantId, renewalId, kind, object });
  return true;
}

async function takeEffect(
  tx: Tx,
  renewal: Renewal,
  command: RecordedCommand,
  now: Date,
): Promise<void> {
  const unsettled = renewal.status === 'collecting' || renewal.status === 'past_due';
  switch (command.kind) {
    case 'retryNow':
      await tx.dunningCase.updateMany({
        where: { renewalId: renewal.id, status: 'open' },
        data: { parked: null },
      });
      return clearAttention(tx, renewal.id);
    case 'holdUntil': {
      const open = await findOpenCase(tx, renewal.id);
      const data = { holdUntil: new Date(command.until) };
      if (open) await tx.dunningCase.update({ where: { id: open.id }, data });
      return;
    }
    case 'writeOff':
      if (unsettled || renewal.status === 'unpaid') await writeOffRenewal(tx, renewal, now);
      return;
    case 'cancelCase':
      if (unsettled) await dropRenewal(tx, renewal, now);
      return;
    default:
      command satisfies never;
  }
}

/** A person decides an unknown charge, with evidence; on any charge but an open one it changes nothing. */
export function decideCharge(
  deps: Deps,
  { renewalId, verdict }: { renewalId: RenewalId; verdict: Verdict & { readonly id: string } },
): Promise<void> {
  const now = deps.clock.business();
  return deps.db.$transaction(async (tx) => {
    const renewal = await lockRenewal(tx, renewalId);
    const charge = await readCharge(tx, verdict.chargeId);
    if (charge.renewalId !== renewalId) return;
    if (!(await insertOnce(tx, renewal, { ...verdict, kind: 'resolveUnknown' }, now))) return;
    const reason = `Decided by ${verdict.actor}: ${verdict.reason}`;
    const { outcome: status, reference } = verdict;
    const named = reference ? deps.gateways(charge.account.gateway).namedByHand(reference) : {};
    const known = charge.gatewayReference ? { reference: charge.gatewayReference } : {};
    const settled = await settleOpen(tx, charge.id, { status, reason, ...named, ...known }, now);
    if (settled) await clearAttention(tx, renewalId);
    if (settled?.status === 'succeeded') await takeMoney(deps, tx, renewal, settled, now);
    if (settled?.status === 'not_sent' && renewal.cancelRequestedAt)
      await dropRenewal(tx, renewal, now);
  });
}

export async function raiseAttention(
  deps: Deps,
  attention: { readonly renewalId: RenewalId; readonly why: string; readonly next: string },
): Promise<void> {
  await raise(deps.db, attention.renewalId, attention, deps.clock.business());
}
