-- Money that comes back, and books that agree: refunds, disputes, the ledger, and what reconciliation finds.

-- What a merchant has decided once for all: {"refundApprovalAbove": {"EUR": 10000}, "surplus": "hold", "onDispute": "keep"}.
alter table merchant add column settings jsonb not null default '{}';

create table refund (
  id text primary key,
  merchant_id text not null,
  renewal_id text not null,
  charge_id text not null references charge,
  gateway_account_id text not null,
  amount_minor bigint not null check (amount_minor > 0 and amount_minor <= 9007199254740991),
  currency char(3) not null check (currency ~ '^[A-Z]{3}$'),
  -- Whose will it was: the app's, our own rule about surplus money, or somebody's at the gateway itself.
  origin text not null check (origin in ('app', 'policy', 'gateway')),
  kind text not null check (kind in ('requested', 'duplicate', 'fraud')),
  reason text not null,
  status text not null check (status in
    ('awaiting_approval', 'planned', 'submitted', 'pending', 'unknown', 'succeeded', 'failed', 'canceled')),
  -- API keys: nobody approves what they asked for.
  requested_by text,
  decided_by text,
  -- What is sent, frozen when it is claimed: every re-send says the same bytes.
  request jsonb,
  first_sent_at timestamptz,
  resent_at timestamptz,
  key_valid_until timestamptz,
  gateway_reference text,
  failure text,
  why text,
  needs_attention jsonb,
  created_at timestamptz not null,
  settled_at timestamptz,
  unique (merchant_id, id),
  unique (gateway_account_id, gateway_reference),
  foreign key (merchant_id, renewal_id) references renewal (merchant_id, id),
  foreign key (merchant_id, gateway_account_id) references gateway_account (merchant_id, id)
);
create index refund_by_charge on refund (charge_id);
create index refund_by_renewal on refund (renewal_id);
create index refund_by_merchant on refund (merchant_id, id);
create index refund_unsettled on refund (id) where status in ('planned', 'submitted', 'pending', 'unknown');

create table dispute (
  id text primary key,
  merchant_id text not null,
  renewal_id text not null,
  subscription_id text not null,
  charge_id text not null references charge,
  gateway_account_id text not null,
  gateway_reference text not null,
  -- An inquiry is a question: no money has moved.
  inquiry boolean not null,
  reason text not null,
  amount_minor bigint not null check (amount_minor > 0 and amount_minor <= 9007199254740991),
  currency char(3) not null check (currency ~ '^[A-Z]{3}$'),
  status text not null check (status in ('needs_response', 'under_review', 'won', 'lost', 'closed')),
  respond_by timestamptz,
  reminded integer not null default 0,
  withdrawn_at timestamptz,
  reinstated_at timestamptz,
  evidence jsonb,
  evidence_sent_at timestamptz,
  needs_attention jsonb,
  opened_at timestamptz not null,
  closed_at timestamptz,
  unique (merchant_id, id),
  unique (gateway_account_id, gateway_reference),
  foreign key (merchant_id, renewal_id) references renewal (merchant_id, id),
  foreign key (merchant_id, gateway_account_id) references gateway_account (merchant_id, id)
);
create index dispute_by_charge on dispute (charge_id);
create index dispute_by_merchant on dispute (merchant_id, id);
create index open_dispute_by_subscription on dispute (subscription_id)
  where status in ('needs_response', 'under_review');

-- Charging rule 9: no more goes back than was taken, and nothing while the payer's bank decides about it.
create function guard_refund_limit() returns trigger language plpgsql as $$
declare
  captured record;
  given_back bigint;
  lost bigint;
begin
  -- What the gateway has done is booked, never refused.
  if new.origin = 'gateway' then return new; end if;
  select * into captured from charge where id = new.charge_id for update;
  if captured.status <> 'succeeded' or captured.reversed_at is not null then
    raise exception 'charge_not_refundable' using errcode = 'check_violation';
  end if;
  if exists (select 1 from dispute where charge_id = new.charge_id and not inquiry
             and status in ('needs_response', 'under_review')) then
    raise exception 'charge_disputed' using errcode = 'check_violation';
  end if;
  select coalesce(sum(amount_minor), 0) into given_back from refund
    where charge_id = new.charge_id and status not in ('failed', 'canceled');
  select coalesce(sum(amount_minor), 0) into lost from dispute
    where charge_id = new.charge_id and status = 'lost' and not inquiry
      and withdrawn_at is not null and currency = captured.currency;
  if given_back + lost + new.amount_minor > captured.amount_minor then
    raise exception 'refund_exceeds_charge' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger guard_refund_limit before insert on refund
  for each row execute function guard_refund_limit();

