-- Notices of renewals to come: they speak of a period that has no renewal yet.

alter table notice
  alter column renewal_id drop not null,
  add column subscription_id text,
  add column period_start timestamptz,
  drop constraint notice_kind_check,
  add constraint notice_kind_check check (kind in ('renewal_upcoming', 'payment_failed', 'action_needed',
    'new_method_needed', 'service_restricted', 'service_suspended', 'service_ended', 'recovered', 'refund_made',
    'debit_announced')),
  add constraint notice_about check (case kind
    when 'renewal_upcoming' then renewal_id is null and subscription_id is not null and period_start is not null
    else renewal_id is not null and subscription_id is null and period_start is null end),
  add foreign key (merchant_id, subscription_id) references subscription (merchant_id, id);
create unique index notice_by_period on notice (subscription_id, period_start);

-- Settings from before leave the new kind out, and need its number of days only to be complete.
update merchant set settings = jsonb_set(settings, '{notices,upcomingDays}', '7')
where jsonb_typeof(settings->'notices') = 'object';
