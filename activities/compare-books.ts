/** Comparing: a page of one side's books at a time is laid beside the other's, and what differs is written down. */
import { type ReconcileTicket, compare, keyOf } from '../domain/reconciliation.js';
import type { Difference as Found } from '../domain/difference.js';
import { closeBooks } from '../prisma/compared-books.js';
import { PASSES, type Pass, readComparedPage } from '../prisma/compared-page.js';
import {
  asFound,
  handToPerson,
  markHealed,
  recordDifferences,
  type Difference,
} from '../prisma/difference.js';
import { type Reconciliation, readReconciliation } from '../prisma/reconciliation.js';
import type { Deps } from './deps.js';

const PAGE = 500;
/** As much as one activity compares. */
const PAGES_AT_ONCE = 20;

export interface Comparing {
  readonly ticket: ReconcileTicket;
  /** `all`: everything in the window. `standing`: only what was found, to see what healing has done. */
  readonly what: 'all' | 'standing';
  readonly at?: Bookmark | undefined;
}

/** How far a comparison has come. */
interface Bookmark {
  readonly pass: Pass;
  readonly after?: string | undefined;
}

export interface Compared {
  /** Where to go on; absent at the end. */
  readonly next?: Bookmark | undefined;
  /** Differences that no earlier comparison had found. */
  readonly fresh: number;
}

export async function compareBooks(deps: Deps, { ticket, what, at }: Comparing): Promise<Compared> {
  const row = await readReconciliation(deps.db, ticket.id);
  let place: Bookmark | undefined = at ?? { pass: what === 'all' ? PASSES[0] : 'standing' };
  let fresh = 0;
  for (let pages = 0; place && pages < PAGES_AT_ONCE; pages++) {
    deps.alive();
    const { pass }: Bookmark = place;
    const page = await readComparedPage(deps.db, row, pass, place.after, PAGE);
    fresh += await comparePage(deps, row, page, what === 'standing');
    const following: Pass | undefined = PASSES[PASSES.indexOf(pass) + 1];
    if (page.next !== undefined) place = { pass, after: page.next };
    else place = following && { pass: following };
  }
  return { next: place, fresh };
}

type Page = Awaited<ReturnType<typeof readComparedPage>>;

async function comparePage(
  deps: Deps,
  row: Reconciliation,
  page: Page,
  verifying: boolean,
): Promise<number> {
  if (page.movements.length + page.chargeIds.length + page.standing.length === 0) return 0;
  const { db, clock, tempo } = deps;
  const { theirs, ours } = await closeBooks(db, accountOf(row), page, {
    windowStart: row.windowStart,
    windowEnd: row.windowEnd,
    // The clocks of two workers differ.
    since: new Date(row.startedAt.getTime() - tempo.reconcileMarginMs),
  });
  const again = page.standing.length > 0;
  const standing = new Set(page.standing.map((one) => keyOf(asFound(one))));
  const found = compare(theirs, ours, {
    merchantId: row.merchantId,
    // What stands from before is looked at whenever it was.
    from: again ? 0 : row.windowStart.getTime(),
    to: row.windowEnd.getTime(),
    marginMs: tempo.reconcileMarginMs,
  }).filter((one) => standing.has(keyOf(one)) || !isFresh(one, row, tempo.reconcileMarginMs));
  const keys = new Set(found.map(keyOf));
  return db.$transaction(async (tx) => {
    const fresh = await recordDifferences(tx, row, found, clock.safety());
    const gone = page.standing.filter((one) => !keys.has(keyOf(asFound(one))));
    await markHealed(
      tx,
      gone.map(({ id }) => id),
      clock.safety(),
    );
    if (verifying)
      for (const one of page.standing)
        if (keys.has(keyOf(asFound(one)))) await handToPerson(tx, one.id, unhealed(one));
    return fresh;
  });
}

/** Whoever moved it may be about to say so here: a webhook under way is no difference. */
function isFresh({ theirs }: Found, { windowEnd }: Reconciliation, marginMs: number): boolean {
  return theirs?.at !== undefined && theirs.at > windowEnd.getTime() - marginMs;
}

function accountOf({ gatewayAccountId, merchantId }: Reconciliation) {
  return { id: gatewayAccountId, merchantId };
}

function unhealed({ why }: Difference): string {
  return `${why}. Asking the gateway again has not changed that`;
}
