// SPDX-License-Identifier: Apache-2.0

//! Random commits, flushes, removals of tables, faults and crashes, without SQL. The oracle is the
//! list of the rows after each commit.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{FieldRef, Schema};
use kalamtable_model::{SourceFile, Sources, TableDefinition, parse_and_check};
use kalamtable_runtime::UserId;
use kalamtable_runtime::dynamic::{
    Chunk, ChunkId, Commit, Partition, PartitionChunk, PartitionRows, RowStorage,
};
use kalamtable_storage::{HybridOptions, HybridStorage, RowLogOptions};
use kalamtable_store::{TableId, UnixMicros};
use proptest::prelude::Rng;
use proptest::test_runner::TestRng;

use crate::server::with_causes;
use crate::simulated::{Fault, SimulatedFolder, chance, seeded};

const TABLES: u64 = 3;
const OWNERS: [&str; 2] = ["ann", "bob"];

/// Partitions that are removed.
#[derive(Clone, Debug)]
enum Removal {
    Table(TableId),
    Owner(UserId),
}

impl Removal {
    fn contains(&self, partition: &Partition) -> bool {
        match self {
            Removal::Table(table) => partition.table == *table,
            Removal::Owner(owner) => partition.owner.as_ref() == Some(owner),
        }
    }
}

/// The rows after each commit of one partition, by number.
type History = Vec<Arc<PartitionRows>>;

/// The expected content of a storage.
#[derive(Default)]
struct Model {
    histories: HashMap<Partition, History>,
    /// The number of the last commit of each partition that was acknowledged.
    acknowledged: HashMap<Partition, u64>,
    /// The partitions that were removed and not written to since.
    removed: HashSet<Partition>,
    /// The removals that have failed, so that they may have happened.
    removing: Vec<Removal>,
}

impl Model {
    fn latest(&self, partition: &Partition) -> Arc<PartitionRows> {
        let history = self.histories.get(partition);
        history
            .and_then(|history| history.last())
            .cloned()
            .unwrap_or_default()
    }

    /// Adds the joins of a flush, which change no row, to the histories.
    fn follow_joins(&mut self, storage: &HybridStorage) {
        for (partition, history) in &mut self.histories {
            let latest = storage.latest_rows(partition).unwrap();
            follow_join(history, latest);
        }
    }

    /// Checks the rows of a storage that was opened again, and continues from them.
    fn check_recovered(&mut self, storage: &HybridStorage, context: &str) {
        for (partition, history) in &mut self.histories {
            follow_join(history, storage.latest_rows(partition).unwrap());
            let found = storage.rows(partition).unwrap();
            let latest = storage.latest_rows(partition).unwrap();
            assert_eq!(found.number, latest.number, "{context}");
            let acknowledged = self
                .acknowledged
                .get(partition)
                .copied()
                .unwrap_or_default();
            let mut removing = self.removing.iter();
            if found.number == 0 && removing.any(|removal| removal.contains(partition)) {
                assert!(found.chunks.is_empty());
                history.truncate(1);
                self.acknowledged.remove(partition);
                continue;
            }
            assert!(
                found.number >= acknowledged,
                "{context}: {partition:?} has number {}, but {acknowledged} was acknowledged",
                found.number
            );
            let expected = history.get(found.number as usize);
            let expected = expected.unwrap_or_else(|| panic!("{context}: {partition:?}"));
            assert_equal(&found, expected, context);
            history.truncate(found.number as usize);
            history.push(in_memory(&found));
            self.acknowledged.insert(partition.clone(), found.number);
        }
        for partition in &self.removed {
            assert_eq!(storage.rows(partition).unwrap().number, 0, "{context}");
        }
        self.removing.clear();
    }
}

/// Adds the latest rows to a history, if they follow its last ones by a join, which changes no row.
fn follow_join(history: &mut History, latest: Arc<PartitionRows>) {
    if let Some(last) = history.last()
        && last.number + 1 == latest.number
    {
        assert_eq!(present_rows(&latest), present_rows(last), "a join");
        history.push(in_memory(&latest));
    }
}

