// SPDX-License-Identifier: Apache-2.0

//! [`Fields`]: a struct whose fields can be columns of a table themselves, not only inside one of them.

use kalamtable_model::{Column, NestedField};

use crate::column_builder::ColumnBuilder;
use crate::column_type::{Base, HasType};
use crate::columns::Columns;
use crate::error::{RowError, ValueError};
use crate::value::{OwnedValue, Value};

/// A struct with `#[derive(KalamValue)]`: it can stand inside a column, or, with `#[kalam(flatten)]`,
/// its fields are columns of the table.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no fields that could be columns of a KalamTable table",
    label = "not a struct with columns",
    note = "write `#[derive(KalamValue)]` on a struct with named fields"
)]
pub trait Fields: Value {
    /// How many fields are columns.
    const COUNT: usize;

    /// Adds to `column` the field at `position` of `structs`.
    ///
    /// # Errors
    /// If a value does not fit; or, with [`InvalidValue::Missing`](crate::InvalidValue::Missing), if there is no
    /// such field.
    fn append_field(
        structs: &[&Self],
        position: usize,
        column: &mut ColumnBuilder,
    ) -> Result<(), ValueError>;

    /// The same where some structs are absent: their fields are null.
    ///
    /// # Errors
    /// As [`append_field`](Self::append_field).
    fn append_optional_field(
        structs: &[Option<&Self>],
        position: usize,
        column: &mut ColumnBuilder,
    ) -> Result<(), ValueError>;
}

/// The fields of a [`Fields`] whose ids begin above `B`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no fields that could be columns of a KalamTable table",
    label = "not a struct with columns",
    note = "write `#[derive(KalamValue)]` on a struct with named fields"
)]
pub trait FieldsAt<B: Base>: Fields + HasType {
    /// As columns of a table.
    const COLUMNS: &'static [Column];

    /// As fields inside a column.
    const FIELDS: &'static [NestedField];
}

/// A [`Fields`] that can be read from Arrow.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no fields that could be read from columns of a KalamTable table",
    label = "not a struct with columns that can be read",
    note = "write `#[derive(KalamValue)]` on a struct with named fields that borrows nothing"
)]
pub trait OwnedFields: Fields + OwnedValue {
    /// What reads the fields as columns of one batch.
    type Readers: 'static;

    /// What reads the columns of a table from the one at position `first` on.
    ///
    /// # Errors
    /// If a required column is absent, or has another type.
    fn readers(columns: &Columns<'_>, first: usize) -> Result<Self::Readers, RowError>;

    /// The struct of one row, which is in bounds.
    ///
    /// # Errors
    /// [`RowError::Value`] if a value does not fit its field.
    fn read_fields(readers: &Self::Readers, row: usize) -> Result<Self, RowError>;

    /// A view of the struct of one row, which is in bounds.
    ///
    /// # Errors
    /// [`RowError::Value`] if a value does not fit its field.
    fn view_fields(readers: &Self::Readers, row: usize) -> Result<Self::View<'_>, RowError>;
}
