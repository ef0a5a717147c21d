-- SPDX-License-Identifier: Apache-2.0
-- An upload is listed only while it is staged: what becomes a document leaves the list. A document of
-- one chunk was never on it.

alter table raw_chunk drop constraint raw_chunk_upload;

delete from raw_upload where committed;

drop index raw_upload_staged;

alter table raw_upload drop column committed;

create index raw_upload_staged on raw_upload (tenant, started_at);
