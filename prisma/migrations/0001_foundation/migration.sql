-- The tables of a renewal's life, with the rules that keep a renewal charged at most once in the database itself.

create table merchant (
  id text primary key,
  name text not null unique,
  created_at timestamptz not null
);

create table api_key (
  id text primary key,
  merchant_id text not null references merchant,
  name text not null,
  mode text not null check (mode in ('test', 'live')),
  hash text not null unique,
  last4 text not null,
  scopes text[] not null,
  created_at timestamptz not null,
  revoked_at timestamptz
);
create index api_key_by_merchant on api_key (merchant_id, id);

create table gateway_account (
  id text primary key,
  merchant_id text not null references merchant,
  name text not null,
  gateway text not null check (gateway in ('stripe', 'paypal')),
  mode text not null check (mode in ('test', 'live')),
  lane text not null,
  -- References such as env:STRIPE_SECRET_KEY or file:/run/secrets/stripe, never the secret itself.
  secret_ref text not null,
  webhook_secret_refs text[] not null,
  api_base text,
  state text not null default 'open' check (state in ('open', 'drained', 'closed')),
  created_at timestamptz not null,
  unique (merchant_id, name),
  unique (merchant_id, id)
);

create table customer (
  id text primary key,
  merchant_id text not null references merchant,
  email text,
  name text,
  country char(2),
  locale text,
  time_zone text not null,
  metadata jsonb not null,
  created_at timestamptz not null,
  unique (merchant_id, id)
);

create table gateway_customer (
  customer_id text not null,
  gateway_account_id text not null,
  merchant_id text not null,
  reference text not null,
  primary key (customer_id, gateway_account_id),
  foreign key (merchant_id, customer_id) references customer (merchant_id, id),
  foreign key (merchant_id, gateway_account_id) references gateway_account (merchant_id, id)
);

create table payment_method (
  id text primary key,
  merchant_id text not null,
  customer_id text not null,
  gateway_account_id text not null,
  kind text not null,
  -- The gateway's token and customer. Card data never reaches this database.
  reference text not null,
  gateway_customer_reference text not null,
  display text not null,
  fingerprint text,
  is_default boolean not null,
  created_at timestamptz not null,
  disabled_at timestamptz,
  unique (merchant_id, id),
  unique (gateway_account_id, reference),
  foreign key (merchant_id, customer_id) references customer (merchant_id, id),
  foreign key (merchant_id, gateway_account_id) references gateway_account (merchant_id, id)
);
create unique index one_default_payment_method on payment_method (customer_id) where is_default;
create index payment_method_by_customer on payment_method (customer_id);
create index payment_method_by_fingerprint on payment_method (merchant_id, fingerprint);

create table dunning_policy (
  id text primary key,
  merchant_id text not null references merchant,
  name text not null,
  version integer not null check (version > 0),
  document jsonb not null,
  created_at timestamptz not null,
  unique (merchant_id, name, version),
  unique (merchant_id, id)
);

create table subscription (
  id text primary key,
  merchant_id text not null,
  customer_id text not null,
  payment_method_id text,
  dunning_policy text not null,
  amount_minor bigint not null check (amount_minor > 0 and amount_minor <= 9007199254740991),
  currency char(3) not null check (currency ~ '^[A-Z]{3}$'),
  "interval" text not null check ("interval" in ('minute', 'day', 'week', 'month', 'year')),
  interval_count integer not null check (interval_count > 0),
  starts_at timestamptz not null,
  time_zone text not null,
  description text,
  collection text not null check (collection in ('automatic', 'manual')),
  cycles integer check (cycles > 0),
  status text not null check (status in ('active', 'paused', 'canceled', 'ended')),
  service text not null check (service in ('full', 'restricted', 'suspended', 'ended')),
  -- The next period to open. It moves only under this row's lock.
  next_period_index integer not null check (next_period_index >= 0),
  next_period_start timestamptz not null,
  paused_at timestamptz,
  -- No period that begins at or after this instant is owed; reaching it ends the subscription as ends_as.
  ends_at timestamptz,
  ends_as text check (ends_as in ('canceled', 'ended')),
  canceled_at timestamptz,
  metadata jsonb not null,
  created_at timestamptz not null,
  check ((ends_at is null) = (ends_as is null)),
  unique (merchant_id, id),
  foreign key (merchant_id, customer_id) references customer (merchant_id, id),
  foreign key (merchant_id, payment_method_id) references payment_method (merchant_id, id)
);
create index subscription_by_customer on subscription (customer_id);
create index subscription_by_merchant on subscription (merchant_id, id);
create index subscription_due on subscription (next_period_start)
  where collection = 'automatic' and status <> 'ended';

