-- SPDX-License-Identifier: Apache-2.0
-- Posting on hold: a journal that is closed and keyed waits for a person to release it. A target is
-- named by its text (instance, ledger, mode) in the columns that are there; a plain name from before
-- is the text of that instance's own ledger.

alter table journal drop constraint journal_state_known;

alter table journal add constraint journal_state_known check (
  state in ('ready', 'held', 'sending', 'posted', 'rejected', 'parked')
);

-- Few are held at a time, and they are listed and summed on their own.
create index journal_held on journal (tenant, created_at, key) where state = 'held';
