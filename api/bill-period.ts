/** Billing a period on request: the row is written here, the run adopts it, and the outcome is awaited. */
import type { z } from 'zod';

import { readRenewalStatus, requireRenewalView } from '../prisma/renewal-view.js';
import { startRenewal } from '../prisma/start-renewal.js';
import { requireLocked } from '../prisma/subscription-view.js';
import { renderRenewal } from './render/renewal.js';
import type { Answer, ApiRequest } from './route.js';
import type { newRenewal } from './schemas/renewal.js';
import { waitFor } from './wait.js';
import { isReplay, write } from './write.js';

type BillRequest = ApiRequest<{ id: string }, unknown, z.output<typeof newRenewal>>;

export async function billPeriod(request: BillRequest): Promise<Answer> {
  const { merchantId, api, preferredWait } = request;
  // What is kept under an Idempotency-Key is which renewal it was; the answer shows how that one stands.
  const asked = await write(request, async (tx, now) => {
    const locked = await requireLocked(tx, merchantId, request.params.id);
    const started = await startRenewal(tx, locked, askedPeriod(request.body), now);
    const { id } = started.renewal;
    const { created, dispatches } = started;
    const audited = created ? { object: id } : null;
    return { status: created ? 201 : 200, body: { id }, dispatches, audited };
  });
  const { id } = asked.body as { id: string };
  const hasLeft = async () => (await readRenewalStatus(api.db, id)) !== 'collecting';
  if (preferredWait !== undefined) await waitFor(request, preferredWait, hasLeft);

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
