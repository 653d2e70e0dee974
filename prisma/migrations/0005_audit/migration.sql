-- Who changed what, and why: one row per mutation, which nobody can change, under a chain of seals.

-- Ids are made as newId makes them, by this database's clock: the app chooses neither an entry's id nor its time.
create function audit_id(at timestamptz) returns text language sql volatile as $$
  select 'aud_' || string_agg(substr('0123456789abcdefghjkmnpqrstvwxyz',
      ((floor(extract(epoch from at) * 1000)::bigint >> (5 * i)) & 31)::integer + 1, 1), '' order by i desc)
    || left(replace(gen_random_uuid()::text, '-', ''), 16)
  from generate_series(0, 9) i
$$;

create table audit_entry (
  id text primary key default audit_id(clock_timestamp()),
  merchant_id text not null references merchant,
  -- In milliseconds, as its hash has it.
  at timestamptz(3) not null default clock_timestamp(),
  actor_kind text not null check (actor_kind in ('api_key', 'operator', 'customer')),
  -- The key's name, or whom the update named.
  actor text not null,
  key_id text,
  -- "POST /v1/charges/{id}/refunds", or "update retryNow".
  action text not null,
  -- The id of what was made or changed.
  object text not null,
  reason text,
  -- The request's id, or the update's.
  request_id text not null,
  idempotency_key text,
  -- SHA-256 of what the API showed of the object.
  before_hash text check (before_hash ~ '^[0-9a-f]{64}$'),
  after_hash text check (after_hash ~ '^[0-9a-f]{64}$'),
  command_id text unique,
  check ((actor_kind = 'api_key') = (key_id is not null))
);
create unique index audit_entry_by_idempotency_key on audit_entry (merchant_id, idempotency_key)
  where command_id is null;
create index audit_entry_by_merchant on audit_entry (merchant_id, id);
create index audit_entry_by_object on audit_entry (merchant_id, object, id);

-- hash = SHA-256(previous_hash || entry_hash). Its entry is named and not referenced: a seal outlives what it proves.
create table audit_seal (
  seq bigint primary key check (seq > 0),
  entry_id text not null unique,
  entry_hash text not null,
  previous_hash text not null,
  hash text not null,
  sealed_at timestamptz not null
);

-- What API keys ask of runs, noted before it is sent: by it a recorded command is known to be an API key's. Whoever
-- speaks to Temporal can name any actor, and no API key.
create table asked_command (
  id text primary key,
  merchant_id text not null references merchant,
  renewal_id text not null,
  key_id text not null,
  actor text not null,
  action text not null,
  object text not null,
  request_id text not null,
  idempotency_key text,
  asked_at timestamptz not null
);

create trigger append_only before update or delete or truncate on audit_entry
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on audit_seal
  for each statement execute function refuse_change();

revoke all on audit_entry, audit_seal, asked_command from dunlin_app;
grant select, insert on audit_seal, asked_command to dunlin_app;
grant select, insert (merchant_id, actor_kind, actor, key_id, action, object, reason, request_id, idempotency_key,
  before_hash, after_hash, command_id) on audit_entry to dunlin_app;
