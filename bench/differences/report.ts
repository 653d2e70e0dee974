/** What a comparison found, held against what was done to the books. */
import { DIFFERENCE_TYPES } from '../../domain/difference.js';
import type { Books } from '../support/books.js';
import type { Injected } from './injections.js';

export interface FoundOne {
  readonly id: string;
  readonly type: string;
  readonly object: string;
  readonly gateway: string;
  readonly reference: string;
  readonly charge: string | null;
  readonly status: string;
  readonly why: string;
}

export function foundIn(books: Books): Promise<FoundOne[]> {
  return books.rows<FoundOne>(`
    select d.id, d.type, d.object, a.gateway, d.reference, d.charge_id as charge, d.status, d.why
    from difference d join gateway_account a on a.id = d.gateway_account_id order by d.id`);
}

export interface Verdict {
  readonly missed: readonly Injected[];
  readonly falseAlarms: readonly FoundOne[];
  /** Found, and ended otherwise than it should. */
  readonly wrongEnd: readonly FoundOne[];
}

export function judge(injected: readonly Injected[], found: readonly FoundOne[]): Verdict {
  const left = new Set(found);
  const missed: Injected[] = [];
  const wrongEnd: FoundOne[] = [];
  for (const one of injected) {
    const match = [...left].find((other) => isSame(one, other));
    if (!match) {
      missed.push(one);
      continue;
    }
    left.delete(match);
    if (match.status !== one.ends) wrongEnd.push(match);
  }
  return { missed, falseAlarms: [...left], wrongEnd };
}

function isSame({ type, object, gateway, about }: Injected, found: FoundOne): boolean {
  const named = found.reference === about || found.charge === about;
  return found.type === type && found.object === object && found.gateway === gateway && named;
}

export function show(
  injected: readonly Injected[],
  found: readonly FoundOne[],
  verdict: Verdict,
): void {
  const count = <One extends { type: string }>(all: readonly One[], type: string) =>
    all.filter((one) => one.type === type).length;
  console.table(
    Object.fromEntries(
      DIFFERENCE_TYPES.map((type) => [
        type,
        {
          injected: count(injected, type),
          found: count(found, type),
          healed: count(
            found.filter(({ status }) => status === 'healed'),
            type,
          ),
          'for a person': count(
            found.filter(({ status }) => status === 'needs_person'),
            type,
          ),
          missed: count(verdict.missed, type),
          'false alarms': count(verdict.falseAlarms, type),
        },
      ]),
    ),
  );
  for (const [what, all] of Object.entries(verdict))
    for (const one of all as readonly object[]) console.log(what, one);
}

/** Currencies whose entries do not sum to nothing. */
export function unbalanced(books: Books): Promise<object[]> {
  return books.rows(`
    select currency, sum(amount_minor) from ledger_entry group by currency having sum(amount_minor) <> 0`);
}
