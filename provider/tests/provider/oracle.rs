// SPDX-License-Identifier: Apache-2.0

//! [`Oracle`]: compares the results of queries with those of DataFusion's `MemTable` over the same
//! rows, without field metadata and constraints.

use std::sync::Arc;

use arrow::array::{ArrayData, RecordBatch, make_array};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use datafusion::datasource::MemTable;
use datafusion::execution::config::SessionConfig;
use datafusion::prelude::SessionContext;
use kalamtable_provider::{RowProvider, TableSource, enable_dml};
use kalamtable_rows::Row;

use crate::support::{lines, run};

/// Two sessions with tables of the same names and rows: with providers of this crate, and with
/// `MemTable`s.
pub(crate) struct Oracle {
    pub(crate) ours: SessionContext,
    pub(crate) theirs: SessionContext,
}

impl Oracle {
    /// Creates sessions without tables. They have one partition, so that the order of the rows
    /// without `ORDER BY` is the same in both.
    pub(crate) fn new() -> Self {
        let session =
            || SessionContext::new_with_config(SessionConfig::new().with_target_partitions(1));
        let (ours, theirs) = (session(), session());
        enable_dml(&ours);
        Oracle { ours, theirs }
    }

    /// Adds a table with the rows of a typed source.
    pub(crate) fn with<R: Row>(
        self,
        name: &str,
        rows: Vec<R>,
        source: impl FnOnce(Vec<R>) -> RowProvider,
    ) -> Self {
        let batch = R::to_batch(&rows).unwrap();
        self.with_provider(name, source(rows), batch)
    }

    /// Adds a table with the rows of `batch`.
    pub(crate) fn with_provider(
        self,
        name: &str,
        provider: RowProvider,
        batch: RecordBatch,
    ) -> Self {
        self.ours.register_table(name, Arc::new(provider)).unwrap();
        register_oracle(&self.theirs, name, &batch);
        self
    }

    /// Runs `sql` in both sessions, and checks that it returns the same rows, in any order.
    pub(crate) async fn check(&self, sql: &str) -> String {
        let expected = self.expected(sql).await;
        let found = match run(&self.ours, sql).await {
            Ok(batches) => sorted(&lines(&batches)),
            Err(error) => panic!("{sql}\n{error}"),
        };
        assert_eq!(found, expected, "{sql}");
        found
    }

    /// Returns the sorted rows of the `MemTable`s.
    pub(crate) async fn expected(&self, sql: &str) -> String {
        match run(&self.theirs, sql).await {
            Ok(batches) => sorted(&lines(&batches)),
            Err(error) => panic!("the query fails on a `MemTable`: {sql}\n{error}"),
        }
    }
}

/// Registers a `MemTable` with the rows of `batch`, without metadata and constraints.
pub(crate) fn register_oracle(session: &SessionContext, name: &str, batch: &RecordBatch) {
    let batch = without_metadata(batch);
    let table = MemTable::try_new(batch.schema(), vec![vec![batch]]).unwrap();
    session.register_table(name, Arc::new(table)).unwrap();
}

/// Creates a provider over a typed source, for [`Oracle::with`].
pub(crate) fn provider<S: TableSource>(source: S) -> RowProvider {
    RowProvider::new(source)
}

pub(crate) fn sorted(text: &str) -> String {
    // A line can be empty.
    let mut lines: Vec<&str> = text.split('\n').collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// Returns the rows without the metadata of their fields, at any depth.
pub(crate) fn without_metadata(batch: &RecordBatch) -> RecordBatch {
    let schema: SchemaRef = Arc::new(Schema::new(bare_fields(batch.schema().fields())));
    let columns = batch.columns().iter().zip(schema.fields());
    let columns =
        columns.map(|(array, field)| make_array(bare_children(array.to_data(), field.data_type())));
    RecordBatch::try_new(Arc::clone(&schema), columns.collect()).unwrap()
}

/// Replaces the types of the children of nested data by those of `ty`.
fn bare_children(data: ArrayData, ty: &DataType) -> ArrayData {
    let children: Vec<&Field> = match ty {
        DataType::List(item) | DataType::FixedSizeList(item, _) | DataType::Map(item, _) => {
            vec![item]
        }
        DataType::Struct(fields) => fields.iter().map(|field| &**field).collect(),
        _ => return data,
    };
    let bare = data.child_data().iter().zip(children);
    let bare = bare.map(|(child, field)| bare_children(child.clone(), field.data_type()));
    let child_data = bare.collect();
    let builder = data
        .into_builder()
        .data_type(ty.clone())
        .child_data(child_data);
    builder.build().unwrap()
}

fn bare_fields(fields: &Fields) -> Fields {
    fields.iter().map(bare_field).collect()
}

fn bare_field(field: &FieldRef) -> FieldRef {
    let ty = match field.data_type() {
        DataType::List(item) => DataType::List(bare_field(item)),
        DataType::FixedSizeList(item, length) => DataType::FixedSizeList(bare_field(item), *length),
        DataType::Map(entries, is_sorted) => DataType::Map(bare_field(entries), *is_sorted),
        DataType::Struct(fields) => DataType::Struct(bare_fields(fields)),
        ty => ty.clone(),
    };
    Arc::new(Field::new(field.name(), ty, field.is_nullable()))
}
