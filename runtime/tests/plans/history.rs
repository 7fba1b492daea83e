// SPDX-License-Identifier: Apache-2.0

//! Cached statements, prepared statements and views on real threads while their table changes. The
//! columns of each result name the version that the statement was planned for, and each row names
//! the table that it was written to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::{Int64Type, SchemaRef};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use futures::TryStreamExt;
use kalamtable_plans::{PlanCacheOptions, PreparedStatement, SqlSession};
use kalamtable_runtime::Role;

use crate::sessions::{CachedServer, cached, planned};
use crate::support::actor;

const READERS: u64 = 4;

/// The number of statements of all readers. `KALAMTABLE_OPERATIONS` sets another one.
fn statements() -> u64 {
    let number = std::env::var("KALAMTABLE_OPERATIONS").ok();
    number
        .and_then(|number| number.parse().ok())
        .unwrap_or(6_000)
}

/// The `number`-th version of the table `app.NAME`.
fn version(name: &str, number: u64) -> String {
    format!(
        "name = 'app.{name}'\nkind = 'user'\nprimary_key = ['id']\n[columns]\n\
         id = {{ id = 1, type = 'bigint' }}\n\
         version_{number} = {{ id = 2, type = 'bigint', nullable = true }}\n\
         owner = {{ id = 3, type = 'text' }}\n\
         created = {{ id = 4, type = 'bigint' }}\n\
         n = {{ id = 5, type = 'bigint' }}\n"
    )
}

/// The progress of the task that changes the table. A change increments `begun` before it begins,
/// and sets `done` to the same number after it is complete.
#[derive(Debug, Default)]
struct Progress {
    begun: AtomicU64,
    done: AtomicU64,
    /// The change that created the current table.
    created: AtomicU64,
    has_ended: AtomicBool,
}

/// What a statement may observe.
struct Bounds {
    least: u64,
    least_created: u64,
}

impl Progress {
    fn bounds(&self) -> Bounds {
        // `created` is set before `done`.
        Bounds {
            least: self.done.load(Ordering::SeqCst),
            least_created: self.created.load(Ordering::SeqCst),
        }
    }

    /// Returns the last change that has begun, and whether no change was in progress since `bounds`
    /// were read.
    fn end(&self, bounds: &Bounds) -> (u64, bool) {
        let most = self.begun.load(Ordering::SeqCst);
        (most, most == bounds.least)
    }
}

#[test]
fn statements_read_the_current_version_of_the_current_table() {
    run(statements(), PlanCacheOptions::default());
}

/// Each cached plan is compared with one that is made again.
#[test]
fn cached_plans_equal_plans_that_are_made_again() {
    run(
        statements() / 20,
        PlanCacheOptions::default().with_shadow(true),
    );
}

fn run(statements: u64, plans: PlanCacheOptions) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let server = Arc::new(CachedServer::with_plans(plans).await);
        let progress = Arc::new(Progress::default());
        server.create(&version("t", 0)).await;
        insert_rows(&server, 0).await;
        let readers: Vec<_> = (0..READERS)
            .map(|reader| {
                let (server, progress) = (Arc::clone(&server), Arc::clone(&progress));
                tokio::spawn(async move {
                    Reader::new(&server, reader)
                        .await
                        .run(statements / READERS, &progress)
                        .await
                })
            })
            .collect();
        // In a long run, most statements find a plan in the cache.
        let pause = Duration::from_millis(if statements > 1_000_000 { 40 } else { 3 });
        let writer = {
            let (server, progress) = (Arc::clone(&server), Arc::clone(&progress));
            tokio::spawn(async move { change(&server, &progress, pause).await })
        };
        let mut checked = 0;
        for reader in readers {
            checked += reader.await.unwrap();
        }
        progress.has_ended.store(true, Ordering::SeqCst);
        writer.await.unwrap();
        let changes = progress.done.load(Ordering::SeqCst);
        let stats = server.tables.plan_cache().stats();
        eprintln!("{checked} results of {statements} statements, {changes} changes, {stats:?}");
        // Few on a busy machine.
        assert!(changes > 3, "{changes} changes");
        assert!(checked > statements / 2, "{checked} results");
        assert!(stats.hits > 0 && stats.invalidated > 0, "{stats:?}");
    });
}

/// Writes one row of each user to a new table.
async fn insert_rows(server: &CachedServer, created: u64) {
    for reader in 0..READERS {
        let session = server.session_of(actor(&user(reader), Role::User));
        let insert = format!(
            "INSERT INTO app.t (id, owner, created, n) VALUES ({reader}, '{}', {created}, 0)",
            user(reader)
        );
        cached(&session, &insert).await.unwrap();
    }
}

fn user(reader: u64) -> String {
    format!("user-{reader}")
}

