-- SPDX-License-Identifier: Apache-2.0
-- Data keys per class and month, wrapped by key-encryption keys. Without its row's body nothing that
-- was sealed under a key can ever be opened again: that is how a class of a month ends.

do $$
begin
  if exists (select from data_key) then
    raise exception 'this schema was sealed under one data key file, by a version that was never '
      'released: begin with an empty database and let the documents in again'
      using errcode = 'object_not_in_prerequisite_state';
  end if;
end
$$;

drop table data_key;

create table data_key (
  tenant text collate "C" not null,
  id uuid not null,
  class text not null,
  -- The first day of the month whose values it seals; none for what is standing.
  month date,
  -- Which key-encryption key wrapped it.
  under text not null,
  -- The wrapped key; nothing once it has been shredded.
  body bytea,
  made_at timestamptz not null default now(),
  shredded_at timestamptz,
  constraint data_key_unique primary key (tenant, id),
  -- One key per class and month, for ever: a month that was shredded never gets another.
  constraint data_key_month unique nulls not distinct (tenant, class, month),
  constraint data_key_class_known check (class in ('raw', 'vault', 'canonical', 'standing')),
  constraint data_key_month_first check (
    month = date_trunc('month', month::timestamp)
  ),
  constraint data_key_shredded check ((body is null) = (shredded_at is not null))
);