/// Returns the same rows in memory, because the storage may delete its files.
fn in_memory(rows: &PartitionRows) -> Arc<PartitionRows> {
    let mut rows = rows.clone();
    for entry in &mut rows.chunks {
        let (definition, arrivals) = (entry.chunk.definition(), entry.chunk.arrivals());
        let chunk =
            Chunk::with_arrivals(definition, entry.chunk.read().unwrap(), arrivals.to_vec());
        entry.chunk = Arc::new(chunk);
    }
    Arc::new(rows)
}

/// Returns the rows that are not superseded, as sorted texts.
fn present_rows(rows: &PartitionRows) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in &rows.chunks {
        let batch = entry.chunk.read().unwrap();
        let superseded = entry.superseded.as_ref();
        for row in 0..batch.num_rows() {
            if superseded.is_none_or(|rows| !rows.contains(row as u32)) {
                let version = entry.chunk.version();
                texts.push(format!("{version} {:?}", batch.slice(row, 1).columns()));
            }
        }
    }
    texts.sort_unstable();
    texts
}

/// Compares the rows of a storage with the expected ones.
fn assert_equal(found: &PartitionRows, expected: &PartitionRows, context: &str) {
    assert_eq!(found.number, expected.number, "{context}");
    assert_eq!(found.next_chunk, expected.next_chunk, "{context}");
    let content = |entry: &PartitionChunk| {
        let superseded = entry.superseded.iter().flat_map(|rows| rows.iter());
        let superseded: Vec<u32> = superseded.collect();
        let arrivals = entry.chunk.arrivals().to_vec();
        (entry.id, superseded, arrivals, entry.chunk.version())
    };
    let found_chunks: Vec<_> = found.chunks.iter().map(content).collect();
    let expected_chunks: Vec<_> = expected.chunks.iter().map(content).collect();
    assert_eq!(found_chunks, expected_chunks, "{context}");
    for (found, expected) in found.chunks.iter().zip(&expected.chunks) {
        let rows = |entry: &PartitionChunk| entry.chunk.read().unwrap();
        assert_eq!(rows(found), rows(expected), "{context}");
        assert_eq!(**found.chunk.definition(), **expected.chunk.definition());
    }
}

/// The definitions of a table: three versions.
struct Definitions(Vec<Arc<TableDefinition>>);

impl Definitions {
    fn new() -> Self {
        let versions = [
            "n = { id = 2, type = 'bigint', nullable = true }",
            "n = { id = 2, type = 'bigint', nullable = true }\n\
             t = { id = 3, type = 'text', nullable = true }",
            "t = { id = 3, type = 'text', nullable = true }\n\
             x = { id = 4, type = 'double', nullable = true }\n\
             n = { id = 2, type = 'bigint', nullable = true }",
        ];
        let versions = (1..).zip(versions).map(|(version, columns)| {
            let toml = format!(
                "name = 'app.t'\nversion = {version}\nkind = 'user'\nprimary_key = ['id']\n\
                 [columns]\nid = {{ id = 1, type = 'bigint' }}\n{columns}\n"
            );
            let mut sources = Sources::new();
            let source = sources.push(SourceFile::new("t", toml));
            Arc::new(parse_and_check(&sources, source).unwrap().definition)
        });
        Definitions(versions.collect())
    }

