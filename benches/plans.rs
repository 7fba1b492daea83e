// SPDX-License-Identifier: Apache-2.0

//! Measures cached plans, prepared statements, and reads and writes by key on dynamic tables.
//!
//! The baseline runs the same text with `SessionContext::sql` on DataFusion's `MemTable` with the
//! same rows. Takes about three minutes.

#[path = "support/figures.rs"]
mod figures;
#[path = "support/ratio.rs"]
mod ratio;

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::ScalarValue;
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::TryStreamExt;
use kalamtable::model::{SourceFile, Sources, parse_and_check};
use kalamtable::plans::{PlanCacheOptions, PreparedStatement, SqlSession};
use kalamtable::registry::{RegistryOptions, SchemaRegistry};
use kalamtable::store::MemoryStore;
use kalamtable::{Actor, DynamicOptions, DynamicTables, MemoryStorage, Role, UserId};
use tokio::runtime::{Builder, Runtime};

type BoxResult<T> = Result<T, Box<dyn Error>>;

const ROWS: usize = 100_000;

/// Returns rows with a key, a group, and columns of numbers and texts.
fn rows(columns: usize, rows: usize) -> BoxResult<RecordBatch> {
    let mut fields = vec![Field::new("id", DataType::Int64, false)];
    let mut arrays: Vec<ArrayRef> = vec![Arc::new(Int64Array::from_iter_values(0..rows as i64))];
    for column in 1..columns {
        let number = |row: usize| ((row * 7919 + column * 31) % 1000) as i64;
        if column % 3 == 2 {
            fields.push(Field::new(format!("c{column}"), DataType::Utf8, true));
            let texts = (0..rows).map(|row| format!("text {}", number(row)));
            arrays.push(Arc::new(StringArray::from_iter_values(texts)));
        } else {
            fields.push(Field::new(format!("c{column}"), DataType::Int64, true));
            arrays.push(Arc::new(Int64Array::from_iter_values(
                (0..rows).map(number),
            )));
        }
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

fn definition(columns: usize) -> String {
    let mut toml = "name = 'app.t'\nkind = 'shared'\nprimary_key = ['id']\n[columns]\n".to_string();
    toml += "id = { id = 1, type = 'bigint' }\n";
    for column in 1..columns {
        let ty = if column % 3 == 2 { "text" } else { "bigint" };
        let id = column + 1;
        toml += &format!("c{column} = {{ id = {id}, type = '{ty}', nullable = true }}\n");
    }
    toml
}

/// The same rows in a dynamic table with cached plans, and in a `MemTable`.
struct Tables {
    session: SqlSession,
    tables: DynamicTables,
    memory: SessionContext,
}

impl Tables {
    async fn new(columns: usize, row_count: usize, plans: PlanCacheOptions) -> BoxResult<Self> {
        let batch = rows(columns, row_count)?;
        let names: Vec<&str> = batch
            .schema_ref()
            .fields()
            .iter()
            .map(|f| f.name().as_str())
            .collect();
        let names = names.join(", ");
        let mut sources = Sources::new();
        let file = sources.push(SourceFile::new("t.toml", definition(columns)));
        let checked =
            parse_and_check(&sources, file).map_err(|problems| format!("{problems:?}"))?;
        let store = Arc::new(MemoryStore::new());
        let registry = SchemaRegistry::open(store, RegistryOptions::default()).await?;
        registry.create(checked.definition).await?;
        let options = DynamicOptions::default().with_plans(plans);
        let tables = DynamicTables::with_options(registry, Arc::new(MemoryStorage::new()), options);

        let root = Actor::new(UserId::new("root").ok_or("no name")?, Role::System);
        let config = || SessionConfig::new().with_target_partitions(1);
        let ctx = SessionContext::new_with_config(config().with_extension(Arc::new(root)));
        tables.register(&ctx)?;
        let memory = SessionContext::new_with_config(config());
        let batches: Vec<RecordBatch> = (0..row_count)
            .step_by(8192)
            .map(|begin| batch.slice(begin, 8192.min(row_count - begin)))
            .collect();
        let staged = || MemTable::try_new(batch.schema(), vec![batches.clone()]).map(Arc::new);
        tables.register_session_table(&ctx, "staged", staged()?)?;
        let insert = format!("INSERT INTO app.t ({names}) SELECT {names} FROM staged");
        ctx.sql(&insert).await?.collect().await?;
        memory.sql("CREATE SCHEMA app").await?.collect().await?;
        memory.register_table("app.t", staged()?)?;
        Ok(Tables {
            session: tables.session(&ctx)?,
            tables,
            memory,
        })
    }

    async fn planned(&self, sql: &str) -> usize {
        let frame = self.memory.sql(sql).await.expect("the text is valid");
        let batches = frame.collect().await.expect("the statement runs");
        batches.iter().map(RecordBatch::num_rows).sum()
    }

    async fn cached(&self, sql: &str) -> usize {
        let rows = self.session.execute(sql).await.expect("the text is valid");
        let batches: Vec<RecordBatch> = rows.try_collect().await.expect("the statement runs");
        batches.iter().map(RecordBatch::num_rows).sum()
    }
}

async fn run(statement: &PreparedStatement, values: Vec<ScalarValue>) -> usize {
    let rows = statement.execute(values).await.expect("the values fit");
    let batches: Vec<RecordBatch> = rows.try_collect().await.expect("the statement runs");
    batches.iter().map(RecordBatch::num_rows).sum()
}

fn planning(runtime: &Runtime) -> BoxResult<()> {
    for columns in [10, 1000] {
        let tables = runtime.block_on(Tables::new(columns, 1000, PlanCacheOptions::default()))?;
        for (title, sql) in [
            (
                "a filter",
                "SELECT id, c4 FROM app.t WHERE c1 > 5 AND c2 = 'text 7'",
            ),
            (
                "a group",
                "SELECT c2, count(*), sum(c1) FROM app.t WHERE c3 > 5 GROUP BY c2",
            ),
            (
                "a join",
                "SELECT x.id, y.c1 FROM app.t x JOIN app.t y ON x.id = y.c3 WHERE x.c4 = 7",
            ),
            ("a key", "SELECT id, c4 FROM app.t WHERE id = 7 AND c1 > 0"),
        ] {
            ratio::compare(
                &format!("repeated SQL to a physical plan, {columns} columns, {title}"),
                ("DataFusion", || {
                    runtime.block_on(async {
                        let frame = tables.memory.sql(sql).await.expect("the text is valid");
                        black_box(
                            frame
                                .create_physical_plan()
                                .await
                                .expect("the plan is valid"),
                        )
                    })
                }),
                ("cached", || {
                    runtime.block_on(async {
                        black_box(
                            tables
                                .session
                                .physical_plan(sql)
                                .await
                                .expect("the plan is valid"),
                        )
                    })
                }),
            );
        }
    }
    Ok(())
}

fn statements(runtime: &Runtime) -> BoxResult<()> {
    let tables = runtime.block_on(Tables::new(10, ROWS, PlanCacheOptions::default()))?;
    let point = "SELECT id, c1, c2 FROM app.t WHERE id = 77777";
    ratio::compare(
        "point query by key of 100,000 rows, repeated text",
        ("MemTable", || runtime.block_on(tables.planned(point))),
        ("cached", || runtime.block_on(tables.cached(point))),
    );
    let statement = "SELECT id, c1, c2 FROM app.t WHERE id = $1";
    let statement = runtime.block_on(tables.session.prepare(statement))?;
    ratio::compare(
        "point query by key of 100,000 rows, prepared",
        ("MemTable", || runtime.block_on(tables.planned(point))),
        ("prepared", || {
            runtime.block_on(run(&statement, vec![ScalarValue::Int64(Some(77_777))]))
        }),
    );
    let prepare = "PREPARE p AS SELECT id, c1, c2 FROM app.t WHERE id = $1";
    runtime.block_on(tables.planned(prepare));
    ratio::compare(
        "point query by key of 100,000 rows, prepared in both",
        ("DataFusion's EXECUTE", || {
            runtime.block_on(tables.planned("EXECUTE p(77777)"))
        }),
        ("prepared", || {
            runtime.block_on(run(&statement, vec![ScalarValue::Int64(Some(77_777))]))
        }),
    );
    let dashboard = "SELECT c2, count(*), sum(c1), avg(c3) FROM app.t GROUP BY c2";
    ratio::compare(
        "dashboard query over 100,000 rows",
        ("MemTable", || runtime.block_on(tables.planned(dashboard))),
        ("cached", || runtime.block_on(tables.cached(dashboard))),
    );

    let update = "UPDATE app.t SET c1 = c1 + 1 WHERE id = 77777";
    let prepared = runtime.block_on(
        tables
            .session
            .prepare("UPDATE app.t SET c1 = c1 + 1 WHERE id = $1"),
    )?;
    ratio::compare(
        "UPDATE of one row by key of 100,000 rows, prepared",
        ("MemTable", || runtime.block_on(tables.planned(update))),
        ("prepared", || {
            runtime.block_on(run(&prepared, vec![ScalarValue::Int64(Some(77_777))]))
        }),
    );

    let empty = runtime.block_on(Tables::new(10, 1, PlanCacheOptions::default()))?;
    let insert = "INSERT INTO app.t (id, c1, c2, c3, c4, c5, c6, c7, c8, c9) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let insert = runtime.block_on(empty.session.prepare(insert))?;
    let next = AtomicI64::new(1);
    ratio::compare(
        "INSERT of one row, prepared",
        ("MemTable", || {
            let id = next.fetch_add(1, Ordering::Relaxed);
            let sql = format!("INSERT INTO app.t VALUES ({id}, 1, 'a', 3, 4, 'b', 6, 7, 'c', 9)");
            runtime.block_on(empty.planned(&sql))
        }),
        ("prepared", || {
            let id = next.fetch_add(1, Ordering::Relaxed);
            let (number, text) = (|n| ScalarValue::Int64(Some(n)), |t| ScalarValue::from(t));
            let values = vec![
                number(id),
                number(1),
                text("a"),
                number(3),
                number(4),
                text("b"),
                number(6),
                number(7),
                text("c"),
                number(9),
            ];
            runtime.block_on(run(&insert, values))
        }),
    );
    Ok(())
}

/// The time per cache hit with one and two threads, each with a session of its own.
fn threads() -> BoxResult<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let tables = runtime.block_on(Tables::new(10, 1000, PlanCacheOptions::default()))?;
    let sql = "SELECT id, c4 FROM app.t WHERE c1 > 5 AND c2 = 'text 7'";
    let measure = |threads: usize| -> f64 {
        const HITS: u32 = 20_000;
        let sessions: Vec<SqlSession> = (0..threads)
            .map(|number| {
                let root = UserId::new(&format!("root{number}")).expect("a name");
                let root = Arc::new(Actor::new(root, Role::System));
                let config = SessionConfig::new()
                    .with_target_partitions(1)
                    .with_extension(root);
                let ctx = SessionContext::new_with_config(config);
                tables.tables.register(&ctx).expect("a fresh session");
                tables
                    .tables
                    .session(&ctx)
                    .expect("the tables are registered")
            })
            .collect();
        let times: Vec<Duration> = std::thread::scope(|scope| {
            let started: Vec<_> = sessions
                .iter()
                .map(|session| {
                    scope.spawn(move || {
                        let runtime = Builder::new_current_thread().build().expect("a runtime");
                        runtime.block_on(async {
                            session.physical_plan(sql).await.expect("the text is valid");
                            let start = Instant::now();
                            for _ in 0..HITS {
                                let plan = session.physical_plan(sql).await;
                                black_box(plan.expect("the text is valid"));
                            }
                            start.elapsed()
                        })
                    })
                })
                .collect();
            started
                .into_iter()
                .map(|thread| thread.join().expect("no panic"))
                .collect()
        });
        let total: Duration = times.iter().sum();
        total.as_secs_f64() / threads as f64 / f64::from(HITS)
    };
    let mut rounds: Vec<(f64, f64)> = (0..9).map(|_| (measure(1), measure(2))).collect();
    rounds.sort_by(|a, b| (a.1 / a.0).total_cmp(&(b.1 / b.0)));
    let one = figures::median(rounds.iter().map(|round| round.0));
    let two = figures::median(rounds.iter().map(|round| round.1));
    let (low, middle, high) = (
        rounds[0],
        rounds[rounds.len() / 2],
        rounds[rounds.len() - 1],
    );
    println!(
        "cache hit with two threads, per thread: {:.2}x of one thread ({:.2} to {:.2}); one {}, two {}",
        middle.1 / middle.0,
        low.1 / low.0,
        high.1 / high.0,
        figures::show(one),
        figures::show(two),
    );
    Ok(())
}

/// 100,000 distinct texts in a cache of 8 MiB.
fn many_texts(runtime: &Runtime) -> BoxResult<()> {
    let options = PlanCacheOptions::default().with_budget_bytes(8 * 1024 * 1024);
    let tables = runtime.block_on(Tables::new(10, 10, options))?;
    let (mut longest, mut total) = (Duration::ZERO, Duration::ZERO);
    let mut times = Vec::new();
    let mut peak = 0;
    for number in 0..100_000 {
        let sql = format!("SELECT id FROM app.t WHERE id = {number}");
        let start = Instant::now();
        runtime.block_on(tables.cached(&sql));
        let elapsed = start.elapsed();
        times.push(elapsed);
        longest = longest.max(elapsed);
        total += elapsed;
        peak = peak.max(tables.tables.plan_cache().stats().bytes);
    }
    times.sort_unstable();
    let stats = tables.tables.plan_cache().stats();
    println!(
        "100,000 distinct texts in a cache of 8 MiB: mean {:?}, 99.9 % {:?}, longest {:?}; at most {} bytes, {} plans, {} evicted",
        total / 100_000,
        times[99_900],
        longest,
        peak,
        stats.entries,
        stats.evicted,
    );
    Ok(())
}

fn main() -> BoxResult<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    planning(&runtime)?;
    statements(&runtime)?;
    threads()?;
    many_texts(&runtime)
}
