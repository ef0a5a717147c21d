-- SPDX-License-Identifier: Apache-2.0
-- The log proven from outside: each numbered entry has its leaf in the hash tree of RFC 6962, the head
-- has the tree's right edge, and what was signed and written outside is known here, too.

-- Null on entries that were numbered before there was a tree: the sequencer makes up for them.
alter table log add column leaf bytea;

alter table log_head
  add column size bigint not null default 0,
  add column peaks bytea not null default '',
  add constraint log_head_tree_within_log check (size between 0 and number);

create table checkpoint (
  tenant text collate "C" not null,
  size bigint not null,
  root bytea not null,
  note text not null,
  signed_at timestamptz not null default now(),
  constraint checkpoint_unique primary key (tenant, size)
);
