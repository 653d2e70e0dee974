/** Movements: a gateway's own books, as far as they were read. */
import type { BookedMovement } from '../domain/compared-books.js';
import { money } from '../domain/money.js';
import type { Tx } from './client.js';
import type { GatewayAccount, GatewayMovement } from './generated/client.js';
import { newId } from './new-id.js';

export type { GatewayMovement };

export interface NewMovement extends BookedMovement {
  readonly feeMinor: number;
}

/** A line that was read before is overwritten: its name stays, and what it says may have changed. */
export async function keepMovements(
  tx: Tx,
  { id: accountId, merchantId }: Pick<GatewayAccount, 'id' | 'merchantId'>,
  movements: readonly NewMovement[],
  now: Date,
): Promise<void> {
  const byLine = new Map(movements.map((movement) => [movement.line, movement]));
  if (byLine.size === 0) return;
  const rows = [...byLine.values()].map(rowOf);
  await tx.$executeRaw`
    insert into gateway_movement (id, merchant_id, gateway_account_id, line, kind, reference, charge_reference,
      object_reference, customer_reference, owner, amount_minor, currency, fee_minor, settled, moved_at, read_at)
    select m.id, ${merchantId}, ${accountId}, m.line, m.kind, m.reference, m.charge_reference, m.object_reference,
      m.customer_reference, m.owner, m.amount_minor, m.currency, m.fee_minor, m.settled, m.moved_at, ${now}
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as m (id text, line text, kind text, reference text,
      charge_reference text, object_reference text, customer_reference text, owner jsonb, amount_minor bigint,
      currency text, fee_minor bigint, settled boolean, moved_at timestamptz)
    on conflict (gateway_account_id, line) do update set kind = excluded.kind, reference = excluded.reference,
      charge_reference = excluded.charge_reference, object_reference = excluded.object_reference,
      customer_reference = excluded.customer_reference, owner = excluded.owner,
      amount_minor = excluded.amount_minor, currency = excluded.currency, fee_minor = excluded.fee_minor,
      settled = excluded.settled, moved_at = excluded.moved_at, read_at = excluded.read_at`;
}

function rowOf(movement: NewMovement): object {
  const { line, kind, reference, owner, amount, feeMinor, settled, at } = movement;
  return {
    id: newId('mov'),
    line,
    kind,
    reference,
    charge_reference: movement.chargeReference,
    object_reference: movement.objectReference,
    customer_reference: movement.customerReference,
    owner,
    amount_minor: amount.amountMinor,
    currency: amount.currency,
    fee_minor: feeMinor,
    settled,
    moved_at: new Date(at),
  };
}

/** The lines of a window of time that can be compared: payouts and the like have no side of ours. */
export function countMovements(tx: Tx, accountId: string, from: Date, to: Date): Promise<number> {
  return tx.gatewayMovement.count({
    where: { gatewayAccountId: accountId, movedAt: { gte: from, lte: to } },
  });
}

/** Fees that no transaction of the ledger has yet, of what was moved by charges of ours. Oldest first. */
export async function listUnbookedFees(
  tx: Tx,
  accountId: string,
  from: Date,
  limit: number,
): Promise<(FeeOwner & { readonly movement: GatewayMovement })[]> {
  const owners = await tx.$queryRaw<(FeeOwner & { movementId: string })[]>`
    select distinct on (m.moved_at, m.id) m.id as "movementId", c.id as "chargeId", r.id as "renewalId",
      r.customer_id as "customerId"
    from gateway_movement m
    join charge c on c.gateway_account_id = m.gateway_account_id and c.status = 'succeeded'
      and c.gateway_charge_reference = m.charge_reference
    join renewal r on r.id = c.renewal_id
    where m.gateway_account_id = ${accountId} and m.moved_at >= ${from} and m.fee_minor <> 0 and m.settled
      and not exists (select from ledger_transaction t where t.kind = 'fee' and t.source = m.id)
    order by m.moved_at, m.id, c.id limit ${limit}`;
  const ids = owners.map(({ movementId }) => movementId);
  const rows = await tx.gatewayMovement.findMany({ where: { id: { in: ids } } });
  const byId = new Map(rows.map((row) => [row.id, row]));
  return owners.map(({ movementId, ...owner }) => ({ ...owner, movement: byId.get(movementId)! }));
}

interface FeeOwner {
  readonly chargeId: string;
  readonly renewalId: string;
  readonly customerId: string;
}

export function asBooked(row: GatewayMovement): BookedMovement {
  return {
    line: row.line,
    kind: row.kind as BookedMovement['kind'],
    reference: row.reference,
    chargeReference: row.chargeReference ?? undefined,
    objectReference: row.objectReference ?? undefined,
    customerReference: row.customerReference ?? undefined,
    owner: row.owner as BookedMovement['owner'],
    amount: money(Number(row.amountMinor), row.currency),
    settled: row.settled,
    at: row.movedAt.getTime(),
  };
}
