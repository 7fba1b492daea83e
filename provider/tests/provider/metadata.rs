// SPDX-License-Identifier: Apache-2.0

//! The metadata tables of `kalamtable_provider::metadata`.

use std::any::Any;
use std::sync::{Arc, Mutex};

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{
    CatalogProvider, MemoryCatalogProvider, MemorySchemaProvider, SchemaProvider, Session,
    TableProvider,
};
use datafusion::common::{TableReference, exec_err};
use datafusion::datasource::{MemTable, TableType};
use datafusion::error::Result;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::{SessionConfig, SessionContext};
use kalamtable_model::TableDefinition;
use kalamtable_provider::{metadata, register};
use kalamtable_rows::{KalamTable, KalamValue};

use crate::support::{answer, definition, empty, error, metrics, run, scan_line};
use crate::tables::Required;

#[derive(Clone, Copy, Debug, PartialEq, KalamValue)]
#[kalam(crate = kalamtable_rows)]
enum Level {
    Info,
    #[kalam(rename = "it's bad")]
    Bad,
}

/// An event and its time.
#[derive(Clone, Debug, KalamTable)]
#[kalam(table = "app.events", primary_key(region, id), version = 2, crate = kalamtable_rows)]
struct Event {
    id: i64,
    region: String,
    #[kalam(default = "info")]
    level: Level,
    /// In one line.
    title: Option<String>,
    #[kalam(rename = "when", type = "timestamp", unit = "ms", default = "now()")]
    at: i64,
}

/// A provider of another crate that has a definition.
#[derive(Debug)]
struct Dynamic {
    definition: TableDefinition,
    table: MemTable,
}

impl Dynamic {
    fn new(text: &str) -> Self {
        let definition = definition(text);
        let schema = Arc::new(definition.arrow_schema());
        Dynamic {
            definition,
            table: MemTable::try_new(schema, vec![vec![]]).unwrap(),
        }
    }
}

#[async_trait]
impl TableProvider for Dynamic {
    fn schema(&self) -> SchemaRef {
        self.table.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.table.scan(state, projection, filters, limit).await
    }
}

fn find(provider: &dyn TableProvider) -> Option<&TableDefinition> {
    match (provider as &dyn Any).downcast_ref::<Dynamic>() {
        Some(table) => Some(&table.definition),
        None => metadata::definition_of(provider),
    }
}

const DYNAMIC: &str = r#"
name = "shop.Orders"
comment = "Made while the server runs"
primary_key = ["day", "number"]
unique = [["state", "number"]]
[columns]
number = { id = 7, type = "uint" }
day    = { id = 3, type = "date" }
price  = { id = 9, type = "decimal(10, 2)", default = "1.50", comment = "With \"tax\"" }
state  = { id = 4, type = "enum('new', 'it''s paid')", nullable = true, default = "it's paid" }
lines  = { id = 5, type = "list<#6 text null>" }
spent  = { id = 8, type = "interval", nullable = true }
"#;

/// Returns a session with the metadata tables, a compiled table, a table that was created at run
/// time and is registered under another name in another catalog, and a table without a definition.
fn described() -> SessionContext {
    let ctx = SessionContext::new_with_config(SessionConfig::new().with_information_schema(true));
    metadata::register_with(&ctx, find).unwrap();
    register(&ctx, empty::<Event>()).unwrap();
    let other = MemTable::try_new(empty::<Event>().schema(), vec![vec![]]).unwrap();
    ctx.register_table("app.other", Arc::new(other)).unwrap();
    let catalog = Arc::new(MemoryCatalogProvider::new());
    let schema = Arc::new(MemorySchemaProvider::new());
    catalog.register_schema("Sales", schema).unwrap();
    ctx.register_catalog("second", catalog);
    ctx.register_table(
        TableReference::full("second", "Sales", "say \"Orders\""),
        Arc::new(Dynamic::new(DYNAMIC)),
    )
    .unwrap();
    ctx
}

