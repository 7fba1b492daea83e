// SPDX-License-Identifier: Apache-2.0

//! Folders of definitions and data files, read through [`register_folder`].
//!
//! [`register_folder`]: kalamtable_files::register_folder

mod bad_files;
#[path = "../../../rows/tests/support/cells.rs"]
mod cells;
mod compression;
mod duplicate_keys;
mod folders;
mod formats;
mod golden;
mod histories;
mod int96;
mod missing_columns;
mod scans;
mod sources;
mod spellings;
mod support;
mod values;
mod version_scans;
mod versions;
