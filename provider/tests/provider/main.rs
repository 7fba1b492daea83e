// SPDX-License-Identifier: Apache-2.0

//! Tests of the provider with DataFusion sessions and SQL.

mod aggregate_filters;
mod async_functions;
mod changes;
mod contract;
mod contract_nested;
mod create_table;
mod filters;
mod input_values;
mod inserts;
mod lookups;
mod lossy_casts;
mod memory_table;
mod metadata;
mod nested_joins;
mod oracle;
mod planner_keys;
mod query_schema;
mod random_arrays;
mod random_sql;
mod random_tables;
mod repeated_plans;
mod scans;
mod serializable;
mod sql_types;
mod sql_words;
mod streams;
mod support;
mod tables;
mod unique_keys;
