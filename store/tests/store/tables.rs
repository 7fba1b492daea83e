// SPDX-License-Identifier: Apache-2.0

//! Definitions and stores for the tests, and the complete state of a store.

use std::future::Future;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use kalamtable_model::{SourceFile, Sources, TableDefinition, TableName, parse_and_check};
use kalamtable_store::{
    DefinitionChange, DefinitionStore, LogOptions, ObjectStoreLog, Sequence, StoredTable,
    UnixMicros,
};
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    futures::executor::block_on(future)
}

/// Starts this program as a child process that runs one test. `variable` is the environment
/// variable that contains the folder.
pub(crate) fn child(test: &str, variable: &str, folder: &Path) -> Child {
    let program = std::env::current_exe().expect("the test program has a path");
    Command::new(program)
        .args(["--exact", test, "--nocapture"])
        .env(variable, folder)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the test program starts")
}

/// Returns a definition of `app.{name}`, with a comment to distinguish its versions.
pub(crate) fn table(name: &str, comment: &str) -> TableDefinition {
    let text = format!(
        "name = 'app.{name}'\n\
         comment = '{comment}'\n\
         primary_key = ['id']\n\
         [columns]\n\
         id = {{ id = 1, type = 'bigint' }}\n"
    );
    let mut sources = Sources::new();
    let source = sources.push(SourceFile::new(name, text));
    let checked = parse_and_check(&sources, source);
    checked.expect("the definition is valid").definition
}

pub(crate) fn name(table: &str) -> TableName {
    TableName {
        namespace: "app".into(),
        table: table.into(),
    }
}

/// Every read refreshes, and no checkpoint is written automatically.
pub(crate) fn options() -> LogOptions {
    LogOptions {
        refresh_after: Some(std::time::Duration::ZERO),
        checkpoint_every: None,
        ..LogOptions::default()
    }
}

pub(crate) fn open(objects: &Arc<dyn ObjectStore>) -> ObjectStoreLog {
    try_open(objects).expect("the log opens")
}

pub(crate) fn try_open(
    objects: &Arc<dyn ObjectStore>,
) -> Result<ObjectStoreLog, kalamtable_store::Error> {
    let opened = ObjectStoreLog::open(Arc::clone(objects), Default::default(), options());
    block_on(opened)
}

pub(crate) fn open_folder(path: &Path) -> ObjectStoreLog {
    block_on(ObjectStoreLog::open_folder(path, options())).expect("the log opens")
}

/// Returns a folder as an object store that does not sync its writes.
pub(crate) fn files(path: &Path) -> Arc<dyn ObjectStore> {
    Arc::new(LocalFileSystem::new_with_prefix(path).expect("the folder exists"))
}

/// The complete state of a store.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FullState {
    pub(crate) tables: Vec<StoredTable>,
    pub(crate) versions: Vec<StoredTable>,
    pub(crate) histories: Vec<Vec<StoredTable>>,
    pub(crate) changes: Vec<DefinitionChange>,
}

impl FullState {
    pub(crate) fn of(store: &dyn DefinitionStore) -> Self {
        block_on(async {
            let changes = store.changes_since(Sequence::START).await.unwrap();
            let mut ids: Vec<_> = changes.iter().map(|change| change.table).collect();
            ids.sort_unstable();
            ids.dedup();
            let mut histories = Vec::new();
            for id in ids {
                histories.push(store.history(id).await.unwrap());
            }
            let state = FullState {
                tables: store.list().await.unwrap(),
                versions: store.list_versions().await.unwrap(),
                histories,
                changes,
            };
            state.check(store.last_sequence().await.unwrap());
            state
        })
    }

    /// Checks the invariants of every store.
    fn check(&self, last: Sequence) {
        let mut numbers: Vec<u64> = self
            .changes
            .iter()
            .map(|change| change.sequence.0)
            .collect();
        assert!(numbers.is_sorted(), "the sequence decreases: {self:?}");
        // The changes of a commit share a number.
        numbers.dedup();
        assert!(
            numbers.into_iter().eq(1..=last.0),
            "the sequence has gaps: {self:?}"
        );
        assert!(self.changes.is_sorted_by_key(|change| change.changed_at));
        for history in &self.histories {
            for table in history {
                let mut changes = self.changes.iter();
                let change = changes.find(|change| change.sequence == table.sequence);
                let changed_at = change.map(|change| change.changed_at);
                assert_eq!(Some(table.changed_at), changed_at);
                assert_eq!(table.created_at, history[0].changed_at);
            }
            let versions = history.iter().map(StoredTable::version);
            assert!(versions.eq(1..=history.len() as u32), "{history:?}");
            assert!(history.is_sorted_by_key(|table| table.sequence));
        }
        let exists = |history: &&Vec<StoredTable>| {
            let id = history[0].id;
            self.tables.iter().any(|table| table.id == id)
        };
        let versions = self.histories.iter().filter(exists).flatten();
        assert!(self.versions.iter().eq(versions), "{self:?}");
        let mut names: Vec<_> = self
            .tables
            .iter()
            .map(|table| table.definition.name())
            .collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), self.tables.len(), "a name is used twice");
    }

    /// Removes the timestamps, which differ between two stores with the same changes.
    pub(crate) fn without_times(mut self) -> Self {
        let tables = self.tables.iter_mut().chain(&mut self.versions);
        for table in tables.chain(self.histories.iter_mut().flatten()) {
            *table = without_times(table.clone());
        }
        for change in &mut self.changes {
            change.changed_at = UnixMicros(0);
        }
        self
    }

    /// Returns whether the changes of `other` begin with the changes of this state.
    pub(crate) fn is_prefix_of(&self, other: &FullState) -> bool {
        other.changes.starts_with(&self.changes)
            && self
                .histories
                .iter()
                .zip(&other.histories)
                .all(|(mine, theirs)| theirs.starts_with(mine))
    }
}

pub(crate) fn without_times(table: StoredTable) -> StoredTable {
    StoredTable {
        changed_at: UnixMicros(0),
        created_at: UnixMicros(0),
        ..table
    }
}
