// SPDX-License-Identifier: Apache-2.0

//! Measures queries of rows in files beside DataFusion's listing table over the same files, and the
//! memory of both the rows and the queries. Takes about five minutes.
//!
//! The rows of the first table are written in the order of its key. The keys of the second table
//! are written in random order, in statements of 100,000 rows.

#[path = "../../benches/support/figures.rs"]
mod figures;
#[path = "support/server.rs"]
mod server;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use datafusion::arrow::array::RecordBatch;
use datafusion::common::ScalarValue;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use figures::{median, show};
use futures::TryStreamExt;
use kalamtable_runtime::dynamic::RowStorage;
use server::{BoxResult, Server, resident_bytes};
use tokio::runtime::{Builder, Runtime};

const ROUNDS: usize = 7;
const POINT_READS: i64 = 201;
const ROWS: i64 = 10_000_000;
const ROWS_PER_STATEMENT: i64 = 100_000;
const TABLE: &str = "CREATE TABLE app.t (id BIGINT PRIMARY KEY, n BIGINT, price DOUBLE, \
                     label TEXT, body TEXT) WITH (type = 'shared')";

/// The order in which keys are written.
#[derive(Clone, Copy)]
enum KeyOrder {
    Ascending,
    Random,
}

impl KeyOrder {
    /// Returns the key of a row by its number, as SQL. All keys differ.
    fn key(self) -> &'static str {
        match self {
            KeyOrder::Ascending => "value",
            // A prime number that is greater than the number of rows.
            KeyOrder::Random => "(value * 7919137) % 10000019",
        }
    }

    fn name(self) -> &'static str {
        match self {
            KeyOrder::Ascending => "ascending keys",
            KeyOrder::Random => "random keys",
        }
    }
}

/// Fills a table, and flushes it after each million rows.
async fn fill(server: &Server, order: KeyOrder) -> BoxResult<()> {
    let before = resident_bytes()?;
    let begin = Instant::now();
    for from in (1..=ROWS).step_by(ROWS_PER_STATEMENT as usize) {
        let to = from + ROWS_PER_STATEMENT - 1;
        let key = order.key();
        let insert = format!(
            "INSERT INTO app.t (id, n, price, label, body) \
             SELECT {key}, value % 1000, value * 0.25, concat('label ', value % 100), \
             concat('the text of row ', value) FROM generate_series({from}, {to})"
        );
        server.run(&insert).await?;
        if to % 1_000_000 == 0 {
            server.storage.flush()?;
        }
    }
    let stats = server.storage.stats();
    println!(
        "{ROWS} rows with {}: written in {}, {} files of {} MiB, resident memory grew by {} MiB",
        order.name(),
        show(begin.elapsed().as_secs_f64()),
        stats.files,
        stats.file_bytes >> 20,
        resident_bytes()?.saturating_sub(before) >> 20,
    );
    Ok(())
}

/// A session with the files of the table as a listing table.
async fn listing(folder: &Path, has_views: bool) -> BoxResult<SessionContext> {
    let config = SessionConfig::new().set_bool(
        "datafusion.execution.parquet.schema_force_view_types",
        has_views,
    );
    let ctx = SessionContext::new_with_config(config);
    let path = folder.to_str().ok_or("a path that is not Unicode")?;
    let options = ParquetReadOptions::default();
    ctx.register_parquet("t", path, options).await?;
    Ok(ctx)
}

/// The listing tables: with text as `Utf8View`, which is the default, and as `Utf8`, which our
/// tables have.
struct Listings([SessionContext; 2]);

fn row_count(batches: &[RecordBatch]) -> usize {
    batches.iter().map(RecordBatch::num_rows).sum()
}