#[tokio::test]
async fn tables_lists_definitions_of_every_catalog() {
    let ctx = described();
    let sql = "SELECT table_catalog, table_schema, table_name, table_type, definition_name, kind, \
               version, comment FROM kalamtable.tables";
    assert_eq!(
        answer(&ctx, sql).await,
        "datafusion app events BASE TABLE app.events shared 2 An event and its time.\n\
         datafusion kalamtable columns VIEW kalamtable.columns view 1 A column of a table that has a definition.\n\
         datafusion kalamtable key_column_usage VIEW kalamtable.key_column_usage view 1 A column of a key.\n\
         datafusion kalamtable table_constraints VIEW kalamtable.table_constraints view 1 A key of a table, or the closed set of a column.\n\
         datafusion kalamtable table_errors VIEW kalamtable.table_errors view 1 A table that its catalog cannot open. The other metadata tables have no rows for it.\n\
         datafusion kalamtable tables VIEW kalamtable.tables view 1 A table that has a definition.\n\
         second Sales say \"Orders\" BASE TABLE shop.Orders shared 1 Made while the server runs"
    );
    let sql = "SELECT fingerprint FROM kalamtable.tables WHERE table_name = 'events'";
    assert_eq!(
        answer(&ctx, sql).await,
        empty::<Event>().definition().fingerprint().to_string()
    );
}

#[tokio::test]
async fn foreign_provider_without_find_is_omitted() {
    let ctx = SessionContext::new();
    metadata::register(&ctx).unwrap();
    ctx.register_table("orders", Arc::new(Dynamic::new(DYNAMIC)))
        .unwrap();
    register(&ctx, empty::<Event>()).unwrap();
    let sql = "SELECT table_name FROM kalamtable.tables WHERE table_schema <> 'kalamtable'";
    assert_eq!(answer(&ctx, sql).await, "events");
}

#[tokio::test]
async fn columns_of_a_compiled_table() {
    let ctx = described();
    let sql = "SELECT column_name, ordinal_position, column_default, is_nullable, data_type, \
               arrow_type, numeric_precision, numeric_precision_radix, numeric_scale, \
               datetime_precision, allowed_values, column_id, comment \
               FROM kalamtable.columns WHERE table_name = 'events'";
    assert_eq!(
        answer(&ctx, sql).await,
        "id 1 NULL NO bigint Int64 64 2 0 NULL NULL 1 NULL\n\
         region 2 NULL NO text Utf8 NULL NULL NULL NULL NULL 2 NULL\n\
         level 3 'info' NO enum('info', 'it''s bad') Utf8 NULL NULL NULL NULL [info, it's bad] 3 NULL\n\
         title 4 NULL YES text Utf8 NULL NULL NULL NULL NULL 4 In one line.\n\
         when 5 CURRENT_TIMESTAMP NO timestamp Timestamp(µs) NULL NULL NULL 6 NULL 5 NULL"
    );
}

#[tokio::test]
async fn columns_of_a_table_created_at_run_time() {
    let ctx = described();
    let sql = "SELECT column_name, ordinal_position, column_default, is_nullable, data_type, \
               numeric_precision, numeric_precision_radix, numeric_scale, datetime_precision, \
               allowed_values, column_id, comment \
               FROM kalamtable.columns WHERE table_catalog = 'second' AND table_schema = 'Sales' \
               AND table_name = 'say \"Orders\"'";
    assert_eq!(
        answer(&ctx, sql).await,
        "number 1 NULL NO uint 32 2 0 NULL NULL 7 NULL\n\
         day 2 NULL NO date NULL NULL NULL 0 NULL 3 NULL\n\
         price 3 1.50 NO decimal(10, 2) 10 10 2 NULL NULL 9 With \"tax\"\n\
         state 4 'it''s paid' YES enum('new', 'it''s paid') NULL NULL NULL NULL [new, it's paid] 4 NULL\n\
         lines 5 NULL NO list<#6 text null> NULL NULL NULL NULL NULL 5 NULL\n\
         spent 6 NULL YES interval NULL NULL NULL 9 NULL 8 NULL"
    );
}

#[tokio::test]
async fn keys_and_closed_sets_are_constraints() {
    let ctx = described();
    let sql = "SELECT constraint_catalog, constraint_schema, constraint_name, table_name, \
               constraint_type FROM kalamtable.table_constraints \
               WHERE table_schema IN ('app', 'Sales')";
    assert_eq!(
        answer(&ctx, sql).await,
        "datafusion app events_level_check events CHECK\n\
         datafusion app events_pkey events PRIMARY KEY\n\
         second Sales Orders_pkey say \"Orders\" PRIMARY KEY\n\
         second Sales Orders_state_check say \"Orders\" CHECK\n\
         second Sales Orders_state_number_key say \"Orders\" UNIQUE"
    );
    let sql = "SELECT constraint_name, column_name, ordinal_position \
               FROM kalamtable.key_column_usage WHERE table_schema IN ('app', 'Sales')";
    assert_eq!(
        answer(&ctx, sql).await,
        "events_pkey region 1\nevents_pkey id 2\nOrders_pkey day 1\nOrders_pkey number 2\n\
         Orders_state_number_key state 1\nOrders_state_number_key number 2"
    );
}

