-- SPDX-License-Identifier: Apache-2.0
-- The inbox is written by the batch: one record holds what is known of all its events, each kind of thing
-- in an array or a text with one place per event. An event's id says where it is.

do $$
begin
  if exists (select from inbox) then
    raise exception 'this schema holds its inbox event by event, by a version that was never released: '
      'begin with an empty database and let the documents in again'
      using errcode = 'object_not_in_prerequisite_state';
  end if;
end
$$;

drop function rows_posted;

drop table inbox, batch_identity;

create table inbox_batch (
  tenant text collate "C" not null,
  remittance uuid not null,
  -- Ordinals of the first and the last event. Every ordinal between has its place.
  first bigint not null,
  last bigint not null,
  document uuid not null,
  -- What the ids of the document's events begin with.
  stem bigint not null,
  recorded_on date not null default (now() at time zone 'utc')::date,
  -- Nothing where an ordinal belongs to another batch.
  events uuid[] not null,
  -- (c)laim, provider-(a)djustment, remittance-(s)ealed.
  kinds text not null,
  -- 32 bytes each.
  source_hashes bytea not null,
  amounts bigint[] not null,
  -- (p)ending, (P)osted, (q)uarantined, e(x)cluded, (r)ejected, (n)oted.
  states text not null,
  -- Nothing where no event has one.
  codes text[],
  bookings integer[] not null,
  -- Where the rows of these events are. Whoever writes one of them waits here for whoever else does.
  batches bigint[] not null default '{}',
  constraint inbox_batch_unique primary key (tenant, remittance, first),
  constraint inbox_kind_known check (translate(kinds, 'cas', '') = ''),
  constraint inbox_state_known check (translate(states, 'pPqxrn', '') = ''),
  constraint inbox_batch_span check (last - first between 0 and 999),
  constraint inbox_batch_one_length check (
    cardinality(events) = last - first + 1
    and length(kinds) = last - first + 1
    and length(source_hashes) = 32 * (last - first + 1)
    and cardinality(amounts) = last - first + 1
    and length(states) = last - first + 1
    and (codes is null or cardinality(codes) = last - first + 1)
    and cardinality(bookings) = last - first + 1
  )
) with (fillfactor = 50);

alter table inbox_batch alter column events set storage external;
alter table inbox_batch alter column source_hashes set storage external;

create index inbox_batch_place on inbox_batch (tenant, stem, first);

-- Event by event. One whose id was taken away is not there any more.
create view inbox as
select own.tenant, one.event, own.remittance, own.document,
  case one.kind
    when 'c' then 'claim'
    when 'a' then 'provider-adjustment'
    when 's' then 'remittance-sealed'
  end as kind,
  own.first + one.place - 1 as ordinal, own.first as batch,
  substring(own.source_hashes from (one.place * 32 - 31)::integer for 32) as source_hash,
  one.amount,
  case one.state
    when 'p' then 'pending'
    when 'P' then 'posted'
    when 'q' then 'quarantined'
    when 'x' then 'excluded'
    when 'r' then 'rejected'
    when 'n' then 'noted'
  end as state,
  one.code, one.bookings, own.batches
from inbox_batch as own
cross join lateral unnest(
  own.events, string_to_array(own.kinds, null), own.amounts, string_to_array(own.states, null),
  own.codes, own.bookings
) with ordinality as one (event, kind, amount, state, code, bookings, place)
where one.event is not null;
