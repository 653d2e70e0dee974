/** Changing a subscription: under its row lock, once per Idempotency-Key, answered as it then stands. */
import type { Tx } from '../prisma/client.js';
import type { Changed } from '../prisma/subscription-change.js';
import { requireLocked, requireSubscription } from '../prisma/subscription-view.js';
import type { LockedSubscription } from '../prisma/subscription.js';
import { renderSubscription } from './render/subscription.js';
import type { Answer, ApiRequest } from './route.js';
import { write } from './write.js';

export function changeSubscription(
  request: ApiRequest<{ id: string }>,
  change: (tx: Tx, locked: LockedSubscription, now: Date) => Promise<Changed>,
): Promise<Answer> {
  const { merchantId, params } = request;
  return write(request, async (tx, now) => {
    const locked = await requireLocked(tx, merchantId, params.id);
    const { subscription, dispatches, sleeper } = await change(tx, locked, now);
    const body = renderSubscription(await requireSubscription(tx, merchantId, locked.id));
    // What was so already is answered as it stands.
    const changed = subscription !== locked;
    const audited = { object: locked.id, before: renderSubscription(locked), after: body };
    return { status: 200, body, dispatches, sleeper, audited: changed ? audited : null };
  });
}
