/** Webhook deliveries: owed from the moment of the event until an endpoint answers 2xx or patience ends. */
import { createHmac } from 'node:crypto';

import type Stripe from 'stripe';

import { newId } from './ids.js';
import type { Store } from './store.js';
import type { WebhookEndpoints } from './webhook-endpoints.js';

/** hold and reverse keep everything until a flush, which sends it oldest or newest first. */
export const WEBHOOK_MODES = ['deliver', 'hold', 'drop', 'duplicate', 'reverse'] as const;
export type WebhookMode = (typeof WEBHOOK_MODES)[number];

interface Delivery {
  readonly id: string;
  readonly event: Stripe.Event;
  readonly endpoint: string;
  readonly attempts: number;
  /** Machine time in ms: real waiting, unlike Stripe's, is kept short. */
  readonly dueAt: number;
  readonly givenUp: boolean;
}

export interface Webhooks {
  owe(account: string, event: Stripe.Event): void;
  setMode(mode: WebhookMode): void;
  /** Sends what is due; cheap when nothing is. */
  deliverDue(): void;
  /** Sends everything owed once, due or not, and says how that went. */
  flush(): Promise<{ delivered: number; failed: number }>;
  readonly isUndelivered: (eventId: string) => boolean;
}

export function createWebhooks(store: Store, endpoints: WebhookEndpoints): Webhooks {
  const deliveries = store.table<Delivery>('deliveries');
  const modes = store.table<WebhookMode>('webhook_mode');
  const underway = new Set<string>();
  const mode = (): WebhookMode => modes.get('mode') ?? 'deliver';

  return {
    owe(account, event) {
      for (const { id: endpoint } of endpoints.listening(account, event.type)) {
        const id = newId('del');
        const givenUp = mode() === 'drop';
        deliveries.put(id, { id, event, endpoint, attempts: 0, dueAt: Date.now(), givenUp });
      }
    },
    setMode: (next) => modes.put('mode', next),
    deliverDue() {
      if (mode() === 'hold' || mode() === 'reverse') return;
      const now = Date.now();
      for (const delivery of owed()) {
        if (underway.size >= MOST_AT_ONCE) return;
        if (delivery.dueAt <= now) void attempt(delivery);
      }
    },
    async flush() {
      const all = mode() === 'reverse' ? owed().toReversed() : owed();
      let delivered = 0;
      // One after another: what a flush is for is its order.
      for (const delivery of all) if (await attempt(delivery)) delivered++;
      return { delivered, failed: all.length - delivered };
    },
    isUndelivered: (eventId) => deliveries.all().some(({ event }) => event.id === eventId),
  };

  function owed(): Delivery[] {
    return deliveries.all().filter(({ id, givenUp }) => !givenUp && !underway.has(id));
  }

  async function attempt(delivery: Delivery): Promise<boolean> {
    underway.add(delivery.id);
    const accepted = await send(delivery);
    underway.delete(delivery.id);
    if (accepted) deliveries.delete(delivery.id);
    else if (deliveries.get(delivery.id)) postpone(delivery);
    return accepted;
  }

  async function send({ event, endpoint: id }: Delivery): Promise<boolean> {
    const endpoint = endpoints.get(id);
    // Nobody listens there any more, so nothing is owed.
    if (!endpoint) return true;
    const times = mode() === 'duplicate' ? 2 : 1;
    const answers = Array.from({ length: times }, () =>
      post(endpoint.shown.url, JSON.stringify({ ...event, pending_webhooks: 1 }), endpoint.secret),
    );
    return (await Promise.all(answers)).every(Boolean);
  }

  function postpone(delivery: Delivery): void {
    const wait = RETRY_AFTER_SECONDS[delivery.attempts];
    const attempts = delivery.attempts + 1;
    const dueAt = Date.now() + (wait ?? 0) * 1000;
    deliveries.put(delivery.id, { ...delivery, attempts, dueAt, givenUp: wait === undefined });
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

export function signature(body: string, secret: string, seconds: number): string {
  const digest = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${digest}`;
}

const RETRY_AFTER_SECONDS = [1, 2, 5, 10, 30, 60, 120, 300, 300, 300, 600, 600, 600];
const MOST_AT_ONCE = 20;
const PATIENCE_MS = 10_000;
