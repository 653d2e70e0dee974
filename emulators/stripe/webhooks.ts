/** Webhook deliveries: owed from the moment of the event until an endpoint answers 2xx or patience ends. */
import { createHmac } from 'node:crypto';

import type Stripe from 'stripe';

import { newId } from './ids.js';
import type { Store } from './store.js';
import type { WebhookEndpoints } from './webhook-endpoints.js';

/** hold and reverse keep everything until a flush, which sends it oldest or newest first. */
export const WEBHOOK_MODES = ['deliver', 'hold', 'drop', 'duplicate', 'reverse'] as const;
type WebhookMode = (typeof WEBHOOK_MODES)[number];

interface Delivery {
  readonly id: string;
  readonly account: string;
  readonly event: string;
  readonly endpoint: string;
  readonly attempts: number;
  /** Machine time in ms: real waiting, unlike Stripe's, is kept short. */
  readonly dueAt: number;
}

export interface Webhooks {
  owe(account: string, event: Stripe.Event): void;
  setMode(mode: WebhookMode): void;
  /** Sends what is due; cheap when nothing is. */
  readonly deliverDue: () => void;
  /** Sends everything owed once, due or not, and says how that went. */
  flush(): Promise<{ delivered: number; failed: number }>;
  readonly isUndelivered: (eventId: string) => boolean;
}

export function createWebhooks(store: Store, endpoints: WebhookEndpoints): Webhooks {
  const owed = store.table<Delivery>('deliveries');
  const failed = store.table<Delivery>('failed_deliveries');
  const modes = store.table<WebhookMode>('webhook_mode');
  const underway = new Set<string>();
  const mode = (): WebhookMode => modes.get('mode') ?? 'deliver';

  return {
    owe(account, event) {
      for (const { id: endpoint } of endpoints.listening(account, event.type)) {
        const id = newId('del');
        const dueAt = Date.now();
        const delivery = { id, account, event: event.id, endpoint, attempts: 0, dueAt };
        (mode() === 'drop' ? failed : owed).put(id, delivery);
      }
    },
    setMode: (next) => modes.put('mode', next),
    deliverDue,
    async flush() {
      const all = owed.all().filter(({ id }) => !underway.has(id));
      if (mode() === 'reverse') all.reverse();
      let delivered = 0;
      // One after another: what a flush is for is its order.
      for (const delivery of all) if (await attempt(delivery)) delivered++;
      return { delivered, failed: all.length - delivered };
    },
    isUndelivered: (eventId) =>
      [...owed.values(), ...failed.values()].some(({ event }) => event === eventId),
  };

  function deliverDue(): void {
    if (mode() === 'hold' || mode() === 'reverse') return;
    for (const delivery of owed.values()) {
      if (underway.size >= MOST_AT_ONCE) return;
      if (delivery.dueAt <= Date.now() && !underway.has(delivery.id))
        void attempt(delivery).then(deliverDue);
    }
  }

  async function attempt(delivery: Delivery): Promise<boolean> {
    underway.add(delivery.id);
    const accepted = await send(delivery);
    underway.delete(delivery.id);
    if (accepted) owed.delete(delivery.id);
    // A reset may have forgotten it meanwhile.
    else if (owed.get(delivery.id)) postpone(delivery);
    return accepted;
  }

  async function send({ account, event: eventId, endpoint: id }: Delivery): Promise<boolean> {
    const endpoint = endpoints.get(id);
    const event = store.table<Stripe.Event>(`${account}/events`).get(eventId);
    // Nobody listens there any more, so nothing is owed.
    if (!endpoint || !event) return true;
    const times = mode() === 'duplicate' ? 2 : 1;
    const answers = Array.from({ length: times }, () =>
      post(endpoint.shown.url, JSON.stringify({ ...event, pending_webhooks: 1 }), endpoint.secret),
    );
    return (await Promise.all(answers)).every(Boolean);
  }

  function postpone(delivery: Delivery): void {
    const wait = RETRY_AFTER_SECONDS[delivery.attempts];
    const next = { ...delivery, attempts: delivery.attempts + 1 };
    if (wait !== undefined) return owed.put(next.id, { ...next, dueAt: Date.now() + wait * 1000 });
    return store.commit(() => {
      owed.delete(next.id);
      failed.put(next.id, next);
    });
  }
}

async function post(url: string, body: string, secret: string): Promise<boolean> {
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks) emulated',
    'stripe-signature': signature(body, secret, Math.floor(Date.now() / 1000)),
  };
  const signal = AbortSignal.timeout(PATIENCE_MS);
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers,
      body,
      signal,
      redirect: 'manual',
    });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}

function signature(body: string, secret: string, seconds: number): string {
  const digest = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${digest}`;
}

const RETRY_AFTER_SECONDS = [1, 2, 5, 10, 30, 60, 120, 300, 300, 300, 600, 600, 600];
const MOST_AT_ONCE = 20;
const PATIENCE_MS = 10_000;
