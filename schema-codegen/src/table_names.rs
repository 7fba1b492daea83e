// SPDX-License-Identifier: Apache-2.0

//! [`TableNames`]: every name in the module of a generated table, derived once from its definition.

use std::collections::BTreeMap;

use kalamtable_model::rust_names::{generated_types, snake_case, variant_names, view_name};
use kalamtable_model::{
    ColumnType, NestedField, Shared, TableDefinition, VariantNames, backticked_list,
};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::docs::column_docs;
use crate::field_types::{chosen_type, column_field_type, nested_field_type};
use crate::fields::{ColumnField, FieldRepresentation, GenericParameters, RowAccess, RowFields};
use crate::names::ident;
use crate::options::CodegenOptions;

/// A table whose row type is generated, with the names of everything in its module.
pub(crate) struct TableNames {
    /// The module of the table's namespace.
    pub(crate) namespace: Ident,
    /// The module of the table.
    pub(crate) table: Ident,
    /// The constants for the indices of the columns.
    pub(crate) constants: Vec<Ident>,
    /// The row type.
    pub(crate) fields: RowFields,
    /// The types of its fields that are generated too, sorted by name.
    pub(crate) types: Vec<GeneratedType>,
}

/// An enum or a struct that is generated for a column.
pub(crate) enum GeneratedType {
    /// An enum of labels.
    ClosedSet(GeneratedSet),
    /// A struct inside a column.
    Struct(GeneratedStruct),
}

/// The enum for a closed set of labels.
pub(crate) struct GeneratedSet {
    pub(crate) name: Ident,
    /// The description of the columns that hold it: "column `status` of `app.jobs`".
    pub(crate) columns: String,
    pub(crate) variants: Vec<Ident>,
    pub(crate) labels: Vec<String>,
}

/// A struct inside a column.
pub(crate) struct GeneratedStruct {
    pub(crate) name: Ident,
    pub(crate) view: Ident,
    /// The description of the column that holds it: "column `address` of `app.jobs`".
    pub(crate) columns: String,
    pub(crate) members: Vec<GeneratedMember>,
}

/// A field of a [`GeneratedStruct`].
pub(crate) struct GeneratedMember {
    /// The name of the Rust field.
    pub(crate) name: Ident,
    /// The name in the definition.
    pub(crate) field: String,
    pub(crate) ty: TokenStream,
}

impl TableNames {
    pub(crate) fn new(definition: &TableDefinition, options: &CodegenOptions) -> Self {
        let columns = definition.columns();
        TableNames {
            namespace: ident(&snake_case(&definition.name().namespace)),
            table: ident(&snake_case(&definition.name().table)),
            constants: columns
                .iter()
                .map(|column| constant(&column.name))
                .collect(),
            fields: row_fields(definition, options),
            types: nested_types(definition, options),
        }
    }
}

/// Returns the name of the constant for the index of a column.
fn constant(column: &str) -> Ident {
    ident(&snake_case(column).trim_start_matches("r#").to_uppercase())
}

fn row_fields(definition: &TableDefinition, options: &CodegenOptions) -> RowFields {
    let columns = definition.columns().iter().map(|column| ColumnField {
        name: ident(&snake_case(&column.name)),
        visibility: quote!(pub),
        ty: column_field_type(definition, column, options),
        representation: FieldRepresentation::Value,
        is_known: true,
        docs: column_docs(column, None),
    });
    RowFields {
        row: ident(definition.row()),
        parameters: GenericParameters::default(),
        visibility: quote!(pub),
        view: ident(&view_name(definition.row())),
        columns: columns.collect(),
        flattened: Vec::new(),
        skipped: Vec::new(),
        access: RowAccess::ReadWrite,
    }
}

/// Returns the types to generate for the columns. Columns that name the same enum share it.
fn nested_types(definition: &TableDefinition, options: &CodegenOptions) -> Vec<GeneratedType> {
    let no_variants = VariantNames::new();
    let mut types: BTreeMap<String, (&ColumnType, &VariantNames, Vec<&str>)> = BTreeMap::new();
    for column in definition.columns() {
        if chosen_type(definition, column, options).is_some() {
            continue;
        }
        let rust = column.rust.as_deref();
        let path = format!("{}.{}", definition.name(), column.name);
        let variants = options.variants.get(&path).unwrap_or(&no_variants);
        for (name, ty) in generated_types(definition.row(), &column.name, rust, &column.ty) {
            let (_, _, columns) = types.entry(name).or_insert((ty, variants, Vec::new()));
            columns.push(&column.name);
        }
    }
    types
        .into_iter()
        .filter_map(|(name, (ty, variants, columns))| {
            let noun = if columns.len() == 1 {
                "column"
            } else {
                "columns"
            };
            let columns = format!(
                "{noun} {} of `{}`",
                backticked_list(columns, "and"),
                definition.name()
            );
            generated_type(&name, ty, variants, columns)
        })
        .collect()
}

fn generated_type(
    name: &str,
    ty: &ColumnType,
    variants: &VariantNames,
    columns: String,
) -> Option<GeneratedType> {
    match ty {
        ColumnType::Enum(labels) => Some(GeneratedType::ClosedSet(set(
            name, labels, variants, columns,
        ))),
        ColumnType::Struct(fields) => Some(GeneratedType::Struct(strukt(name, fields, columns))),
        _ => None,
    }
}

fn set(
    name: &str,
    labels: &[Shared<str>],
    variants: &VariantNames,
    columns: String,
) -> GeneratedSet {
    GeneratedSet {
        name: ident(name),
        columns,
        variants: variant_names(labels, variants)
            .iter()
            .map(|name| ident(name))
            .collect(),
        labels: labels.iter().map(ToString::to_string).collect(),
    }
}

fn strukt(name: &str, fields: &[NestedField], columns: String) -> GeneratedStruct {
    let members = fields.iter().map(|field| GeneratedMember {
        name: ident(&snake_case(&field.name)),
        field: field.name.to_string(),
        ty: nested_field_type(name, field),
    });
    GeneratedStruct {
        name: ident(name),
        view: ident(&view_name(name)),
        columns,
        members: members.collect(),
    }
}
