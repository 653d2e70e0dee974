/** Handing evidence in: once, under a key of its own, so that a lost answer hands nothing in twice. */
import { type DisputeStatus, isOpenDispute } from '../domain/dispute.js';
import type { Account, Disputing } from '../gateways/gateway.js';
import {
  type Dispute,
  clearDisputeAttention,
  raiseDisputeAttention,
  recordDisputeEvent,
} from '../prisma/dispute.js';
import {
  type StoredEvidence,
  markEvidenceRefused,
  markEvidenceSent,
  readEvidence,
} from '../prisma/evidence.js';
import { lockRenewal } from '../prisma/renewal.js';
import { remindOfEvidence } from './book-dispute.js';
import type { Deps } from './deps.js';

/** Sends what was put and is not in yet. Says whether the gateway was asked to take something. */
export async function sendEvidence(
  deps: Deps,
  disputing: Disputing,
  account: Account,
  dispute: Dispute,
): Promise<boolean> {
  // Under review already: perhaps by this very evidence, whose answer was lost. The same key asks again.
  if (dispute.evidenceSentAt || !isOpenDispute(dispute.status as DisputeStatus)) return false;
  const evidence = await readEvidence(deps.db, dispute.id);
  if (!evidence || evidence.refused !== undefined) return false;
  const { id, gatewayReference } = dispute;
  const sent = await disputing.sendEvidence(account, gatewayReference, {
    key: keyOf(id, evidence),
    text: evidence.text,
    files: evidence.files.map(({ name, contentType, data }) => ({
      name,
      contentType,
      content: Buffer.from(data, 'base64'),
    })),
  });
  if (sent.kind === 'unavailable') {
    await remind(deps, dispute, sent.why);
    throw new Error(`The evidence of ${id} cannot be sent: ${sent.why}`);
  }
  await record(deps, dispute, evidence, sent);
  return true;
}

/** Other evidence, after some that was refused, is another request. */
function keyOf(disputeId: string, { number }: StoredEvidence): string {
  return number === 1 ? `${disputeId}:evidence` : `${disputeId}:evidence-${number}`;
}

/** It is not in yet, and its time runs out: somebody else may hand it in. */
function remind({ db, clock }: Deps, { id, renewalId }: Dispute, why: string): Promise<void> {
  const now = clock.business();
  return db.$transaction(async (tx) => {
    await lockRenewal(tx, renewalId);
    const row = await tx.dispute.findUniqueOrThrow({ where: { id }, omit: { evidence: true } });
    if (row.evidenceSentAt || row.status !== 'needs_response') return;
    const until = row.respondBy ? ` before ${row.respondBy.toISOString()}` : '';
    const next = `It is tried again by itself; unless it is in${until}, the dispute is lost`;
    const said = { why: `The evidence cannot be handed in: ${why}`, next };
    await remindOfEvidence(tx, await raiseDisputeAttention(tx, row, said, now), now);
  });
}

function record(
  { db, clock }: Deps,
  { id, renewalId }: Dispute,
  { number }: StoredEvidence,
  sent: { readonly kind: 'accepted' } | { readonly kind: 'refused'; readonly why: string },
): Promise<void> {
  const now = clock.business();
  return db.$transaction(async (tx) => {
    await lockRenewal(tx, renewalId);
    const row = await tx.dispute.findUniqueOrThrow({ where: { id }, omit: { evidence: true } });
    if (sent.kind === 'refused') {
      if (!(await markEvidenceRefused(tx, id, number, sent.why))) return;
      const why = `The gateway did not take the evidence: ${sent.why}`;
      await raiseDisputeAttention(tx, row, { why, next: 'Other evidence can be put' }, now);
      return;
    }
    if (!(await markEvidenceSent(tx, id, now))) return;
    const cleared = await clearDisputeAttention(tx, row);
    await recordDisputeEvent(tx, cleared, 'dispute.evidence_submitted', now);
  });
}
