/** Watching while everything is going wrong: what must never be, is looked for all the time. */
import { setTimeout as sleep } from 'node:timers/promises';

import { type EmulatedGateway, moneyMoved, type requestLog } from '../support/gateways.js';
import type { Violation } from './audit.js';
import { type Books, OPEN } from '../support/books.js';
import { grouped } from './grouped.js';

export interface Watch {
  /** Every charge that was seen as unknown at some time. */
  readonly unknown: ReadonlySet<string>;
  looks(): number;
  /** Looks once more, and says what was wrong at any time. */
  end(): Promise<Violation[]>;
}

export function watch(
  books: Books,
  gateways: readonly EmulatedGateway[],
  log: ReturnType<typeof requestLog>,
): Watch {
  const unknown = new Set<string>();
  const violations = new Map<string, Violation>();
  let looks = 0;
  let watching = true;

  const look = async (): Promise<void> => {
    const found = [...(await paidTwice(gateways)), ...(await openTwice(books))];
    for (const violation of found) violations.set(JSON.stringify(violation), violation);
    const rows = await books.rows<{ id: string }>(`select id from charge where status = 'unknown'`);
    for (const { id } of rows) unknown.add(id);
    if (looks++ % LOG_EVERY === 0) await log.fetch();
  };
  const done = (async () => {
    for (; watching; await sleep(LOOK_EVERY_MS)) await look();
  })();
  // Whoever ends the watch hears of it.
  done.catch(() => {});

  return {
    unknown,
    looks: () => looks,
    async end() {
      watching = false;
      await done;
      await look();
      await log.fetch();
      return [...violations.values()];
    },
  };
}

const LOOK_EVERY_MS = 400;
const LOG_EVERY = 10;

/** G: no renewal has two successes, whatever became of the answers. */
async function paidTwice(gateways: readonly EmulatedGateway[]): Promise<Violation[]> {
  const perRenewal = grouped(await moneyMoved(gateways), ({ renewal }) => renewal);
  const twice = [...perRenewal.values()].filter((all) => all.length > 1);
  return twice.map((rows) => ({ rule: 'a renewal is paid at most once', rows }));
}

/** D: one question at a time. */
async function openTwice(books: Books): Promise<Violation[]> {
  const rows = await books.rows<object>(`select renewal_id, count(*), array_agg(id) as charges
    from charge where status in ${OPEN} group by renewal_id having count(*) > 1`);
  return rows.length > 0 ? [{ rule: 'a renewal has at most one open charge', rows }] : [];
}
