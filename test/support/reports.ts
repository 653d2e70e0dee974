/** A webhook of a test's own making, from the inbox to the run that is told of it. */
import { randomUUID } from 'node:crypto';

import type { Deps } from '../../activities/deps.js';
import { dispatchWebhook } from '../../activities/dispatch.js';
import type { GatewayAccount } from '../../prisma/charge.js';
import { type ReceivedWebhook, storeWebhook } from '../../prisma/webhook-inbox.js';

/** Stores it and passes it on. Answers with the ids of the charges that a run was told of. */
export async function report(
  deps: Deps,
  account: GatewayAccount,
  about: NonNullable<ReceivedWebhook['about']>,
): Promise<string[]> {
  const told: string[] = [];
  const launch: Deps['launch'] = {
    ...deps.launch,
    reportCharge: (_owner, { id }) => {
      told.push(id);
      return Promise.resolve();
    },
  };
  const eventId = `evt_${randomUUID()}`;
  const received = { account, eventId, type: about.says, payload: {}, about };
  const stored = await storeWebhook(deps.db, received, new Date());
  if (stored?.chargeId !== undefined) await dispatchWebhook({ ...deps, launch }, stored.id);
  return told;
}