#[tokio::test]
async fn metadata_tables_can_be_joined() {
    let ctx = described();
    let sql = "SELECT c.table_name, k.ordinal_position, c.column_name, c.data_type \
               FROM kalamtable.table_constraints t \
               JOIN kalamtable.key_column_usage k \
                 USING (table_catalog, table_schema, table_name, constraint_name) \
               JOIN kalamtable.columns c \
                 USING (table_catalog, table_schema, table_name, column_name) \
               WHERE t.constraint_type = 'PRIMARY KEY' AND c.table_schema <> 'kalamtable' \
               ORDER BY c.table_name, k.ordinal_position";
    assert_eq!(
        answer(&ctx, sql).await,
        "events 1 region text\nevents 2 id bigint\n\
         say \"Orders\" 1 day date\nsay \"Orders\" 2 number uint"
    );
    // `information_schema` has the same names of tables, columns and Arrow types.
    let sql = "SELECT count(*) FROM kalamtable.columns ours \
               JOIN information_schema.columns theirs \
                 ON ours.table_catalog = theirs.table_catalog \
                 AND ours.table_schema = theirs.table_schema \
                 AND ours.table_name = theirs.table_name \
                 AND ours.column_name = theirs.column_name \
                 AND ours.arrow_type = theirs.data_type \
                 AND ours.is_nullable = theirs.is_nullable \
               WHERE ours.table_schema = 'app'";
    assert_eq!(answer(&ctx, sql).await, "5");
}

/// Records what `information_schema` lacks: the reason for separate metadata tables.
#[tokio::test]
async fn information_schema_lacks_definitions() {
    let ctx = described();
    let sql = "SELECT column_name, ordinal_position, column_default, is_nullable, data_type \
               FROM information_schema.columns \
               WHERE table_schema = 'app' AND table_name = 'events'";
    assert_eq!(
        answer(&ctx, sql).await,
        "id 0 NULL NO Int64\n\
         region 1 NULL NO Utf8\n\
         level 2 NULL NO Utf8\n\
         title 3 NULL YES Utf8\n\
         when 4 NULL NO Timestamp(µs)"
    );
    let sql =
        "SELECT table_type FROM information_schema.tables WHERE table_name = 'key_column_usage'";
    assert_eq!(answer(&ctx, sql).await, "VIEW");
    // Tables cannot be added to it.
    let taken = ctx.register_table("information_schema.more", Arc::new(empty::<Event>()));
    assert!(taken.is_err());
}

#[tokio::test]
async fn metadata_supports_filter_limit_and_key_order() {
    let ctx = described();
    let sql = "SELECT column_name FROM kalamtable.columns WHERE table_catalog = 'datafusion' \
               AND table_schema = 'app' AND table_name = 'events' AND is_nullable = 'YES'";
    let (found, metrics) = metrics(&ctx, sql).await;
    assert_eq!(found, "title");
    assert_eq!((metrics["rows_read"], metrics["lookups"]), (5, 1));
    let line = scan_line(
        &ctx,
        "SELECT column_name FROM kalamtable.columns \
         ORDER BY table_catalog, table_schema, table_name, ordinal_position LIMIT 2",
    )
    .await;
    assert!(line.ends_with("limit=2"), "{line}");
    let everything = run(&ctx, "SELECT * FROM kalamtable.columns").await.unwrap();
    let count = everything
        .iter()
        .map(|batch| batch.num_rows())
        .sum::<usize>();
    let sql = "SELECT count(*) FROM kalamtable.columns";
    assert_eq!(answer(&ctx, sql).await, count.to_string());
}

/// A schema that records which tables are opened, and cannot open the table `broken`.
#[derive(Debug, Default)]
struct Recording {
    tables: MemorySchemaProvider,
    opened: Mutex<Vec<String>>,
}

#[async_trait]
impl SchemaProvider for Recording {
    fn table_names(&self) -> Vec<String> {
        let mut names = self.tables.table_names();
        names.push("broken".to_string());
        names
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        self.opened.lock().unwrap().push(name.to_string());
        if name == "broken" {
            return exec_err!("its file is corrupt");
        }
        self.tables.table(name).await
    }

    fn table_exist(&self, name: &str) -> bool {
        name == "broken" || self.tables.table_exist(name)
    }
}