    fn chunk(&self, random: &mut TestRng, seq: i64) -> Arc<Chunk> {
        let definition = &self.0[random.next_u32() as usize % self.0.len()];
        let count = 1 + random.next_u32() as usize % 4;
        let columns = definition.columns().iter().map(|column| {
            let mut value = || (!chance(random, 4)).then(|| random.next_u32() % 1000);
            let array: ArrayRef = match &*column.name {
                "id" => Arc::new(Int64Array::from_iter_values(
                    (0..count).map(|_| i64::from(value().unwrap_or_default())),
                )),
                "n" => Arc::new(
                    (0..count)
                        .map(|_| value().map(i64::from))
                        .collect::<Int64Array>(),
                ),
                "t" => Arc::new(
                    (0..count)
                        .map(|_| value().map(|value| format!("text {value}")))
                        .collect::<StringArray>(),
                ),
                _ => {
                    let special = [f64::NAN, -0.0, 0.0, f64::INFINITY];
                    let value = |_| {
                        value().map(|value| match special.get(value as usize % 8) {
                            Some(special) => *special,
                            None => f64::from(value),
                        })
                    };
                    Arc::new((0..count).map(value).collect::<Float64Array>())
                }
            };
            array
        });
        let mut columns: Vec<ArrayRef> = columns.collect();
        columns.push(Arc::new(Int64Array::from_iter_values(
            seq..seq + count as i64,
        )));
        columns.push(Arc::new(
            (0..count)
                .map(|row| Some(row % 3 == 2))
                .collect::<BooleanArray>(),
        ));
        let fields: Vec<FieldRef> = definition.query_schema().fields().iter().cloned().collect();
        let system = definition.kind().system_query_fields().iter().cloned();
        let schema = Schema::new(fields.into_iter().chain(system).collect::<Vec<_>>());
        let rows = RecordBatch::try_new(Arc::new(schema), columns).unwrap();
        Arc::new(Chunk::new(
            definition,
            rows,
            UnixMicros(i64::from(random.next_u32())),
        ))
    }
}

/// Returns a commit that can follow `rows`.
fn random_commit(
    random: &mut TestRng,
    definitions: &Definitions,
    rows: &PartitionRows,
    seq: i64,
) -> Commit {
    let mut commit = Commit::default();
    if rows.chunks.is_empty() || !chance(random, 3) {
        let id = ChunkId(rows.next_chunk);
        commit.added.push((id, definitions.chunk(random, seq)));
    }
    for entry in &rows.chunks {
        let count = entry.chunk.len() as u32;
        if chance(random, 3) {
            let row = random.next_u32() % count;
            let is_present = entry
                .superseded
                .as_ref()
                .is_none_or(|set| !set.contains(row));
            if is_present {
                commit.superseded.insert(entry.id, vec![row]);
            }
        } else if chance(random, 8) {
            commit.removed.insert(entry.id);
        }
    }
    // Joins chunks of one version, as compaction does.
    let changed = rows.after(&commit);
    if changed.chunks.len() > 4 {
        let version = changed.chunks[0].chunk.version();
        let of_version = changed
            .chunks
            .iter()
            .filter(|entry| entry.chunk.version() == version);
        let from: Vec<ChunkId> = of_version.map(|entry| entry.id).collect();
        let joined = changed.join(ChunkId(changed.next_chunk), &from).unwrap();
        if !joined.chunk.is_empty() {
            commit.joined.push(joined);
        } else {
            let known: HashSet<ChunkId> = rows.chunks.iter().map(|entry| entry.id).collect();
            commit
                .removed
                .extend(from.into_iter().filter(|id| known.contains(id)));
        }
    }
    commit
}

/// A storage in a simulated folder, and what it has to contain.
struct Run {
    folder: SimulatedFolder,
    options: HybridOptions,
    storage: Option<HybridStorage>,
    model: Model,
    definitions: Definitions,
    random: TestRng,
    /// Commits that wait to be acknowledged.
    pending: Vec<(Partition, u64)>,
    steps: u64,
}

impl Run {
    fn new(seed: u64) -> Self {
        let log = RowLogOptions::default().with_segment_bytes(4096);
        // Flushed by the test only.
        let options = HybridOptions::default()
            .with_log(log)
            .with_flush_bytes(u64::MAX);
        let mut run = Run {
            folder: SimulatedFolder::new(seed),
            options,
            storage: None,
            model: Model::default(),
            definitions: Definitions::new(),
            random: seeded(seed),
            pending: Vec::new(),
            steps: 0,
        };
        run.open();
        run
    }

    fn try_open(&mut self) -> Result<(), kalamtable_storage::StorageError> {
        let folder = Arc::new(self.folder.clone());
        self.storage = Some(HybridStorage::open_in(folder, self.options.clone())?);
        Ok(())
    }

    fn open(&mut self) {
        let steps = self.steps;
        self.try_open()
            .unwrap_or_else(|error| panic!("step {steps}: {}", with_causes(&error)));
    }

    fn storage(&self) -> &HybridStorage {
        self.storage.as_ref().unwrap()
    }

