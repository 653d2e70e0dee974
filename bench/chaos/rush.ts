/** The rush: from the moment all renewals fall due until nearly all are decided, with two kills on the way. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { EmulatedGateway } from '../support/gateways.js';
import { within } from '../support/within.js';
import { type Books, UNDECIDED } from '../support/books.js';
import { shuffleWebhooks } from './faults.js';

export interface Rush {
  readonly kills: readonly Kill[];
  readonly healedAfterMs: number;
}

interface Kill {
  readonly afterMs: number;
  readonly backAfterMs: number;
  /** Charges that were under way, or had a lost answer, when the worker died. */
  readonly submitted: number;
  readonly paid: number;
}

interface Scene {
  readonly books: Books;
  readonly gateways: readonly EmulatedGateway[];
  readonly renewals: number;
  readonly dice: () => number;
  readonly dueAt: number;
  readonly killWorker: () => Promise<void>;
}

export async function rush(scene: Scene): Promise<Rush> {
  const { books, renewals, dice, dueAt } = scene;
  const weather = changeWeather(scene);
  const kills: Kill[] = [];
  // The first in the thick of it, the second among what the first left behind.
  for (const [from, to] of [
    [0.1, 0.3],
    [0.4, 0.7],
  ] as const)
    kills.push(await killWhen(scene, (from + dice() * (to - from)) * renewals));
  const few = () => books.count(UNDECIDED).then((left) => left <= renewals * LEFT_OVER);
  await within(SAFETY_MS, 'nearly every renewal is decided', few, 250).catch(() => {});
  await weather.end();
  return { kills, healedAfterMs: Date.now() - dueAt };
}

/** The last few wait for their gateways' next hour: healing does not wait for them. */
const LEFT_OVER = 0.05;
const SAFETY_MS = 120_000;

async function killWhen({ books, dueAt, killWorker }: Scene, paid: number): Promise<Kill> {
  const enough = async () => (await books.count(`renewal where status = 'paid'`)) >= paid;
  await within(180_000, `${Math.ceil(paid)} renewals are paid`, enough, 20);
  // A kill between two charges would prove nothing.
  const underWay = async () => (await books.count(SUBMITTED)) > 0;
  await within(30_000, 'a charge is under way', underWay, 5);
  const at = Date.now();
  const back = killWorker();
  const [submitted, paidBefore] = await Promise.all([
    books.count(SUBMITTED),
    books.count(`renewal where status = 'paid'`),
  ]);
  await back;
  return { afterMs: at - dueAt, backAfterMs: Date.now() - at, submitted, paid: paidBefore };
}

const SUBMITTED = `charge where status = 'submitted'`;

/** Webhooks take another way every few seconds. */
function changeWeather({ gateways, dice }: Scene) {
  const stop = new AbortController();
  const blowing = (async () => {
    while (!stop.signal.aborted) {
      await shuffleWebhooks(gateways, dice);
      await sleep(CHANGE_EVERY_MS, undefined, { signal: stop.signal }).catch(() => {});
    }
  })();
  blowing.catch(() => {});
  return {
    async end(): Promise<void> {
      stop.abort();
      await blowing;
    },
  };
}

const CHANGE_EVERY_MS = 3_000;
