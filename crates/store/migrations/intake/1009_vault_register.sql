-- SPDX-License-Identifier: Apache-2.0
-- An index over numbers that are hashes is met at another place by each of them, and that took some 15 %
-- of what a large document costs. Numbers wait in the list of their batch until there are many, and
-- are then put together into the register, in parts by their first bits.

-- A vault that is full takes its time.
set local statement_timeout = 0;

drop index vault_batch_numbers;

create sequence vault_place as integer;

-- In order of writing; what the register finds a batch by.
alter table vault_batch add column place integer;

update vault_batch
set place = ordered.place
from (
  select tenant, id, row_number() over (order by id) as place
  from vault_batch
) as ordered
where vault_batch.tenant = ordered.tenant
  and vault_batch.id = ordered.id;

select setval('vault_place', coalesce(max(place), 0) + 1, false)
from vault_batch;

alter table vault_batch
  alter column place set default nextval('vault_place'),
  alter column place set not null,
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
  -- How often it was put together: 0 as it was entered, 1 from sixteen such rows, 2 from sixteen of those.
  level smallint not null,
  -- The last place that was entered when the row was written.
  volume integer not null,
  numbers bigint[] not null,
  -- The batch of each.
  places integer[] not null,
  constraint vault_register_unique primary key (tenant, part, level, volume)
);

alter table vault_register
  alter column numbers set storage external,
  alter column places set storage external;

-- What an earlier version has kept is entered at once.
insert into vault_register (tenant, part, level, volume, numbers, places)
select own.tenant, own.part, 1, max(own.place), array_agg(own.number), array_agg(own.place)
from (
  select vault_batch.tenant, vault_batch.place, entry.number,
    ((entry.number >> 52) & 4095)::smallint as part
  from vault_batch
  cross join unnest(vault_batch.numbers) as entry (number)
) as own
group by own.tenant, own.part;

alter table vault_batch drop column numbers;
