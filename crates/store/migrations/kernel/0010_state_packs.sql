-- SPDX-License-Identifier: Apache-2.0
-- Most states are written once, many in one step. The first versions of a step are sealed together, some
-- dozens at a time, since they repeat each other; a later version is sealed by itself and has its body
-- in its own row again. A pack stays as it is.

create table state_pack (
  tenant text collate "C" not null,
  id uuid not null,
  body bytea not null,
  constraint state_pack_unique primary key (tenant, id)
);

-- Sealed bytes do not compress.
alter table state_pack alter column body set storage external;

-- A state is found by the start of the hash of its kind and key: narrow, and told apart at once. Kind and
-- key themselves are in what is sealed.
alter table state add column id uuid;

update state
set id = encode(substring(sha256(convert_to(kind || '/' || key, 'UTF8')) for 16), 'hex')::uuid;

alter table state
  drop constraint state_unique,
  add constraint state_unique primary key (id, tenant),
  drop column kind,
  drop column key,
  alter column body drop not null,
  add column pack uuid,
  add constraint state_body_in_one_place check ((body is null) <> (pack is null)),
  add constraint state_packed_once check (pack is null or version = 1);

-- Lists of batches are compressed by the faster of the two ways, where this server has it.
do $$
declare
  own record;
begin
  for own in
    select attrelid::regclass as batch, attname as name
    from pg_attribute
    where attrelid in ('inbox_batch'::regclass, 'row_batch'::regclass)
      and attnum > 0
      and attstorage = 'x'
      and not attisdropped
  loop
    execute format('alter table %s alter column %I set compression lz4', own.batch, own.name);
  end loop;
exception when feature_not_supported then
  null;
end
$$;
