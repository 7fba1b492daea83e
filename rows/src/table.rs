// SPDX-License-Identifier: Apache-2.0

//! [`Table`]: a table whose definition is compiled into the program.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::SchemaRef;
use kalamtable_model::TableDefinition;

/// A table whose definition is compiled into the program.
#[derive(Debug)]
pub struct Table {
    /// The definition of the table.
    pub definition: &'static TableDefinition,
    /// The Arrow schema of the table, built on first use.
    pub schema: &'static LazyLock<SchemaRef>,
}

impl Table {
    /// Returns the Arrow schema of the table, which is built on first use.
    pub fn schema(&self) -> &'static SchemaRef {
        self.schema
    }

    /// Returns the position of the column with this name in the order of `SELECT *`, or `None` if
    /// the table has no such column.
    pub fn position(&self, column: &str) -> Option<usize> {
        self.definition.column(column).map(|(position, _)| position)
    }

    /// Builds the schema. The initializer of a generated `SCHEMA` calls it.
    #[doc(hidden)]
    pub fn new_schema(definition: &TableDefinition) -> SchemaRef {
        Arc::new(definition.arrow_schema())
    }
}
