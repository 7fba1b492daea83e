// SPDX-License-Identifier: Apache-2.0

//! Compares two logs on the same objects with a `MemoryStore`, over random operations.

use std::sync::Arc;

use kalamtable_store::{DefinitionStore, Error, MemoryStore, ObjectStoreLog, StoredTable, TableId};
use object_store::ObjectStore;
use object_store::memory::InMemory;
use proptest::prelude::*;

use crate::tables::{FullState, block_on, open, table, without_times};

#[derive(Clone, Debug)]
enum Step {
    Create { name: u8 },
    Replace { id: u64, lag: u32, name: u8 },
    Drop { id: u64, lag: u32 },
    Checkpoint,
    CleanUp,
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let (id, name) = (1..6u64, 0..4u8);
    // Mostly the current version; sometimes an older or a newer one.
    let lag = prop_oneof![5 => Just(0u32), 1 => Just(1), 1 => Just(u32::MAX)];
    prop_oneof![
        3 => name.clone().prop_map(|name| Step::Create { name }),
        6 => (id.clone(), lag.clone(), name)
            .prop_map(|(id, lag, name)| Step::Replace { id, lag, name }),
        2 => (id, lag).prop_map(|(id, lag)| Step::Drop { id, lag }),
        2 => Just(Step::Checkpoint),
        2 => Just(Step::CleanUp),
        2 => Just(Step::Reopen),
    ]
}

/// Converts the error to its text, to compare the results of two stores.
fn comparable<T>(result: Result<T, Error>) -> Result<T, String> {
    result.map_err(|error| error.to_string())
}

/// Like [`comparable`], without the timestamps, which differ between stores.
fn comparable_table(result: Result<StoredTable, Error>) -> Result<StoredTable, String> {
    comparable(result.map(without_times))
}

fn expected_version(twin: &MemoryStore, id: u64, lag: u32) -> u32 {
    let newest = block_on(twin.get(TableId(id))).unwrap();
    let version = newest.map_or(1, |table| table.version());
    version.wrapping_sub(lag)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn log_behaves_like_the_memory_store(steps in prop::collection::vec((0..2usize, step()), 1..60)) {
        let objects = Arc::new(InMemory::new()) as Arc<dyn ObjectStore>;
        let twin = MemoryStore::new();
        let mut logs: Vec<ObjectStoreLog> = vec![open(&objects), open(&objects)];
        for (number, (which, step)) in steps.into_iter().enumerate() {
            let log = &logs[which];
            let definition = |name: u8| table(&format!("t{name}"), &number.to_string());
            match step {
                Step::Create { name } => {
                    let expected = comparable_table(block_on(twin.create(definition(name))));
                    prop_assert_eq!(comparable_table(block_on(log.create(definition(name)))), expected);
                }
                Step::Replace { id, lag, name } => {
                    let version = expected_version(&twin, id, lag);
                    let id = TableId(id);
                    let expected = comparable_table(block_on(twin.replace(id, version, definition(name))));
                    let found = comparable_table(block_on(log.replace(id, version, definition(name))));
                    prop_assert_eq!(found, expected);
                }
                Step::Drop { id, lag } => {
                    let version = expected_version(&twin, id, lag);
                    let id = TableId(id);
                    let expected = comparable(block_on(twin.drop_table(id, version)));
                    prop_assert_eq!(comparable(block_on(log.drop_table(id, version))), expected);
                }
                Step::Checkpoint => {
                    let expected = block_on(twin.last_sequence()).unwrap();
                    prop_assert_eq!(block_on(log.checkpoint()).unwrap(), expected);
                }
                Step::CleanUp => {
                    block_on(log.clean_up()).unwrap();
                }
                Step::Reopen => logs[which] = open(&objects),
            }
            // The other log refreshes when its state is read.
            let (found, expected) = (FullState::of(&logs[which]), FullState::of(&twin));
            prop_assert_eq!(found.without_times(), expected.without_times());
        }
        let state = FullState::of(&open(&objects));
        for log in &logs {
            prop_assert_eq!(FullState::of(log), state.clone());
        }
        let expected = FullState::of(&twin).without_times();
        prop_assert_eq!(state.without_times(), expected);
    }
}
