// SPDX-License-Identifier: Apache-2.0

//! Reads and writes the system tables by SQL, as a server does.

use std::num::NonZeroU32;
use std::sync::Arc;

use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::prelude::SessionContext;
use expect_test::{Expect, expect};
use kalamtable::TimestampMillis;
use kalamtable::model::{
    SourceFile, Sources, TableDefinition, is_provided_definition, parse_and_check,
};
use kalamtable::registry::{RegistryOptions, SchemaRegistry};
use kalamtable::store::MemoryStore;
use kalamtable::system::jobs::{Job, JobStatus};
use kalamtable::system::{SystemTables, TABLES};

async fn check(ctx: &SessionContext, sql: &str, expected: Expect) {
    let frame = ctx.sql(sql).await.expect("the query can be planned");
    let batches = frame.collect().await.expect("the query runs");
    let table = pretty_format_batches(&batches).expect("batches can be shown");
    expected.assert_eq(&format!("{table}\n"));
}

#[test]
fn model_recognises_exactly_the_system_tables() {
    for table in TABLES.iter() {
        assert!(is_provided_definition(table.definition));
        let two = NonZeroU32::MIN.saturating_add(1);
        let changed = table.definition.clone().with_version(two);
        assert!(!is_provided_definition(&changed));
    }
}

fn job(id: &str, status: JobStatus) -> Job {
    Job {
        job_id: id.to_string(),
        job_type: "flush".to_string(),
        status,
        leader_status: None,
        parameters: Some("{\"table\":\"app.events\"}".to_string()),
        message: None,
        exception_trace: None,
        idempotency_key: None,
        queue: None,
        priority: Some(5),
        retry_count: 0,
        max_retries: 3,
        memory_used: None,
        cpu_used: None,
        created_at: TimestampMillis::new(1_700_000_000_123),
        updated_at: TimestampMillis::new(1_700_000_000_123),
        started_at: None,
        finished_at: None,
        node_id: 1,
        leader_node_id: None,
    }
}

