// SPDX-License-Identifier: Apache-2.0
//! Against real systems, each set up from nothing by the tests themselves: what an adapter promises is
//! read back by code that shares nothing with it.

mod adapter;
mod booked;
mod both;
mod erp;
mod inactive;
mod installation;
mod lossy;
mod newcomer;
mod parallel;
mod peers;
mod reader;
mod same_day;
mod setup;
