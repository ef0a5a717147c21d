-- SPDX-License-Identifier: Apache-2.0
-- An index over numbers that are hashes is met at another place by each of them, and that cost more than
-- everything else that intake writes. Numbers wait in the list of their batch until there are many, and
-- are then put together into the register, in parts by their first bits.

create sequence vault_place as integer;

alter table vault_batch
  -- In order of writing; what the register finds a batch by.
  add column place integer not null default nextval('vault_place'),
  add constraint vault_batch_place_unique unique (tenant, place);

alter sequence vault_place owned by vault_batch.place;

create table vault_waiting (
  tenant text collate "C" not null,
  place integer not null,
  -- Eight bytes each.
  numbers bytea not null,
  constraint vault_waiting_unique primary key (tenant, place)
);

alter table vault_waiting alter column numbers set storage external;

create table vault_register (
  tenant text collate "C" not null,
  -- The first twelve bits of every number in the row.
  part smallint not null,
  -- Put together from rows of several volumes.
  merged boolean not null,
  -- The last place that was entered when the row was written.
  volume integer not null,
  numbers bigint[] not null,
  -- The batch of each.
  places integer[] not null,
  constraint vault_register_unique primary key (tenant, part, merged, volume)
);

alter table vault_register
  alter column numbers set storage external,
  alter column places set storage external;

insert into vault_waiting (tenant, place, numbers)
select vault_batch.tenant, vault_batch.place, string_agg(int8send(own.number), ''::bytea)
from vault_batch
cross join unnest(vault_batch.numbers) as own (number)
group by vault_batch.tenant, vault_batch.place;

drop index vault_batch_numbers;

alter table vault_batch drop column numbers;
