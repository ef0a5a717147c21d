-- SPDX-License-Identifier: Apache-2.0
-- Numbers of tokens are hashes: they do not compress. A batch brings thousands of them at once, in
-- order, which is what the list of waiting entries of an index would gather first.

alter table vault_batch alter column numbers set storage external;

alter index vault_batch_numbers set (fastupdate = off);
