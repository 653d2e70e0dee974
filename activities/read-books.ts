/** Reading a gateway's books: page by page into rows of ours, each line once however often it is read. */
import type { Books, BooksPage } from '../gateways/gateway.js';
import type { GatewayAccount } from '../prisma/gateway-account.js';
import { keepMovements, listUnbookedFees } from '../prisma/movement.js';
import {
  type Reconciliation,
  readReconciliation,
  shortenWindow,
} from '../prisma/reconciliation.js';
import { postFee } from '../prisma/ledger.js';
import type { Deps } from './deps.js';

/** As much as one activity reads: a run that is interrupted goes on from there. */
const PAGES_AT_ONCE = 50;
const FEES_AT_ONCE = 500;

export interface Reading {
  readonly reconciliationId: string;
  /** Where to go on; absent at the beginning. */
  readonly page?: string | undefined;
}

export type BooksRead =
  | { readonly kind: 'read'; readonly next?: string | undefined }
  /** No repetition will do better. */
  | { readonly kind: 'unreadable'; readonly why: string };

export async function readBooks(deps: Deps, reading: Reading): Promise<BooksRead> {
  const { db, clock } = deps;
  const row = await readReconciliation(db, reading.reconciliationId);
  const account = await db.gatewayAccount.findUniqueOrThrow({
    where: { id: row.gatewayAccountId },
  });
  let next = reading.page;
  for (let pages = 0; pages < PAGES_AT_ONCE; pages++) {
    deps.alive();
    const page = await readPage(deps, account, row, next);
    if (page.kind === 'unreadable') return page;
    if (page.kind === 'unavailable') throw new Error(page.why);
    await keepMovements(db, account, page.movements, clock.safety());
    await shortenWindow(db, row.id, new Date(page.completeTo));
    ({ next } = page);
    if (next === undefined) return { kind: 'read' };
  }
  return { kind: 'read', next };
}

async function readPage(
  deps: Deps,
  account: GatewayAccount,
  { windowStart, windowEnd }: Reconciliation,
  page: string | undefined,
): Promise<BooksPage | Extract<BooksRead, { kind: 'unreadable' }>> {
  const { books } = deps.gateways(account.gateway) as { readonly books: Books };
  let credentials;
  try {
    credentials = deps.accountFor(account);
  } catch (error) {
    return { kind: 'unreadable', why: error instanceof Error ? error.message : String(error) };
  }
  const window = { from: windowStart.getTime(), to: windowEnd.getTime(), page };
  const read = await books.listMovements(credentials, window);
  return read.kind === 'unavailable' && read.attention
    ? { kind: 'unreadable', why: read.why }
    : read;
}

/** What the gateway kept for the payments of ours, each line once. Says whether more is left. */
export async function bookFees(deps: Deps, reconciliationId: string): Promise<boolean> {
  const { db, clock } = deps;
  const { gatewayAccountId, windowStart } = await readReconciliation(db, reconciliationId);
  const unbooked = await listUnbookedFees(db, gatewayAccountId, windowStart, FEES_AT_ONCE);
  for (const { movement, ...owner } of unbooked) {
    deps.alive();
    await postFee(db, movement, owner, clock.safety());
  }
  return unbooked.length === FEES_AT_ONCE;
}
