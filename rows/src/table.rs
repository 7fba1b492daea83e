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
    /// The Arrow schema with all metadata, for files, IPC and clients. Built on first use.
    pub schema: &'static LazyLock<SchemaRef>,
    /// The Arrow schema for DataFusion, which has no metadata but extension types. Built on first
    /// use.
    pub query_schema: &'static LazyLock<SchemaRef>,
}

impl Table {
    /// Returns the Arrow schema with all metadata, which is built on first use.
    pub fn schema(&self) -> &'static SchemaRef {
        self.schema
    }

    /// Returns the Arrow schema for DataFusion, which is built on first use.
    pub fn query_schema(&self) -> &'static SchemaRef {
        self.query_schema
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

    /// Builds the query schema. The initializer of a generated `QUERY_SCHEMA` calls it.
    #[doc(hidden)]
    pub fn new_query_schema(definition: &TableDefinition) -> SchemaRef {
        Arc::new(definition.query_schema())
    }
}