#[tokio::test]
async fn all_eight_tables_are_registered_and_listed() {
    let ctx = SessionContext::new();
    SystemTables::register(&ctx).expect("the names are free");
    check(
        &ctx,
        "SELECT table_name, schema_version, table_type, is_latest FROM system.tables ORDER BY 1",
        expect![[r#"
            +--------------+----------------+------------+-----------+
            | table_name   | schema_version | table_type | is_latest |
            +--------------+----------------+------------+-----------+
            | audit_logs   | 1              | system     | true      |
            | jobs         | 1              | system     | true      |
            | live_queries | 1              | system     | true      |
            | namespaces   | 1              | system     | true      |
            | stats        | 1              | view       | true      |
            | storages     | 1              | system     | true      |
            | tables       | 1              | system     | true      |
            | users        | 1              | system     | true      |
            +--------------+----------------+------------+-----------+
        "#]],
    )
    .await;
    for table in TABLES {
        let sql = format!("SELECT count(*) FROM {}", table.definition.name());
        let batches = ctx.sql(&sql).await.expect("plans").collect().await;
        assert_eq!(batches.expect("runs")[0].num_rows(), 1, "{sql}");
    }
}

#[tokio::test]
async fn rows_of_the_server_are_visible_to_sql() {
    let ctx = SessionContext::new();
    let system = SystemTables::register(&ctx).expect("the names are free");
    system
        .jobs
        .insert([job("a", JobStatus::Running), job("b", JobStatus::New)])
        .expect("the keys differ");
    check(
        &ctx,
        "SELECT job_id, status, created_at, max_retries FROM system.jobs \
         WHERE status = 'running' AND created_at < now()",
        expect![[r#"
            +--------+---------+-------------------------+-------------+
            | job_id | status  | created_at              | max_retries |
            +--------+---------+-------------------------+-------------+
            | a      | running | 2023-11-14T22:13:20.123 | 3           |
            +--------+---------+-------------------------+-------------+
        "#]],
    )
    .await;
    system
        .jobs
        .update(&"b", |job| job.status = JobStatus::Completed)
        .expect("the job exists");
    check(
        &ctx,
        "SELECT status, count(*) FROM system.jobs GROUP BY status ORDER BY status",
        expect![[r#"
            +-----------+----------+
            | status    | count(*) |
            +-----------+----------+
            | completed | 1        |
            | running   | 1        |
            +-----------+----------+
        "#]],
    )
    .await;
}

#[tokio::test]
async fn rows_inserted_by_sql_are_visible_to_the_server() {
    let ctx = SessionContext::new();
    let system = SystemTables::register(&ctx).expect("the names are free");
    let insert = "INSERT INTO system.namespaces (namespace_id, name, created_at, table_count) \
                  VALUES ('app', 'The application', '2026-01-02T03:04:05.678Z', 2)";
    ctx.sql(insert)
        .await
        .expect("plans")
        .collect()
        .await
        .expect("runs");
    let namespace = system.namespaces.get(&"app").expect("it was inserted");
    assert_eq!(
        namespace.created_at,
        TimestampMillis::new(1_767_323_045_678)
    );

    let refused = "INSERT INTO system.namespaces (namespace_id, name, created_at, table_count) \
                   VALUES ('b', 'B', '2026-01-02T03:04:05.678901Z', 2)";
    let error = ctx.sql(refused).await.expect("plans").collect().await;
    let message = error
        .expect_err("microseconds do not fit in milliseconds")
        .to_string();
    expect!["External error: table `system.namespaces`, column `created_at`, row 0: 1767323045678901 microseconds cannot be represented exactly in milliseconds"].assert_eq(&message);
    assert_eq!(system.namespaces.len(), 1);
}

#[tokio::test]
async fn stats_count_scans_and_server_metrics() {
    let ctx = SessionContext::new();
    let system = SystemTables::register(&ctx).expect("the names are free");
    let flushes = system.metrics.counter("flushes");
    let stats = "SELECT * FROM system.stats ORDER BY metric_name";
    check(
        &ctx,
        stats,
        expect![[r#"
        +-------------------+--------------+
        | metric_name       | metric_value |
        +-------------------+--------------+
        | flushes           | 0            |
        | rows_written      | 0            |
        | scan_failures     | 0            |
        | scans             | 1            |
        | table_versions    | 8            |
        | tables_registered | 8            |
        | write_failures    | 0            |
        | write_statements  | 0            |
        +-------------------+--------------+
    "#]],
    )
    .await;
    flushes.add(7);
    system.known_tables.remove(TABLES[0].definition.name());
    check(
        &ctx,
        stats,
        expect![[r#"
        +-------------------+--------------+
        | metric_name       | metric_value |
        +-------------------+--------------+
        | flushes           | 7            |
        | rows_written      | 0            |
        | scan_failures     | 0            |
        | scans             | 2            |
        | table_versions    | 7            |
        | tables_registered | 7            |
        | write_failures    | 0            |
        | write_statements  | 0            |
        +-------------------+--------------+
    "#]],
    )
    .await;
}

fn notes(columns: usize) -> TableDefinition {
    let mut toml = "name = 'app.notes'\ncomment = 'What was said'\naccess_level = 'public'\n\
                    primary_key = ['id']\n[columns]\nid = { id = 1, type = 'bigint' }\n"
        .to_string();
    for column in 1..columns {
        let id = column + 1;
        toml += &format!("c{column} = {{ id = {id}, type = 'text', nullable = true }}\n");
    }
    let mut sources = Sources::new();
    let source = sources.push(SourceFile::new("notes.toml", toml));
    let checked = parse_and_check(&sources, source).expect("a valid definition");
    checked.definition
}

#[tokio::test]
async fn registry_versions_and_counters_are_listed() {
    let ctx = SessionContext::new();
    let system = SystemTables::register(&ctx).expect("the names are free");
    let store = Arc::new(MemoryStore::new());
    let registry = SchemaRegistry::open(store, RegistryOptions::default()).await;
    let registry = registry.expect("a store in memory");
    system.add_registry(&registry);

    let first = registry.create(notes(1)).await.expect("a free name");
    registry
        .alter(&first, notes(2))
        .await
        .expect("a compatible change");
    for _ in 0..3 {
        let found = registry
            .find(("app", "notes"))
            .await
            .expect("a store in memory");
        found
            .expect("the table exists")
            .schema_with_system_columns();
    }
    check(
        &ctx,
        "SELECT table_id, namespace_id, table_name, table_type, schema_version, table_comment, access_level,
                is_latest, created_at <= updated_at AS in_order, columns LIKE '%c1%' AS has_c1
         FROM system.tables WHERE namespace_id = 'app' ORDER BY table_id, schema_version",
        expect![[r#"
            +----------+--------------+------------+------------+----------------+---------------+--------------+-----------+----------+--------+
            | table_id | namespace_id | table_name | table_type | schema_version | table_comment | access_level | is_latest | in_order | has_c1 |
            +----------+--------------+------------+------------+----------------+---------------+--------------+-----------+----------+--------+
            | 1        | app          | notes      | shared     | 1              | What was said | public       | false     | true     | false  |
            | 1        | app          | notes      | shared     | 2              | What was said | public       | true      | true     | true   |
            +----------+--------------+------------+------------+----------------+---------------+--------------+-----------+----------+--------+
        "#]],
    )
    .await;
    check(
        &ctx,
        "SELECT metric_name, metric_value FROM system.stats
         WHERE metric_name LIKE 'registry_%' AND metric_name NOT LIKE '%_bytes' ORDER BY metric_name",
        expect![[r#"
            +--------------------------------+--------------+
            | metric_name                    | metric_value |
            +--------------------------------+--------------+
            | registry_epoch                 | 2            |
            | registry_evictions             | 0            |
            | registry_filter_hits           | 0            |
            | registry_filter_misses         | 0            |
            | registry_hits                  | 4            |
            | registry_invalidations         | 2            |
            | registry_load_failures         | 0            |
            | registry_loads                 | 2            |
            | registry_misses                | 2            |
            | registry_names_resident        | 1            |
            | registry_projection_hits       | 0            |
            | registry_projection_misses     | 0            |
            | registry_provider_hits         | 0            |
            | registry_provider_misses       | 0            |
            | registry_reader_hits           | 0            |
            | registry_reader_misses         | 0            |
            | registry_schema_hits           | 2            |
            | registry_schema_misses         | 1            |
            | registry_sequence              | 2            |
            | registry_snapshots_resident    | 1            |
            | registry_system_columns_hits   | 2            |
            | registry_system_columns_misses | 1            |
            | registry_tables                | 1            |
            +--------------------------------+--------------+
        "#]],
    )
    .await;
    registry.clear();
    check(
        &ctx,
        "SELECT metric_value FROM system.stats WHERE metric_name = 'registry_snapshots_resident'",
        expect![[r#"
            +--------------+
            | metric_value |
            +--------------+
            | 0            |
            +--------------+
        "#]],
    )
    .await;
}

#[tokio::test]
async fn counters_of_plan_caches_are_metrics() {
    use kalamtable::plans::{PlanCache, PlanCacheOptions, SqlSession};

    let ctx = SessionContext::new();
    let system = SystemTables::register(&ctx).expect("the names are free");
    let cache = Arc::new(PlanCache::new(&PlanCacheOptions::default()));
    system.add_plan_cache(&cache);
    let session = SqlSession::new(ctx.clone(), cache);
    for _ in 0..3 {
        let users = session.execute("SELECT user_id FROM system.users").await;
        users.expect("the text is valid");
    }
    check(
        &ctx,
        "SELECT metric_name, metric_value FROM system.stats
         WHERE metric_name LIKE 'plan_%' AND metric_name <> 'plan_bytes' ORDER BY metric_name",
        expect![[r#"
            +--------------------+--------------+
            | metric_name        | metric_value |
            +--------------------+--------------+
            | plan_entries       | 1            |
            | plan_evictions     | 0            |
            | plan_hits          | 2            |
            | plan_invalidations | 0            |
            | plan_misses        | 1            |
            | plan_physical_hits | 0            |
            | plan_uncacheable   | 0            |
            +--------------------+--------------+
        "#]],
    )
    .await;
}

#[tokio::test]
async fn cached_plan_over_the_counters_does_not_keep_its_cache() {
    use kalamtable::plans::{PlanCache, PlanCacheOptions, SqlSession};

    let ctx = SessionContext::new();
    let system = SystemTables::register(&ctx).expect("the names are free");
    let cache = Arc::new(PlanCache::new(&PlanCacheOptions::default()));
    let observed = Arc::downgrade(&cache);
    system.add_plan_cache(&cache);
    let session = SqlSession::new(ctx, cache);
    for _ in 0..2 {
        let stats = session.execute("SELECT metric_name FROM system.stats");
        drop(stats.await.expect("the text is valid"));
    }
    assert_eq!(session.cache().stats().hits, 1);
    drop(session);
    assert_eq!(observed.strong_count(), 0);
    drop(system);
}

#[tokio::test]
async fn counters_of_a_storage_are_metrics() {
    use kalamtable::storage::HybridStorage;

    let folder = tempfile::tempdir().expect("a temporary folder");
    let ctx = SessionContext::new();
    let system = SystemTables::register(&ctx).expect("the names are free");
    let storage = Arc::new(HybridStorage::open(folder.path()).expect("an empty folder"));
    system.add_storage(&storage);
    check(
        &ctx,
        "SELECT metric_name, metric_value FROM system.stats
         WHERE metric_name LIKE 'storage_%' ORDER BY metric_name",
        expect![[r#"
            +------------------------+--------------+
            | metric_name            | metric_value |
            +------------------------+--------------+
            | storage_failed_flushes | 0            |
            | storage_file_bytes     | 0            |
            | storage_file_rows      | 0            |
            | storage_files          | 0            |
            | storage_flushes        | 0            |
            | storage_log_bytes      | 0            |
            | storage_partitions     | 0            |
            +------------------------+--------------+
        "#]],
    )
    .await;
    // The counters do not keep the folder locked.
    drop(storage);
    HybridStorage::open(folder.path()).expect("the folder is not in use");
}

// Other systems do not remove a folder with open files.
#[cfg(unix)]
#[tokio::test]
async fn flushes_of_a_storage_are_jobs() {
    use kalamtable::UserId;
    use kalamtable::dynamic::RowStorage;
    use kalamtable::storage::HybridStorage;

    let folder = tempfile::tempdir().expect("a temporary folder");
    let ctx = SessionContext::new();
    let system = SystemTables::register(&ctx).expect("the names are free");
    let storage = HybridStorage::open(folder.path()).expect("an empty folder");
    system.add_flush_jobs(&storage, 7);
    storage.flush().expect("nothing to flush");
    check(
        &ctx,
        "SELECT job_type, status, message, node_id, finished_at >= started_at AS has_ended
         FROM system.jobs",
        expect![[r#"
            +----------+-----------+-----------------------------+---------+-----------+
            | job_type | status    | message                     | node_id | has_ended |
            +----------+-----------+-----------------------------+---------+-----------+
            | flush    | completed | files: 0, rows: 0, bytes: 0 | 7       | true      |
            +----------+-----------+-----------------------------+---------+-----------+
        "#]],
    )
    .await;
    for _ in 0..150 {
        storage.flush().expect("nothing to flush");
    }
    assert_eq!(system.jobs.len(), 100);
    // A flush that fails keeps its error.
    let user = UserId::new("ann").expect("a valid name");
    storage.remove_owner(&user).expect("the log is writable");
    std::fs::remove_dir_all(folder.path()).expect("the folder exists");
    storage.flush().expect_err("the folder is missing");
    check(
        &ctx,
        "SELECT status, message, exception_trace IS NULL AS has_no_error
         FROM system.jobs WHERE status <> 'completed'",
        expect![[r#"
            +--------+----------------------------------------------+--------------+
            | status | message                                      | has_no_error |
            +--------+----------------------------------------------+--------------+
            | failed | the flush failed: its rows remain in the log | false        |
            +--------+----------------------------------------------+--------------+
        "#]],
    )
    .await;
}

#[tokio::test]
async fn registering_twice_fails() {
    let ctx = SessionContext::new();
    SystemTables::register(&ctx).expect("the names are free");
    let error = SystemTables::register(&ctx).expect_err("the names are taken");
    expect!["Execution error: table `system.users` exists already"].assert_eq(&error.to_string());
}

/// Compares the definitions with those of the design, in its notation.
#[test]
fn definitions_match_the_design() {
    let mut text = String::new();
    for table in TABLES {
        let definition = table.definition;
        let key: Vec<&str> = definition
            .key_columns()
            .iter()
            .map(|&position| &*definition.columns()[position].name)
            .collect();
        text += &format!(
            "{} key {} reserved {:?}\n",
            definition.name(),
            key.join(", "),
            definition.reserved().ids
        );
        for column in definition.columns() {
            let null = if column.nullable { " null" } else { "" };
            let unit = column.unit.map_or("", |unit| unit.as_str());
            text += &format!(
                "{:4} {:24} {}{null} {unit}\n",
                column.id, column.name, column.ty
            );
        }
    }
    expect_test::expect_file!["system_tables.txt"].assert_eq(&text);
}