/// Returns a session with the schemas `one` and `two`, and their recordings.
fn recorded() -> (SessionContext, [Arc<Recording>; 2]) {
    let ctx = SessionContext::new();
    metadata::register(&ctx).unwrap();
    let catalog = ctx.catalog("datafusion").unwrap();
    let schemas = ["one", "two"].map(|name| {
        let schema = Arc::new(Recording::default());
        for table in ["events", "others"] {
            let provider = Arc::new(empty::<Event>());
            schema
                .tables
                .register_table(table.to_string(), provider)
                .unwrap();
        }
        catalog
            .register_schema(name, Arc::clone(&schema) as _)
            .unwrap();
        schema
    });
    (ctx, schemas)
}

#[tokio::test]
async fn table_that_cannot_be_opened_does_not_hide_the_others() {
    let (ctx, _) = recorded();
    let sql =
        "SELECT table_schema, table_name FROM kalamtable.tables WHERE table_schema <> 'kalamtable'";
    assert_eq!(
        answer(&ctx, sql).await,
        "one events\none others\ntwo events\ntwo others"
    );
    for table in ["columns", "table_constraints", "key_column_usage"] {
        let sql = format!(
            "SELECT count(DISTINCT table_schema) FROM kalamtable.{table} WHERE table_schema <> 'kalamtable'"
        );
        assert_eq!(answer(&ctx, &sql).await, "2");
    }
    let sql = "SELECT table_schema, table_name, error FROM kalamtable.table_errors";
    assert_eq!(
        answer(&ctx, sql).await,
        "one broken Execution error: its file is corrupt\n\
         two broken Execution error: its file is corrupt"
    );
    // A query for the table by name fails.
    let sql = "SELECT column_name FROM kalamtable.columns WHERE table_name = 'broken'";
    let refused = error(&ctx, sql).await;
    assert!(
        refused.contains("table `datafusion.one.broken` cannot be opened"),
        "{refused}"
    );
    assert!(refused.contains("its file is corrupt"), "{refused}");
}

#[tokio::test]
async fn conditions_on_names_restrict_the_opened_tables() {
    let (ctx, [one, two]) = recorded();
    let opened = |schema: &Recording| std::mem::take(&mut *schema.opened.lock().unwrap());
    let cases: [(&str, &[&str], &[&str]); 5] = [
        ("table_name = 'events'", &["events"], &["events"]),
        (
            "table_name = 'events' AND table_schema = 'one'",
            &["events"],
            &[],
        ),
        (
            "table_name IN ('others', 'absent') AND ordinal_position = 1",
            &["others"],
            &["others"],
        ),
        (
            "table_schema = 'two' AND table_name LIKE 'e%'",
            &[],
            &["broken", "events", "others"],
        ),
        ("table_catalog = 'absent'", &[], &[]),
    ];
    for (condition, of_one, of_two) in cases {
        let sql = format!("SELECT column_name FROM kalamtable.columns WHERE {condition}");
        run(&ctx, &sql).await.unwrap();
        assert_eq!(opened(&one), of_one, "{condition}");
        assert_eq!(opened(&two), of_two, "{condition}");
    }
    let sql = "SELECT column_name FROM kalamtable.key_column_usage WHERE constraint_schema = 'one'";
    run(&ctx, sql).await.unwrap();
    assert_eq!((opened(&one).len(), opened(&two).len()), (3, 0));
}

#[tokio::test]
async fn each_query_sees_the_current_tables() {
    let ctx = SessionContext::new();
    metadata::register(&ctx).unwrap();
    let sql = "SELECT table_name FROM kalamtable.tables WHERE table_schema = 'app'";
    assert_eq!(answer(&ctx, sql).await, "");
    register(&ctx, empty::<Event>()).unwrap();
    register(&ctx, empty::<Required>()).unwrap();
    assert_eq!(answer(&ctx, sql).await, "events\nrequired");
    ctx.deregister_table("app.events").unwrap();
    assert_eq!(answer(&ctx, sql).await, "required");
}

#[tokio::test]
async fn metadata_does_not_keep_the_session_alive() {
    let ctx = described();
    assert_ne!(answer(&ctx, "SELECT * FROM kalamtable.columns").await, "");
    let catalogs = Arc::downgrade(ctx.state().catalog_list());
    drop(ctx);
    assert!(catalogs.upgrade().is_none());
}

#[tokio::test]
async fn registering_metadata_twice_fails() {
    let ctx = SessionContext::new();
    metadata::register(&ctx).unwrap();
    let again = metadata::register(&ctx).unwrap_err().to_string();
    assert!(
        again.contains("table `kalamtable.tables` exists already"),
        "{again}"
    );
}
