/**
 * Delivery: an event that an endpoint did not take at the first try, until it has, or three days are over.
 *
 * Only what fails gets a run. Later events of the same subscription wait for it, so that an app hears them in order;
 * what became of it is a row, and the relay goes on from there.
 */
import { waitBeforeRetry, isLastRetry } from '../domain/delivery.js';
import { deliverAgain } from './activities.js';
import { watching } from './watch.js';
import { showDelivery, showEnd } from './words.js';

interface DeliveryInput {
  readonly subscriptionId: string;
  readonly eventId: string;
  readonly endpointId: string;
}

interface DeliveryResult {
  /** `waiting`: the endpoint was stopped; the event goes out when somebody sets it active again. */
  readonly outcome: 'delivered' | 'failed' | 'waiting' | 'over';
}

export function delivery({ eventId, endpointId }: DeliveryInput): Promise<DeliveryResult> {
  return watching(async (watch) => {
    const began = Date.now();
    let why = 'The first try failed';
    for (let retry = 1; ; retry++) {
      const at = Date.now() + waitBeforeRetry(retry);
      showDelivery(eventId, endpointId, why, at);
      await watch.until(at, `Before retry ${retry}`);
      const last = isLastRetry(retry, Date.now() - began);
      const ticket = { eventId, endpointId, retry, last };
      const tried = await watch.look(() => deliverAgain(ticket));
      if (tried.kind !== 'again') {
        showEnd(`${eventId} for ${endpointId}`, tried.kind);
        return { outcome: tried.kind };
      }
      why = tried.why;
    }
  });
}
