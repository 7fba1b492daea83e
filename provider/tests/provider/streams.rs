// SPDX-License-Identifier: Apache-2.0

//! Sources that return streams: chunks, partitions, order, back pressure, cancellation and
//! failures.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use datafusion::error::DataFusionError;
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::stream::{self, Stream, StreamExt};
use kalamtable_contract as contract;
use kalamtable_provider::{
    BoxError, KeyOrder, Lookup, RowProvider, RowStream, Rows, ScanRequest, Snapshot,
    SourceStatistics, TableSource,
};
use kalamtable_rows::ToArrow;
use kalamtable_rows::doc_example::Event;

use crate::support::{answer, error, metrics, plan_text, run, scan_line, session};

fn event(id: i64) -> Event {
    Event {
        id,
        title: (id % 3 != 0).then(|| format!("event {}", id % 10)),
    }
}

/// Numbered events in chunks. Partition `p` of `n` has the numbers `p`, `p + n`, ..
#[derive(Debug)]
struct Streamed {
    rows: i64,
    partitions: usize,
    chunk: usize,
    order: KeyOrder,
    /// The number of produced chunks and rows.
    made: Arc<[AtomicUsize; 2]>,
    /// The request of each scan.
    requests: Arc<Mutex<Vec<String>>>,
}

impl Streamed {
    fn new(rows: i64, chunk: usize) -> Self {
        Streamed {
            rows,
            partitions: 1,
            chunk,
            order: KeyOrder::None,
            made: Arc::default(),
            requests: Arc::default(),
        }
    }

    fn in_partitions(mut self, partitions: usize) -> Self {
        self.partitions = partitions;
        self
    }

    fn in_order(mut self, order: KeyOrder) -> Self {
        self.order = order;
        self
    }

    fn chunks(&self, partition: usize, reverse: bool) -> impl Stream<Item = Vec<Event>> + use<> {
        let numbers = (partition as i64..self.rows).step_by(self.partitions);
        let mut events: Vec<Event> = numbers.map(event).collect();
        if reverse {
            events.reverse();
        }
        let chunks: Vec<Vec<Event>> = events.chunks(self.chunk).map(<[_]>::to_vec).collect();
        let made = self.made.clone();
        stream::iter(chunks).map(move |chunk| {
            made[0].fetch_add(1, Ordering::Relaxed);
            made[1].fetch_add(chunk.len(), Ordering::Relaxed);
            chunk
        })
    }
}

impl TableSource for Streamed {
    type Row = Event;

    fn scan(&self, request: &ScanRequest<Event>) -> Result<Rows<Event>, BoxError> {
        self.requests.lock().unwrap().push(format!("{request:?}"));
        let chunks = self.chunks(request.partition, request.reverse);
        Ok(RowStream::new(chunks.map(Ok)).into())
    }

    fn partitions(&self) -> usize {
        self.partitions
    }

    fn key_order(&self) -> KeyOrder {
        self.order
    }

    fn statistics(&self) -> SourceStatistics<Event> {
        SourceStatistics::of_count(self.rows as usize)
    }
}

