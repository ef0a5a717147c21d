// SPDX-License-Identifier: Apache-2.0
//! The failure table of the runner.
