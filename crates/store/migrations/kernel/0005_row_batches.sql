-- SPDX-License-Identifier: Apache-2.0
-- Rows are written by the batch: one record holds all that a transaction writes for one window, each
-- kind of thing in an array. Where a row stands is a range of numbers: open, member of a journal, or
-- superseded.

do $$
begin
  if exists (select from row) then
    raise exception 'this schema holds rows one by one, by a version that was never released: begin '
      'with an empty database and let the documents in again'
      using errcode = 'object_not_in_prerequisite_state';
  end if;
end
$$;

drop table row_open, member, row_superseded, row;

-- The rows of one transaction in one window. A row's number is its batch, shifted by 20 bits, and its
-- place from 0: the order of writing, and what the tables below name it by.
create table row_batch (
  tenant text collate "C" not null,
  batch bigint not null default nextval('row_written'),
  recorded_on date not null default (now() at time zone 'utc')::date,
  target text collate "C" not null,
  entity text collate "C" not null,
  accounting_date date not null,
  prior_period date,
  currency text not null,
  ids uuid[] not null,
  events uuid[] not null,
  remittances uuid[] not null,
  amounts bigint[] not null,
  -- Places in the lists below.
  debits integer[] not null,
  credits integer[] not null,
  purposes integer[] not null,
  items integer[] not null,
  -- Nothing where no row reverses another.
  reverses uuid[],
  side_roles text[] not null,
  side_facilities text[] not null,
  side_departments text[] not null,
  side_service_lines text[] not null,
  side_payers text[] not null,
  purpose_names text[] not null,
  item_names text[] collate "C" not null,
  constraint row_batch_unique primary key (tenant, batch, recorded_on),
  constraint row_amount_above_zero check (0 < all (amounts)),
  constraint row_batch_one_length check (
    cardinality(events) = cardinality(ids)
    and cardinality(remittances) = cardinality(ids)
    and cardinality(amounts) = cardinality(ids)
    and cardinality(debits) = cardinality(ids)
    and cardinality(credits) = cardinality(ids)
    and cardinality(purposes) = cardinality(ids)
    and cardinality(items) = cardinality(ids)
    and (reverses is null or cardinality(reverses) = cardinality(ids))
    and cardinality(ids) < 1048576
  )
) partition by range (recorded_on);

-- A search by token must find the row; traces are found through the remittance.
create index row_batch_items on row_batch using gin (item_names);

create table row_batch_default partition of row_batch default;

-- Row by row. One whose id was taken away is not there any more.
create view row as
select own.tenant, own.recorded_on, own.batch, (own.batch << 20) + leg.place - 1 as number,
  leg.id, leg.event, leg.remittance, own.entity, own.accounting_date, own.prior_period,
  own.side_roles[leg.debit] as debit_role,
  own.side_facilities[leg.debit] as debit_facility,
  own.side_departments[leg.debit] as debit_department,
  own.side_service_lines[leg.debit] as debit_service_line,
  own.side_payers[leg.debit] as debit_payer,
  own.side_roles[leg.credit] as credit_role,
  own.side_facilities[leg.credit] as credit_facility,
  own.side_departments[leg.credit] as credit_department,
  own.side_service_lines[leg.credit] as credit_service_line,
  own.side_payers[leg.credit] as credit_payer,
  leg.amount, own.currency, own.purpose_names[leg.purpose] as purpose,
  own.item_names[leg.item] as item, leg.reverses
from row_batch as own
cross join lateral unnest(
  own.ids, own.events, own.remittances, own.amounts, own.debits, own.credits, own.purposes, own.items,
  own.reverses
) with ordinality as leg (
  id, event, remittance, amount, debit, credit, purpose, item, reverses, place
)
where leg.id is not null;

-- A row is always in exactly one of three places: open, member of a live journal, superseded.
create table row_open (
  tenant text collate "C" not null,
  batch bigint not null,
  recorded_on date not null,
  target text collate "C" not null,
  entity text collate "C" not null,
  accounting_date date not null,
  since timestamptz not null default now(),
  numbers int8multirange not null,
  constraint row_open_unique primary key (tenant, batch),
  constraint row_open_not_empty check (not isempty(numbers))
) with (autovacuum_vacuum_scale_factor = 0.05);

create index row_open_group on row_open (tenant, target, entity, accounting_date, batch);

create table member (
  tenant text collate "C" not null,
  journal text collate "C" not null,
  batch bigint not null,
  recorded_on date not null,
  live boolean not null,
  numbers int8multirange not null,
  constraint member_unique primary key (tenant, journal, batch),
  -- Numbers are given out once in a schema, so no two tenants share one.
  constraint member_live_unique exclude using gist (numbers with &&) where (live)
);

create index member_batch on member (tenant, batch);

create table row_superseded (
  tenant text collate "C" not null,
  batch bigint not null,
  numbers int8multirange not null,
  at timestamptz not null default now(),
  constraint row_superseded_unique primary key (tenant, batch)
);

create function rows_in(numbers int8multirange) returns bigint
language sql
immutable
return (
  select coalesce(sum(upper(part) - lower(part)), 0)
  from unnest(numbers) as part
);

-- Where the rows of the event are. Whoever writes one of them waits here for whoever else does.
alter table inbox add column batches bigint[] not null default '{}';

-- Whether every row of the event that counts is in a posted journal.
create function rows_posted(own_tenant text, own_event uuid, own_batches bigint[]) returns boolean
language sql
stable
return not exists (
  select
  from unnest(own_batches) as own (batch)
  cross join lateral (
    select batch, number
    from row
    where row.tenant = own_tenant
      and row.batch = own.batch
      and row.event = own_event
    offset 0
  ) as row
  left join row_superseded
    on row_superseded.tenant = own_tenant
    and row_superseded.batch = row.batch
    and row_superseded.numbers @> row.number
  left join member
    on member.tenant = own_tenant
    and member.batch = row.batch
    and member.live
    and member.numbers @> row.number
  left join journal
    on journal.tenant = own_tenant
    and journal.key = member.journal
  where row_superseded.batch is null
    and journal.state is distinct from 'posted'
);

create or replace function make_months(ahead integer) returns integer
language plpgsql
set search_path from current
as $$
declare
  parent text;
  month date;
  name text;
  held boolean;
  made integer := 0;
begin
  foreach parent in array array['event_batch', 'row_batch', 'log'] loop
    for distance in 0..ahead loop
      month := date_trunc('month', now() at time zone 'utc') + make_interval(months => distance);
      name := parent || to_char(month, '"_"YYYY"_"MM');
      continue when to_regclass(quote_ident(name)) is not null;
      execute format(
        'select exists (select from %I where recorded_on >= %L and recorded_on < %L)',
        parent || '_default', month, month + interval '1 month'
      ) into held;
      continue when held;
      execute format(
        'create table %I partition of %I for values from (%L) to (%L)',
        name, parent, month, (month + interval '1 month')::date
      );
      made := made + 1;
    end loop;
  end loop;
  return made;
end
$$;
