// SPDX-License-Identifier: Apache-2.0

//! [`MappedTable`]: the fields of a struct as columns of a table, in the form that the generator
//! takes.

use kalamtable_codegen::{
    ColumnField, ColumnTokens, FieldRepresentation, FlattenedField, RowAccess, RowFields, TimeType,
    column_docs,
};
use kalamtable_model::rust_names::view_name;
use kalamtable_model::{Column, ColumnType, TableDefinition};
use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;

use crate::problems::Problems;
use crate::row::{RowField, RowStruct};

/// A table whose row is the derived struct.
pub(crate) struct MappedTable {
    pub(crate) definition: TableDefinition,
    /// The fields that are one column each, in the order of the definition's columns.
    pub(crate) columns: Vec<ColumnField>,
    /// The fields that are several columns each. The definition does not contain these columns.
    pub(crate) flattened: Vec<FlattenedField>,
    /// Empty, or one element per column.
    pub(crate) overrides: Vec<ColumnTokens>,
    /// Checks by the compiler, for a scope in which `__kalam` is the runtime's `__private`.
    pub(crate) checks: TokenStream,
    /// The path of the file with which a test compares the definition.
    pub(crate) freeze: Option<String>,
}

impl RowStruct {
    /// Reports a `view` on a struct that borrows, which has no view.
    pub(crate) fn check_view(&self, view: Option<&Ident>, problems: &mut Problems) {
        if let Some(view) = view.filter(|_| self.is_borrowed()) {
            let message = format!("`{}` borrows, so it has no view", self.name);
            let help = "delete `view`, or use owned types for the fields";
            problems.push(view, &message, help);
        }
    }

    /// Converts the struct to the form that the generator takes.
    pub(crate) fn into_fields(
        self,
        view: Option<Ident>,
        columns: Vec<ColumnField>,
        flattened: Vec<FlattenedField>,
    ) -> RowFields {
        let view = view.unwrap_or_else(|| {
            let view = view_name(&self.name.unraw().to_string());
            Ident::new(&view, self.name.span())
        });
        let access = if self.is_borrowed() {
            RowAccess::WriteOnly
        } else {
            RowAccess::ReadWrite
        };
        RowFields {
            row: self.name,
            parameters: self.parameters,
            visibility: self.visibility.into_token_stream(),
            view,
            columns,
            flattened,
            skipped: self.skipped,
            access,
        }
    }
}

impl RowField {
    /// Converts the field to the form that the generator takes, as the field of `column`.
    pub(crate) fn to_column(&self, column: &Column) -> ColumnField {
        ColumnField {
            name: self.name.clone(),
            visibility: self.visibility.to_token_stream(),
            ty: self.declared.clone(),
            representation: self.representation(column),
            is_known: self.ty.known.is_some(),
            docs: column_docs(column, Some(&self.docs)),
        }
    }

    fn representation(&self, column: &Column) -> FieldRepresentation {
        match column.unit.or(column.ty.time_unit()) {
            Some(unit) if self.ty.is_units() => FieldRepresentation::Units(match column.ty {
                ColumnType::Time => TimeType::TimeOfDay(unit),
                _ => TimeType::Timestamp(unit),
            }),
            _ => FieldRepresentation::Value,
        }
    }
}
