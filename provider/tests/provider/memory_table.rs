// SPDX-License-Identifier: Apache-2.0

//! [`MemoryTable`] compared with a slow, simple reference, and under concurrent access.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use datafusion::prelude::SessionContext;
use kalamtable_provider::{Error, MemoryTable, RowProvider, Snapshot};
use kalamtable_rows::doc_example::Event;
use proptest::prelude::*;

fn event(id: i64, title: i64) -> Event {
    Event {
        id,
        title: Some(title.to_string()),
    }
}

#[derive(Clone, Debug)]
enum TableOperation {
    Insert(Vec<(i64, i64)>),
    Upsert(Vec<(i64, i64)>),
    ReplaceAll(Vec<(i64, i64)>),
    /// Inserts consecutive keys, so that the table gets many chunks.
    InsertRun(i64, i64),
    RemoveRun(i64, i64),
    Update(i64, i64),
    ChangeKey(i64, i64),
    Remove(i64),
    Get(i64),
    Snapshot,
    DropSnapshot,
}

const KEYS: std::ops::Range<i64> = 0..3000;

fn operation() -> impl Strategy<Value = TableOperation> {
    let rows = || prop::collection::vec((KEYS, 0..5i64), 0..6);
    let many = || prop::collection::vec((KEYS, 0..5i64), 60..400);
    prop_oneof![
        3 => rows().prop_map(TableOperation::Insert),
        3 => rows().prop_map(TableOperation::Upsert),
        2 => many().prop_map(TableOperation::Upsert),
        1 => many().prop_map(TableOperation::ReplaceAll),
        3 => (KEYS, 1..1500i64).prop_map(|(from, count)| TableOperation::InsertRun(from, count)),
        2 => (KEYS, 1..1500i64).prop_map(|(from, count)| TableOperation::RemoveRun(from, count)),
        2 => (KEYS, 0..5i64).prop_map(|(key, title)| TableOperation::Update(key, title)),
        1 => (KEYS, KEYS).prop_map(|(key, to)| TableOperation::ChangeKey(key, to)),
        3 => KEYS.prop_map(TableOperation::Remove),
        2 => KEYS.prop_map(TableOperation::Get),
        2 => Just(TableOperation::Snapshot),
        1 => Just(TableOperation::DropSnapshot),
    ]
}

type Twin = BTreeMap<i64, Event>;

fn twin_insert(twin: &mut Twin, rows: &[Event]) -> Result<(), i64> {
    let mut next = twin.clone();
    for row in rows {
        if next.insert(row.id, row.clone()).is_some() {
            return Err(row.id);
        }
    }
    *twin = next;
    Ok(())
}

fn same(snapshot: &Snapshot<Event>, twin: &Twin) -> bool {
    snapshot.len() == twin.len() && snapshot.iter().eq(twin.values())
}

fn events(rows: &[(i64, i64)]) -> Vec<Event> {
    rows.iter().map(|&(id, title)| event(id, title)).collect()
}