create table renewal (
  id text primary key,
  merchant_id text not null,
  subscription_id text not null,
  customer_id text not null,
  dunning_policy_id text not null,
  period_index integer not null,
  period_start timestamptz not null,
  period_end timestamptz not null check (period_end > period_start),
  due_at timestamptz not null,
  amount_minor bigint not null check (amount_minor > 0 and amount_minor <= 9007199254740991),
  currency char(3) not null check (currency ~ '^[A-Z]{3}$'),
  description text,
  status text not null
    check (status in ('collecting', 'paid', 'past_due', 'unpaid', 'canceled', 'written_off')),
  -- Somebody dropped this debt while a charge was open: it is canceled once that charge is final.
  cancel_requested_at timestamptz,
  needs_attention jsonb,
  paid_at timestamptz,
  closed_at timestamptz,
  created_at timestamptz not null,
  unique (subscription_id, period_start),
  unique (merchant_id, id),
  foreign key (merchant_id, subscription_id) references subscription (merchant_id, id),
  foreign key (merchant_id, dunning_policy_id) references dunning_policy (merchant_id, id)
);
create index renewal_by_merchant on renewal (merchant_id, id);
create index renewal_unsettled on renewal (id) where status in ('collecting', 'past_due');
create index renewal_needs_attention on renewal (merchant_id, id) where needs_attention is not null;

create table charge (
  id text primary key,
  merchant_id text not null,
  renewal_id text not null,
  payment_method_id text not null,
  gateway_account_id text not null,
  ordinal integer not null check (ordinal > 0),
  round text not null,
  candidate text not null,
  amount_minor bigint not null check (amount_minor > 0 and amount_minor <= 9007199254740991),
  currency char(3) not null check (currency ~ '^[A-Z]{3}$'),
  -- What is sent, frozen when planned: every re-send says the same bytes.
  request jsonb not null,
  status text not null check (status in
    ('planned', 'submitted', 'pending', 'unknown', 'succeeded', 'declined', 'not_sent', 'canceled')),
  planned_at timestamptz not null,
  first_sent_at timestamptz,
  resent_at timestamptz,
  key_valid_until timestamptz,
  -- How the gateway's object stood after the claim, committed before the send that may change it.
  baseline jsonb,
  server_errors integer not null default 0,
  gateway_reference text,
  gateway_charge_reference text,
  decline jsonb,
  reason text,
  -- Our own request was refused: nothing like it is sent again before a person has looked.
  parks boolean not null default false,
  settled_at timestamptz,
  -- When the gateway's object was seen dead, and how often it was asked to die.
  released_at timestamptz,
  releases integer not null default 0,
  reversed_at timestamptz,
  surplus boolean not null default false,
  found_from text references charge,
  unique (renewal_id, ordinal),
  unique (renewal_id, round, candidate),
  check ((status in ('planned', 'canceled')) or first_sent_at is not null or found_from is not null),
  foreign key (merchant_id, renewal_id) references renewal (merchant_id, id),
  foreign key (merchant_id, payment_method_id) references payment_method (merchant_id, id),
  foreign key (merchant_id, gateway_account_id) references gateway_account (merchant_id, id)
);
-- Charging rule 1: at most one charge of a renewal may be under way or have the money.
create unique index one_live_charge on charge (renewal_id)
  where status in ('submitted', 'pending', 'unknown')
     or (status = 'succeeded' and reversed_at is null and not surplus);
create index charge_open on charge (first_sent_at)
  where status in ('submitted', 'pending', 'unknown');
create index charge_by_reference on charge (gateway_account_id, gateway_reference);
create index charge_by_method on charge (payment_method_id, first_sent_at);
create unique index one_find on charge (gateway_account_id, gateway_charge_reference)
  where found_from is not null;

