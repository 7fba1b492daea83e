// SPDX-License-Identifier: Apache-2.0

//! Dynamic tables through DataFusion: real sessions, real SQL.

mod access;
mod concurrency;
mod contract;
mod evolution;
mod filters;
mod lookups;
mod random;
mod sessions;
mod statements;
mod storage;
mod streams;
mod support;
