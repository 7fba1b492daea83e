// SPDX-License-Identifier: Apache-2.0

//! For each file in `ui`, a neighbor in `ui_ok`: the same file with the fix that the message
//! suggests, which compiles.

#![deny(warnings)]
#![expect(dead_code, reason = "the files only have to compile")]

use std::collections::BTreeSet;
use std::path::Path;
use std::{fs, io};

#[path = "ui_ok/attributes"]
mod attributes {
    mod colon_for_equals;
    mod empty_attribute;
    mod field_key_on_the_struct;
    mod flag_with_a_value;
    mod key_in_quotes;
    mod key_with_equals;
    mod missing_attribute;
    mod missing_comma;
    mod missing_comma_after_parentheses;
    mod misspelled_attribute;
    mod name_for_rename;
    mod name_without_quotes;
    mod nullable_attribute;
    mod number_in_quotes;
    mod number_with_a_suffix;
    mod primary_key_on_a_field;
    mod repeated_attribute;
    mod skip_and_id;
    mod skipped_field_without_default;
    mod unique_on_a_field;
    mod unknown_key;
}

#[path = "ui_ok/columns"]
mod columns {
    mod name_is_empty;
    mod name_is_reserved;
    mod name_needs_quotes;
    mod name_of_the_system;
    mod name_twice;
    mod name_with_a_blank;
    mod name_with_an_umlaut;
    mod names_differ_in_case;
}

#[path = "ui_ok/defaults"]
mod defaults {
    mod bytes;
    mod call_for_a_newtype;
    mod call_for_a_number;
    mod call_without_quotes;
    mod date_for_a_timestamp;
    mod date_out_of_range;
    mod default_without_a_value;
    mod expression;
    mod float_for_a_decimal;
    mod key_column;
    mod list;
    mod malformed_date;
    mod malformed_json;
    mod none;
    mod not_a_label;
    mod number_for_a_text;
    mod out_of_range;
    mod text_for_a_newtype_of_a_number;
    mod text_for_a_number;
    mod unknown_function;
}

#[path = "ui_ok/flatten"]
mod flatten {
    mod flatten_with_a_file;
    mod id_twice;
    mod name_of_the_system;
    mod name_twice;
    mod not_a_struct;
    mod option;
    mod rename_of_the_field;
}

#[path = "ui_ok/ids"]
mod ids {
    mod id_is_reserved;
    mod id_too_large;
    mod id_twice;
    mod id_zero;
    mod nested_ids_clash;
    mod nested_ids_clash_with_a_column;
    mod nested_ids_with_a_type;
    mod nested_ids_without_nested_fields;
    mod reserved_ids_without_column_ids;
    mod some_columns_without_ids;
}

#[path = "ui_ok/schema"]
mod schema {
    mod absolute_path;
    mod broken_file;
    mod closed_set_in_a_string;
    mod field_missing;
    mod field_twice;
    mod field_without_column;
    mod id_on_a_field;
    mod key_on_the_struct;
    mod label_missing;
    mod misspelled_field;
    mod no_such_file;
    mod nullable_column_without_option;
    mod option_for_a_required_column;
    mod unit_missing;
    mod unit_of_a_text;
    mod unit_of_the_type_wrong;
    mod unit_wrong;
    mod usize;
    mod wrong_type;
}

#[path = "ui_ok/structs"]
mod structs {
    mod column_of_a_parameter;
    mod enum_as_a_row;
    mod frozen_and_generic;
    mod tuple_struct;
    mod union_as_a_row;
    mod unit_struct;
    mod view_of_a_struct_that_borrows;
}

#[path = "ui_ok/table"]
mod table {
    mod invalid_name;
    mod key_and_reason;
    mod key_column_twice;
    mod key_is_a_float;
    mod key_is_a_list;
    mod key_is_empty;
    mod key_is_nullable;
    mod key_names_a_skipped_field;
    mod key_names_no_column;
    mod key_names_the_field;
    mod no_columns;
    mod no_key;
    mod no_namespace;
    mod reason_is_empty;
    mod stream_without_a_ttl;
    mod unique_key_column_twice;
    mod unique_key_is_a_float;
    mod unique_key_is_a_list;
    mod unique_key_is_empty;
    mod unique_key_is_the_primary_key;
    mod unique_key_names_no_column;
    mod unique_key_twice;
    mod unknown_access_level;
    mod unknown_kind;
    mod version_zero;
}