create function guard_refund() returns trigger language plpgsql as $$
begin
  if (old.amount_minor, old.currency, old.charge_id, old.gateway_account_id, old.origin)
     is distinct from (new.amount_minor, new.currency, new.charge_id, new.gateway_account_id, new.origin)
     or (old.request is not null and old.request is distinct from new.request) then
    raise exception 'refund % is frozen', old.id using errcode = 'check_violation';
  end if;
  if old.status <> new.status and not (
       (old.status = 'awaiting_approval' and new.status in ('planned', 'canceled'))
    or (old.status = 'planned' and new.status in ('submitted', 'canceled', 'failed'))
    or (old.status in ('submitted', 'pending', 'unknown')
        and new.status in ('pending', 'unknown', 'succeeded', 'failed'))
    -- A gateway may find out late that the money did not arrive.
    or (old.status = 'succeeded' and new.status = 'failed')
    -- It shows at the gateway after all: what was decided here was decided on too old a database.
    or (old.status in ('awaiting_approval', 'failed', 'canceled') and new.status in ('pending', 'succeeded')
        and new.gateway_reference is not null)) then
    raise exception 'refund % may not go from % to %', old.id, old.status, new.status
      using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger guard_refund before update on refund for each row execute function guard_refund();

-- Double entry. A transaction is one fact; its entries are what it does to the accounts, debits positive.
create table ledger_transaction (
  id text primary key,
  merchant_id text not null references merchant,
  kind text not null check (kind in ('renewal_due', 'debt_dropped', 'write_off', 'charge', 'surplus', 'surplus_applied', 'return',
    'refund', 'refund_failed', 'dispute_withdrawn', 'dispute_reinstated', 'dispute_lost', 'fee')),
  -- The row that it books: together with the kind it is booked once.
  source text not null,
  customer_id text,
  renewal_id text,
  charge_id text,
  gateway_account_id text,
  booked_at timestamptz not null,
  unique (kind, source)
);
create index ledger_transaction_by_merchant on ledger_transaction (merchant_id, booked_at, id);
create index ledger_transaction_by_renewal on ledger_transaction (renewal_id);
create index ledger_transaction_by_customer on ledger_transaction (customer_id);
create index ledger_transaction_by_charge on ledger_transaction (charge_id) where charge_id is not null;
create index ledger_transaction_by_account on ledger_transaction (gateway_account_id, booked_at);

create table ledger_entry (
  id text primary key,
  transaction_id text not null references ledger_transaction,
  account text not null check (account in
    ('receivable', 'revenue', 'gateway', 'surplus', 'refunds', 'disputed', 'bad_debt', 'fees')),
  amount_minor bigint not null check (amount_minor <> 0),
  currency char(3) not null check (currency ~ '^[A-Z]{3}$')
);
create index ledger_entry_by_transaction on ledger_entry (transaction_id);

-- The books begin complete: what happened before there was a ledger is booked at the moment it happened. The ids are made
-- as newId makes them, from the time and, in place of chance, the fact.
create function ledger_id(prefix text, at timestamptz, fact text) returns text language sql as $$
  select prefix || '_' || string_agg(substr('0123456789abcdefghjkmnpqrstvwxyz',
      ((floor(extract(epoch from at) * 1000)::bigint >> (5 * i)) & 31)::integer + 1, 1), '' order by i desc)
    || left(md5(fact), 15)
  from generate_series(0, 9) i
