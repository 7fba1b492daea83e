// SPDX-License-Identifier: Apache-2.0

//! Locks: the text of a history, definitions that are checked against it, and damaged files.

#[path = "lock/acknowledgments.rs"]
mod acknowledgments;
#[path = "lock/base.rs"]
mod base;
#[path = "lock/comparison.rs"]
mod comparison;
#[path = "lock/coverage.rs"]
mod coverage;
#[path = "lock/damage.rs"]
mod damage;
#[path = "lock/history.rs"]
mod history;
#[path = "lock/mutations.rs"]
mod mutations;
#[path = "lock/project.rs"]
mod project;
#[path = "lock/settings.rs"]
mod settings;
#[path = "lock/tables.rs"]
mod tables;
