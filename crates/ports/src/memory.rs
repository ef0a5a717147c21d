// SPDX-License-Identifier: Apache-2.0
//! The in-memory book, for simulation.