-- A charge moves only along charging.md's edges, and a final charge keeps what it says.
create function guard_charge() returns trigger language plpgsql as $$
begin
  if (old.amount_minor, old.currency, old.renewal_id, old.payment_method_id, old.gateway_account_id,
      old.request, old.ordinal, old.round, old.candidate)
     is distinct from
     (new.amount_minor, new.currency, new.renewal_id, new.payment_method_id, new.gateway_account_id,
      new.request, new.ordinal, new.round, new.candidate) then
    raise exception 'charge % is frozen', old.id using errcode = 'check_violation';
  end if;
  if old.status in ('succeeded', 'declined', 'not_sent', 'canceled') and
     (old.decline, old.reason, old.gateway_reference, old.gateway_charge_reference, old.settled_at)
     is distinct from
     (new.decline, new.reason, new.gateway_reference, new.gateway_charge_reference, new.settled_at) then
    raise exception 'charge % is final', old.id using errcode = 'check_violation';
  end if;
  if old.status <> new.status and not (
       (old.status = 'planned' and new.status in ('submitted', 'canceled'))
    or (old.status = 'submitted'
        and new.status in ('pending', 'unknown', 'succeeded', 'declined', 'not_sent'))
    or (old.status in ('pending', 'unknown')
        and new.status in ('pending', 'unknown', 'succeeded', 'declined', 'not_sent'))) then
    raise exception 'charge % may not go from % to %', old.id, old.status, new.status
      using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger guard_charge before update on charge for each row execute function guard_charge();

create table dunning_case (
  id text primary key,
  merchant_id text not null,
  renewal_id text not null,
  subscription_id text not null,
  dunning_policy_id text not null,
  number integer not null check (number > 0),
  status text not null check (status in ('open', 'recovered', 'unpaid', 'canceled')),
  opened_at timestamptz not null,
  closed_at timestamptz,
  stages_entered jsonb not null default '[]',
  -- The schedule slot that the newest automatic retry used.
  last_slot_at timestamptz,
  hold_until timestamptz,
  -- The outage that stops this case now, and the time lost to all earlier ones.
  outage jsonb,
  -- Why nothing is sent before a person has looked.
  parked text,
  lost_ms bigint not null default 0,
  last_decline jsonb not null,
  last_decline_at timestamptz not null,
  unique (renewal_id, number),
  unique (merchant_id, id),
  foreign key (merchant_id, renewal_id) references renewal (merchant_id, id),
  foreign key (merchant_id, dunning_policy_id) references dunning_policy (merchant_id, id)
);
create unique index one_open_case on dunning_case (renewal_id) where status = 'open';
create index open_case_by_subscription on dunning_case (subscription_id) where status = 'open';
create index dunning_case_by_merchant on dunning_case (merchant_id, id);

-- What a person asked of a run. Written by the run itself as its first act on the wish.
create table command (
  id text primary key,
  merchant_id text not null,
  renewal_id text not null,
  kind text not null,
  actor text not null,
  reason text not null,
  arguments jsonb not null,
  recorded_at timestamptz not null,
  spent_at timestamptz,
  foreign key (merchant_id, renewal_id) references renewal (merchant_id, id)
);
create index command_by_renewal on command (renewal_id);

-- A start or wake owed to Temporal, written with the fact that causes it and sent until done.
create table dispatch (
  id text primary key,
  merchant_id text not null,
  workflow_type text not null check (workflow_type in ('renewal', 'dunning')),
  workflow_id text not null,
  input jsonb not null,
  kind text not null check (kind in ('start', 'wake')),
  not_before timestamptz,
  created_at timestamptz not null,
  sent_at timestamptz
);
create index dispatch_owed on dispatch (created_at) where sent_at is null;

create table gateway_event (
  id text primary key,
  merchant_id text not null,
  gateway_account_id text not null,
  event_id text not null,
  type text not null,
  payload jsonb not null,
  charge_id text references charge,
  received_at timestamptz not null,
  dispatched_at timestamptz,
  unique (gateway_account_id, event_id),
  foreign key (merchant_id, gateway_account_id) references gateway_account (merchant_id, id)
);
create index gateway_event_owed on gateway_event (received_at) where dispatched_at is null;

create table event_sequence (
  subscription_id text primary key references subscription,
  last bigint not null
);

create table event (
  id text primary key,
  merchant_id text not null references merchant,
  subscription_id text not null references subscription,
  sequence bigint not null,
  type text not null,
  payload jsonb not null,
  created_at timestamptz not null,
  unique (subscription_id, sequence)
);
create index event_by_merchant on event (merchant_id, id);

create table idempotency_key (
  merchant_id text not null references merchant,
  key text not null,
  request_hash text not null,
  status integer,
  body jsonb,
  created_at timestamptz not null,
  primary key (merchant_id, key)
);
