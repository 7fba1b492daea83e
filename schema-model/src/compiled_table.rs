// SPDX-License-Identifier: Apache-2.0

//! [`CompiledTable`]: a table that is compiled into a program.

use crate::definition::TableDefinition;
use crate::table_name::TableName;

/// A table that is compiled into a program, with the names by which older data can know it.
#[derive(Clone, Copy, Debug)]
pub struct CompiledTable<'a> {
    /// The definition.
    pub definition: &'a TableDefinition,
    /// The names that the table had before it was renamed, latest first.
    pub earlier_names: &'a [TableName],
}

impl<'a> From<&'a TableDefinition> for CompiledTable<'a> {
    fn from(definition: &'a TableDefinition) -> Self {
        CompiledTable {
            definition,
            earlier_names: &[],
        }
    }
}

impl<'a> From<&CompiledTable<'a>> for CompiledTable<'a> {
    fn from(table: &CompiledTable<'a>) -> Self {
        *table
    }
}
