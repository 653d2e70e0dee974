/** Disputes: their row, which moves only under the renewal's lock, and what others ask of it. */
import {
  type DisputeCard,
  type DisputeName,
  type DisputeStatus,
  type EvidenceState,
  OPEN_DISPUTE,
} from '../domain/dispute.js';
import { describeMoney, money } from '../domain/money.js';
import type { NeedsAttention } from '../domain/renewal.js';
import { disputeWorkflowId } from '../domain/workflow-ids.js';
import type { Charge } from './charge.js';
import type { Tx } from './client.js';
import { type Dispatch, oweDunningWake } from './dispatch.js';
import { recordEvent } from './event.js';
import { Prisma } from './generated/client.js';
import type { Dispute as DisputeRow } from './generated/client.js';
import { newId } from './new-id.js';
import { OPEN, OPEN_DISPUTE_SQL } from './open-status.js';
import type { Renewal } from './renewal.js';

/** Without the evidence, which can be megabytes: prisma/evidence.ts reads that. */
export type Dispute = Omit<DisputeRow, 'evidence'>;

const WITHOUT_EVIDENCE = { evidence: true } as const;

export function findDispute(
  tx: Tx,
  { gatewayAccountId, reference: gatewayReference }: DisputeName,
): Promise<Dispute | null> {
  return tx.dispute.findUnique({
    where: { gatewayAccountId_gatewayReference: { gatewayAccountId, gatewayReference } },
    omit: WITHOUT_EVIDENCE,
  });
}

/** The charge that got the money which the gateway calls so; one found late counts like any other. */
export function findDisputed(
  tx: Tx,
  gatewayAccountId: string,
  gatewayChargeReference: string,
): Promise<Charge | null> {
  return tx.charge.findFirst({
    where: { gatewayAccountId, gatewayChargeReference, status: 'succeeded' },
    orderBy: { ordinal: 'asc' },
  });
}

/** Whether a charge was sent before then whose outcome is not known here: it may be the disputed one. */
export async function mayStillSucceed(
  tx: Tx,
  gatewayAccountId: string,
  sentBefore: Date,
): Promise<boolean> {
  const where = {
    gatewayAccountId,
    status: { in: OPEN },
    firstSentAt: { lte: sentBefore },
  };
  return (await tx.charge.count({ where })) > 0;
}

/** When a webhook last spoke of this dispute. */
export async function lastReportedAt(
  tx: Tx,
  { gatewayAccountId, reference: disputeReference }: DisputeName,
): Promise<Date | undefined> {
  const event = await tx.gatewayEvent.findFirst({
    where: { gatewayAccountId, disputeReference },
    orderBy: { receivedAt: 'desc' },
  });
  return event?.receivedAt;
}

/** The charge that a webhook about this dispute was about. */
export async function findChargeReported(
  tx: Tx,
  { gatewayAccountId, reference: disputeReference }: DisputeName,
): Promise<string | undefined> {
  const event = await tx.gatewayEvent.findFirst({
    where: { gatewayAccountId, disputeReference, chargeId: { not: null } },
    orderBy: { id: 'desc' },
  });
  return event?.chargeId ?? undefined;
}

export interface NewDispute {
  readonly charge: Charge;
  readonly renewal: Renewal;
  readonly reference: string;
  readonly reason: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly inquiry: boolean;
  readonly status: DisputeStatus;
  readonly respondBy: Date | null;
  readonly openedAt: Date;
}

export function insertDispute(tx: Tx, dispute: NewDispute): Promise<Dispute> {
  const { charge, renewal, reference, ...rest } = dispute;
  return tx.dispute.create({
    data: {
      id: newId('dis'),
      merchantId: charge.merchantId,
      renewalId: renewal.id,
      subscriptionId: renewal.subscriptionId,
      chargeId: charge.id,
      gatewayAccountId: charge.gatewayAccountId,
      gatewayReference: reference,
      ...rest,
    },
    omit: WITHOUT_EVIDENCE,
  });
}

export function updateDispute(
  tx: Tx,
  id: string,
  data: Prisma.DisputeUncheckedUpdateInput,
): Promise<Dispute> {
  return tx.dispute.update({ where: { id }, data, omit: WITHOUT_EVIDENCE });
}

