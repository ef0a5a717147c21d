// SPDX-License-Identifier: Apache-2.0
//! The store against a real Postgres: one private cluster for the whole process, one database for
//! each test, copied from a template that was migrated once.

mod cached_queries;
mod commit_lost;
mod contract;
mod fence;
mod group;
mod integrity;
mod keys;
mod packs;
mod proven;
mod proxy;
mod register;
mod schema;
mod sealed;
mod world;
