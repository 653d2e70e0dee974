/** Billing a period on request: the row is written here, the run adopts it, and the outcome is awaited. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';

import { readRenewalStatus, requireRenewalView } from '../prisma/renewal-view.js';
import { startRenewal } from '../prisma/start-renewal.js';
import { requireLocked } from '../prisma/subscription-view.js';
import { renderRenewal } from './render/renewal.js';
import type { Answer, ApiRequest } from './route.js';
import type { newRenewal } from './schemas/renewal.js';
import { isReplay, write } from './write.js';

type BillRequest = ApiRequest<{ id: string }, unknown, z.output<typeof newRenewal>>;

export async function billPeriod(request: BillRequest): Promise<Answer> {
  const { merchantId, api, preferredWait } = request;
  // What is kept under an Idempotency-Key is which renewal it was; the answer shows how that one stands.
  const asked = await write(request, async (tx, now) => {
    const locked = await requireLocked(tx, merchantId, request.params.id);
    const started = await startRenewal(tx, locked, askedPeriod(request.body), now);
    const { id } = started.renewal;
    return { status: started.created ? 201 : 200, body: { id }, dispatches: started.dispatches };
  });
  const { id } = asked.body as { id: string };
  if (preferredWait !== undefined) await leftCollecting(request, id, preferredWait);

  const body = await renderRenewal(await requireRenewalView(api.db, merchantId, id), api);
  const isNew = asked.status === 201 && !isReplay(asked);
  const headers = {
    ...asked.headers,
    Location: `/v1/renewals/${id}`,
    ...(preferredWait !== undefined && { 'Preference-Applied': `wait=${preferredWait}` }),
  };
  return { status: statusFor(isNew, body.status), body, headers };
}

function askedPeriod({ period_start, amount_minor, description }: BillRequest['body']) {
  const periodStart = period_start === undefined ? undefined : new Date(period_start);
  return { periodStart, amountMinor: amount_minor, description };
}

function statusFor(isNew: boolean, status: string): number {
  if (!isNew) return 200;
  return status === 'collecting' ? 202 : 201;
}

/** Waits until the renewal has left `collecting`, for so long, or until nobody listens any more. */
async function leftCollecting(
  { api, closed }: BillRequest,
  id: string,
  seconds: number,
): Promise<void> {
  const deadline = Date.now() + seconds * 1_000;
  const over = () => closed.aborted || api.stopping?.aborted || Date.now() >= deadline;
  while (!over() && (await readRenewalStatus(api.db, id)) === 'collecting')
    await sleep(Math.min(POLL_MS, Math.max(1, deadline - Date.now())));
}

const POLL_MS = 120;