/** It is over: nobody is asked for anything any more. */
export function decideDispute(tx: Tx, id: string, now: Date): Promise<Dispute> {
  const data = { closedAt: now, respondBy: null, needsAttention: Prisma.DbNull };
  return updateDispute(tx, id, data);
}

/** Lays a dispute on the desk of a person. It keeps the moment at which it first needed one. */
export function raiseDisputeAttention(
  tx: Tx,
  { id, needsAttention }: Dispute,
  { why, next }: Pick<NeedsAttention, 'why' | 'next'>,
  now: Date,
): Promise<Dispute> {
  const { since = now.toISOString() } = (needsAttention ?? {}) as Partial<NeedsAttention>;
  return updateDispute(tx, id, { needsAttention: { why: why.slice(0, 500), next, since } });
}

export function clearDisputeAttention(tx: Tx, { id }: Dispute): Promise<Dispute> {
  return updateDispute(tx, id, { needsAttention: Prisma.DbNull });
}

/** The chargeback that stops dunning: an inquiry is only a question. */
export function findOpenDispute(
  tx: Tx,
  whose: { readonly subscriptionId: string } | { readonly chargeId: string },
): Promise<Dispute | null> {
  return tx.dispute.findFirst({
    where: { ...whose, inquiry: false, status: { in: [...OPEN_DISPUTE] } },
    orderBy: { id: 'asc' },
    omit: WITHOUT_EVIDENCE,
  });
}

/** As much of a dispute as is needed to look for its run. */
export type DisputeAddress = Pick<Dispute, 'merchantId' | 'gatewayAccountId' | 'gatewayReference'>;
export type OpenDispute = DisputeAddress & Pick<Dispute, 'id'>;

export function listOpenDisputes(
  tx: Tx,
  before: Date,
  after: string,
  limit: number,
): Promise<OpenDispute[]> {
  return tx.$queryRaw<OpenDispute[]>`
    select id, merchant_id as "merchantId", gateway_account_id as "gatewayAccountId",
      gateway_reference as "gatewayReference"
    from dispute
    where status in ${OPEN_DISPUTE_SQL} and opened_at < ${before} and id > ${after}
    order by id limit ${limit}`;
}

/** The open cases of a subscription look at what its disputes now allow. */
export async function oweCaseWakes(
  tx: Tx,
  { merchantId, subscriptionId }: Dispute,
  now: Date,
): Promise<Dispatch[]> {
  const open = { subscriptionId, status: 'open' };
  const cases = await tx.dunningCase.findMany({ where: open, select: { renewalId: true } });
  const dispatches: Dispatch[] = [];
  for (const { renewalId } of cases)
    dispatches.push(await oweDunningWake(tx, { merchantId, renewalId }, now));
  return dispatches;
}

/** Owes a dispute's run a look at it; it is started if there is none. */
export function oweDisputeWake(
  tx: Tx,
  { merchantId, gatewayAccountId, gatewayReference: reference }: DisputeAddress,
  now: Date,
): Promise<Dispatch> {
  return tx.dispatch.create({
    data: {
      id: newId('dsp'),
      merchantId,
      workflowType: 'dispute',
      workflowId: disputeWorkflowId(gatewayAccountId, reference),
      input: { gatewayAccountId, reference },
      kind: 'wake',
      createdAt: now,
    },
  });
}

/** For operators, as an open dispute stands. */
export function cardOf(dispute: Dispute, evidence: EvidenceState): DisputeCard {
  const { id, inquiry, reason, amountMinor, currency, respondBy } = dispute;
  return {
    id,
    status: dispute.status as DisputeStatus,
    inquiry,
    amount: describeMoney(money(Number(amountMinor), currency)),
    reason,
    respondBy: respondBy?.getTime(),
    evidence,
  };
}

export function recordDisputeEvent(
  tx: Tx,
  dispute: Dispute,
  type: `dispute.${string}`,
  at: Date,
): Promise<void> {
  const { merchantId, subscriptionId, respondBy } = dispute;
  const payload = {
    dispute: dispute.id,
    charge: dispute.chargeId,
    renewal: dispute.renewalId,
    subscription: subscriptionId,
    amount_minor: Number(dispute.amountMinor),
    currency: dispute.currency,
    reason: dispute.reason,
    inquiry: dispute.inquiry,
    status: dispute.status,
    respond_by: respondBy?.toISOString() ?? null,
  };
  return recordEvent(tx, { merchantId, subscriptionId, type, payload, at });
}
