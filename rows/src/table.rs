// SPDX-License-Identifier: Apache-2.0

//! [`Table`]: a definition that was compiled into the program.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::SchemaRef;
use kalamtable_model::TableDefinition;

/// A definition that was compiled into the program, and its schema.
#[derive(Debug)]
pub struct Table {
    /// What the table is.
    pub definition: &'static TableDefinition,
    /// Its Arrow schema, made on first use.
    pub schema: &'static LazyLock<SchemaRef>,
}

impl Table {
    /// Its Arrow schema, made on first use.
    pub fn schema(&self) -> &'static SchemaRef {
        self.schema
    }

    /// The position of a column by name, in the order of `SELECT *`.
    pub fn position(&self, column: &str) -> Option<usize> {
        self.definition.column(column).map(|(position, _)| position)
    }

    /// For the initialiser of a generated `SCHEMA`.
    #[doc(hidden)]
    pub fn new_schema(definition: &TableDefinition) -> SchemaRef {
        Arc::new(definition.arrow_schema())
    }
}
