/** The inbox: webhooks as received, each once, with the charge they are about. */
import type { Tx } from './client.js';
import type { GatewayAccount } from './generated/client.js';
import { newId } from './new-id.js';
import { OPEN_SQL } from './open-status.js';
import { raiseAttention } from './renewal.js';

export interface ReceivedWebhook {
  readonly account: Pick<GatewayAccount, 'id' | 'merchantId'>;
  readonly eventId: string;
  readonly type: string;
  readonly payload: unknown;
  /** What the gateway says it is about; absent when it is about nothing of ours. */
  readonly about?:
    | {
        readonly says: string;
        readonly reference: string;
        readonly renewalId?: string | undefined;
        readonly chargeId?: string | undefined;
      }
    | undefined;
  readonly refund?: GatewayReportRefund | undefined;
  /** The dispute it is about, by the gateway's name. */
  readonly disputeReference?: string | undefined;
}

interface GatewayReportRefund {
  readonly reference: string;
  readonly refundId?: string | undefined;
  readonly chargeReference?: string | undefined;
}

export interface Stored {
  readonly id: string;
  readonly chargeId: string | undefined;
  /** Whether a run waits for it: it is about a charge, refund or dispute of ours. */
  readonly owed: boolean;
}

/**
 * Stores a webhook and finds its charge. Undefined: it was here before. A charge that lost its answer learns from
 * what its own request caused which of the gateway's objects to ask about.
 */
export async function storeWebhook(
  tx: Tx,
  { account, eventId, type, payload, about, refund, disputeReference }: ReceivedWebhook,
  now: Date,
): Promise<Stored | undefined> {
  const { says = null, reference = null, renewalId = null, chargeId = null } = about ?? {};
  const { reference: refundReference = null, refundId = null } = refund ?? {};
  const refundedCharge = refund?.chargeReference ?? null;
  const dispute = disputeReference ?? null;
  const rows = await tx.$queryRaw<{ id: string; charge_id: string | null; owed: boolean }[]>`
    with matched as (
      select c.id from charge c
      where c.merchant_id = ${account.merchantId} and c.gateway_account_id = ${account.id}
        and (c.renewal_id = ${renewalId}::text
          or (${renewalId}::text is null and c.gateway_reference = ${reference}::text))
        and (c.id = ${chargeId}::text or c.gateway_reference = ${reference}::text
          or c.status in ${OPEN_SQL}
          or (${says}::text = 'returned' and c.status = 'succeeded' and c.reversed_at is null))
      order by (${says}::text = 'returned' and c.status = 'succeeded' and c.reversed_at is null) desc,
        (c.status in ('planned', 'canceled')), (c.id is not distinct from ${chargeId}::text) desc,
        (c.gateway_reference is not distinct from ${reference}::text) desc,
        (c.status in ${OPEN_SQL}) desc, c.ordinal desc
      limit 1),
    learned as (
      update charge set gateway_reference = ${reference}::text
      where id = (select id from matched) and id = ${chargeId}::text and gateway_reference is null
        and status in ${OPEN_SQL}),
    refunded as (
      select r.id from refund r
      where r.gateway_account_id = ${account.id}
        and (r.gateway_reference = ${refundReference}::text or r.id = ${refundId}::text)
      limit 1),
    refunded_charge as (
      select c.id from charge c
      where c.gateway_account_id = ${account.id} and c.status = 'succeeded'
        and c.gateway_charge_reference = ${refundedCharge}::text
      order by c.ordinal limit 1),
    said as (
      select coalesce((select id from matched), (select id from refunded_charge)) as charge_id,
        (select id from refunded) as refund_id)
    insert into gateway_event
      (id, merchant_id, gateway_account_id, event_id, type, says, payload, charge_id, refund_id,
        refund_reference, refund_charge_reference, dispute_reference, received_at, dispatched_at)
    select ${newId('gev')}, ${account.merchantId}, ${account.id}, ${eventId}, ${type}, ${says},
      ${JSON.stringify(payload)}::jsonb, charge_id, refund_id, ${refundReference}, ${refundedCharge},
      ${dispute}, ${now}::timestamptz,
      case when charge_id is null and refund_id is null and ${dispute}::text is null
        then ${now}::timestamptz end
    from said
    on conflict (gateway_account_id, event_id) do nothing
    returning id, charge_id, dispatched_at is null as owed`;
  if (rows[0] && rows[0].charge_id === null && says === 'paid' && renewalId)
    await callAPerson(tx, account, renewalId, reference ?? eventId, now);
  return (
    rows[0] && { id: rows[0].id, chargeId: rows[0].charge_id ?? undefined, owed: rows[0].owed }
  );
}

/** Money that names a renewal of ours and no charge of ours is nothing that asking about a charge could find. */
async function callAPerson(
  tx: Tx,
  { merchantId }: Pick<GatewayAccount, 'merchantId'>,
  renewalId: string,
  reference: string,
  now: Date,
): Promise<void> {
  if ((await tx.renewal.count({ where: { id: renewalId, merchantId } })) === 0) return;
  const why = `The gateway reports that ${reference} was paid, and no charge of this renewal knows it`;
  await raiseAttention(tx, renewalId, { why, next: 'Nothing: look at the gateway' }, now, 'always');
}
