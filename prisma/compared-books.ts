/** What is compared: a part of both books that is closed, each movement with all of ours that it may belong to. */
import type {
  BookedMovement,
  OurBooks,
  OurCharge,
  OurDispute,
  OurRefund,
} from '../domain/compared-books.js';
import { money } from '../domain/money.js';
import { type Tx, fieldNames } from './client.js';
import type {
  Charge,
  Dispute,
  GatewayAccount,
  GatewayMovement,
  Refund,
} from './generated/client.js';
import { asBooked } from './movement.js';

export interface Seeds {
  readonly movements: readonly GatewayMovement[];
  readonly chargeIds: readonly string[];
}

export interface ClosedBooks {
  readonly theirs: readonly BookedMovement[];
  readonly ours: OurBooks;
}

type Account = Pick<GatewayAccount, 'id' | 'merchantId'>;

/** When the window was last read: a line of it that did not show then is in the gateway's books no more. */
export interface LastReading {
  readonly windowStart: Date;
  readonly windowEnd: Date;
  readonly since: Date;
}

export async function closeBooks(
  tx: Tx,
  account: Account,
  seeds: Seeds,
  reading: LastReading,
): Promise<ClosedBooks> {
  const related = await movementsOf(tx, account, chargesNamedBy(seeds.movements));
  const movements = unite(seeds.movements, related);
  const charges = await chargesFor(tx, account, movements, seeds.chargeIds);
  const names = charges.flatMap(({ here, chargeReference }) =>
    here && chargeReference !== undefined ? [chargeReference] : [],
  );
  const all = unite(movements, await movementsOf(tx, account, names));
  const ids = charges.map(({ id }) => id);
  const refunds = await tx.refund.findMany({ where: { chargeId: { in: ids } } });
  const disputes = await tx.dispute.findMany({
    where: { chargeId: { in: ids } },
    omit: { evidence: true },
  });
  return {
    theirs: all.filter((movement) => stillShows(movement, reading)).map(asBooked),
    ours: { charges, refunds: refunds.map(asOurRefund), disputes: disputes.map(asOurDispute) },
  };
}

function stillShows({ movedAt, readAt }: GatewayMovement, reading: LastReading): boolean {
  const { windowStart, windowEnd, since } = reading;
  return movedAt < windowStart || movedAt > windowEnd || readAt >= since;
}

function chargesNamedBy(movements: readonly GatewayMovement[]): string[] {
  return movements.flatMap(({ chargeReference }) => chargeReference ?? []);
}

function unite(a: readonly GatewayMovement[], b: readonly GatewayMovement[]): GatewayMovement[] {
  return [...new Map([...a, ...b].map((movement) => [movement.id, movement])).values()];
}

function movementsOf(tx: Tx, { id }: Account, names: readonly string[]) {
  return tx.gatewayMovement.findMany({
    where: { gatewayAccountId: id, chargeReference: { in: [...new Set(names)] } },
  });
}

/** Every charge of each renewal that is touched, through whichever account: one of them may have the money. */
async function chargesFor(
  tx: Tx,
  { id: accountId, merchantId }: Account,
  movements: readonly GatewayMovement[],
  chargeIds: readonly string[],
): Promise<OurCharge[]> {
  const owners = movements.map(({ owner }) => owner as BookedMovement['owner']);
  const marked = (mark: 'chargeId' | 'renewalId' | 'refundId') =>
    owners.flatMap((it) => it[mark] ?? []);
  const references = movements.map(({ reference }) => reference);
  const objects = movements.flatMap(({ objectReference }) => objectReference ?? []);
  // A payment by hand: whose customer, and for how much, is all it says.
  const byHand = movements
    .filter(({ kind, customerReference }) => kind === 'charge' && customerReference !== null)
    .filter(({ owner }) => Object.keys(owner as object).length === 0)
    .map(({ customerReference: customer, amountMinor, movedAt: at }) => ({
      customer,
      amount: Number(amountMinor),
      at,
    }));
  const rows = await tx.$queryRaw<object[]>`
    with touched as (
      select renewal_id from charge where gateway_account_id = ${accountId}
        and gateway_charge_reference = any(${chargesNamedBy(movements)}::text[])
      union select renewal_id from charge where gateway_account_id = ${accountId}
        and gateway_reference = any(${objects}::text[])
      union select renewal_id from charge where id = any(${[...chargeIds, ...marked('chargeId')]}::text[])
      union select id from renewal where id = any(${marked('renewalId')}::text[])
      union select renewal_id from refund where id = any(${marked('refundId')}::text[])
      union select renewal_id from refund where gateway_account_id = ${accountId}
        and gateway_reference = any(${references}::text[])
      union select renewal_id from dispute where gateway_account_id = ${accountId}
        and gateway_reference = any(${references}::text[])
      union select c.renewal_id
        from jsonb_to_recordset(${JSON.stringify(byHand)}::jsonb) as h (customer text, amount bigint, at timestamptz)
        join payment_method p on p.gateway_account_id = ${accountId} and p.gateway_customer_reference = h.customer
        join charge c on c.payment_method_id = p.id and c.status = 'succeeded' and c.amount_minor = h.amount
          and c.settled_at between h.at - interval '3 days' and h.at + interval '3 days'
    )
    select c.*, p.gateway_customer_reference from charge c join payment_method p on p.id = c.payment_method_id
    where c.merchant_id = ${merchantId} and c.renewal_id in (select renewal_id from touched)`;
  return rows.map((row) => asOurCharge(fieldNames<ChargeRow>(row), accountId));
}

type ChargeRow = Charge & { readonly gatewayCustomerReference: string };

function asOurCharge(row: ChargeRow, accountId: string): OurCharge {
  return {
    id: row.id,
    renewalId: row.renewalId,
    ordinal: row.ordinal,
    here: row.gatewayAccountId === accountId,
    status: row.status,
    amount: money(Number(row.amountMinor), row.currency),
    chargeReference: row.gatewayChargeReference ?? undefined,
    objectReference: row.gatewayReference ?? undefined,
    customerReference: row.gatewayCustomerReference,
    reversed: row.reversedAt !== null,
    settledAt: row.settledAt?.getTime(),
  };
}

function asOurRefund(row: Refund): OurRefund {
  return {
    id: row.id,
    chargeId: row.chargeId,
    renewalId: row.renewalId,
    status: row.status,
    amount: money(Number(row.amountMinor), row.currency),
    reference: row.gatewayReference ?? undefined,
    settledAt: row.settledAt?.getTime(),
  };
}

function asOurDispute(row: Omit<Dispute, 'evidence'>): OurDispute {
  return {
    id: row.id,
    chargeId: row.chargeId,
    renewalId: row.renewalId,
    reference: row.gatewayReference,
    status: row.status,
    amount: money(Number(row.amountMinor), row.currency),
    withdrawnAt: row.withdrawnAt?.getTime(),
    withdrawn: row.withdrawnAt !== null && row.reinstatedAt === null,
  };
}
