/** Refunds at a workbench: paid charges, and wishes to give their money back. */
import pg from 'pg';

import { planRefund } from '../../activities/plan-refund.js';
import { newId } from '../../prisma/new-id.js';
import type { workbench } from './bench.js';
import type { House } from './house.js';

export type Vendor = 'stripe' | 'paypal';

type Bench = ReturnType<typeof workbench>;

export function refundDesk(house: House, bench: Bench, vendor: Vendor) {
  const { emulator } = vendor === 'stripe' ? house : house.paypal;
  return {
    emulator,
    /** The path on which refunds are asked for, for faults. */
    path: vendor === 'stripe' ? '/v1/refunds' : '/v2/payments/captures/:id/refund',
    /** A renewal of EUR 19.00 that was paid. `fate`: what becomes of its refunds. */
    async paid(fate?: 'refund_pending' | 'refund_fail') {
      const opened =
        vendor === 'stripe'
          ? await bench.plan('pm_card_visa')
          : await bench.planWallet(fate ?? 'succeed');
      await bench.activities.submitCharge(opened.charge.id);
      const row = await bench.row(opened.charge.id);
      if (row.status !== 'succeeded') throw new Error(`The charge is ${row.status}`);
      if (fate && vendor === 'stripe') {
        const { reference } = await house.db.paymentMethod.findUniqueOrThrow({
          where: { id: row.paymentMethodId },
        });
        await emulator.setFate(reference, fate);
      }
      return { ...opened, chargeId: row.id, capture: row.gatewayChargeReference! };
    },
    plan(chargeId: string, amountMinor?: number, requestedBy = 'key_app') {
      const id = newId('rfd');
      const wish = { id, chargeId, amountMinor, kind: 'requested', reason: 'A test asks' } as const;
      return house.db
        .$transaction((tx) =>
          planRefund(bench.deps, tx, { ...wish, origin: 'app', requestedBy }, bench.now()),
        )
        .then(({ refund }) => refund.id);
    },
    look: (refundId: string) => bench.activities.followRefund(refundId),
    row: (id: string) => house.db.refund.findUniqueOrThrow({ where: { id } }),
    /** What the gateway really gave back of a charge, in minor units, one entry per refund. */
    async given(capture: string): Promise<number[]> {
      const journal = await emulator.journal();
      return journal
        .filter((entry) => entry.kind === 'refund' && of(entry) === capture)
        .map((entry) => entry.amount_minor);
    },
    /** The requests that could give something back of it. */
    async sends(refundId: string) {
      const requests = await emulator.requests();
      return requests.filter((request) => request.idempotency_key === refundId);
    },
  };
}

function of(entry: object): unknown {
  const { charge, capture } = entry as { charge?: string; capture?: string };
  return charge ?? capture;
}

/** Everything the ledger says of a renewal: account, minor units. */
export async function booksOf(house: House, renewalId: string): Promise<Record<string, number>> {
  const rows = await house.db.$queryRaw<{ account: string; sum: bigint }[]>`
    select e.account, sum(e.amount_minor)::bigint as sum
    from ledger_entry e join ledger_transaction t on t.id = e.transaction_id
    where t.renewal_id = ${renewalId} group by e.account having sum(e.amount_minor) <> 0
    order by e.account`;
  return Object.fromEntries(rows.map(({ account, sum }) => [account, Number(sum)]));
}

export async function eventsOf({ db }: Pick<House, 'db'>, refundId: string): Promise<string[]> {
  const rows = await db.event.findMany({
    where: { payload: { path: ['refund'], equals: refundId } },
    orderBy: { sequence: 'asc' },
  });
  return rows.map(({ type }) => type);
}

/** Besides the gates of charges, at the same points: a refund that is being claimed, or becomes final. */
export async function gateRefunds({ database }: House): Promise<void> {
  const owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
  await owner.query(GATES);
  await owner.end();
}

const GATES = `
  create function crash_gate_refund() returns trigger language plpgsql as $$
  declare customer text := (select customer_id from renewal where id = new.renewal_id);
  begin
    if old.status = 'planned' and new.status = 'submitted' then
      perform crash_wait(customer || '/claim');
    elsif old.status in ('submitted', 'pending', 'unknown')
      and new.status in ('succeeded', 'failed') then
      perform crash_wait(customer || '/settle');
    end if;
    return new;
  end $$;
  create trigger crash_gate before update on refund
    for each row execute function crash_gate_refund();
`;
