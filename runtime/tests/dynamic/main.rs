//! Dynamic tables through DataFusion: real sessions, real SQL.

mod access;
mod contract;
mod filters;
mod sessions;
mod statements;
mod streams;
mod support;
