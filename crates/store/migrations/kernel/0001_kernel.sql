-- SPDX-License-Identifier: Apache-2.0
-- The book of one room: its work, its events, its rows, its journals and its log.
-- Tables are named without schema; the connection's search_path says whose book this is.
-- Constraint names are API: the store reads them to tell a conflict from a defect.
-- Texts in keys compare by their bytes, whatever the database's locale, as they do in the program.

-- Who works a lane. The fence grows with every new holder.
create table lane (
  tenant text collate "C" not null,
  name text collate "C" not null,
  holder text not null,
  fence bigint not null,
  until timestamptz not null,
  constraint lane_unique primary key (tenant, name)
);

-- Work that waits: narrow, and deleted when done. Generations never repeat, so that a put during a
-- run is never taken for the unit that ran.
create sequence unit_generation;

create table unit (
  tenant text collate "C" not null,
  lane text collate "C" not null,
  id text collate "C" not null,
  kind text collate "C" not null,
  body jsonb not null,
  due timestamptz not null,
  attempts integer not null default 0,
  generation bigint not null default nextval('unit_generation'),
  constraint unit_unique primary key (tenant, lane, id)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

create index unit_due on unit (tenant, lane, due, id);

-- Steps that have been applied, for ever.
create table step (
  tenant text collate "C" not null,
  key text collate "C" not null,
  applied_at timestamptz not null default now(),
  constraint step_unique primary key (tenant, key)
);

-- Every event that was ever delivered: narrow, for ever, in exactly one state.
create table inbox (
  tenant text collate "C" not null,
  event uuid not null,
  remittance uuid not null,
  document uuid not null,
  kind text collate "C" not null,
  ordinal bigint not null,
  batch bigint not null,
  source_hash bytea not null,
  amount bigint not null,
  state text not null,
  code text,
  bookings integer not null,
  constraint inbox_unique primary key (tenant, event),
  constraint inbox_kind_known check (kind in ('claim', 'provider-adjustment', 'remittance-sealed')),
  constraint inbox_state_known check (
    state in ('pending', 'posted', 'quarantined', 'excluded', 'rejected', 'noted')
  )
) with (fillfactor = 85);

create index inbox_remittance on inbox (tenant, remittance, ordinal);

-- Payloads are stored once per batch, sealed. The identity outlives the payload's month.
create table batch_identity (
  tenant text collate "C" not null,
  remittance uuid not null,
  first bigint not null,
  recorded_on date not null default (now() at time zone 'utc')::date,
  constraint batch_identity_unique primary key (tenant, remittance, first)
);

create table event_batch (
  tenant text collate "C" not null,
  remittance uuid not null,
  first bigint not null,
  recorded_on date not null default (now() at time zone 'utc')::date,
  events integer not null,
  body bytea not null,
  constraint event_batch_unique primary key (tenant, remittance, first, recorded_on)
) partition by range (recorded_on);

-- Sealed bytes do not compress.
alter table event_batch alter column body set storage external;

create table event_batch_default partition of event_batch default;

create table remittance (
  tenant text collate "C" not null,
  id uuid not null,
  document uuid not null,
  state text not null,
  identity bytea not null,
  trace text collate "C" not null,
  sealed_at timestamptz not null,
  record jsonb not null,
  constraint remittance_unique primary key (tenant, id)
);

create index remittance_document on remittance (tenant, document);
create index remittance_identity on remittance (tenant, identity);
create index remittance_sealed on remittance (tenant, sealed_at, id);
create index remittance_trace on remittance (tenant, trace);

-- What a process remembers, sealed, with an optimistic version.
create table state (
  tenant text collate "C" not null,
  kind text collate "C" not null,
  key text collate "C" not null,
  version bigint not null,
  body bytea not null,
  constraint state_unique primary key (tenant, kind, key)
) with (fillfactor = 85);

alter table state alter column body set storage external;

-- The order of writing, for rows and their place in the open set alike.
create sequence row_written;

-- The sub-ledger: double-sided, immutable, one row per posted leg.
create table row (
  tenant text collate "C" not null,
  id uuid not null,
  recorded_on date not null default (now() at time zone 'utc')::date,
  event uuid not null,
  remittance uuid not null,
  entity text collate "C" not null,
  accounting_date date not null,
  prior_period date,
  debit_role text not null,
  debit_facility text not null,
  debit_department text not null,
  debit_service_line text not null,
  debit_payer text not null,
  credit_role text not null,
  credit_facility text not null,
  credit_department text not null,
  credit_service_line text not null,
  credit_payer text not null,
  amount bigint not null,
  currency text not null,
  purpose text not null,
  item text collate "C" not null,
  reverses uuid,
  written bigint not null default nextval('row_written'),
  constraint row_unique primary key (tenant, id, recorded_on),
  constraint row_amount_above_zero check (amount > 0)
) partition by range (recorded_on);

create index row_event on row (tenant, event);
-- A search by token must find the row; traces are found through the remittance.
create index row_token on row (tenant, item) where item like 'tok\_%';

create table row_default partition of row default;

-- A row is always in exactly one of three places: open, member of a live journal, superseded.
-- These three are also its identity for ever, whatever month the row itself is kept in.
create table row_open (
  tenant text collate "C" not null,
  id uuid not null,
  recorded_on date not null default (now() at time zone 'utc')::date,
  event uuid not null,
  target text collate "C" not null,
  entity text collate "C" not null,
  accounting_date date not null,
  written bigint not null default nextval('row_written'),
  since timestamptz not null default now(),
  constraint row_open_unique primary key (tenant, id)
) with (autovacuum_vacuum_scale_factor = 0.05);

create index row_open_group on row_open (tenant, target, entity, accounting_date, written);

create table member (
  tenant text collate "C" not null,
  journal text collate "C" not null,
  row uuid not null,
  recorded_on date not null,
  event uuid not null,
  live boolean not null,
  constraint member_unique primary key (tenant, journal, row)
);

create unique index member_live_unique on member (tenant, row) where live;

create table row_superseded (
  tenant text collate "C" not null,
  id uuid not null,
  at timestamptz not null default now(),
  constraint row_superseded_unique primary key (tenant, id)
);

create table journal (
  tenant text collate "C" not null,
  key text collate "C" not null,
  process text not null,
  target text collate "C" not null,
  entity text collate "C" not null,
  accounting_date date not null,
  currency text not null,
  rows bigint not null,
  versions text not null,
  state text not null,
  -- The state with what belongs to it: fence and draft, ERP document and time, or code.
  standing jsonb not null,
  -- The ERP's number of it, once posted.
  document text,
  created_at timestamptz not null,
  -- Raised whenever its lines are touched, so that their balance is checked at commit.
  checks integer not null default 0,
  constraint journal_unique primary key (tenant, key),
  constraint journal_state_known check (
    state in ('ready', 'sending', 'posted', 'rejected', 'parked')
  )
);

create index journal_created on journal (tenant, created_at, key);
create index journal_document on journal (tenant, document) where document is not null;

create table journal_line (
  tenant text collate "C" not null,
  journal text collate "C" not null,
  ordinal integer not null,
  role text not null,
  facility text not null,
  department text not null,
  service_line text not null,
  payer text not null,
  item text collate "C" not null,
  debit bigint not null,
  credit bigint not null,
  constraint journal_line_unique primary key (tenant, journal, ordinal),
  constraint journal_line_journal foreign key (tenant, journal) references journal (tenant, key),
  constraint journal_line_one_sided check (
    (debit > 0 and credit = 0)
    or (debit = 0 and credit > 0)
  )
);

-- Money is checked twice: in the model before the write, and here at commit. The sum is taken once
-- per journal and statement, not once per line.
create function journal_touched() returns trigger
language plpgsql
set search_path from current
as $$
begin
  update journal
  set checks = checks + 1
  where (tenant, key) in (select tenant, journal from touched);
  return null;
end
$$;

create trigger journal_line_inserted
after insert on journal_line
referencing new table as touched
for each statement
execute function journal_touched();

create trigger journal_line_updated_from
after update on journal_line
referencing old table as touched
for each statement
execute function journal_touched();

create trigger journal_line_updated_to
after update on journal_line
referencing new table as touched
for each statement
execute function journal_touched();

create trigger journal_line_deleted
after delete on journal_line
referencing old table as touched
for each statement
execute function journal_touched();

create function journal_balances() returns trigger
language plpgsql
set search_path from current
as $$
declare
  lines bigint;
  difference numeric;
begin
  select count(*), coalesce(sum(debit), 0) - coalesce(sum(credit), 0)
  into lines, difference
  from journal_line
  where tenant = new.tenant
    and journal = new.key;
  if lines < 2 or difference <> 0 then
    raise exception 'journal % does not balance', new.key
      using errcode = 'check_violation', constraint = 'journal_balanced', table = 'journal';
  end if;
  return null;
end
$$;

create constraint trigger journal_balanced
after insert or update of checks on journal
deferrable initially deferred
for each row
execute function journal_balances();

create table item (
  tenant text collate "C" not null,
  id uuid not null,
  code text not null,
  subject text collate "C" not null,
  state text not null,
  amount bigint not null,
  claims bigint not null,
  version bigint not null,
  opened_at timestamptz not null,
  record jsonb not null,
  constraint item_unique primary key (tenant, id)
);

create index item_opened on item (tenant, opened_at, id);
create index item_subject on item (tenant, subject);
create index item_waiting on item (tenant, code, opened_at, id) where state in ('open', 'proposed');

create table answer (
  tenant text collate "C" not null,
  principal text collate "C" not null,
  key text collate "C" not null,
  body_hash bytea not null,
  answer jsonb not null,
  answered_at timestamptz not null default now(),
  constraint answer_unique primary key (tenant, principal, key)
);

-- Entries are written without a number and numbered by one sequencer in batches, without gaps.
create table log_pending (
  tenant text collate "C" not null,
  written bigint generated by default as identity,
  at timestamptz not null default now(),
  kind text collate "C" not null,
  subject text collate "C" not null,
  by text not null,
  body jsonb not null,
  constraint log_pending_unique primary key (tenant, written)
) with (autovacuum_vacuum_scale_factor = 0.05);

create table log_head (
  tenant text collate "C" not null,
  number bigint not null,
  constraint log_head_unique primary key (tenant)
);

create table log (
  tenant text collate "C" not null,
  number bigint not null,
  recorded_on date not null default (now() at time zone 'utc')::date,
  at timestamptz not null,
  kind text collate "C" not null,
  subject text collate "C" not null,
  by text not null,
  body jsonb not null,
  constraint log_unique primary key (tenant, number, recorded_on)
) partition by range (recorded_on);

create index log_subject on log (tenant, subject, number);

create table log_default partition of log default;

-- Which data key seals this book, by fingerprint: opening it with another one is refused.
create table data_key (
  tenant text collate "C" not null,
  fingerprint bytea not null,
  since timestamptz not null default now(),
  constraint data_key_unique primary key (tenant)
);

-- Makes the partitions of this month and of the months ahead. What falls outside them goes to the
-- default partition; a month that has rows there stays there.
create function make_months(ahead integer) returns integer
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
  foreach parent in array array['event_batch', 'row', 'log'] loop
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