    /// Opens the storage again after a crash, and checks it.
    fn crash(&mut self, loses_power: bool) {
        self.storage = None;
        self.pending.clear();
        if loses_power {
            self.folder.lose_power();
        } else {
            self.folder.restart();
        }
        self.open();
        let context = format!("step {}", self.steps);
        let (model, storage) = (&mut self.model, self.storage.as_ref().unwrap());
        self.folder
            .observe(|| model.check_recovered(storage, &context));
    }

    /// Makes a random commit. Returns an error if the storage fails.
    fn commit(&mut self) -> Result<(), ()> {
        let table = TableId(1 + u64::from(self.random.next_u32()) % TABLES);
        let owner = OWNERS[self.random.next_u32() as usize % 2];
        let partition = Partition {
            table,
            owner: UserId::new(owner),
        };
        let mut removing = self.model.removing.iter();
        if removing.any(|removal| removal.contains(&partition)) {
            return Err(());
        }
        let before = self.model.latest(&partition);
        let latest = self.storage().latest_rows(&partition).unwrap();
        self.folder
            .observe(|| assert_equal(&latest, &before, "latest rows"));
        let seq = self.storage().next_seqs(table, 4).unwrap();
        let commit = random_commit(&mut self.random, &self.definitions, &before, seq);
        let after = Arc::new(before.after(&commit));
        let committed = self.storage().commit(&partition, before.number, commit);
        let Ok(is_committed) = committed else {
            return Err(());
        };
        assert!(is_committed);
        self.model.removed.remove(&partition);
        let history = self.model.histories.entry(partition.clone());
        history.or_insert_with(|| vec![Arc::default()]).push(after);
        self.pending.push((partition, before.number + 1));
        Ok(())
    }

    /// Waits for the pending commits.
    fn wait(&mut self) -> Result<(), ()> {
        for (partition, number) in std::mem::take(&mut self.pending) {
            let waited = self.storage().wait_until_durable(&partition, number);
            waited.map_err(|_| ())?;
            let durable = self.storage().rows(&partition).unwrap();
            assert!(durable.number >= number);
            let expected = &self.model.histories[&partition][durable.number as usize];
            self.folder
                .observe(|| assert_equal(&durable, expected, "durable rows"));
            self.model.acknowledged.insert(partition, number);
        }
        Ok(())
    }

    fn remove(&mut self) -> Result<(), ()> {
        let removal = if chance(&mut self.random, 2) {
            Removal::Table(TableId(1 + u64::from(self.random.next_u32()) % TABLES))
        } else {
            Removal::Owner(UserId::new(OWNERS[self.random.next_u32() as usize % 2]).unwrap())
        };
        self.pending
            .retain(|(partition, _)| !removal.contains(partition));
        let removed = match &removal {
            Removal::Table(table) => self.storage().remove_table(*table),
            Removal::Owner(owner) => self.storage().remove_owner(owner),
        };
        if removed.is_err() {
            if let Removal::Owner(_) = &removal {
                for (partition, history) in &mut self.model.histories {
                    if removal.contains(partition)
                        && let Some(rows) = history.last()
                        && rows.number > 0
                    {
                        history.push(Arc::new(rows.without_rows()));
                    }
                }
            }
            self.model.removing.push(removal);
            return Err(());
        }
        let model = &mut self.model;
        if let Removal::Owner(_) = &removal {
            for (partition, history) in &mut model.histories {
                // A crash can have removed the only commit of a partition.
                if removal.contains(partition)
                    && let Some(rows) = history.last()
                    && rows.number > 0
                {
                    let emptied = Arc::new(rows.without_rows());
                    model.acknowledged.insert(partition.clone(), emptied.number);
                    history.push(emptied);
                }
            }
            return Ok(());
        }
        let removed = model
            .histories
            .extract_if(|partition, _| removal.contains(partition));
        model
            .removed
            .extend(removed.map(|(partition, _)| partition));
        model
            .acknowledged
            .retain(|partition, _| !removal.contains(partition));
        Ok(())
    }

