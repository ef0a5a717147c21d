// SPDX-License-Identifier: Apache-2.0
//! What a sender may rely on, over the in-memory book.