fn apply(operation: &TableOperation, table: &MemoryTable<Event>, twin: &mut Twin) {
    match operation {
        TableOperation::Insert(rows) => {
            let rows = events(rows);
            let expected = twin_insert(twin, &rows);
            assert_eq!(table.insert(rows).is_ok(), expected.is_ok());
        }
        TableOperation::InsertRun(from, count) => {
            let rows: Vec<Event> = (*from..from + count)
                .rev()
                .filter(|id| !twin.contains_key(id))
                .map(|id| event(id, 0))
                .collect();
            twin_insert(twin, &rows).unwrap();
            table.insert(rows).unwrap();
        }
        TableOperation::Upsert(rows) => {
            twin.extend(events(rows).into_iter().map(|row| (row.id, row)));
            table.upsert(events(rows)).unwrap();
        }
        TableOperation::ReplaceAll(rows) => {
            let mut next = Twin::new();
            let expected = twin_insert(&mut next, &events(rows));
            assert_eq!(table.replace_all(events(rows)).is_ok(), expected.is_ok());
            if expected.is_ok() {
                *twin = next;
            }
        }
        TableOperation::RemoveRun(from, count) => {
            for id in *from..from + count {
                assert_eq!(table.remove(&id).as_deref(), twin.remove(&id).as_ref());
            }
        }
        TableOperation::Update(id, title) => {
            let title = Some(title.to_string());
            let updated = table.update(id, |row| row.title = title.clone()).unwrap();
            let expected = twin.get_mut(id).map(|row| {
                row.title = title.clone();
                row.clone()
            });
            assert_eq!(updated.as_deref(), expected.as_ref());
        }
        TableOperation::ChangeKey(id, to) => {
            let updated = table.update(id, |row| row.id = *to);
            match twin.contains_key(id) && id != to {
                true => assert!(matches!(updated, Err(Error::KeyChanged { .. }))),
                false => assert_eq!(updated.unwrap().as_deref(), twin.get(id)),
            }
        }
        TableOperation::Remove(id) => {
            assert_eq!(table.remove(id).as_deref(), twin.remove(id).as_ref());
        }
        TableOperation::Get(id) => assert_eq!(table.get(id).as_deref(), twin.get(id)),
        TableOperation::Snapshot | TableOperation::DropSnapshot => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn matches_a_map_and_keeps_snapshots_unchanged(
        operations in prop::collection::vec(operation(), 1..60)
    ) {
        let table = MemoryTable::new();
        let mut twin = Twin::new();
        let mut snapshots: Vec<(Snapshot<Event>, Twin)> = Vec::new();
        for operation in &operations {
            match operation {
                TableOperation::Snapshot => snapshots.push((table.snapshot(), twin.clone())),
                TableOperation::DropSnapshot => {
                    snapshots.pop();
                }
                operation => apply(operation, &table, &mut twin),
            }
            prop_assert!(same(&table.snapshot(), &twin), "after {operation:?}");
            prop_assert_eq!(table.len(), twin.len());
        }
        for (snapshot, twin) in &snapshots {
            prop_assert!(same(snapshot, twin));
        }
    }
}

#[test]
fn duplicate_key_fails_and_changes_nothing() {
    let table = MemoryTable::new();
    table.insert((0..100).map(|id| event(id, 0))).unwrap();
    let inserted = table.insert((90..200).rev().map(|id| event(id, 1)));
    assert_eq!(
        inserted.unwrap_err().to_string(),
        "table `app.events`, row 109: the primary key `id` = 90 exists already"
    );
    assert_eq!(table.len(), 100);
    let twice = table.insert([event(500, 1), event(501, 1), event(500, 2)]);
    assert!(
        twice
            .unwrap_err()
            .to_string()
            .contains("row 2: the primary key `id` = 500")
    );
    assert_eq!(table.len(), 100);
}

#[test]
fn upsert_keeps_the_last_row_of_a_key() {
    let table = MemoryTable::new();
    table
        .upsert([
            event(1, 1),
            event(2, 1),
            event(1, 2),
            event(1, 3),
            event(2, 2),
        ])
        .unwrap();
    assert_eq!(table.get(&1).unwrap().title.as_deref(), Some("3"));
    assert_eq!(table.get(&2).unwrap().title.as_deref(), Some("2"));
}

#[test]
fn panicking_update_changes_nothing() {
    let table = MemoryTable::new();
    table.insert([event(1, 1)]).unwrap();
    let update = std::panic::AssertUnwindSafe(|| {
        table.update(&1, |row| {
            row.title = None;
            panic!("half way");
        })
    });
    assert!(std::panic::catch_unwind(update).is_err());
    assert_eq!(table.get(&1).unwrap().title.as_deref(), Some("1"));
    table.insert([event(2, 2)]).unwrap();
    assert_eq!(table.len(), 2);
}

#[test]
fn million_rows_in_random_order() {
    const ROWS: i64 = 1_000_000;
    let table = MemoryTable::new();
    // 7 and the number of rows have no common factor, so every key occurs once, in mixed order.
    table
        .insert((0..ROWS).map(|n| Event {
            id: n * 7 % ROWS,
            title: None,
        }))
        .unwrap();
    assert_eq!(table.len(), ROWS as usize);
    let snapshot = table.snapshot();
    for id in (0..ROWS).step_by(9_973) {
        table
            .update(&id, |row| row.title = Some("seen".to_string()))
            .unwrap();
        assert!(table.get(&id).unwrap().title.is_some());
    }
    assert!(
        snapshot
            .iter()
            .zip(0..)
            .all(|(row, id)| row.id == id && row.title.is_none())
    );
    assert_eq!(
        table
            .snapshot()
            .iter()
            .filter(|row| row.title.is_some())
            .count(),
        101
    );
}

/// Every call writes or removes `PER_CALL` rows of one generation, and each scan must see only
/// complete generations.
#[test]
fn concurrent_scans_see_only_committed_states() {
    const PER_CALL: i64 = 700;
    const WRITERS: i64 = 3;
    let table = Arc::new(MemoryTable::new());
    let done = Arc::new(AtomicBool::new(false));
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let table = table.clone();
                scope.spawn(move || {
                    // The rows of a writer are spread over the whole key space.
                    let keys = || (0..PER_CALL).map(move |n| n * WRITERS + writer);
                    for generation in 0..400 {
                        table
                            .upsert(keys().map(|id| event(id, generation)))
                            .unwrap();
                        let few: Vec<i64> = keys().take(20).collect();
                        // The rows are removed one by one, so any number of them may be missing.
                        for id in &few {
                            table.remove(id).unwrap();
                        }
                        table
                            .insert(few.iter().map(|&id| event(id, generation)))
                            .unwrap();
                        table
                            .update(&few[0], |row| row.title = Some(generation.to_string()))
                            .unwrap();
                    }
                })
            })
            .collect();
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let (table, done) = (table.clone(), done.clone());
                scope.spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread()
                        .build()
                        .unwrap();
                    let mut scans = 0;
                    while !done.load(Ordering::Acquire) || scans == 0 {
                        runtime.block_on(check_generations(table.clone(), PER_CALL, WRITERS));
                        scans += 1;
                    }
                    scans
                })
            })
            .collect();
        writers
            .into_iter()
            .for_each(|writer| writer.join().unwrap());
        done.store(true, Ordering::Release);
        for reader in readers {
            assert!(reader.join().unwrap() > 0);
        }
    });
    assert_eq!(table.len() as i64, PER_CALL * WRITERS);
}

async fn check_generations(table: Arc<MemoryTable<Event>>, per_call: i64, writers: i64) {
    let session = SessionContext::new();
    session
        .register_table("events", Arc::new(RowProvider::new(table)))
        .unwrap();
    // All rows except the few that are written and removed one by one.
    let sql = format!(
        "SELECT id % {writers} AS writer, count(*), count(DISTINCT title) FROM events \
         WHERE id >= {} GROUP BY 1",
        20 * writers
    );
    let batches = session.sql(&sql).await.unwrap().collect().await.unwrap();
    for batch in &batches {
        let column = |index: usize| {
            batch
                .column(index)
                .as_primitive::<Int64Type>()
                .values()
                .to_vec()
        };
        assert!(
            column(1).iter().all(|&rows| rows == per_call - 20),
            "{batch:?}"
        );
        assert!(
            column(2).iter().all(|&generations| generations == 1),
            "{batch:?}"
        );
    }
}
