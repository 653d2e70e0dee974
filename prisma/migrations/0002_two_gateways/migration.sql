-- Several gateways for one renewal: routing, failover, pacing, payments on a page, and money that comes back.

-- Where a renewal's charges go: the first rule that fits a payment method orders the accounts it may be charged through.
create table routing_rule (
  id text primary key,
  merchant_id text not null references merchant,
  name text not null,
  position integer not null,
  conditions jsonb not null,
  -- [{"gateway_account": id, "weight": 30}], in order of preference.
  accounts jsonb not null,
  created_at timestamptz not null,
  unique (merchant_id, name)
);
create index routing_rule_by_merchant on routing_rule (merchant_id, position, id);

-- Which gateways there are, the code knows.
alter table gateway_account drop constraint gateway_account_gateway_check;

-- New sends are spaced so that no second sees more than this many; null: not spaced.
alter table gateway_account add column sends_per_second double precision check (sends_per_second > 0);
-- The next free place in the queue of sends, and until when the gateway asked to be left alone.
alter table gateway_account add column next_send_at timestamptz;
-- When the next byte may leave: what comes late, and what is sent again, is spaced here as well.
alter table gateway_account add column next_byte_at timestamptz;
alter table gateway_account add column quiet_until timestamptz;
-- How many days before a bank debit its payer is told. Null: as the kind of debit demands.
alter table gateway_account add column debit_notice_days integer
  check (debit_notice_days between 0 and 30);

-- The app's own name of what is behind a method: the same one at several gateways is one instrument.
alter table payment_method add column instrument text;

-- Why this candidate, for people; and whether it is another instrument than the one the customer chose.
alter table charge add column why text;
alter table charge add column fallback boolean not null default false;
-- Its place in the account's queue of sends.
alter table charge add column send_at timestamptz;
-- The customer completes it on a page: who may open it, until when, and where the customer goes from there.
alter table charge add column page_secret_hash text unique;
alter table charge add column page_expires_at timestamptz;
alter table charge add column page_addresses jsonb;

-- What was canceled before it was sent was no try: its candidate may be planned again in the same round.
alter table charge drop constraint charge_renewal_id_round_candidate_key;
create unique index one_try_per_round on charge (renewal_id, round, candidate)
  where status <> 'canceled';

-- A payment on a page waits for its customer beside the automatic charges: at most one unclaimed per renewal.
create unique index one_unclaimed_page on charge (renewal_id)
  where status = 'planned' and page_secret_hash is not null;

-- What a webhook says about money: only then is a final charge worth asking about again.
alter table gateway_event add column says text;

-- When the payer of a debit was told what will be taken, per renewal and payment method.
create table debit_notice (
  renewal_id text not null,
  payment_method_id text not null,
  merchant_id text not null,
  debit_at timestamptz not null,
  created_at timestamptz not null,
  primary key (renewal_id, payment_method_id),
  foreign key (merchant_id, renewal_id) references renewal (merchant_id, id),
  foreign key (merchant_id, payment_method_id) references payment_method (merchant_id, id)
);