/// Compares a query of the table with the same query of the listing tables.
async fn compare(server: &Server, listings: &Listings, what: &str, sql: &str) -> BoxResult<()> {
    // The columns of files are named by ids.
    let mut plain = sql.replace("app.t", "t");
    for (name, id) in [
        ("{id}", 1),
        ("{n}", 2),
        ("{price}", 3),
        ("{label}", 4),
        ("{body}", 5),
    ] {
        plain = plain.replace(name, &format!("c{id}"));
    }
    let own = sql.replace(['{', '}'], "");
    let mut times: [Vec<f64>; 3] = Default::default();
    for round in 0..=ROUNDS {
        let begin = Instant::now();
        let rows = server
            .tables
            .sql(&server.ctx, &own)
            .await?
            .collect()
            .await?;
        let mut of_round = vec![begin.elapsed().as_secs_f64()];
        for listing in &listings.0 {
            let begin = Instant::now();
            let plain_rows = listing.sql(&plain).await?.collect().await?;
            of_round.push(begin.elapsed().as_secs_f64());
            assert_eq!(row_count(&rows), row_count(&plain_rows), "{sql}");
        }
        // The first round fills the caches.
        if round > 0 {
            for (times, time) in times.iter_mut().zip(of_round) {
                times.push(time);
            }
        }
    }
    let ratio = |plain: &[f64]| {
        let ratios = plain.iter().zip(&times[0]).map(|(plain, own)| plain / own);
        median(ratios)
    };
    println!(
        "{what}: {:.2}x of a listing table, {:.2}x without views ({}; {}, {})",
        ratio(&times[1]),
        ratio(&times[2]),
        show(median(times[0].iter().copied())),
        show(median(times[1].iter().copied())),
        show(median(times[2].iter().copied())),
    );
    Ok(())
}

/// Compares reads of one row by its key.
async fn point_reads(server: &Server, listings: &Listings) -> BoxResult<()> {
    let session = server.tables.session(&server.ctx)?;
    let select = "SELECT id, n, price, label, body FROM app.t WHERE id = $1";
    let statement = session.prepare(select).await?;
    let mut times = Vec::new();
    for read in 0..POINT_READS {
        let id = 1 + read * 49_757 % (ROWS - 1);
        let begin = Instant::now();
        let rows = statement
            .execute(vec![ScalarValue::Int64(Some(id))])
            .await?;
        let rows: Vec<RecordBatch> = rows.try_collect().await?;
        times.push(begin.elapsed().as_secs_f64());
        assert_eq!(row_count(&rows), 1, "{id}");
    }
    let mut plain_times = Vec::new();
    for read in 0..9 {
        let id = 1 + read * 1_049_757 % (ROWS - 1);
        let begin = Instant::now();
        let select = format!("SELECT c1, c2, c3, c4, c5 FROM t WHERE c1 = {id}");
        let rows = listings.0[0].sql(&select).await?.collect().await?;
        plain_times.push(begin.elapsed().as_secs_f64());
        assert_eq!(row_count(&rows), 1, "{id}");
    }
    let (own, plain) = (median(times.into_iter()), median(plain_times.into_iter()));
    println!(
        "one row by key: {:.0}x of a listing table ({} and {})",
        plain / own,
        show(own),
        show(plain)
    );
    Ok(())
}

fn queries(runtime: &Runtime, order: KeyOrder) -> BoxResult<()> {
    let folder = tempfile::tempdir()?;
    runtime.block_on(async {
        let server = Server::create(folder.path(), TABLE).await?;
        fill(&server, order).await?;
        let listings = Listings([
            listing(folder.path(), true).await?,
            listing(folder.path(), false).await?,
        ]);
        point_reads(&server, &listings).await?;
        for (what, sql) in [
            ("scan of two columns", "SELECT sum({n}), sum({price}) FROM app.t"),
            ("scan of all columns", "SELECT sum({id}), sum({n}), sum({price}), max({label}), max({body}) FROM app.t"),
            ("filter that few rows pass", "SELECT sum({price}), max({body}) FROM app.t WHERE {n} = 7"),
            ("range of 1 % of the keys", "SELECT sum({price}), max({body}) FROM app.t WHERE {id} BETWEEN 5000000 AND 5099999"),
            ("group by", "SELECT {label}, count(*), sum({n}) FROM app.t GROUP BY {label}"),
            ("top ten", "SELECT {id}, {price} FROM app.t ORDER BY {price} DESC LIMIT 10"),
            ("last ten by key", "SELECT {id}, {n} FROM app.t ORDER BY {id} DESC LIMIT 10"),
        ] {
            compare(&server, &listings, what, sql).await?;
        }
        let definitions = Arc::clone(&server.definitions);
        drop(server);
        let before = resident_bytes()?;
        let begin = Instant::now();
        let server = Server::open(definitions, folder.path()).await;
        println!(
            "open: {}, {} MiB",
            show(begin.elapsed().as_secs_f64()),
            resident_bytes()?.saturating_sub(before) >> 20
        );
        drop(server?);
        Ok(())
    })
}

fn main() -> BoxResult<()> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    queries(&runtime, KeyOrder::Ascending)?;
    queries(&runtime, KeyOrder::Random)
}
