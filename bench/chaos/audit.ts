/** The audit: what the gateways' journals say against what the database says, with nothing of Dunlin in between. */
import type { Asked, Moved } from '../support/gateways.js';
import { type Books, OPEN, OWED, UNDECIDED } from '../support/books.js';
import { grouped } from './grouped.js';
import type { Population } from './population.js';

export interface Violation {
  readonly rule: string;
  readonly rows: readonly object[];
}

interface Renewal {
  readonly id: string;
  readonly customer: string;
  readonly status: string;
  readonly amount: string;
}

interface Charge {
  readonly id: string;
  readonly renewal: string;
  readonly gateway: string;
  readonly status: string;
  readonly payment: string | null;
  readonly found_from: string | null;
  readonly surplus: boolean;
  readonly fallback: boolean;
  readonly decline: { readonly class: string; readonly code: string } | null;
}

/** Both sides of the comparison. */
export interface Evidence {
  readonly money: readonly Moved[];
  readonly asked: readonly Asked[];
  readonly population: Population;
}

export async function audit(
  books: Books,
  { money, asked, population }: Evidence,
): Promise<Violation[]> {
  const renewals = await books.rows<Renewal>(`select id, customer_id as customer, status,
    currency || ' ' || amount_minor as amount from renewal`);
  const charges =
    await books.rows<Charge>(`select c.id, c.renewal_id as renewal, a.gateway, c.status,
    c.gateway_charge_reference as payment, c.found_from, c.surplus, c.fallback, c.decline
    from charge c join gateway_account a on a.id = c.gateway_account_id`);
  const checks: Record<string, readonly object[]> = {
    ...billing(renewals, population),
    ...outerJoin(money, renewals, charges),
    'what was refused or not sent moved no money that is not booked': unbooked(money, charges),
    'one key carried one body': bodiesPerKey(asked),
    'who is past due was declined by the bank of the chosen method': undeclined(renewals, charges),
    'nothing is undecided': await books.rows(`select r.* from ${UNDECIDED}`),
    'at most one charge of a renewal is open': await books.rows(
      `select renewal_id from charge where status in ${OPEN} group by 1 having count(*) > 1`,
    ),
    'nothing is owed to a run': await books.rows(`select * from ${OWED}`),
  };
  return Object.entries(checks)
    .filter(([, rows]) => rows.length > 0)
    .map(([rule, rows]) => ({ rule, rows }));
}

function billing(renewals: readonly Renewal[], { customers, refusing }: Population) {
  const billed = grouped(renewals, ({ customer }) => customer);
  return {
    'every customer is billed once': customers.filter(({ id }) => billed.get(id)?.length !== 1),
    'every renewal is paid or past due': renewals.filter(
      ({ status }) => status !== 'paid' && status !== 'past_due',
    ),
    'who can pay is not past due': renewals.filter(
      ({ status, customer }) => status === 'past_due' && !refusing.has(customer),
    ),
  };
}

/** No money without a record, no record without money. */
function outerJoin(
  money: readonly Moved[],
  renewals: readonly Renewal[],
  charges: readonly Charge[],
) {
  const succeeded = charges.filter(({ status }) => status === 'succeeded');
  const moved = new Map(money.map((one) => [`${one.gateway} ${one.payment}`, one]));
  const booked = new Map(succeeded.map((one) => [`${one.gateway} ${one.payment}`, one]));
  const owed = new Map(renewals.map((renewal) => [renewal.id, renewal]));
  const perRenewal = grouped(money, ({ renewal }) => renewal);
  const paid = new Set(succeeded.filter(({ surplus }) => !surplus).map(({ renewal }) => renewal));
  return {
    'a renewal is paid at most once': [...perRenewal.values()].filter((all) => all.length > 1),
    'money has a record': money.filter(
      ({ gateway, payment, renewal }) =>
        booked.get(`${gateway} ${payment}`)?.renewal !== renewal || !renewal,
    ),
    'a record has money': succeeded.filter(
      ({ gateway, payment, renewal }) => moved.get(`${gateway} ${payment}`)?.renewal !== renewal,
    ),
    'a renewal is paid if and only if it has money': renewals.filter(
      ({ id, status }) =>
        (status === 'paid') !== perRenewal.has(id) || (status === 'paid') !== paid.has(id),
    ),
    'the amount is the one that was owed': money.filter(
      ({ renewal, amount }) => owed.get(renewal ?? '')?.amount !== amount,
    ),
  };
}

function unbooked(money: readonly Moved[], charges: readonly Charge[]): object[] {
  const byId = new Map(charges.map((charge) => [charge.id, charge]));
  return money.filter(({ key, payment }) => {
    const sender = byId.get(key ?? '');
    const found = charges.some((one) => one.found_from === key && one.payment === payment);
    return !sender || (sender.status !== 'succeeded' && !found);
  });
}

function bodiesPerKey(asked: readonly Asked[]): object[] {
  const keyed = asked.filter(({ idempotency_key: key }) => key);
  const perKey = grouped(keyed, ({ gateway, idempotency_key: key }) => `${gateway} ${key}`);
  return [...perKey].flatMap(([key, requests]) => {
    const bodies = new Set(requests.map(({ path, body }) => `${path} ${JSON.stringify(body)}`));
    return bodies.size > 1 ? [{ key, bodies: [...bodies] }] : [];
  });
}

function undeclined(renewals: readonly Renewal[], charges: readonly Charge[]): object[] {
  const declined = new Set(charges.filter(isBanksWord).map(({ renewal }) => renewal));
  return renewals.filter(({ id, status }) => status === 'past_due' && !declined.has(id));
}

function isBanksWord({ status, fallback, decline }: Charge): boolean {
  const ours = ['merchant_config', 'duplicate_check'].includes(decline?.class ?? '');
  return status === 'declined' && !fallback && !ours;
}
