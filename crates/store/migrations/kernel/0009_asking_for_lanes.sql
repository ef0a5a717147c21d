-- SPDX-License-Identifier: Apache-2.0
-- Whoever has fewer lanes than the holder of one may ask for it: how many it holds, and how long its
-- asking is remembered.

alter table lane
  add column asked_with integer,
  add column asked_until timestamptz;
