/** Webhook deliveries: owed from the moment of the event until an endpoint answers 2xx or patience ends. */
import { newId } from './ids.js';
import type { Store } from './store.js';

/** hold and reverse keep everything until a flush, which sends it oldest or newest first. */
export const WEBHOOK_MODES = ['deliver', 'hold', 'drop', 'duplicate', 'reverse'] as const;
type WebhookMode = (typeof WEBHOOK_MODES)[number];

export interface Owed {
  readonly account: string;
  readonly event: string;
  readonly endpoint: string;
}

interface Delivery extends Owed {
  readonly id: string;
  readonly attempts: number;
  /** Machine time in ms: real waiting, unlike the vendors', is kept short. */
  readonly dueAt: number;
}

/** What goes over the wire. */
export interface Posting {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

export interface Deliveries {
  readonly owe: (owed: Owed) => void;
  setMode(mode: WebhookMode): void;
  /** Sends what is due; cheap when nothing is. */
  readonly deliverDue: () => void;
  /** Sends everything owed once, due or not, and says how that went. */
  flush(): Promise<{ delivered: number; failed: number }>;
  readonly isUndelivered: (eventId: string) => boolean;
}

/** `write` signs anew for each posting, and has none when nobody listens there any more. */
export function createDeliveries(
  store: Store,
  write: (owed: Owed) => Posting | undefined,
): Deliveries {
  const owed = store.table<Delivery>('deliveries');
  const failed = store.table<Delivery>('failed_deliveries');
  const modes = store.table<WebhookMode>('webhook_mode');
  const underway = new Set<string>();
  const mode = (): WebhookMode => modes.get('mode') ?? 'deliver';

  return {
    owe(what) {
      const id = newId('del');
      const delivery = { ...what, id, attempts: 0, dueAt: Date.now() };
      (mode() === 'drop' ? failed : owed).put(id, delivery);
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

  async function send(delivery: Delivery): Promise<boolean> {
    const times = mode() === 'duplicate' ? 2 : 1;
    const answers = Array.from({ length: times }, () => postOnce(delivery));
    return (await Promise.all(answers)).every(Boolean);
  }

  async function postOnce(delivery: Delivery): Promise<boolean> {
    const posting = write(delivery);
    return posting ? post(posting) : true;
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

async function post({ url, headers, body }: Posting): Promise<boolean> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  try {
    const answer = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}

const RETRY_AFTER_SECONDS = [1, 2, 5, 10, 30, 60, 120, 300, 300, 300, 600, 600, 600];
const MOST_AT_ONCE = 20;
const PATIENCE_MS = 10_000;