#[path = "ui_ok/traits"]
mod traits {
    mod key_of_a_table_without_key;
    mod key_without_clone;
    mod reading_a_row_that_borrows;
    mod struct_without_derive;
}

#[path = "ui_ok/types"]
mod types {
    mod byte_array_of_length_zero;
    mod char;
    mod closed_set_in_a_string;
    mod decimal_of_another_size;
    mod decimal_with_too_large_a_scale;
    mod decimal_with_too_many_digits;
    mod isize_in_an_option;
    mod list_of_a_struct_without_a_type;
    mod list_without_an_id;
    mod map_with_a_list_as_key;
    mod mutable_reference;
    mod option_in_an_option;
    mod option_in_an_option_in_a_list;
    mod reference_to_a_number;
    mod reference_to_a_string;
    mod rust_type_as_column_type;
    mod set_of_texts;
    mod slice_of_texts;
    mod struct_without_a_type;
    mod text_in_an_int_column;
    mod text_in_an_rc;
    mod tuple;
    mod type_with_null;
    mod unknown_type;
    mod user_type_named_date;
    mod usize;
    mod usize_in_a_list;
    mod usize_with_a_type;
    mod value_lacks_a_label;
}

#[path = "ui_ok/units"]
mod units {
    mod bare_number_in_a_time;
    mod bare_number_in_a_timestamp;
    mod timestamp_in_a_u64;
    mod timestamp_in_an_i32;
    mod unit_in_type_and_attribute;
    mod unit_of_a_number;
    mod unit_of_a_text;
    mod unit_without_a_type;
    mod unknown_unit;
}

#[path = "ui_ok/values"]
mod values {
    mod decimal_without_digits;
    mod flatten_in_a_struct;
    mod key_on_the_field_of_a_newtype;
    mod label_empty;
    mod label_twice;
    mod newtype_of_a_usize;
    mod newtype_of_an_option;
    mod no_variants;
    mod struct_inside_itself;
    mod struct_with_a_type_parameter;
    mod table_key_on_an_enum;
    mod time_without_a_unit;
    mod transparent_of_two;
    mod tuple_of_two;
    mod union;
    mod unknown_key_on_a_variant;
    mod variant_with_a_field;
}

/// Returns the files with `extension` in the folders below `folder` of the tests, each as
/// `topic/name`.
fn files(folder: &str, extension: &str) -> io::Result<BTreeSet<String>> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut files = BTreeSet::new();
    for topic in fs::read_dir(tests.join(folder))? {
        let topic = topic?;
        for file in fs::read_dir(topic.path())? {
            let file = file?.path();
            if file.extension().is_some_and(|found| found == extension)
                && let Some(name) = file.file_stem()
            {
                let topic = topic.file_name();
                files.insert(format!("{}/{}", topic.display(), name.display()));
            }
        }
    }
    Ok(files)
}

/// Returns the modules of this file as `topic/name`.
fn modules() -> BTreeSet<String> {
    let mut topic = "";
    let mut modules = BTreeSet::new();
    for line in include_str!("neighbours.rs").lines() {
        if let Some(path) = line.strip_prefix("#[path = \"ui_ok/") {
            topic = path.trim_end_matches("\"]");
        } else if let Some(name) = line.strip_prefix("    mod ") {
            modules.insert(format!("{topic}/{}", name.trim_end_matches(';')));
        }
    }
    modules
}

/// Returns the names that are in one set only.
fn lone(one: &BTreeSet<String>, other: &BTreeSet<String>) -> Vec<String> {
    one.symmetric_difference(other).cloned().collect()
}

#[test]
fn every_mistake_has_a_message_and_a_neighbor() -> io::Result<()> {
    let mistakes = files("ui", "rs")?;
    assert!(mistakes.len() >= 50, "there are {}", mistakes.len());
    let none: [String; 0] = [];
    assert_eq!(lone(&mistakes, &files("ui", "stderr")?), none);
    assert_eq!(lone(&mistakes, &files("ui_ok", "rs")?), none);
    assert_eq!(lone(&mistakes, &modules()), none);
    Ok(())
}
