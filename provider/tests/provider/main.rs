// SPDX-License-Identifier: Apache-2.0

//! The provider through DataFusion: real sessions, real SQL.

mod changes;
mod contract;
mod contract_nested;
mod create_table;
mod filters;
mod inserts;
mod lookups;
mod memory_table;
mod metadata;
mod random_tables;
mod scans;
mod serializable;
mod streams;
mod support;
mod tables;
mod unique_keys;
