/** Passing on what is owed to Temporal: starts and wakes, and the webhooks that a run waits for. */
import { type ChargeStatus, isOpen } from '../domain/charge.js';
import { type Charge, readCharge, ticketFor } from '../prisma/charge.js';
import { type Dispatch, listOwed, listOwedTo, markSent } from '../prisma/dispatch.js';
import { type GatewayEvent, listUndispatched, markDispatched } from '../prisma/gateway-event.js';
import { adoptionWorkflowId, disputeWorkflowId, refundWorkflowId } from '../domain/workflow-ids.js';
import { ownerOf } from '../temporal/owner.js';
import type { Deps } from './deps.js';
import { type Repairs, repairEach } from './repairs.js';

/** Tells the run that owns a webhook's charge now to ask the gateway. Only what a run waits for is passed on. */
export async function dispatchWebhook(deps: Deps, gatewayEventId: string): Promise<void> {
  const { db } = deps;
  const event = await db.gatewayEvent.findUniqueOrThrow({ where: { id: gatewayEventId } });
  if (event.dispatchedAt) return;
  if (event.disputeReference) await reportDispute(deps, event, event.disputeReference);
  if (event.refundReference) await reportRefund(deps, event);
  // The sender is still waiting for its own answer, and asks if none comes. The sweep looks at this one again.
  else if (event.chargeId && (await reportCharge(deps, event, event.chargeId)) === 'being_sent')
    return;
  await markDispatched(db, gatewayEventId);
}

async function reportCharge(
  { db, launch, tempo }: Deps,
  event: GatewayEvent,
  chargeId: string,
): Promise<'being_sent' | 'done'> {
  const charge = await readCharge(db, chargeId);
  const status = charge.status as ChargeStatus;
  if (status === 'submitted') return 'being_sent';
  if (!isOpen(status) && !isNews(event, charge)) return 'done';
  const renewal = await db.renewal.findUniqueOrThrow({ where: { id: charge.renewalId } });
  const ticket = ticketFor(charge, charge.account, tempo.chargeTimeoutMs);
  await launch.reportCharge(ownerOf(renewal), ticket);
  return 'done';
}

/** A refund of ours has a run; one that somebody made at the gateway is booked by a run of its charge. */
async function reportRefund({ db, launch }: Deps, event: GatewayEvent): Promise<void> {
  const { id, merchantId, refundId, chargeId } = event;
  const message = {
    id,
    merchantId,
    workflowType: 'refund',
    kind: 'wake',
    notBefore: null,
  } as const;
  if (refundId) {
    const { renewalId } = await db.refund.findUniqueOrThrow({ where: { id: refundId } });
    const workflowId = refundWorkflowId(refundId);
    await launch.send({ ...message, workflowId, input: { refundId, renewalId } });
  } else if (chargeId) {
    const { renewalId } = await db.charge.findUniqueOrThrow({ where: { id: chargeId } });
    const workflowId = adoptionWorkflowId(chargeId);
    await launch.send({ ...message, workflowId, input: { chargeId, renewalId } });
  }
}

async function reportDispute(deps: Deps, event: GatewayEvent, reference: string): Promise<void> {
  const { id, merchantId, gatewayAccountId } = event;
  const { gateway } = await deps.db.gatewayAccount.findUniqueOrThrow({
    where: { id: gatewayAccountId },
  });
  if (!deps.gateways(gateway).disputing) return;
  await deps.launch.send({
    id,
    merchantId,
    workflowType: 'dispute',
    workflowId: disputeWorkflowId(gatewayAccountId, reference),
    input: { gatewayAccountId, reference },
    kind: 'wake',
    notBefore: null,
  });
}

/** Whether a final charge is worth asking about again: money arrived late, or went back. */
function isNews({ says }: GatewayEvent, { status, reversedAt }: Charge): boolean {
  if (says === 'returned') return status === 'succeeded' && !reversedAt;
  return says === 'paid' && status !== 'succeeded' && status !== 'planned';
}

/** Sends what a transaction has just owed to a subscription's periods: a case that closed wakes the held one. */
export async function sendOwedTo(deps: Deps, subscriptionId: string): Promise<void> {
  for (const row of await listOwedTo(deps.db, subscriptionId)) await sendDispatch(deps, row);
}

export async function sendDispatch(
  { db, launch }: Pick<Deps, 'db' | 'launch'>,
  row: Dispatch,
): Promise<void> {
  await launch.send(row);
  await markSent(db, row.id);
}

/** Sends what is owed for longer than sending it at once takes. One that cannot be sent keeps no other back. */
export async function sendOwed(deps: Deps): Promise<Repairs> {
  const before = new Date(Date.now() - OWED_FOR_MS);
  const owed = await listOwed(deps.db, before, PAGE);
  const events = await listUndispatched(deps.db, before, PAGE);
  return repairEach(deps.alive, [
    ...owed.map((row) => () => sendDispatch(deps, row)),
    ...events.map(
      ({ id }) =>
        () =>
          dispatchWebhook(deps, id),
    ),
  ]);
}

const OWED_FOR_MS = 5_000;
const PAGE = 500;
