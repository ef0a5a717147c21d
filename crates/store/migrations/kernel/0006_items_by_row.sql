-- SPDX-License-Identifier: Apache-2.0
-- The items of a batch stand by the row. Nearly each row has its own, and an element of a long list is
-- found by unpacking the list: a batch of a thousand rows unpacked it a thousand times.

update row_batch
set item_names = (
  select array_agg(item_names[leg.place] order by leg.ordinal)
  from unnest(items) with ordinality as leg (place, ordinal)
);

create or replace view row as
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
  leg.amount, own.currency, own.purpose_names[leg.purpose] as purpose, leg.item, leg.reverses
from row_batch as own
cross join lateral unnest(
  own.ids, own.events, own.remittances, own.amounts, own.debits, own.credits, own.purposes,
  own.item_names, own.reverses
) with ordinality as leg (
  id, event, remittance, amount, debit, credit, purpose, item, reverses, place
)
where leg.id is not null;

alter table row_batch drop constraint row_batch_one_length;
alter table row_batch drop column items;
alter table row_batch add constraint row_batch_one_length check (
  cardinality(events) = cardinality(ids)
  and cardinality(remittances) = cardinality(ids)
  and cardinality(amounts) = cardinality(ids)
  and cardinality(debits) = cardinality(ids)
  and cardinality(credits) = cardinality(ids)
  and cardinality(purposes) = cardinality(ids)
  and cardinality(item_names) = cardinality(ids)
  and (reverses is null or cardinality(reverses) = cardinality(ids))
  and cardinality(ids) < 1048576
);
