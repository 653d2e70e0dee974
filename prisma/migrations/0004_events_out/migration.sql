-- Events out: their place in a merchant's list, the endpoints they are sent to, and what became of each.

-- Given after the commit, one merchant at a time: who has read up to a position has missed nothing before it.
alter table event add column position bigint check (position > 0);
update event set position = placed.position from (
  select id, row_number() over (partition by merchant_id order by run, sequence) as position
  from (select id, merchant_id, sequence,
          max(id) over (partition by subscription_id order by sequence) as run from event) ordered
) placed where placed.id = event.id;
create unique index event_by_position on event (merchant_id, position);
create index event_unplaced on event (merchant_id, subscription_id, sequence) where position is null;

create table webhook_endpoint (
  id text primary key,
  merchant_id text not null references merchant,
  mode text not null check (mode in ('test', 'live')),
  url text not null,
  description text,
  -- Names, "refund.*", or "*".
  event_types text[] not null,
  -- Of these the app must say that it has acted on them.
  acknowledged_types text[] not null default '{}',
  secret_version integer not null default 1 check (secret_version > 0),
  -- Until then the secret before this one signs too.
  previous_until timestamptz,
  status text not null default 'active' check (status in ('active', 'failing', 'disabled')),
  failing_since timestamptz,
  needs_attention jsonb,
  created_at timestamptz not null,
  unique (merchant_id, id)
);
create index webhook_endpoint_by_merchant on webhook_endpoint (merchant_id, id);

create table delivery (
  endpoint_id text not null,
  event_id text not null references event,
  merchant_id text not null,
  subscription_id text not null,
  sequence bigint not null,
  position bigint not null,
  status text not null default 'pending' check (status in ('pending', 'retrying', 'delivered', 'failed')),
  attempts integer not null default 0,
  -- Whoever has it is done by then, or is dead: others take over what a killed worker held.
  claimed_until timestamptz,
  last_status integer,
  last_error text,
  delivered_at timestamptz,
  acknowledge_by timestamptz,
  acknowledged_at timestamptz,
  reminders integer not null default 0,
  primary key (endpoint_id, event_id),
  foreign key (merchant_id, endpoint_id) references webhook_endpoint (merchant_id, id) on delete cascade
);
create index delivery_by_event on delivery (event_id);
create index delivery_unsent on delivery (endpoint_id, position) where status = 'pending';
create index delivery_line on delivery (endpoint_id, subscription_id, sequence)
  where status in ('pending', 'retrying');
create index delivery_failed on delivery (endpoint_id) where status = 'failed';
create index delivery_unacknowledged on delivery (acknowledge_by)
  where acknowledge_by is not null and acknowledged_at is null;
create index delivery_failing_now on delivery (endpoint_id) where status = 'retrying';
create index delivery_retrying on delivery (claimed_until) where status = 'retrying';

alter table dispatch drop constraint dispatch_workflow_type_check;
alter table dispatch add constraint dispatch_workflow_type_check
  check (workflow_type in ('renewal', 'dunning', 'refund', 'dispute', 'delivery'));
