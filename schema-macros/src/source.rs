// SPDX-License-Identifier: Apache-2.0

//! The struct as the source of its table: its fields become a raw table, which passes the same
//! checks as a table in TOML.

use kalamtable_codegen::ColumnField;
use kalamtable_model::TableDefinition;

use crate::attributes::TableAttributes;
use crate::field_checks::{
    check_called_default, check_nested_ids, check_nested_ids_range, check_row_unit,
    check_type_fits, check_value_unit, row_unit,
};
use crate::inferred::{InferredColumns, infer_columns};
use crate::mapping::MappedTable;
use crate::nested_ids::StructRole;
use crate::problems::{Problems, TokenSpans};
use crate::raw_table::raw_table;
use crate::row::RowStruct;
use crate::rust_type::unsupported;

/// Returns the table that `row` describes, or `None` after reporting problems.
pub(crate) fn table(
    row: &RowStruct,
    attributes: &TableAttributes,
    problems: &mut Problems,
) -> Option<MappedTable> {
    if let (Some(path), Some(_)) = (&attributes.freeze, row.types.first()) {
        let message = "a struct with parameters cannot be frozen: a test has no types for them";
        problems.push(&path.tokens, message, "delete `freeze`, or the parameters");
    }
    let definition = definition(row, attributes, StructRole::Row, problems)?;
    let name = definition.name().to_string();
    let InferredColumns {
        overrides,
        flattened,
        checks,
        ..
    } = infer_columns(row, &definition, &name, StructRole::Row);
    Some(MappedTable {
        columns: columns(row, &definition),
        flattened,
        overrides,
        checks,
        freeze: attributes.freeze.as_ref().map(|path| path.value.clone()),
        definition,
    })
}

/// Returns a checked definition with the fields as columns, or `None` after reporting problems.
///
/// A column whose type is inferred has the type `text` here, which passes every check. The
/// generated code contains the actual type, and the compiler checks it.
pub(crate) fn definition(
    row: &RowStruct,
    attributes: &TableAttributes,
    role: StructRole,
    problems: &mut Problems,
) -> Option<TableDefinition> {
    for nested_ids in row
        .flattened
        .iter()
        .filter_map(|field| field.nested_ids.as_ref())
    {
        check_nested_ids_range(nested_ids, problems);
    }
    let mut spans = TokenSpans::default();
    let mut raw = raw_table(row, attributes, &mut spans, problems);
    let types = kalamtable_model::column_types(&raw);
    let columns = row.fields.iter().zip(&types).zip(&mut raw.columns.value);
    for ((field, ty), raw) in columns {
        if let Some(unsupported) = unsupported(&field.ty.value) {
            problems.push(unsupported.ty, &unsupported.message(), &unsupported.help);
            continue;
        }
        if let Some(ty) = ty.as_ref().filter(|_| !field.is_inferred()) {
            raw.unit = row_unit(field, ty, &mut spans);
            if !check_type_fits(field, ty, problems) {
                continue;
            }
        }
        match role {
            StructRole::Row => check_row_unit(field, ty.as_ref(), problems),
            StructRole::Value => check_value_unit(field, ty.as_ref(), problems),
        }
        check_nested_ids(field, problems);
        check_called_default(field, problems);
    }
    match kalamtable_model::check(&raw) {
        Ok(definition) => {
            // The fields of a struct inside a column are not names in a query.
            if role == StructRole::Row {
                for warning in &kalamtable_model::warnings(&raw) {
                    spans.warn(warning, problems);
                }
            }
            Some(definition)
        }
        Err(diagnostics) => {
            for diagnostic in &diagnostics {
                spans.report(diagnostic, problems);
            }
            None
        }
    }
}

/// Converts the fields to the form that the generator takes.
pub(crate) fn columns(row: &RowStruct, definition: &TableDefinition) -> Vec<ColumnField> {
    row.fields
        .iter()
        .zip(definition.columns())
        .map(|(field, column)| field.to_column(column))
        .collect()
}