#[tokio::test]
async fn streams_of_various_chunks_pass_the_contract() {
    let expected: Vec<Event> = (0..60).map(event).collect();
    let expected = Event::to_batch(&expected).unwrap();
    for source in [
        Streamed::new(60, 7),
        Streamed::new(60, 1000).in_partitions(3),
        Streamed::new(60, 8).in_order(KeyOrder::Ascending),
        Streamed::new(60, 8)
            .in_partitions(4)
            .in_order(KeyOrder::Either),
        Streamed::new(60, 1)
            .in_partitions(100)
            .in_order(KeyOrder::Ascending),
    ] {
        let provider = Arc::new(RowProvider::new(source));
        contract::check_against(provider, vec![expected.clone()])
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn chunks_become_batches_of_the_session_batch_size() {
    for chunk in [10, 100_000] {
        let session = session(Streamed::new(20_000, chunk));
        let batches = run(&session, "SELECT id FROM t").await.unwrap();
        let sizes: Vec<usize> = batches.iter().map(|batch| batch.num_rows()).collect();
        assert_eq!(sizes, [8192, 8192, 3616], "of chunks of {chunk}");
    }
}

#[tokio::test]
async fn every_partition_is_read() {
    let config = SessionConfig::new().with_target_partitions(3);
    let session = SessionContext::new_with_config(config);
    let source = Streamed::new(30_000, 100).in_partitions(3);
    session
        .register_table("t", Arc::new(RowProvider::new(source)))
        .unwrap();
    assert_eq!(
        answer(&session, "SELECT count(id), sum(id) FROM t WHERE id >= 0").await,
        "30000 449985000"
    );
    let frame = session.sql("SELECT id FROM t").await.unwrap();
    let plan = frame.create_physical_plan().await.unwrap();
    let batches = datafusion::physical_plan::collect_partitioned(plan, session.task_ctx());
    let counts: Vec<usize> = batches
        .await
        .unwrap()
        .iter()
        .map(|partition| partition.iter().map(|batch| batch.num_rows()).sum())
        .collect();
    assert_eq!(counts, [10_000; 3]);
    let line = scan_line(&session, "SELECT id FROM t").await;
    assert_eq!(
        line,
        "RowScanExec: table=app.events, columns=[id], partitions=3"
    );
}

#[tokio::test]
async fn ordered_partitions_are_merged_without_sort() {
    let config = SessionConfig::new().with_target_partitions(2);
    let session = SessionContext::new_with_config(config);
    let source = Streamed::new(1_000, 10)
        .in_partitions(2)
        .in_order(KeyOrder::Either);
    session
        .register_table("t", Arc::new(RowProvider::new(source)))
        .unwrap();
    for (order, first) in [("id", "0\n1\n2"), ("id DESC", "999\n998\n997")] {
        let sql = format!("SELECT id FROM t ORDER BY {order} LIMIT 3");
        let plan = plan_text(&session, &sql).await;
        assert!(plan.contains("SortPreservingMergeExec"), "{plan}");
        assert!(!plan.contains("SortExec"), "{plan}");
        assert_eq!(answer(&session, &sql).await, first);
    }
}

#[tokio::test]
async fn ascending_stream_is_sorted_for_descending_order() {
    let session = session(Streamed::new(1_000, 10).in_order(KeyOrder::Ascending));
    let plan = plan_text(&session, "SELECT id FROM t ORDER BY id").await;
    assert!(!plan.contains("SortExec"), "{plan}");
    let sql = "SELECT id FROM t ORDER BY id DESC LIMIT 2";
    assert!(plan_text(&session, sql).await.contains("SortExec"));
    assert_eq!(answer(&session, sql).await, "999\n998");
}

/// A source whose rows are not in the declared order.
#[derive(Debug)]
struct Unordered(Vec<Vec<i64>>, KeyOrder);

impl TableSource for Unordered {
    type Row = Event;

    fn scan(&self, _request: &ScanRequest<Event>) -> Result<Rows<Event>, BoxError> {
        let chunks = self
            .0
            .clone()
            .into_iter()
            .map(|chunk| chunk.into_iter().map(event));
        let chunks: Vec<Vec<Event>> = chunks.map(Iterator::collect).collect();
        Ok(RowStream::new(stream::iter(chunks).map(Ok)).into())
    }

    fn key_order(&self) -> KeyOrder {
        self.1
    }
}

#[tokio::test]
async fn row_out_of_order_fails_within_and_across_chunks() {
    for (chunks, row) in [
        (vec![vec![1, 2, 4, 3]], 3),
        (vec![vec![1, 2], vec![], vec![2, 3]], 2),
        (vec![vec![1, 2], vec![3, 4], vec![6, 5]], 5),
    ] {
        let session = session(Unordered(chunks, KeyOrder::Ascending));
        let message = error(&session, "SELECT title FROM t").await;
        let expected = format!("row {row} does not follow the previous row");
        assert!(message.contains(&expected), "{message}");
    }
    // The source ignores the requested direction.
    let session = session(Unordered(vec![vec![1, 2, 3]], KeyOrder::Either));
    let message = error(&session, "SELECT id FROM t ORDER BY id DESC").await;
    assert!(
        message.contains("row 1 does not follow the previous row"),
        "{message}"
    );
}

#[tokio::test]
async fn scan_request_describes_the_query() {
    let source = Streamed::new(100, 10).in_order(KeyOrder::Either);
    let requests = source.requests.clone();
    let session = session(source);
    for (sql, expected) in [
        (
            "SELECT id FROM t",
            "lookup: None, reverse: false, limit: None",
        ),
        (
            "SELECT id FROM t LIMIT 3",
            "lookup: None, reverse: false, limit: Some(3)",
        ),
        (
            "SELECT id FROM t WHERE title = 'x' LIMIT 3",
            "lookup: None, reverse: false, limit: None",
        ),
        (
            "SELECT id FROM t WHERE id IN (1, 2) OR id = 7",
            "lookup: Some(Key(3 ranges)), reverse: false, limit: None",
        ),
        (
            "SELECT id FROM t ORDER BY id DESC",
            "lookup: None, reverse: true, limit: None",
        ),
    ] {
        run(&session, sql).await.unwrap();
        let request = requests.lock().unwrap().pop().unwrap();
        assert!(request.contains(expected), "{sql}: {request}");
    }
}

#[tokio::test]
async fn limit_stops_the_source() {
    let source = Streamed::new(1_000_000, 100);
    let made = source.made.clone();
    let session = session(source);
    assert_eq!(
        answer(&session, "SELECT id FROM t LIMIT 3").await,
        "0\n1\n2"
    );
    assert_eq!(made[0].swap(0, Ordering::Relaxed), 1);
    let sql = "SELECT id FROM t WHERE id % 1000 = 7 LIMIT 3 OFFSET 1";
    let (found, metrics) = metrics(&session, sql).await;
    assert_eq!(found, "1007\n2007\n3007");
    assert_eq!(made[0].load(Ordering::Relaxed), 31);
    assert_eq!(metrics["rows_read"], 3_100);
}

/// A chunk is produced when the previous one is used up, so a reader that stops reading stops the
/// source.
#[tokio::test]
async fn slow_reader_applies_back_pressure() {
    let source = Streamed::new(1_000_000, 8192);
    let made = source.made.clone();
    let session = session(source);
    let frame = session.sql("SELECT id FROM t").await.unwrap();
    let mut batches = frame.execute_stream().await.unwrap();
    for batch in 1..=5 {
        batches.next().await.unwrap().unwrap();
        assert!(made[0].load(Ordering::Relaxed) <= batch + 1);
    }
    drop(batches);
    assert!(made[0].load(Ordering::Relaxed) <= 6);
}

/// Sends rows from a thread until the query ends, and then reports their number.
#[derive(Debug)]
struct Endless {
    sent: Arc<AtomicUsize>,
    ended: std::sync::mpsc::SyncSender<bool>,
    failure: Option<&'static str>,
}

impl TableSource for Endless {
    type Row = Event;

    fn scan(&self, _request: &ScanRequest<Event>) -> Result<Rows<Event>, BoxError> {
        let (sent, ended, failure) = (self.sent.clone(), self.ended.clone(), self.failure);
        let rows = RowStream::blocking(move |sender| {
            for id in 0.. {
                match failure {
                    Some("panic") if id == 3 => panic!("the disk is gone"),
                    Some(failure) if id == 3 => return Err(failure.into()),
                    _ => {}
                }
                let sent_one = sender.send(vec![event(id)]);
                if sent_one.is_err() {
                    ended.send(sender.is_ended())?;
                }
                sent_one?;
                sent.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        });
        Ok(rows.into())
    }
}

fn endless(
    failure: Option<&'static str>,
) -> (
    SessionContext,
    Arc<AtomicUsize>,
    std::sync::mpsc::Receiver<bool>,
) {
    let sent = Arc::new(AtomicUsize::new(0));
    let (ended, has_ended) = std::sync::mpsc::sync_channel(1);
    let source = Endless {
        sent: sent.clone(),
        ended,
        failure,
    };
    let session = session(source);
    (session, sent, has_ended)
}

const SOON: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn sending_thread_ends_with_the_query() {
    let (session, sent, has_ended) = endless(None);
    assert_eq!(
        answer(&session, "SELECT id FROM t WHERE id > 10 LIMIT 2").await,
        "11\n12"
    );
    assert!(has_ended.recv_timeout(SOON).unwrap());
    // The chunks that were read, and one in the channel.
    assert!((13..=15).contains(&sent.load(Ordering::Relaxed)));
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_query_ends_its_source() {
    let (session, sent, has_ended) = endless(None);
    let query = tokio::spawn(async move {
        let frame = session.sql("SELECT sum(id) FROM t").await?;
        frame.collect().await
    });
    while sent.load(Ordering::Relaxed) < 100 {
        tokio::task::yield_now().await;
    }
    query.abort();
    assert!(query.await.unwrap_err().is_cancelled());
    assert!(has_ended.recv_timeout(SOON).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn failing_sender_thread_fails_only_its_query() {
    let (session, ..) = endless(Some("no more paper"));
    let message = error(&session, "SELECT id FROM t").await;
    assert!(
        message.contains("table `app.events`: its source failed: no more paper"),
        "{message}"
    );
    let (session, ..) = endless(Some("panic"));
    let message = error(&session, "SELECT id FROM t").await;
    assert!(
        message.contains("table `app.events`: its source panicked: the disk is gone"),
        "{message}"
    );
    assert_eq!(answer(&session, "SELECT id FROM t LIMIT 2").await, "0\n1");
}

/// A stream that fails, in one of several ways, instead of returning its third chunk.
#[derive(Debug)]
struct Failing(fn() -> Result<Vec<Event>, BoxError>);

impl TableSource for Failing {
    type Row = Event;

    fn scan(&self, _request: &ScanRequest<Event>) -> Result<Rows<Event>, BoxError> {
        let fail = self.0;
        let chunks = (0..5).map(move |chunk| match chunk {
            2 => fail(),
            _ => Ok(vec![event(chunk)]),
        });
        Ok(RowStream::new(stream::iter(chunks)).into())
    }
}

#[tokio::test]
async fn stream_error_reaches_the_query_with_its_cause() {
    let failing = session(Failing(|| Err("the page is torn".into())));
    let message = error(&failing, "SELECT id FROM t").await;
    assert!(
        message.contains("table `app.events`: its source failed: the page is torn"),
        "{message}"
    );
    let panicking = session(Failing(|| panic!("a page that panics")));
    let message = error(&panicking, "SELECT id FROM t").await;
    assert!(
        message.contains("table `app.events`: its source panicked: a page that panics"),
        "{message}"
    );
    let theirs = || Err(DataFusionError::ResourcesExhausted("no memory".to_string()).into());
    let failed = run(&session(Failing(theirs)), "SELECT id FROM t")
        .await
        .unwrap_err();
    assert!(
        matches!(failed.find_root(), DataFusionError::ResourcesExhausted(_)),
        "{failed}"
    );
    // The rows before the error are not returned.
    let message = error(&failing, "SELECT count(title) FROM t").await;
    assert!(message.contains("the page is torn"), "{message}");
}

#[tokio::test]
async fn invalid_value_names_its_row_in_the_stream() {
    use crate::tables::{Probe, UNFIT, Watched};

    #[derive(Debug)]
    struct WatchedStream;

    impl TableSource for WatchedStream {
        type Row = Watched;

        fn scan(&self, _request: &ScanRequest<Watched>) -> Result<Rows<Watched>, BoxError> {
            let chunks = (0..10).map(|chunk| {
                let rows = (chunk * 10..chunk * 10 + 10).map(|id| match id {
                    57 => Watched {
                        a: Probe(UNFIT),
                        ..Watched::sample(id)
                    },
                    id => Watched::sample(id),
                });
                Ok(rows.collect())
            });
            Ok(RowStream::new(stream::iter(chunks)).into())
        }
    }

    let session = session(WatchedStream);
    let message = error(&session, "SELECT a FROM t").await;
    assert!(
        message.contains("column `a`, row 57: it is unfit"),
        "{message}"
    );
    let message = error(&session, "SELECT a FROM t WHERE id % 2 = 1").await;
    assert!(
        message.contains("column `a`, row 57: it is unfit"),
        "{message}"
    );
}

/// A source that finds rows by key itself.
#[derive(Debug)]
struct Finding(Arc<AtomicUsize>);

impl TableSource for Finding {
    type Row = Event;

    fn scan(&self, request: &ScanRequest<Event>) -> Result<Rows<Event>, BoxError> {
        let Some(Lookup::Key(ranges)) = &request.lookup else {
            return Ok(Rows::from((0..1_000).map(event).collect::<Vec<_>>()));
        };
        let mut found = Vec::new();
        for range in ranges {
            let key = range.one_key().and_then(|(id,)| *id);
            match key {
                Some(id) if (0..1_000).contains(&id) => found.push(event(id)),
                Some(_) => {}
                None => found.extend(
                    (0..1_000)
                        .map(event)
                        .filter(|event| range.compare(event).is_eq()),
                ),
            }
        }
        self.0.fetch_add(found.len(), Ordering::Relaxed);
        Ok(Rows::from(found).looked_up())
    }
}

#[tokio::test]
async fn source_finds_rows_by_key() {
    let found = Arc::new(AtomicUsize::new(0));
    let session = session(Finding(found.clone()));
    for (filter, expected, count, lookups) in [
        ("id = 7", "7", 1, 1),
        ("id IN (7, 3, 5000)", "3\n7", 2, 3),
        ("id > 997 AND title IS NOT NULL", "998", 2, 1),
        ("id BETWEEN 3 AND 5", "3\n4\n5", 3, 1),
    ] {
        let sql = format!("SELECT id FROM t WHERE {filter} ORDER BY id");
        let (rows, metrics) = metrics(&session, &sql).await;
        assert_eq!(rows, expected, "{filter}");
        assert_eq!(found.swap(0, Ordering::Relaxed), count, "{filter}");
        assert_eq!(metrics["lookups"], lookups, "{filter}");
        assert_eq!(metrics["rows_read"], count, "{filter}");
    }
    contract::check(Arc::new(RowProvider::new(Finding(found))))
        .await
        .unwrap();
}

/// A source that returns no more rows than the limit of the request.
#[derive(Debug)]
struct Frugal;

impl TableSource for Frugal {
    type Row = Event;

    fn scan(&self, request: &ScanRequest<Event>) -> Result<Rows<Event>, BoxError> {
        let limit = request.limit.unwrap_or(usize::MAX).min(1_000) as i64;
        let wanted = match request.reverse {
            true => 1_000 - limit..1_000,
            false => 0..limit,
        };
        Ok(Snapshot::in_key_order(wanted.map(event).collect())?.into())
    }

    fn key_order(&self) -> KeyOrder {
        KeyOrder::Either
    }
}

#[tokio::test]
async fn source_returns_limited_rows_from_either_end() {
    let session = session(Frugal);
    assert_eq!(
        answer(&session, "SELECT id FROM t ORDER BY id LIMIT 2").await,
        "0\n1"
    );
    assert_eq!(
        answer(&session, "SELECT id FROM t ORDER BY id DESC LIMIT 2").await,
        "999\n998"
    );
    let (_, metrics) = metrics(
        &session,
        "SELECT id FROM t ORDER BY id DESC LIMIT 2 OFFSET 1",
    )
    .await;
    assert_eq!(metrics["rows_read"], 3);
}

/// A source over an ordered map, which reads ranges of keys as a store on disk does.
#[derive(Debug)]
struct Tree(BTreeMap<i64, Event>, Arc<AtomicUsize>);

impl TableSource for Tree {
    type Row = Event;

    fn scan(&self, request: &ScanRequest<Event>) -> Result<Rows<Event>, BoxError> {
        let Some(Lookup::Key(ranges)) = &request.lookup else {
            return Ok(Rows::from(self.0.values().cloned().collect::<Vec<_>>()));
        };
        let end = |bound: Bound<&(Option<i64>,)>| bound.map(|(id,)| id.unwrap_or_default());
        let found = ranges.iter().flat_map(|range| {
            let ends = (end(range.lower()), end(range.upper()));
            self.0.range(ends).map(|(_, event)| event.clone())
        });
        let found: Vec<Event> = found.collect();
        self.1.fetch_add(found.len(), Ordering::Relaxed);
        Ok(Rows::from(found).looked_up())
    }
}

#[tokio::test]
async fn source_receives_range_bounds() {
    let read = Arc::new(AtomicUsize::new(0));
    let tree = Tree((0..1_000).map(|id| (id, event(id))).collect(), read.clone());
    assert!(format!("{:?}", tree.scan(&ScanRequest::all(0)).unwrap()).contains("1000 rows"));
    let session = session(tree);
    for (filter, expected, count) in [
        ("id >= 997", "997\n998\n999", 3),
        ("id > 3 AND id <= 5", "4\n5", 2),
        ("id < 2", "0\n1", 2),
        ("id = 7", "7", 1),
        ("id BETWEEN 10 AND 12 AND id <> 11", "10\n12", 3),
    ] {
        let sql = format!("SELECT id FROM t WHERE {filter} ORDER BY id");
        assert_eq!(answer(&session, &sql).await, expected, "{filter}");
        assert_eq!(read.swap(0, Ordering::Relaxed), count, "{filter}");
    }
}