$$;
with fact as (
  select 'renewal_due' as kind, id as source, merchant_id, customer_id, id as renewal_id, null as charge_id,
    null as gateway_account_id, created_at as booked_at, 'receivable' as debit, 'revenue' as credit,
    amount_minor, currency
  from renewal
  union all
  select case status when 'canceled' then 'debt_dropped' else 'write_off' end, id, merchant_id, customer_id, id,
    null, null, coalesce(closed_at, created_at),
    case status when 'canceled' then 'revenue' else 'bad_debt' end, 'receivable', amount_minor, currency
  from renewal where status in ('canceled', 'written_off')
  union all
  select case when c.surplus then 'surplus' else 'charge' end, c.id, c.merchant_id, r.customer_id, c.renewal_id,
    c.id, c.gateway_account_id, coalesce(c.settled_at, c.planned_at), 'gateway',
    case when c.surplus then 'surplus' else 'receivable' end, c.amount_minor, c.currency
  from charge c join renewal r on r.id = c.renewal_id where c.status = 'succeeded'
  union all
  select 'return', c.id, c.merchant_id, r.customer_id, c.renewal_id, c.id, c.gateway_account_id, c.reversed_at,
    case when c.surplus then 'surplus' else 'receivable' end, 'gateway', c.amount_minor, c.currency
  from charge c join renewal r on r.id = c.renewal_id
  where c.status = 'succeeded' and c.reversed_at is not null
), booked as (
  insert into ledger_transaction (id, merchant_id, kind, source, customer_id, renewal_id, charge_id,
    gateway_account_id, booked_at)
  select ledger_id('ltx', booked_at, kind || source) || '0', merchant_id, kind, source, customer_id, renewal_id,
    charge_id, gateway_account_id, booked_at
  from fact
)
insert into ledger_entry (id, transaction_id, account, amount_minor, currency)
select ledger_id('len', booked_at, kind || source) || leg.place,
  ledger_id('ltx', booked_at, kind || source) || '0', leg.account, leg.amount_minor, currency
from fact cross join lateral
  (values ('0', debit, amount_minor), ('1', credit, -amount_minor)) as leg (place, account, amount_minor);
drop function ledger_id(text, timestamptz, text);

-- A statement that books leaves the books in balance: a fact and its entries come together, and nothing is added to one
-- later that would tilt it. Checked per statement rather than per row at the commit, which costs every renewal less.
create function guard_legs() returns trigger language plpgsql as $$
declare
  bare text := (select min(id) from added where not exists (
    select 1 from ledger_entry e where e.transaction_id = added.id));
begin
  if bare is not null then
    raise exception 'ledger transaction % has no entries', bare using errcode = 'check_violation';
  end if;
  return null;
end $$;
create trigger guard_legs after insert on ledger_transaction
  referencing new table as added for each statement execute function guard_legs();

create function guard_balance() returns trigger language plpgsql as $$
declare
  tilted text := (select min(transaction_id) from added where exists (
    select 1 from ledger_entry e where e.transaction_id = added.transaction_id
    group by e.currency having sum(e.amount_minor) <> 0));
begin
  if tilted is not null then
    raise exception 'ledger transaction % does not balance', tilted using errcode = 'check_violation';
  end if;
  return null;
end $$;
create trigger guard_balance after insert on ledger_entry
  referencing new table as added for each statement execute function guard_balance();

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;
create trigger append_only before update or delete or truncate on ledger_transaction
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on ledger_entry
  for each statement execute function refuse_change();

-- The gateway's own books, as far as they were read: what moved there.
create table gateway_movement (
  id text primary key,
  merchant_id text not null,
  gateway_account_id text not null,
  -- The gateway's name of the line.
  line text not null,
  kind text not null check (kind in
    ('charge', 'refund', 'refund_failure', 'dispute', 'dispute_reversal', 'other')),
  reference text not null,
  charge_reference text,
  object_reference text,
  customer_reference text,
  owner jsonb not null,
  amount_minor bigint not null,
  currency char(3) not null,
  fee_minor bigint not null,
  settled boolean not null,
  moved_at timestamptz not null,
  read_at timestamptz not null,
  unique (gateway_account_id, line),
  foreign key (merchant_id, gateway_account_id) references gateway_account (merchant_id, id)
);
create index gateway_movement_by_time on gateway_movement (gateway_account_id, moved_at);
create index gateway_movement_by_charge on gateway_movement (gateway_account_id, charge_reference);
-- By which a movement finds what is ours, and ours its movements.
create index charge_by_charge_reference on charge (gateway_account_id, gateway_charge_reference);
create index charge_by_settlement on charge (gateway_account_id, settled_at) where status = 'succeeded';
create index payment_method_by_gateway_customer on payment_method (gateway_account_id, gateway_customer_reference);

create table reconciliation (
  id text primary key,
  merchant_id text not null,
  gateway_account_id text not null,
  status text not null check (status in ('running', 'done', 'failed')),
  why text,
  -- What was compared: movements from this moment until that.
  window_start timestamptz not null,
  window_end timestamptz not null,
  movements integer not null default 0,
  started_at timestamptz not null,
  finished_at timestamptz,
  unique (merchant_id, id),
  foreign key (merchant_id, gateway_account_id) references gateway_account (merchant_id, id)
);
create index reconciliation_by_merchant on reconciliation (merchant_id, id);
create index reconciliation_by_account on reconciliation (gateway_account_id, id);

