// SPDX-License-Identifier: Apache-2.0

//! Every path on which data enters a table as Arrow arrays rejects the same values: data files,
//! `INSERT` into a dynamic table, and tables over record batches. Rows of a typed table are checked
//! by their Rust types, except JSON that a `String` holds, and times.

use std::error::Error;
use std::fs::File;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, Decimal128Array, FixedSizeListArray, Int64Array, ListArray, MapArray, RecordBatch,
    StringArray, StructArray, Time64MicrosecondArray,
};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::compute::take_record_batch;
use datafusion::arrow::datatypes::{DataType, Field, Float32Type, Schema};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::prelude::{SessionConfig, SessionContext};
use kalamtable::model::{SourceFile, Sources, TableDefinition, parse_and_check};
use kalamtable::registry::{RegistryOptions, SchemaRegistry};
use kalamtable::store::MemoryStore;
use kalamtable::{
    Actor, DynamicTables, KalamTable, MemoryStorage, MemoryTable, Role, RowProvider, UserId,
    enable_dml,
};
use kalamtable_files::register_folder;

/// A column type, a column of two rows, and the error for the second row.
type Case = (&'static str, ArrayRef, &'static str);

fn texts(second: Option<&str>) -> ArrayRef {
    Arc::new(StringArray::from(vec![Some("1"), second]))
}

/// Lists of one text.
fn lists(second: Option<&str>) -> ArrayRef {
    let item = Arc::new(Field::new("item", DataType::Utf8, true));
    let offsets = OffsetBuffer::from_lengths([1, 1]);
    Arc::new(ListArray::new(item, offsets, texts(second), None))
}

fn structs(second: Option<&str>) -> ArrayRef {
    let field = Arc::new(Field::new("name", DataType::Utf8, true));
    Arc::new(StructArray::from(vec![(field, texts(second))]))
}

/// Maps with one entry in the first row and two in the second.
fn maps(keys: [&str; 3], last_value: &str) -> ArrayRef {
    let keys: ArrayRef = Arc::new(StringArray::from(keys.to_vec()));
    let values: ArrayRef = Arc::new(StringArray::from(vec!["1", "2", last_value]));
    let entries = StructArray::from(vec![
        (Arc::new(Field::new("key", DataType::Utf8, false)), keys),
        (Arc::new(Field::new("value", DataType::Utf8, true)), values),
    ]);
    let fields = DataType::Struct(entries.fields().clone());
    let field = Arc::new(Field::new("entries", fields, false));
    let offsets = OffsetBuffer::from_lengths([1, 2]);
    Arc::new(MapArray::new(field, offsets, entries, None, false))
}

fn decimals(second: i128) -> ArrayRef {
    let array = Decimal128Array::from(vec![1, second]);
    Arc::new(array.with_data_type(DataType::Decimal128(4, 1)))
}

fn times(second: i64) -> ArrayRef {
    Arc::new(Time64MicrosecondArray::from(vec![0, second]))
}

fn embeddings(second: Option<f32>) -> ArrayRef {
    let values = [Some(vec![Some(1.0)]), Some(vec![second])];
    Arc::new(FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(values, 1))
}

fn cases() -> Vec<Case> {
    vec![
        ("text", texts(None), "null"),
        ("enum('1', '2')", texts(Some("3")), "`3` is n"),
        (
            "json",
            texts(Some("{a: 1}")),
            "is not valid JSON: key must be a string",
        ),
        (
            "file",
            texts(Some("1 2")),
            "is not valid JSON: trailing characters",
        ),
        ("decimal(4, 1)", decimals(10_000), "out of"),
        ("time", times(86_400_000_000), "microseconds after midnight"),
        ("time", times(-1), "microseconds after midnight"),
        ("embedding(1)", embeddings(None), "$[0]"),
        ("list<#3 text>", lists(None), "$[0]"),
        ("list<#3 enum('1', '2')>", lists(Some("3")), "$[0]"),
        ("list<#3 json>", lists(Some("{")), "$[0]"),
        ("struct<#3 name: text>", structs(None), "$.name"),
        ("struct<#3 name: json>", structs(Some("{")), "$.name"),
        ("map<#3 text, #4 text>", maps(["a", "b", "b"], "2"), "$[1]"),
        ("map<#3 text, #4 json>", maps(["a", "b", "c"], "{"), "$[1]"),
        (
            "map<#3 enum('a', 'b'), #4 text>",
            maps(["a", "b", "c"], "2"),
            "$[1].key",
        ),
    ]
}

fn definition(ty: &str) -> TableDefinition {
    let text = format!(
        "name = \"app.values\"\nprimary_key = [\"id\"]\n[columns]\n\
         id = {{ id = 1, type = \"bigint\" }}\nvalue = {{ id = 2, type = \"{ty}\" }}\n"
    );
    let mut sources = Sources::new();
    let file = sources.push(SourceFile::new("values.toml", text));
    parse_and_check(&sources, file).unwrap().definition
}

