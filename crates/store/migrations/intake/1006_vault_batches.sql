-- SPDX-License-Identifier: Apache-2.0
-- The vault's values are sealed by the batch; a token says in which one and where in it. A value that is
-- met again in a later month goes into a batch of that month, and its token with it.

do $$
begin
  if exists (select from vault) then
    raise exception 'this schema holds values one by one, by a version that was never released: begin '
      'with an empty database and let the documents in again'
      using errcode = 'object_not_in_prerequisite_state';
  end if;
end
$$;

drop table vault;

create sequence vault_written;

create table vault_batch (
  tenant text collate "C" not null,
  batch bigint not null,
  -- The data key that it is sealed under.
  under uuid not null,
  kept_at timestamptz not null default now(),
  body bytea not null,
  constraint vault_batch_unique primary key (tenant, batch)
);

alter table vault_batch alter column body set storage external;

create table vault (
  tenant text collate "C" not null,
  token text collate "C" not null,
  batch bigint not null,
  -- From 1, as the database counts.
  place integer not null,
  constraint vault_unique primary key (tenant, token)
) with (fillfactor = 95);