/// Alters the table, drops and re-creates it, and renames it while another table takes its name.
async fn change(server: &CachedServer, progress: &Progress, pause: Duration) {
    while !progress.has_ended.load(Ordering::SeqCst) {
        tokio::time::sleep(pause).await;
        let next = progress.begun.fetch_add(1, Ordering::SeqCst) + 1;
        match next % 6 {
            0 => {
                server.drop("t").await;
                server.create(&version("t", next)).await;
                insert_rows(server, next).await;
                progress.created.store(next, Ordering::SeqCst);
            }
            3 => {
                server.alter("t", &version("renamed", next)).await;
                server.create(&version("t", next)).await;
                insert_rows(server, next).await;
                progress.created.store(next, Ordering::SeqCst);
            }
            4 => {
                server.drop("renamed").await;
                server.alter("t", &version("t", next)).await;
            }
            _ => server.alter("t", &version("t", next)).await,
        }
        progress.done.store(next, Ordering::SeqCst);
    }
}

struct Reader {
    number: u64,
    session: SqlSession,
    prepared: Option<PreparedStatement>,
    checked: u64,
}

const BY_KEY: &str = "SELECT * FROM app.t WHERE id = $1";

impl Reader {
    async fn new(server: &CachedServer, number: u64) -> Self {
        let session = server.session_of(actor(&user(number), Role::User));
        // The view belongs to the session.
        let view = "CREATE VIEW app.v AS SELECT * FROM app.t";
        planned(session.context(), view).await.ok();
        Reader {
            number,
            session,
            prepared: None,
            checked: 0,
        }
    }

    /// Runs statements, and returns the number of results that were checked.
    async fn run(mut self, statements: u64, progress: &Progress) -> u64 {
        let key = self.number;
        let texts = [
            format!("SELECT * FROM app.t WHERE id = {key}"),
            "SELECT * FROM app.v".to_string(),
            "SELECT * FROM app.t".to_string(),
            format!("SELECT * FROM app.t WHERE id = {key}"),
            format!("UPDATE app.t SET n = n + 1 WHERE id = {key}"),
            "SELECT * FROM app.t WHERE id IN (SELECT max(id) FROM app.t)".to_string(),
            format!("SELECT * FROM app.v WHERE id = {key}"),
        ];
        for number in 0..statements {
            let bounds = progress.bounds();
            let text = texts.get(number as usize % (2 * texts.len()));
            let result = match text {
                Some(text) => rows(&self.session, text).await,
                // The other half of the statements.
                None => self.execute_prepared().await,
            };
            let (most, is_quiet) = progress.end(&bounds);
            match result {
                Ok((schema, batches)) => {
                    self.check(&schema, &batches, &bounds, most, is_quiet);
                    self.checked += 1;
                }
                // The columns have changed since the statement was prepared.
                Err(error) if text.is_none() && is_result_changed(&error) => {
                    self.prepared = None;
                }
                Err(error) => assert!(!is_quiet, "{text:?}: {error}"),
            }
        }
        self.checked
    }

    async fn execute_prepared(&mut self) -> Result<(SchemaRef, Vec<RecordBatch>)> {
        if self.prepared.is_none() {
            self.prepared = Some(self.session.prepare(BY_KEY).await?);
        }
        let Some(statement) = &self.prepared else {
            unreachable!("the statement was just prepared");
        };
        let key = ScalarValue::Int64(Some(self.number as i64));
        let rows = statement.execute(vec![key]).await?;
        let schema = rows.schema();
        Ok((schema, rows.try_collect().await?))
    }

    fn check(
        &self,
        schema: &SchemaRef,
        batches: &[RecordBatch],
        bounds: &Bounds,
        most: u64,
        is_quiet: bool,
    ) {
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        if schema.fields().len() == 1 {
            assert_eq!(rows, 1, "the number of updated rows");
            return;
        }
        let name = schema.field(1).name();
        let planned: u64 = name.strip_prefix("version_").unwrap().parse().unwrap();
        assert!(planned >= bounds.least, "{name}, done: {}", bounds.least);
        assert!(planned <= most, "{name}, but only {most} had begun");
        assert!(rows <= 1, "{rows} rows of one user");
        assert!(rows == 1 || !is_quiet, "the row is missing");
        for batch in batches.iter().filter(|batch| batch.num_rows() > 0) {
            let owner = batch.column(2).as_string_view_opt().map(|it| it.value(0));
            let owner =
                owner.or_else(|| batch.column(2).as_string_opt::<i32>().map(|it| it.value(0)));
            assert_eq!(owner, Some(&*user(self.number)));
            let created = batch.column(3).as_primitive::<Int64Type>().value(0) as u64;
            assert!(
                created >= bounds.least_created,
                "a row of the table that change {created} created, after {}",
                bounds.least_created
            );
            assert!(created <= planned, "a row of {created} in {name}");
        }
    }
}

async fn rows(session: &SqlSession, text: &str) -> Result<(SchemaRef, Vec<RecordBatch>)> {
    let rows = session.execute(text).await?;
    let schema = rows.schema();
    Ok((schema, rows.try_collect().await?))
}

fn is_result_changed(error: &DataFusionError) -> bool {
    error
        .strip_backtrace()
        .contains("cached plan must not change result type")
}