fn batch(values: &ArrayRef) -> RecordBatch {
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let fields = vec![
        Field::new("id", DataType::Int64, false),
        Field::new("value", values.data_type().clone(), true),
    ];
    let columns = vec![ids, Arc::clone(values)];
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

/// The error of a query over a Parquet file with the batch.
async fn data_file(definition: &TableDefinition, batch: &RecordBatch) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = File::create(folder.path().join("values.parquet")).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    let context = SessionContext::new();
    let definitions = std::slice::from_ref(definition);
    if let Err(error) = register_folder(&context, definitions, Some(folder.path())) {
        return Some(error.to_string());
    }
    let query = context.sql("SELECT * FROM app.values").await.unwrap();
    query.collect().await.err().map(|error| error.to_string())
}

/// The error of an `INSERT` of the batch into a dynamic table.
async fn dynamic_insert(definition: &TableDefinition, batch: &RecordBatch) -> Option<String> {
    let store = Arc::new(MemoryStore::new());
    let registry = SchemaRegistry::open(store, RegistryOptions::default())
        .await
        .unwrap();
    let table = registry.create(definition.clone()).await.unwrap();
    let tables = DynamicTables::new(registry, Arc::new(MemoryStorage::new()));
    let actor = Actor::new(UserId::new("root").unwrap(), Role::System);
    let config = SessionConfig::new().with_extension(Arc::new(actor));
    let context = SessionContext::new_with_config(config);
    enable_dml(&context);
    let provider = tables.provider(&table).unwrap();
    context.register_table("target", provider).unwrap();
    insert(&context, batch).await
}

/// The error of `INSERT INTO target` with the rows of the batch.
async fn insert(context: &SessionContext, batch: &RecordBatch) -> Option<String> {
    context.deregister_table("source").unwrap();
    context.register_batch("source", batch.clone()).unwrap();
    let sql = "INSERT INTO target (id, value) SELECT id, value FROM source";
    match context.sql(sql).await {
        Ok(statement) => statement
            .collect()
            .await
            .err()
            .map(|error| error.to_string()),
        Err(error) => Some(error.to_string()),
    }
}

#[tokio::test]
async fn every_input_path_rejects_the_same_values() {
    for (ty, values, expected) in cases() {
        let (definition, batch) = (definition(ty), batch(&values));
        let batches = RowProvider::from_batches(definition.clone(), std::slice::from_ref(&batch));
        let errors = [
            ("data file", data_file(&definition, &batch).await, 2),
            (
                "dynamic table",
                dynamic_insert(&definition, &batch).await,
                1,
            ),
            (
                "record batches",
                batches.err().map(|error| error.to_string()),
                1,
            ),
        ];
        for (path, error, row) in errors {
            let error = error.unwrap_or_else(|| panic!("{path} accepts an invalid `{ty}`"));
            assert!(error.contains(expected), "{path}, `{ty}`: {error}");
            // The statistics of a Parquet file count nulls per row group.
            let names_row = error.contains(&format!("row {row}"))
                || (path == "data file" && error.contains("1 of the 2 rows of row group 0"));
            assert!(names_row, "{path}, `{ty}`: {error}");
            assert!(error.contains("column `value`"), "{path}, `{ty}`: {error}");
        }

        // The first row alone is valid. It is copied, because Arrow's cast also checks the elements
        // outside of a slice.
        let valid = take_record_batch(&batch, &Int64Array::from(vec![0])).unwrap();
        assert_eq!(data_file(&definition, &valid).await, None, "{ty}");
        let inserted = dynamic_insert(&definition, &valid).await;
        assert_eq!(inserted, None, "{ty}");
        assert!(
            RowProvider::from_batches(definition, &[valid]).is_ok(),
            "{ty}"
        );
    }
}

#[derive(Clone, Debug, KalamTable)]
#[kalam(table = "app.values", primary_key(id))]
struct Document {
    id: i64,
    #[kalam(type = "json")]
    value: String,
}

#[tokio::test]
async fn insert_into_a_typed_table_rejects_invalid_json() -> Result<(), Box<dyn Error>> {
    let context = SessionContext::new();
    enable_dml(&context);
    let table = MemoryTable::<Document>::new();
    table.insert([Document {
        id: 9,
        value: "{}".to_string(),
    }])?;
    context.register_table("target", Arc::new(RowProvider::new(table)))?;
    let error = insert(&context, &batch(&texts(Some("{a: 1}")))).await;
    let error = error.expect("the text is not JSON");
    assert!(
        error.contains("column `value`, row 1: `{a: 1}` is not valid JSON"),
        "{error}"
    );
    assert_eq!(
        insert(&context, &batch(&texts(Some("{}"))).slice(0, 1)).await,
        None
    );
    let update = context
        .sql("UPDATE target SET value = '{' WHERE id = 9")
        .await?;
    let error = update
        .collect()
        .await
        .expect_err("the text is not JSON")
        .to_string();
    assert!(error.contains("`{` is not valid JSON"), "{error}");
    Ok(())
}
