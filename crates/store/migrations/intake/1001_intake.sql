-- SPDX-License-Identifier: Apache-2.0
-- What only intake keeps: raw documents and the vault, both sealed. Nothing clear is in here.

create table document (
  tenant text collate "C" not null,
  id uuid not null,
  -- Whose chunks hold its bytes.
  upload uuid not null,
  source text not null,
  channel text not null,
  byte_hash bytea not null,
  bytes bigint not null,
  totals jsonb not null,
  state text not null,
  repeats bigint not null default 0,
  received_at timestamptz not null default now(),
  constraint document_unique primary key (tenant, id),
  constraint document_state_known check (state in ('accepted', 'delivered', 'refused'))
);

create index document_received on document (tenant, received_at, id);

-- Uploads that are staged; committed ones belong to a document.
create table raw_upload (
  tenant text collate "C" not null,
  upload uuid not null,
  started_at timestamptz not null default now(),
  committed boolean not null default false,
  constraint raw_upload_unique primary key (tenant, upload)
);

create index raw_upload_staged on raw_upload (tenant, started_at) where not committed;

create table raw_chunk (
  tenant text collate "C" not null,
  upload uuid not null,
  ordinal integer not null,
  bytes integer not null,
  body bytea not null,
  constraint raw_chunk_unique primary key (tenant, upload, ordinal),
  constraint raw_chunk_upload foreign key (tenant, upload)
    references raw_upload (tenant, upload)
    on delete cascade
);

alter table raw_chunk alter column body set storage external;

create table vault (
  tenant text collate "C" not null,
  token text collate "C" not null,
  field text not null,
  body bytea not null,
  kept_at timestamptz not null default now(),
  constraint vault_unique primary key (tenant, token)
);

alter table vault alter column body set storage external;
