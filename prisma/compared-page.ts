/** The pages in which books are compared, so that an account of any size needs the same memory. */
import type { Side } from '../domain/difference.js';
import type { Tx } from './client.js';
import type { Seeds } from './compared-books.js';
import { type Difference, listStanding } from './difference.js';
import type { Reconciliation } from './generated/client.js';

/** What is laid beside the other's books: their movements, what we booked, and what stands from before. */
export const PASSES = ['movements', 'charges', 'refunds', 'disputes', 'standing'] as const;
export type Pass = (typeof PASSES)[number];

export interface ComparedPage extends Seeds {
  /** What the page begins with is looked at again, whenever it was. */
  readonly standing: readonly Difference[];
  /** Where the next page of this pass begins; absent after the last. */
  readonly next?: string | undefined;
}

type Row = { readonly id: string; readonly at: Date; readonly chargeId?: string };

export async function readComparedPage(
  tx: Tx,
  reconciliation: Reconciliation,
  pass: Pass,
  after: string | undefined,
  limit: number,
): Promise<ComparedPage> {
  if (pass === 'standing') return standingPage(tx, reconciliation, after, limit);
  const rows = await slice(tx, reconciliation, pass, after, limit);
  const next = rows.length === limit ? placeOf(rows.at(-1)!) : undefined;
  if (pass !== 'movements')
    return {
      movements: [],
      chargeIds: rows.map(({ id, chargeId = id }) => chargeId),
      standing: [],
      next,
    };
  const ids = rows.map(({ id }) => id);
  const movements = await tx.gatewayMovement.findMany({ where: { id: { in: ids } } });
  return { movements, chargeIds: [], standing: [], next };
}

function slice(
  tx: Tx,
  { gatewayAccountId: account, windowStart: from, windowEnd: to }: Reconciliation,
  pass: Exclude<Pass, 'standing'>,
  after: string | undefined,
  limit: number,
): Promise<Row[]> {
  const [at, id] = placeIn(after, from);
  switch (pass) {
    case 'movements':
      return tx.$queryRaw`
        select id, moved_at as at from gateway_movement
        where gateway_account_id = ${account} and moved_at between ${from} and ${to}
          and (moved_at, id) > (${at}::timestamptz, ${id}) and kind <> 'other'
        order by moved_at, id limit ${limit}`;
    case 'charges':
      return tx.$queryRaw`
        select id, settled_at as at from charge
        where gateway_account_id = ${account} and settled_at between ${from} and ${to}
          and status = 'succeeded' and (settled_at, id) > (${at}::timestamptz, ${id})
        order by settled_at, id limit ${limit}`;
    case 'refunds':
      return tx.$queryRaw`
        select id, settled_at as at, charge_id as "chargeId" from refund
        where gateway_account_id = ${account} and settled_at between ${from} and ${to}
          and status = 'succeeded' and (settled_at, id) > (${at}::timestamptz, ${id})
        order by settled_at, id limit ${limit}`;
    case 'disputes':
      return tx.$queryRaw`
        select id, withdrawn_at as at, charge_id as "chargeId" from dispute
        where gateway_account_id = ${account} and withdrawn_at between ${from} and ${to}
          and (withdrawn_at, id) > (${at}::timestamptz, ${id})
        order by withdrawn_at, id limit ${limit}`;
    default:
      return pass satisfies never;
  }
}

function placeOf({ at, id }: Row): string {
  return `${at.toISOString()} ${id}`;
}

/** Before the first row: no id is empty. */
function placeIn(place: string | undefined, from: Date): readonly [Date, string] {
  if (place === undefined) return [from, ''];
  const [at, id] = place.split(' ') as [string, string];
  return [new Date(at), id];
}

/** What was found before, with whatever both books have of it now. */
async function standingPage(
  tx: Tx,
  { gatewayAccountId }: Reconciliation,
  after: string | undefined,
  limit: number,
): Promise<ComparedPage> {
  const standing = await listStanding(tx, gatewayAccountId, after ?? '', limit);
  const names = standing.map(({ theirs }) => (theirs as Side | null)?.chargeReference ?? '');
  const nameless = standing
    .filter(({ theirs }) => !(theirs as Side | null)?.chargeReference)
    .map(({ reference }) => reference);
  const movements = await tx.gatewayMovement.findMany({
    where: {
      gatewayAccountId,
      OR: [{ chargeReference: { in: names } }, { reference: { in: nameless } }],
    },
  });
  const chargeIds = standing.flatMap(({ chargeId }) => chargeId ?? []);
  const next = standing.length === limit ? standing.at(-1)!.id : undefined;
  return { movements, chargeIds, standing, next };
}
