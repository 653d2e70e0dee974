/** What a run of chaos looked like, and what it found. */
import type { Asked, Moved } from '../support/gateways.js';
import type { Violation } from './audit.js';
import type { Books } from '../support/books.js';
import { grouped } from './grouped.js';

export function showRequests(asked: readonly Asked[]): void {
  const gateways = grouped(asked, ({ gateway }) => gateway);
  const struck = (all: readonly Asked[]) => all.filter(({ fault }) => fault).length;
  const rows = [...gateways].map(([gateway, all]) => ({
    gateway,
    requests: all.length,
    struck: struck(all),
    share: `${((100 * struck(all)) / all.length).toFixed(1)} %`,
    ...Object.fromEntries(
      [...grouped(all, ({ fault }) => fault)]
        .flatMap(([fault, hit]) => (fault ? [[fault, hit.length] as const] : []))
        .toSorted(([a], [b]) => a.localeCompare(b)),
    ),
  }));
  console.table(rows);
}

export async function showOutcome(
  books: Books,
  money: readonly Moved[],
  unknown: ReadonlySet<string>,
): Promise<void> {
  const statuses = await books.rows(`select 'renewals ' || status as what, count(*)::int
    from renewal group by 1 order by 1`);
  const charges = await books.rows(`select 'charges ' || status as what, count(*)::int
    from charge group by 1 order by 1`);
  const failovers = await books.count(`charge where status = 'succeeded' and fallback`);
  const found = await books.count(`charge where found_from is not null`);
  const attention = await books.count('renewal where needs_attention is not null');
  const cases = await books.count('dunning_case');
  const events = await books.count('gateway_event');
  console.table([
    ...statuses,
    ...charges,
    { what: 'money moved, by the journals', count: money.length },
    { what: 'failovers: paid by another method', count: failovers },
    { what: 'money found late and booked', count: found },
    { what: 'dunning cases', count: cases },
    { what: 'webhooks in the inbox', count: events },
    { what: 'renewals that need attention', count: attention },
    ...(await ends(books, unknown)),
  ]);
}

/** How the charges ended that were unknown at some time: seen so, or with an answer that came behind a reason. */
async function ends(books: Books, seen: ReadonlySet<string>) {
  const rows = await books.rows<{ id: string; status: string; was: boolean }>(`
    select id, status, reason is not null and status in ('succeeded', 'declined') as was from charge`);
  const unknown = rows.filter(({ id, was }) => was || seen.has(id));
  const byEnd = [...grouped(unknown, ({ status }) => status)];
  return byEnd.map(([status, all]) => ({
    what: `once unknown, then ${status}`,
    count: all.length,
  }));
}

const MOST_SHOWN = 10;

export function showViolations(violations: readonly Violation[]): void {
  for (const { rule, rows } of violations) {
    console.error(`\nBroken: ${rule} (${rows.length} rows)`);
    for (const row of rows.slice(0, MOST_SHOWN)) console.error(JSON.stringify(row));
  }
}
