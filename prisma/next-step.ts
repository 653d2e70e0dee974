/** What happens next to a renewal by itself: the same answer for the API as for the run that does it. */
import { type ChargeStatus, isOpen } from '../domain/charge.js';
import { nextStep } from '../domain/dunning.js';
import { readCaseState } from './case-state.js';
import { type Charge, listCharges } from './charge.js';
import type { Database, Tx } from './client.js';
import { findOpenCase } from './dunning-case.js';
import type { Renewal } from './renewal.js';

export interface NextStep {
  readonly kind: string;
  readonly at: Date | null;
  readonly why: string;
}

export async function readNextStep(db: Database, renewalId: string): Promise<NextStep | null> {
  const renewal = await db.renewal.findUnique({ where: { id: renewalId } });
  if (renewal?.status !== 'collecting' && renewal?.status !== 'past_due') return null;
  const charges = await listCharges(db, renewalId);
  const open = charges.find(({ status }) => isOpen(status as ChargeStatus));
  if (open) {
    const why = `Charge ${open.ordinal} is ${open.status}: ${open.reason ?? 'the gateway has not answered yet'}`;
    return { kind: 'await_gateway', at: null, why };
  }
  if (renewal.status === 'past_due') return nextOfCase(db, renewal);
  const parked = renewal.needsAttention as { why: string } | null;
  if (parked) return { kind: 'await_operator', at: null, why: parked.why };
  const waiting = await waitsFor(db, renewal, charges);
  if (waiting) return waiting;
  const unsent = charges.findLast(({ status }) => status === 'not_sent');
  if (unsent)
    return { kind: 'await_gateway', at: null, why: unsent.reason ?? 'No gateway answers' };
  return { kind: 'charge', at: renewal.dueAt, why: 'The period is due' };
}

/** A place in its account's queue, or the day that the payer of a debit was told. */
async function waitsFor(
  db: Database,
  { id: renewalId }: Renewal,
  charges: readonly Charge[],
): Promise<NextStep | null> {
  const now = new Date();
  const planned = charges.find(
    ({ status, pageSecretHash }) => status === 'planned' && !pageSecretHash,
  );
  if (planned?.sendAt && planned.sendAt > now)
    return { kind: 'charge', at: planned.sendAt, why: 'Sends to this gateway account are spaced' };
  if (charges.length > 0) return null;
  const announced = await db.debitNotice.findFirst({
    where: { renewalId, debitAt: { gt: now } },
    orderBy: { createdAt: 'desc' },
  });
  return (
    announced && { kind: 'charge', at: announced.debitAt, why: 'The payer was told of that day' }
  );
}

async function nextOfCase(tx: Tx, renewal: Renewal): Promise<NextStep | null> {
  const open = await findOpenCase(tx, renewal.id);
  if (!open) return null;
  const { policy, state } = await readCaseState(tx, renewal, open, new Date());
  const step = nextStep(policy, state);
  if (!step) return { kind: 'close', at: null, why: 'The policy has nothing left to try' };
  if (step.kind === 'await_operator') return { kind: step.kind, at: null, why: step.why };
  const kind = step.kind === 'retry' ? 'retry' : `enter_stage:${step.stage}`;
  return { kind, at: new Date(step.at), why: step.why };
}
