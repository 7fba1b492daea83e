// SPDX-License-Identifier: Apache-2.0

//! Random operations on two logs that share objects, and on a store in memory: all say the same.

use std::sync::Arc;

use kalamtable_store::{DefinitionStore, Error, MemoryStore, ObjectStoreLog, StoredTable, TableId};
use object_store::ObjectStore;
use object_store::memory::InMemory;
use proptest::prelude::*;

use crate::tables::{Everything, block_on, open, table, without_times};

#[derive(Clone, Debug)]
enum Step {
    Create { name: u8 },
    Replace { id: u64, behind: u32, name: u8 },
    Drop { id: u64, behind: u32 },
    Checkpoint,
    CleanUp,
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let (id, name) = (1..6u64, 0..4u8);
    // Mostly the version that is there.
    let behind = prop_oneof![5 => Just(0u32), 1 => Just(1), 1 => Just(u32::MAX)];
    prop_oneof![
        3 => name.clone().prop_map(|name| Step::Create { name }),
        6 => (id.clone(), behind.clone(), name)
            .prop_map(|(id, behind, name)| Step::Replace { id, behind, name }),
        2 => (id, behind).prop_map(|(id, behind)| Step::Drop { id, behind }),
        2 => Just(Step::Checkpoint),
        2 => Just(Step::CleanUp),
        2 => Just(Step::Reopen),
    ]
}

/// An answer, or the error's text.
fn answer<T>(result: Result<T, Error>) -> Result<T, String> {
    result.map_err(|error| error.to_string())
}

/// As [`answer`], without the moment, which is another one in each store.
fn made(result: Result<StoredTable, Error>) -> Result<StoredTable, String> {
    answer(result.map(without_times))
}

fn version_to_say(twin: &MemoryStore, id: u64, behind: u32) -> u32 {
    let newest = block_on(twin.get(TableId(id))).unwrap();
    let version = newest.map_or(1, |table| table.version());
    version.wrapping_sub(behind)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn log_is_as_the_store_in_memory(steps in prop::collection::vec((0..2usize, step()), 1..60)) {
        let objects = Arc::new(InMemory::new()) as Arc<dyn ObjectStore>;
        let twin = MemoryStore::new();
        let mut logs: Vec<ObjectStoreLog> = vec![open(&objects), open(&objects)];
        for (number, (which, step)) in steps.into_iter().enumerate() {
            let log = &logs[which];
            let definition = |name: u8| table(&format!("t{name}"), &number.to_string());
            match step {
                Step::Create { name } => {
                    let expected = made(block_on(twin.create(definition(name))));
                    prop_assert_eq!(made(block_on(log.create(definition(name)))), expected);
                }
                Step::Replace { id, behind, name } => {
                    let version = version_to_say(&twin, id, behind);
                    let id = TableId(id);
                    let expected = made(block_on(twin.replace(id, version, definition(name))));
                    let found = made(block_on(log.replace(id, version, definition(name))));
                    prop_assert_eq!(found, expected);
                }
                Step::Drop { id, behind } => {
                    let version = version_to_say(&twin, id, behind);
                    let id = TableId(id);
                    let expected = answer(block_on(twin.drop_table(id, version)));
                    prop_assert_eq!(answer(block_on(log.drop_table(id, version))), expected);
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
            // The other log lags until it is asked.
            let (found, expected) = (Everything::of(&logs[which]), Everything::of(&twin));
            prop_assert_eq!(found.without_times(), expected.without_times());
        }
        let everything = Everything::of(&open(&objects));
        for log in &logs {
            prop_assert_eq!(Everything::of(log), everything.clone());
        }
        let expected = Everything::of(&twin).without_times();
        prop_assert_eq!(everything.without_times(), expected);
    }
}
