-- SPDX-License-Identifier: Apache-2.0
-- Nearly every event changes its state twice, soon after it came: once it is booked, once it is posted.
-- With room for that on its page neither change touches an index, and the table ends up smaller.

alter table inbox set (fillfactor = 50);
