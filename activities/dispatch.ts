/** Passing on what is owed to Temporal: starts and wakes, and the webhooks that a run waits for. */
import { type ChargeStatus, isOpen } from '../domain/charge.js';
import { type Charge, readCharge, ticketFor } from '../prisma/charge.js';
import { type Dispatch, listOwed, listOwedTo, markSent } from '../prisma/dispatch.js';
import { type GatewayEvent, listUndispatched, markDispatched } from '../prisma/gateway-event.js';
import { ownerOf } from '../temporal/owner.js';
import type { Deps } from './deps.js';
import { type Repairs, repairEach } from './repairs.js';

/** Tells the run that owns a webhook's charge now to ask the gateway. Only what a run waits for is passed on. */
export async function dispatchWebhook(deps: Deps, gatewayEventId: string): Promise<void> {
  const { db, launch, tempo } = deps;
  const event = await db.gatewayEvent.findUniqueOrThrow({ where: { id: gatewayEventId } });
  if (event.chargeId && !event.dispatchedAt) {
    const charge = await readCharge(db, event.chargeId);
    const status = charge.status as ChargeStatus;
    // The sender is still waiting for its own answer, and asks if none comes. The sweep looks at this one again.
    if (status === 'submitted') return;
    if (isOpen(status) || isNews(event, charge)) {
      const renewal = await db.renewal.findUniqueOrThrow({ where: { id: charge.renewalId } });
      const ticket = ticketFor(charge, charge.account, tempo.chargeTimeoutMs);
      await launch.reportCharge(ownerOf(renewal), ticket);
    }
  }
  await markDispatched(db, gatewayEventId);
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

export async function sendDispatch({ db, launch }: Deps, row: Dispatch): Promise<void> {
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
