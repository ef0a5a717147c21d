-- SPDX-License-Identifier: Apache-2.0
-- A document is also a tree of salted segments: any one of them can be disclosed and proven without the
-- others. Null on documents that were accepted before.

alter table document
  add column segment_root bytea,
  add column segments bigint,
  -- What the salts are derived from, sealed.
  add column segment_secret bytea,
  add constraint document_segments_together check (
    num_nulls(segment_root, segments, segment_secret) in (0, 3)
  );
