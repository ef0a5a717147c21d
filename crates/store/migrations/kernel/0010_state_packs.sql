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

alter table state
  alter column body drop not null,
  add column pack uuid,
  add constraint state_body_in_one_place check ((body is null) <> (pack is null)),
  add constraint state_packed_once check (pack is null or version = 1);
