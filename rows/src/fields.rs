// SPDX-License-Identifier: Apache-2.0

//! [`Fields`]: structs whose fields can be columns of a table, with `#[kalam(flatten)]`.

use kalamtable_model::{Column, NestedField};

use crate::column_builder::ColumnBuilder;
use crate::column_type::HasType;
use crate::columns::Columns;
use crate::error::{RowError, ValueError};
use crate::type_ids::IdBase;
use crate::value::{OwnedValue, Value};

/// A struct with `#[derive(KalamValue)]`. It is the value of one column, or, with
/// `#[kalam(flatten)]`, its fields are columns of the table.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no fields that can be columns of a KalamTable table",
    label = "not a struct with columns",
    note = "write `#[derive(KalamValue)]` on a struct with named fields"
)]
pub trait Fields: Value {
    /// The number of fields that are columns.
    const COUNT: usize;

    /// Appends the field at `position` of each struct to `column`.
    ///
    /// # Errors
    /// Fails if a value does not fit, or with
    /// [`InvalidValue::Missing`](crate::InvalidValue::Missing) if the struct has no such field.
    fn append_field(
        structs: &[&Self],
        position: usize,
        column: &mut ColumnBuilder,
    ) -> Result<(), ValueError>;

    /// Appends the field at `position` of each struct to `column`, with a null for each `None`.
    ///
    /// # Errors
    /// As [`append_field`](Self::append_field).
    fn append_optional_field(
        structs: &[Option<&Self>],
        position: usize,
        column: &mut ColumnBuilder,
    ) -> Result<(), ValueError>;
}

impl ColumnBuilder {
    /// Appends the field at `position` of the struct that each row has. Generated code calls it for
    /// flattened fields.
    ///
    /// # Errors
    /// As [`Fields::append_field`].
    pub fn append_field<'r, F: Fields + 'r, R>(
        &mut self,
        rows: &[&'r R],
        strukt: impl Fn(&'r R) -> &'r F,
        position: usize,
    ) -> Result<(), ValueError> {
        let structs: Vec<&F> = rows.iter().map(|row| strukt(row)).collect();
        F::append_field(&structs, position, self)
    }
}

/// The definitions of the fields of a [`Fields`] whose ids begin above `B`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no fields that can be columns of a KalamTable table",
    label = "not a struct with columns",
    note = "write `#[derive(KalamValue)]` on a struct with named fields"
)]
pub trait FieldsAt<B: IdBase>: Fields + HasType {
    /// The fields as columns of a table.
    const COLUMNS: &'static [Column];

    /// The fields as nested fields of a column.
    const FIELDS: &'static [NestedField];
}

/// A [`Fields`] that can be read from Arrow.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no fields that can be read from columns of a KalamTable table",
    label = "not a struct with columns that can be read",
    note = "write `#[derive(KalamValue)]` on a struct with named fields that does not borrow"
)]
pub trait OwnedFields: Fields + OwnedValue {
    /// The readers of the fields, which are columns of one batch.
    type Readers: 'static;

    /// Creates the readers of the fields. The first field is the column at position `first` of the
    /// table.
    ///
    /// # Errors
    /// Fails if a column that does not allow null is missing, or if a column has another type.
    fn readers(columns: &Columns<'_>, first: usize) -> Result<Self::Readers, RowError>;

    /// Returns the struct of one row, which is in bounds.
    ///
    /// # Errors
    /// [`RowError::Value`] if a value does not fit its field.
    fn read_fields(readers: &Self::Readers, row: usize) -> Result<Self, RowError>;

    /// Returns a view of the struct of one row, which is in bounds.
    ///
    /// # Errors
    /// [`RowError::Value`] if a value does not fit its field.
    fn view_fields(readers: &Self::Readers, row: usize) -> Result<Self::View<'_>, RowError>;
}
