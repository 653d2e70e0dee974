/** Candidates: the payment methods and gateway accounts a renewal may be charged through, in order. */
import type { Tx } from './client.js';

export interface Candidate {
  /** "{payment method}@{gateway account}": the name of the pair, unique within a round. */
  readonly key: string;
  readonly paymentMethodId: string;
  readonly gatewayAccountId: string;
  readonly accountName: string;
  readonly gateway: string;
  readonly kind: string;
  readonly lane: string;
  readonly method: string;
  readonly customer: string;
  readonly fingerprint: string | null;
}

/** The subscription's own method if it names one, otherwise the customer's default. */
export async function listCandidates(tx: Tx, renewalId: string): Promise<Candidate[]> {
  return tx.$queryRaw<Candidate[]>`
    select m.id || '@' || a.id as key, m.id as "paymentMethodId", a.id as "gatewayAccountId",
      a.name as "accountName", a.gateway, m.kind, a.lane, m.reference as method,
      m.gateway_customer_reference as customer, m.fingerprint
    from renewal r
    join subscription s on s.id = r.subscription_id
    join payment_method m on m.customer_id = r.customer_id and m.disabled_at is null
      and (m.id = s.payment_method_id or (s.payment_method_id is null and m.is_default))
    join gateway_account a on a.id = m.gateway_account_id
    where r.id = ${renewalId}`;
}
