//! The provider through DataFusion: real sessions, real SQL.

mod contract;
mod contract_nested;
mod filters;
mod inserts;
mod lookups;
mod memory_table;
mod scans;
mod support;
mod tables;
