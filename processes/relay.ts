/**
 * The relay: gives new events their places, and sends them at once. Any number of workers run one each.
 *
 * What it has in its hands is claimed in PostgreSQL for three times as long as one try takes, so that a killed worker's are taken over. It
 * never holds more than a few of one endpoint, so that a slow one does not keep others waiting.
 */
import { type DeliveryDeps, deliverFirst } from '../activities/deliver.js';
import { MOST_REMINDERS } from '../domain/delivery.js';
import type { Logger } from '../logger.js';
import { type FullDelivery, claimDeliveries, remindUnacknowledged } from '../prisma/delivery.js';
import { listUnplaced, placeIfFree } from '../prisma/event.js';

export interface Relay {
  /** Resolves when what it has in its hands is settled. */
  stop(): Promise<void>;
}

const IDLE_MS = 500;
const REMIND_EVERY_MS = 30_000;
const MOST_AT_ONCE = 64;
const MOST_OF_ONE_ENDPOINT = 4;
const MERCHANTS_PER_ROUND = 100;

export function startRelay(deps: DeliveryDeps, logger: Logger): Relay {
  const rest = createRest();
  const hands = createHands(deps, logger, () => rest.end());
  let remindAt = 0;
  let stopping = false;

  async function placeAll(): Promise<boolean> {
    const merchants = await listUnplaced(deps.db, MERCHANTS_PER_ROUND);
    let placed = 0;
    for (const merchantId of merchants)
      placed += await placeIfFree(deps.db, merchantId).catch((err: unknown) => {
        logger.warn({ err, merchantId }, 'Events of a merchant get their places later');
        return 0;
      });
    return placed > 0;
  }

  async function remind(): Promise<void> {
    if (Date.now() < remindAt) return;
    remindAt = Date.now() + REMIND_EVERY_MS;
    await remindUnacknowledged(deps.db, new Date(), MOST_REMINDERS);
  }

  async function round(): Promise<boolean> {
    const placed = await placeAll();
    await remind();
    return (await hands.fill()) || placed;
  }

  async function run(): Promise<void> {
    while (!stopping) {
      rest.forget();
      const worked = await round().catch((err: unknown) => {
        logger.warn({ err }, 'The relay could not work, and tries again');
        return false;
      });
      if (!worked && !stopping) await rest.begin();
    }
    await hands.empty();
  }

  const ended = run();
  return {
    async stop() {
      stopping = true;
      rest.end();
      await ended;
    },
  };
}

/** The deliveries under way. `onDone`: one is over, and the next in its line may be due. */
function createHands(deps: DeliveryDeps, logger: Logger, onDone: () => void) {
  const underWay = new Map<Promise<void>, string>();

  function countOf(endpointId: string): number {
    return [...underWay.values()].filter((id) => id === endpointId).length;
  }

  function take(delivery: FullDelivery): void {
    const done = deliverFirst(deps, delivery)
      .catch((err: unknown) => {
        const { eventId, endpointId } = delivery;
        logger.warn({ err, eventId, endpointId }, 'A delivery is left to whoever claims it next');
      })
      .finally(() => {
        underWay.delete(done);
        onDone();
      });
    underWay.set(done, delivery.endpointId);
  }

  return {
    /** Claims as many as there is room for. */
    async fill(): Promise<boolean> {
      const limit = MOST_AT_ONCE - underWay.size;
      if (limit <= 0) return false;
      const held = [...new Set(underWay.values())];
      // It may get a full share while some are under way: at most twice the share less one at once.
      const busy = held.filter((id) => countOf(id) >= MOST_OF_ONE_ENDPOINT);
      const claimMs = 3 * deps.tempo.webhookDeadlineMs;
      const limits = { claimMs, limit, perEndpoint: MOST_OF_ONE_ENDPOINT, busy, held };
      const claimed = await claimDeliveries(deps.db, limits);
      for (const delivery of claimed) take(delivery);
      return claimed.length > 0;
    },
    async empty(): Promise<void> {
      await Promise.all(underWay.keys());
    },
  };
}

/** A pause that ends early when there is news, even news from before it began. */
function createRest() {
  let news = false;
  let endNow = () => {};
  return {
    forget(): void {
      news = false;
    },
    end(): void {
      news = true;
      endNow();
    },
    begin(): Promise<void> {
      if (news) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, IDLE_MS);
        endNow = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    },
  };
}