    fn step(&mut self) -> Result<(), ()> {
        self.steps += 1;
        match self.random.next_u32() % 40 {
            0 => {
                let flushed = self.storage().flush();
                let (model, storage) = (&mut self.model, self.storage.as_ref().unwrap());
                self.folder.observe(|| model.follow_joins(storage));
                flushed.map(|_| ()).map_err(|_| ())
            }
            1 => self.remove(),
            2..=12 => self.wait(),
            _ => self.commit(),
        }
    }
}

/// Returns the value of an environment variable.
fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

/// The number of random sequences of commits for each test of faults.
fn seeds() -> std::ops::Range<u64> {
    0..variable("KALAMTABLE_SEEDS", 1)
}

#[test]
fn storage_has_all_acknowledged_commits_after_each_crash() {
    let steps = variable("KALAMTABLE_COMMITS", 10_000);
    let mut run = Run::new(1);
    let mut crashes = 0;
    while run.steps < steps {
        run.step().unwrap();
        if chance(&mut run.random, 60) {
            let loses_power = chance(&mut run.random, 2);
            run.crash(loses_power);
            crashes += 1;
        }
    }
    assert!(crashes > 10, "{crashes} crashes");
    let commits: usize = run.model.histories.values().map(Vec::len).sum();
    assert!(commits > 10, "{commits} commits");
}

/// Runs a test with each kind of fault at each call, until the fault does not occur. `test` returns
/// whether it has not occurred. Returns the number of faults that have occurred.
fn with_each_fault(test: impl Fn(u64, u64, Fault) -> bool) -> u64 {
    let mut faults = 0;
    for seed in seeds() {
        for fault in Fault::ALL {
            let occurred = (1..).take_while(|call| !test(seed, *call, fault));
            faults += occurred.count() as u64;
        }
    }
    faults
}

#[test]
fn fault_at_any_call_loses_nothing() {
    let faults = with_each_fault(|seed, call, fault| {
        let mut run = Run::new(seed);
        run.folder.fail_at(call, fault);
        let mut had_error = false;
        while run.steps < 40 {
            // After an error, the server continues, and then restarts.
            had_error |= run.step().is_err();
            if had_error && chance(&mut run.random, 8) {
                break;
            }
        }
        let has_not_occurred = run.folder.has_pending_fault();
        let loses_power = chance(&mut run.random, 2);
        run.crash(loses_power);
        // The server works again.
        while run.steps < 50 {
            run.step().unwrap();
        }
        run.crash(true);
        has_not_occurred
    });
    assert!(faults > 100, "{faults} faults");
}

#[test]
fn fault_while_a_storage_is_opened_loses_nothing() {
    let faults = with_each_fault(|seed, call, fault| {
        let mut run = Run::new(seed);
        while run.steps < 60 {
            run.step().unwrap();
        }
        run.wait().unwrap();
        run.storage = None;
        run.folder.restart();
        run.folder.fail_at(call, fault);
        let opened = run.try_open();
        let has_not_occurred = run.folder.has_pending_fault();
        assert!(
            opened.is_err() || has_not_occurred || fault != Fault::Fail,
            "call {call}"
        );
        run.crash(true);
        has_not_occurred
    });
    assert!(faults > 20, "{faults} faults");
}

#[test]
fn full_disk_loses_nothing() {
    for spare in [0, 1, 100, 1000, 3000, 10_000] {
        for seed in seeds() {
            let mut run = Run::new(seed);
            while run.steps < 100 {
                run.step().unwrap();
            }
            run.wait().unwrap();
            run.folder
                .set_capacity(Some(run.folder.used_bytes() + spare));
            let mut had_error = false;
            for _ in 0..200 {
                had_error |= run.step().is_err();
            }
            assert!(had_error, "the disk is not full");
            run.folder.set_capacity(None);
            run.crash(true);
            while run.steps < 350 {
                run.step().unwrap();
            }
        }
    }
}

