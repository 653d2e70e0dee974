/** Candidates: the payment methods and gateway accounts a renewal may be charged through, in order. */
import { type RoutableMethod, type Routed, type Routing, route } from '../domain/routing.js';
import type { RoutingRule, RoutingSubject } from '../domain/routing-rule.js';
import type { Tx } from './client.js';
import { Prisma } from './generated/client.js';
import { readRule, rulesOf } from './routing-rule.js';

interface Method extends RoutableMethod {
  /** "{payment method}@{gateway account}": the name of the pair, unique within a round. */
  readonly key: string;
  readonly gateway: string;
  readonly lane: string;
  /** The gateway's references of the method and its customer. */
  readonly reference: string;
  readonly customer: string;
  readonly fingerprint: string | null;
  readonly debitNoticeDays: number | null;
}

export type Candidate = Routed<Method>;

interface Row extends Method, Omit<RoutingSubject, 'currency' | 'amountMinor'> {
  readonly rules: readonly object[] | null;
}

/** What is to be collected: a renewal, or what the next one of a subscription would be. */
export interface Owed {
  readonly subscriptionId: string;
  readonly customerId: string;
  readonly currency: string;
  readonly amountMinor: bigint;
}

/** The customer's usable methods, in the order of the merchant's rules. */
export async function listCandidates(tx: Tx, owed: Owed): Promise<Routing<Method>> {
  const rows = await tx.$queryRaw<Row[]>`
    select m.id || '@' || a.id as key, m.id, m.kind, m.reference, m.fingerprint,
      m.gateway_customer_reference as customer,
      coalesce(m.instrument, m.fingerprint, m.id) as instrument,
      m.id = s.payment_method_id or (m.is_default and not exists (
        select 1 from payment_method own where own.id = s.payment_method_id and own.disabled_at is null
      )) as "isPrimary",
      a.id as "accountId", a.name as "accountName", a.state as "accountState", a.mode, a.gateway, a.lane,
      a.debit_notice_days as "debitNoticeDays", c.id as "customerId", c.country,
      c.metadata as "customerMetadata", s.metadata as "subscriptionMetadata",
      ${rulesOf(Prisma.sql`m.merchant_id`)} as rules
    from payment_method m
    join gateway_account a on a.id = m.gateway_account_id
    join customer c on c.id = m.customer_id
    join subscription s on s.id = ${owed.subscriptionId}
    where m.customer_id = ${owed.customerId} and m.disabled_at is null
    order by m.created_at, m.id`;
  if (!rows[0]) return { candidates: [], excluded: [] };
  const subject = {
    ...rows[0],
    currency: owed.currency,
    amountMinor: Number(owed.amountMinor),
  };
  const rules: RoutingRule[] = (rows[0].rules ?? []).map(readRule);
  return route<Method>(rules, subject, rows);
}
