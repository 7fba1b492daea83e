// SPDX-License-Identifier: Apache-2.0

//! [`initial_default`]: the value of a column in rows that were written without it.

use std::borrow::Borrow;

use crate::definition::{Column, ColumnDefault, Literal, TableDefinition};
use crate::types::ColumnType;

/// The value of a column in rows that were written without the column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InitialDefault<'a> {
    /// The value, in the representation of `ty`.
    pub value: &'a Literal,
    /// The type of the column in the version that added it. It can change to the later types of the
    /// column.
    pub ty: &'a ColumnType,
}

/// Returns the value of the column with id `column_id` in rows that were written at version
/// `absent_from_version`, which does not have the column. The value is the default of the column in
/// the first later version that has the column. `history` contains versions in any order.
///
/// Returns `None`, which means null, if that version has no literal default for the column, or if
/// no later version has the column.
pub fn initial_default<T: Borrow<TableDefinition>>(
    history: &[T],
    column_id: i32,
    absent_from_version: u32,
) -> Option<InitialDefault<'_>> {
    let later = history
        .iter()
        .map(Borrow::borrow)
        .filter(|definition: &&TableDefinition| definition.version() > absent_from_version);
    let with_column = later.filter_map(|definition| {
        let mut columns = definition.columns().iter();
        let column = columns.find(|column| column.id == column_id)?;
        Some((definition.version(), column))
    });
    let (_, column) = with_column.min_by_key(|(version, _)| *version)?;
    Some(InitialDefault {
        value: default_literal(column)?,
        ty: &column.ty,
    })
}

/// Returns the default of a column, if it is the same value for every row.
pub(super) fn default_literal(column: &Column) -> Option<&Literal> {
    match column.default.as_ref()? {
        ColumnDefault::Literal(value) => Some(value),
        ColumnDefault::Call(_) => None,
    }
}