#[test]
fn threads_commit_and_delete_rows_while_another_flushes() {
    let folder = SimulatedFolder::new(3);
    let log = RowLogOptions::default().with_segment_bytes(20_000);
    let options = HybridOptions::default()
        .with_log(log)
        .with_flush_bytes(10_000);
    let storage = HybridStorage::open_in(Arc::new(folder.clone()), options.clone()).unwrap();
    let partition = |writer: u64| Partition {
        table: TableId(1 + writer % 2),
        owner: UserId::new(&format!("user {writer}")),
    };
    const WRITERS: u64 = 4;
    const COMMITS: usize = 400;
    // Each thread has a partition of its own, whose rows it knows.
    let expected: Vec<Arc<PartitionRows>> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let storage = &storage;
                scope.spawn(move || {
                    let definitions = Definitions::new();
                    let mut random = seeded(writer);
                    let partition = partition(writer);
                    let mut rows = Arc::<PartitionRows>::default();
                    for _ in 0..COMMITS {
                        let seq = storage.next_seqs(partition.table, 4).unwrap();
                        let mut committed = false;
                        while !committed {
                            let commit = random_commit(&mut random, &definitions, &rows, seq);
                            let after = Arc::new(rows.after(&commit));
                            committed = storage.commit(&partition, rows.number, commit).unwrap();
                            rows = match committed {
                                true => after,
                                // A flush has joined chunks.
                                false => same_rows(storage, &partition, &rows),
                            };
                        }
                        if chance(&mut random, 4) {
                            let number = rows.number;
                            storage.wait_until_durable(&partition, number).unwrap();
                            let durable = storage.rows(&partition).unwrap();
                            assert!(durable.number >= number);
                            assert_eq!(present_rows(&durable), present_rows(&rows));
                        }
                        if chance(&mut random, 20) {
                            let owner = partition.owner.as_ref().unwrap();
                            storage.remove_owner(owner).unwrap();
                            rows = storage.latest_rows(&partition).unwrap();
                            assert!(rows.chunks.is_empty());
                        }
                    }
                    storage.wait_until_durable(&partition, rows.number).unwrap();
                    rows
                })
            })
            .collect();
        scope.spawn(|| {
            for _ in 0..40 {
                storage.flush().unwrap();
            }
        });
        let rows = writers.into_iter().map(|writer| writer.join().unwrap());
        rows.collect()
    });
    drop(storage);
    folder.lose_power();
    let storage = HybridStorage::open_in(Arc::new(folder), options).unwrap();
    for (writer, expected) in (0..).zip(&expected) {
        let rows = storage.rows(&partition(writer)).unwrap();
        assert!(rows.number >= expected.number);
        assert_eq!(present_rows(&rows), present_rows(expected));
    }
}

/// Returns the latest rows, which must be the expected ones, possibly in other chunks.
fn same_rows(
    storage: &HybridStorage,
    partition: &Partition,
    expected: &PartitionRows,
) -> Arc<PartitionRows> {
    let latest = storage.latest_rows(partition).unwrap();
    assert!(latest.number > expected.number);
    assert_eq!(present_rows(&latest), present_rows(expected));
    latest
}

#[test]
fn commit_to_rows_that_were_deleted_is_refused() {
    let definitions = Definitions::new();
    let mut random = seeded(5);
    let folder = tempfile::tempdir().unwrap();
    let hybrid = HybridStorage::open(folder.path()).unwrap();
    let memory = kalamtable_runtime::MemoryStorage::new();
    for storage in [&hybrid as &dyn RowStorage, &memory] {
        let owner = UserId::new("ann").unwrap();
        let partition = Partition {
            table: TableId(1),
            owner: Some(owner.clone()),
        };
        let add = |random: &mut TestRng, rows: &PartitionRows| Commit {
            added: vec![(ChunkId(rows.next_chunk), definitions.chunk(random, 1))],
            ..Commit::default()
        };
        let none = PartitionRows::default();
        let first = add(&mut random, &none);
        assert!(storage.commit(&partition, 0, first).unwrap());
        let before = storage.latest_rows(&partition).unwrap();
        // A statement has read these rows. They are deleted, and others are written.
        storage.remove_owner(&owner).unwrap();
        let emptied = storage.latest_rows(&partition).unwrap();
        let other = add(&mut random, &emptied);
        assert!(storage.commit(&partition, emptied.number, other).unwrap());
        let late = add(&mut random, &before);
        assert!(!storage.commit(&partition, before.number, late).unwrap());
        assert_eq!(storage.latest_rows(&partition).unwrap().chunks.len(), 1);
    }
}
