// SPDX-License-Identifier: Apache-2.0

//! [`VersionedDefinition`]: a definition with the earlier versions of its table.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, Float32Type, Float64Type, Int64Type};
use kalamtable_model::{Column, ColumnDefault, Literal, Shared, TableDefinition};
use kalamtable_rows::initial_value;

/// The current and the earlier definitions of a table, under which files may have been written.
///
/// A definition without earlier versions converts to this type, and so does a reference to one.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionedDefinition {
    /// The current definition.
    pub current: TableDefinition,
    /// The earlier versions in any order. Versions that are not earlier than `current` are
    /// ignored.
    pub earlier: Vec<TableDefinition>,
}

impl From<TableDefinition> for VersionedDefinition {
    fn from(current: TableDefinition) -> Self {
        VersionedDefinition {
            current,
            earlier: Vec::new(),
        }
    }
}

impl From<&TableDefinition> for VersionedDefinition {
    fn from(current: &TableDefinition) -> Self {
        VersionedDefinition::from(current.clone())
    }
}

/// The versions of a table as the readers of files use them.
#[derive(Clone, Debug)]
pub(crate) struct FileVersions {
    /// The current definition. The default of each column is its initial default, the value of rows
    /// that were written without the column.
    pub(crate) current: Arc<TableDefinition>,
    /// The earlier versions, latest first.
    pub(crate) earlier: Vec<TableDefinition>,
    /// The positions in `current` of columns by their earlier names and sources, without names that
    /// several columns had or that a current column has.
    earlier_names: HashMap<String, usize>,
}

impl FileVersions {
    pub(crate) fn new(versions: VersionedDefinition) -> Self {
        let VersionedDefinition {
            current,
            mut earlier,
        } = versions;
        earlier.retain(|version| version.version() < current.version());
        earlier.sort_by_key(|version| std::cmp::Reverse(version.version()));
        FileVersions {
            earlier_names: earlier_names(&current, &earlier),
            current: Arc::new(with_initial_defaults(&current, &earlier)),
            earlier,
        }
    }

    /// Returns the column that a text file has under `name`, and its position: the column with this
    /// name or source, or otherwise the only column that had the name or the source in an earlier
    /// version. Returns `None` if there is no such column.
    pub(crate) fn text_column(&self, name: &str) -> Option<(usize, &Column)> {
        self.current.file_column(name).or_else(|| {
            let position = *self.earlier_names.get(name)?;
            Some((position, &self.current.columns()[position]))
        })
    }

    /// Returns the versions, latest first.
    pub(crate) fn latest_first(&self) -> impl Iterator<Item = &TableDefinition> {
        [&*self.current].into_iter().chain(&self.earlier)
    }
}

fn earlier_names(current: &TableDefinition, earlier: &[TableDefinition]) -> HashMap<String, usize> {
    let mut ids: HashMap<&str, Option<i32>> = HashMap::new();
    for column in earlier.iter().flat_map(TableDefinition::columns) {
        for name in [Some(&*column.name), column.source.as_deref()] {
            let Some(name) = name.filter(|name| current.file_column(name).is_none()) else {
                continue;
            };
            let id = ids.entry(name).or_insert(Some(column.id));
            if *id != Some(column.id) {
                *id = None;
            }
        }
    }
    let positions = ids.into_iter().filter_map(|(name, id)| {
        let mut columns = current.columns().iter();
        let position = columns.position(|column| Some(column.id) == id)?;
        Some((name.to_string(), position))
    });
    positions.collect()
}

/// Returns the definition with the initial default of each column as its default.
fn with_initial_defaults(
    current: &TableDefinition,
    earlier: &[TableDefinition],
) -> TableDefinition {
    if earlier.is_empty() {
        return current.clone();
    }
    let versions: Vec<&TableDefinition> = earlier.iter().chain([current]).collect();
    let mut parts = current.parts().clone();
    let columns = parts.columns.iter().map(|column| {
        let mut column = column.clone();
        // Any version is later than 0: a column that is missing in a file was probably added after
        // the file was written. An error means that the column has no value in such rows.
        let value = initial_value(&versions, 0, &column, &column.ty.query_type());
        let literal = value.ok().and_then(|value| literal_of(&value));
        column.default = literal.map(ColumnDefault::Literal);
        column
    });
    parts.columns = Shared::from(columns.collect::<Vec<_>>());
    // The literals have the types of their columns.
    TableDefinition::from_checked(parts)
}

/// Returns the first value of `array` as a literal in the representation of its type, or `None` if
/// the value is null.
fn literal_of(array: &ArrayRef) -> Option<Literal> {
    if array.is_null(0) {
        return None;
    }
    Some(match array.data_type() {
        DataType::Boolean => Literal::Boolean(array.as_boolean().value(0)),
        DataType::Float32 => Literal::Float(array.as_primitive::<Float32Type>().value(0).into()),
        DataType::Float64 => Literal::Float(array.as_primitive::<Float64Type>().value(0)),
        DataType::Decimal128(..) => {
            Literal::Integer(array.as_primitive::<Decimal128Type>().value(0))
        }
        DataType::Utf8 => Literal::Text(Shared::from(array.as_string::<i32>().value(0))),
        DataType::FixedSizeBinary(_) => {
            let bytes = array.as_fixed_size_binary().value(0);
            Literal::Bytes(bytes.to_vec().into())
        }
        DataType::UInt64 => {
            let wide = cast(array, &DataType::Decimal128(20, 0)).ok()?;
            Literal::Integer(wide.as_primitive::<Decimal128Type>().value(0))
        }
        _ => {
            let wide = cast(array, &DataType::Int64).ok()?;
            Literal::Integer(wide.as_primitive_opt::<Int64Type>()?.value(0).into())
        }
    })
}
