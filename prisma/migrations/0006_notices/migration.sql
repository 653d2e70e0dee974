-- Notices: what customers are told, written with the fact that they are told of, and sent once.

create table notice (
  id text primary key,
  merchant_id text not null,
  customer_id text not null,
  renewal_id text not null,
  kind text not null check (kind in ('payment_failed', 'action_needed', 'new_method_needed', 'service_restricted',
    'service_suspended', 'service_ended', 'recovered', 'refund_made', 'debit_announced')),
  -- The case, refund or payment method that it speaks of.
  subject text not null,
  -- Kind, subject and step: there is one notice of each.
  key text not null unique,
  locale text not null,
  status text not null default 'planned' check (status in ('planned', 'sent', 'skipped', 'failed')),
  -- Why it was not sent, or not for sure.
  why text,
  -- The moment from which it may be sent, and the next attempt's.
  send_at timestamptz not null,
  try_at timestamptz not null,
  leased_until timestamptz,
  attempts integer not null default 0,
  -- Sends that nobody recorded an answer to: the customer may have got each of them.
  unanswered integer not null default 0 check (unanswered between 0 and 2),
  last_error text,
  sent_at timestamptz,
  message_id text,
  created_at timestamptz not null,
  unique (merchant_id, id),
  foreign key (merchant_id, customer_id) references customer (merchant_id, id),
  foreign key (merchant_id, renewal_id) references renewal (merchant_id, id)
);
create index notice_by_customer on notice (customer_id, id);
create index notice_by_renewal on notice (renewal_id, id);
create index notice_due on notice (try_at) where status = 'planned';