create table difference (
  id text primary key,
  merchant_id text not null,
  reconciliation_id text not null references reconciliation,
  gateway_account_id text not null,
  type text not null check (type in
    ('missing_here', 'missing_there', 'amount', 'currency', 'status', 'unknown_object', 'duplicate')),
  object text not null check (object in ('charge', 'refund', 'dispute')),
  -- The gateway's name of the object, or ours where it has none.
  reference text not null,
  charge_id text,
  refund_id text,
  dispute_id text,
  renewal_id text,
  ours jsonb,
  theirs jsonb,
  -- open: healing has not been tried or may still work; needs_person; healed; resolved by a person.
  status text not null check (status in ('open', 'needs_person', 'healed', 'resolved')),
  why text not null,
  resolution jsonb,
  found_at timestamptz not null,
  closed_at timestamptz,
  unique (reconciliation_id, type, object, reference)
);
create index difference_by_reconciliation on difference (reconciliation_id, id);
create index difference_by_reference on difference (gateway_account_id, reference);
create index difference_open on difference (gateway_account_id, id) where status in ('open', 'needs_person');

-- Up to where this account's books were compared.
alter table gateway_account add column reconciled_to timestamptz;

-- Refunds and disputes have runs of their own.
alter table dispatch drop constraint dispatch_workflow_type_check;
alter table dispatch add constraint dispatch_workflow_type_check
  check (workflow_type in ('renewal', 'dunning', 'refund', 'dispute'));

-- What a webhook is about, besides a charge.
alter table gateway_event add column refund_id text references refund;
alter table gateway_event add column refund_reference text;
alter table gateway_event add column refund_charge_reference text;
alter table gateway_event add column dispute_reference text;
-- Refunds reported before their charge was known to have succeeded.
create index gateway_event_early_refund on gateway_event (gateway_account_id, refund_charge_reference)
  where refund_reference is not null and charge_id is null;

-- The guards read these tables, and no temporary ones of the same names.
do $$
declare
  guard text;
begin
  foreach guard in array array['guard_refund_limit', 'guard_refund', 'guard_legs', 'guard_balance', 'refuse_change'] loop
    execute format('alter function %I() set search_path = %I, pg_temp', guard, current_schema());
  end loop;
end $$;

-- What the application may do: it can read the ledger and add to it, and nothing else. Roles belong to the server, where
-- other databases may be migrated at this moment: whoever is overtaken looks again.
do $$
declare
  -- From version 16 on, a member may act as the role only if its grant says so.
  acting text := case when current_setting('server_version_num')::integer >= 160000 then 'set' else 'member' end;
begin
  for attempt in 1..50 loop
    begin
      if not exists (select 1 from pg_roles where rolname = 'dunlin_app') then
        create role dunlin_app nologin;
      end if;
      if not pg_has_role(current_user, 'dunlin_app', acting) then
        execute format('grant dunlin_app to %I', current_user);
      end if;
      exit;
    exception
      when insufficient_privilege then
        raise exception 'the role dunlin_app is missing, or % may not act as it', current_user
          using errcode = 'insufficient_privilege', hint = format(
            'Have an administrator run: create role dunlin_app nologin; grant dunlin_app to %I;', current_user);
      -- internal_error: "tuple concurrently updated".
      when duplicate_object or unique_violation or internal_error then
        if attempt = 50 then raise; end if;
        perform pg_sleep(0.02 + 0.05 * random());
    end;
  end loop;
end $$;
do $$
declare
  place text := quote_ident(current_schema());
  tables text := (
    select string_agg(oid::regclass::text, ', ') from pg_class
    where relnamespace = place::regnamespace and relkind in ('r', 'p') and pg_has_role(relowner, 'usage')
      and relname <> '_prisma_migrations');
begin
  execute format('grant usage on schema %s to dunlin_app', place);
  execute format('grant select, insert, update, delete on %s to dunlin_app', tables);
  execute format('alter default privileges in schema %s grant select, insert, update, delete on tables to dunlin_app',
    place);
end $$;
revoke all on ledger_transaction, ledger_entry from dunlin_app;
grant select, insert on ledger_transaction, ledger_entry to dunlin_app;
