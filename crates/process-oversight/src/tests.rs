// SPDX-License-Identifier: Apache-2.0
//! Tests over the in-memory book.
