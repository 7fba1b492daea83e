// SPDX-License-Identifier: Apache-2.0

//! Folders of definitions and data files, read through [`register_folder`].
//!
//! [`register_folder`]: kalamtable_files::register_folder

mod bad_files;
mod folders;
mod formats;
mod int96;
mod scans;
mod spellings;
mod support;
mod values;
