// SPDX-License-Identifier: Apache-2.0

//! The contract of `DefinitionStore`, on every store.

use kalamtable_store::{
    ChangeKind, DefinitionStore, Error, MemoryStore, Sequence, TableChange, TableId, UnixMicros,
};

use crate::tables::{FullState, block_on, name, open, open_folder, table};

macro_rules! on_every_store {
    ($($case:ident)*) => {
        mod memory {
            $(#[test]
            fn $case() {
                super::block_on(super::$case(&super::MemoryStore::new()));
            })*
        }
        mod folder {
            $(#[test]
            fn $case() {
                let folder = tempfile::tempdir().unwrap();
                super::block_on(super::$case(&super::open_folder(folder.path())));
            })*
        }
        mod objects {
            $(#[test]
            fn $case() {
                let objects = std::sync::Arc::new(object_store::memory::InMemory::new()) as _;
                super::block_on(super::$case(&super::open(&objects)));
            })*
        }
    };
}

on_every_store! {
    empty_store_returns_nothing
    create_stores_version_1_for_any_given_version
    create_with_a_taken_name_fails
    replace_creates_the_next_version
    stale_version_is_a_conflict_without_effect
    renamed_table_is_found_by_the_current_name_only
    rename_to_a_taken_name_fails
    names_can_be_swapped_through_a_third
    versions_of_a_dropped_table_are_readable
    recreated_table_has_another_id
    dropped_table_cannot_be_changed
    changes_are_returned_after_any_sequence
    versions_have_the_timestamps_of_their_changes
    list_versions_omits_dropped_tables
    failed_operations_use_no_sequence_number
    definition_that_cannot_be_read_back_is_rejected
    commit_has_one_sequence_number
    failed_change_undoes_the_whole_commit
    later_change_sees_earlier_ones_of_its_commit
    empty_commit_writes_nothing
}

async fn empty_store_returns_nothing(store: &dyn DefinitionStore) {
    let id = TableId(1);
    assert_eq!(store.get(id).await.unwrap(), None);
    assert_eq!(store.get(TableId(0)).await.unwrap(), None);
    assert_eq!(store.get_version(id, 1).await.unwrap(), None);
    assert_eq!(store.find(&name("notes")).await.unwrap(), None);
    assert_eq!(store.list().await.unwrap(), []);
    assert_eq!(store.list_versions().await.unwrap(), []);
    assert_eq!(store.count().await.unwrap(), 0);
    assert_eq!(store.history(id).await.unwrap(), []);
    assert_eq!(store.changes_since(Sequence::START).await.unwrap(), []);
    assert_eq!(store.last_sequence().await.unwrap(), Sequence::START);
    assert_eq!(store.refresh().await.unwrap(), Sequence::START);
}

async fn create_stores_version_1_for_any_given_version(store: &dyn DefinitionStore) {
    let third = table("notes", "a").with_version(3.try_into().unwrap());
    let created = store.create(third).await.unwrap();
    assert_eq!(created.id, TableId(1));
    assert_eq!(created.sequence, Sequence(1));
    assert_eq!(*created.definition, table("notes", "a"));
    assert_eq!(store.get(created.id).await.unwrap(), Some(created.clone()));
    assert_eq!(store.find(&name("notes")).await.unwrap(), Some(created.id));
    assert_eq!(store.list().await.unwrap(), [created]);
}

async fn create_with_a_taken_name_fails(store: &dyn DefinitionStore) {
    let created = store.create(table("notes", "a")).await.unwrap();
    let rejected = store.create(table("notes", "b")).await;
    assert!(
        matches!(&rejected, Err(Error::NameTaken { id, .. }) if *id == created.id),
        "{rejected:?}"
    );
    assert_eq!(
        rejected.unwrap_err().to_string(),
        "table `app.notes` already exists, with id 1"
    );
}

async fn replace_creates_the_next_version(store: &dyn DefinitionStore) {
    let first = store.create(table("notes", "a")).await.unwrap();
    let second = store.replace(first.id, 1, table("notes", "b")).await;
    let second = second.unwrap();
    assert_eq!((second.version(), second.sequence), (2, Sequence(2)));
    assert_eq!(second.definition.comment(), Some("b"));
    assert_eq!(store.get(first.id).await.unwrap(), Some(second.clone()));
    let version = |version| store.get_version(first.id, version);
    assert_eq!(version(0).await.unwrap(), None);
    assert_eq!(version(1).await.unwrap(), Some(first.clone()));
    assert_eq!(version(2).await.unwrap(), Some(second.clone()));
    assert_eq!(version(3).await.unwrap(), None);
    assert_eq!(store.history(first.id).await.unwrap(), [first, second]);
}

async fn stale_version_is_a_conflict_without_effect(store: &dyn DefinitionStore) {
    let id = store.create(table("notes", "a")).await.unwrap().id;
    store.replace(id, 1, table("notes", "b")).await.unwrap();
    let before = store.history(id).await.unwrap();
    for expected in [0, 1, 3] {
        let rejected = store.replace(id, expected, table("notes", "c")).await;
        let is_conflict = |error: &Error| matches!(error, Error::Conflict { found: 2, expected: named, .. } if *named == expected);
        assert!(is_conflict(&rejected.unwrap_err()));
        let rejected = store.drop_table(id, expected).await;
        assert!(is_conflict(&rejected.unwrap_err()));
    }
    assert_eq!(store.history(id).await.unwrap(), before);
}

async fn renamed_table_is_found_by_the_current_name_only(store: &dyn DefinitionStore) {
    let id = store.create(table("notes", "a")).await.unwrap().id;
    store.replace(id, 1, table("papers", "a")).await.unwrap();
    assert_eq!(store.find(&name("notes")).await.unwrap(), None);
    assert_eq!(store.find(&name("papers")).await.unwrap(), Some(id));
    // The previous name is free.
    let other = store.create(table("notes", "b")).await.unwrap();
    assert_ne!(other.id, id);
    let changes = store.changes_since(Sequence(1)).await.unwrap();
    assert_eq!(changes[0].name_before, Some(name("notes")));
    assert_eq!(changes[0].name_after, Some(name("papers")));
}

async fn rename_to_a_taken_name_fails(store: &dyn DefinitionStore) {
    let notes = store.create(table("notes", "a")).await.unwrap();
    let papers = store.create(table("papers", "a")).await.unwrap();
    let rejected = store.replace(notes.id, 1, table("papers", "b")).await;
    assert!(matches!(rejected, Err(Error::NameTaken { id, .. }) if id == papers.id));
    assert_eq!(store.list().await.unwrap(), [notes, papers]);
}

async fn names_can_be_swapped_through_a_third(store: &dyn DefinitionStore) {
    let a = store.create(table("a", "")).await.unwrap().id;
    let b = store.create(table("b", "")).await.unwrap().id;
    store.replace(a, 1, table("c", "")).await.unwrap();
    store.replace(b, 1, table("a", "")).await.unwrap();
    store.replace(a, 2, table("b", "")).await.unwrap();
    assert_eq!(store.find(&name("a")).await.unwrap(), Some(b));
    assert_eq!(store.find(&name("b")).await.unwrap(), Some(a));
    assert_eq!(store.find(&name("c")).await.unwrap(), None);
}

async fn versions_of_a_dropped_table_are_readable(store: &dyn DefinitionStore) {
    let first = store.create(table("notes", "a")).await.unwrap();
    let second = store.replace(first.id, 1, table("notes", "b")).await;
    let second = second.unwrap();
    assert_eq!(store.drop_table(first.id, 2).await.unwrap(), Sequence(3));
    assert_eq!(store.get(first.id).await.unwrap(), None);
    assert_eq!(store.find(&name("notes")).await.unwrap(), None);
    assert_eq!(store.list().await.unwrap(), []);
    assert_eq!(
        store.get_version(first.id, 1).await.unwrap(),
        Some(first.clone())
    );
    assert_eq!(store.history(first.id).await.unwrap(), [first, second]);
}

async fn recreated_table_has_another_id(store: &dyn DefinitionStore) {
    let first = store.create(table("notes", "a")).await.unwrap();
    store.drop_table(first.id, 1).await.unwrap();
    let second = store.create(table("notes", "a")).await.unwrap();
    assert_eq!((second.id, second.version()), (TableId(2), 1));
    assert_eq!(store.find(&name("notes")).await.unwrap(), Some(second.id));
    assert_eq!(store.history(first.id).await.unwrap(), [first]);
    assert_eq!(store.history(second.id).await.unwrap(), [second]);
}

async fn dropped_table_cannot_be_changed(store: &dyn DefinitionStore) {
    let id = store.create(table("notes", "a")).await.unwrap().id;
    store.drop_table(id, 1).await.unwrap();
    let rejected = store.replace(id, 1, table("notes", "b")).await;
    assert!(matches!(rejected, Err(Error::NoSuchTable { .. })));
    let rejected = store.drop_table(id, 1).await;
    assert!(matches!(rejected, Err(Error::NoSuchTable { .. })));
}

async fn changes_are_returned_after_any_sequence(store: &dyn DefinitionStore) {
    let a = store.create(table("a", "")).await.unwrap().id;
    store.create(table("b", "")).await.unwrap();
    store.replace(a, 1, table("a", "more")).await.unwrap();
    store.drop_table(a, 2).await.unwrap();
    let all = store.changes_since(Sequence::START).await.unwrap();
    let kinds: Vec<ChangeKind> = all.iter().map(|change| change.kind).collect();
    assert_eq!(
        kinds,
        [
            ChangeKind::Created,
            ChangeKind::Created,
            ChangeKind::Replaced { version: 2 },
            ChangeKind::Dropped,
        ]
    );
    assert_eq!(all[0].name_before, None);
    assert_eq!(all[3].name_before, Some(name("a")));
    assert_eq!(all[3].name_after, None);
    for after in 0..=4 {
        let rest = store.changes_since(Sequence(after)).await.unwrap();
        assert_eq!(rest, all[after as usize..]);
    }
    let ahead = store.changes_since(Sequence(5)).await;
    assert!(matches!(
        ahead,
        Err(Error::UnknownSequence {
            last: Sequence(4),
            ..
        })
    ));
}

async fn versions_have_the_timestamps_of_their_changes(store: &dyn DefinitionStore) {
    let first = store.create(table("a", "1")).await.unwrap();
    assert_eq!(first.changed_at, first.created_at);
    let other = store.create(table("b", "1")).await.unwrap();
    let second = store.replace(first.id, 1, table("a", "2")).await.unwrap();
    assert_eq!(second.created_at, first.created_at);
    store.drop_table(first.id, 2).await.unwrap();

    let changes = store.changes_since(Sequence::START).await.unwrap();
    let times: Vec<UnixMicros> = changes.iter().map(|change| change.changed_at).collect();
    let expected = [first.changed_at, other.changed_at, second.changed_at];
    assert_eq!(times[..3], expected);
    assert!(times.is_sorted());
    // A drop does not create a version.
    assert_eq!(store.history(first.id).await.unwrap(), [first, second]);
}

async fn list_versions_omits_dropped_tables(store: &dyn DefinitionStore) {
    let a1 = store.create(table("a", "1")).await.unwrap();
    let b1 = store.create(table("b", "1")).await.unwrap();
    let c1 = store.create(table("c", "1")).await.unwrap();
    let b2 = store.replace(b1.id, 1, table("b", "2")).await.unwrap();
    let a2 = store.replace(a1.id, 1, table("a", "2")).await.unwrap();
    let versions = store.list_versions().await.unwrap();
    assert_eq!(versions, [&a1, &a2, &b1, &b2, &c1].map(Clone::clone));
    store.drop_table(b1.id, 2).await.unwrap();
    assert_eq!(store.list_versions().await.unwrap(), [a1, a2, c1]);
    assert_eq!(store.count().await.unwrap(), 2);
}

async fn failed_operations_use_no_sequence_number(store: &dyn DefinitionStore) {
    let id = store.create(table("notes", "a")).await.unwrap().id;
    store.create(table("notes", "b")).await.unwrap_err();
    store.replace(id, 7, table("notes", "b")).await.unwrap_err();
    store.drop_table(TableId(9), 1).await.unwrap_err();
    assert_eq!(store.last_sequence().await.unwrap(), Sequence(1));
    let next = store.create(table("papers", "a")).await.unwrap();
    assert_eq!((next.id, next.sequence), (TableId(2), Sequence(2)));
}

fn create(name: &str, comment: &str) -> TableChange {
    TableChange::Create {
        definition: table(name, comment),
    }
}

fn replace(id: TableId, expected_version: u32, name: &str, comment: &str) -> TableChange {
    TableChange::Replace {
        id,
        expected_version,
        definition: table(name, comment),
    }
}

async fn commit_has_one_sequence_number(store: &dyn DefinitionStore) {
    let a = store.create(table("a", "1")).await.unwrap();
    let b = store.create(table("b", "1")).await.unwrap();
    let changes = vec![
        create("c", "1"),
        replace(a.id, 1, "a", "2"),
        TableChange::Drop {
            id: b.id,
            expected_version: 1,
        },
    ];
    let tables = store.commit(changes).await.unwrap();
    let versions = tables.iter().map(|table| (table.id.0, table.version()));
    assert_eq!(versions.collect::<Vec<_>>(), [(3, 1), (1, 2), (2, 1)]);
    assert!(tables.iter().all(|table| table.sequence == Sequence(3)));
    assert_eq!(store.last_sequence().await.unwrap(), Sequence(3));

    let changes = store.changes_since(Sequence(2)).await.unwrap();
    let kinds: Vec<ChangeKind> = changes.iter().map(|change| change.kind).collect();
    let expected = [
        ChangeKind::Created,
        ChangeKind::Replaced { version: 2 },
        ChangeKind::Dropped,
    ];
    assert_eq!(kinds, expected);
    assert!(changes.iter().all(|change| change.sequence == Sequence(3)));
    assert_eq!(store.changes_since(Sequence(3)).await.unwrap(), []);
    let next = store.create(table("d", "1")).await.unwrap();
    assert_eq!((next.id, next.sequence), (TableId(4), Sequence(4)));
}

async fn failed_change_undoes_the_whole_commit(store: &dyn DefinitionStore) {
    let a = store.create(table("a", "1")).await.unwrap();
    let before = store.changes_since(Sequence::START).await.unwrap();
    for last in [
        create("b", "1"),
        replace(a.id, 7, "a", "2"),
        replace(TableId(9), 1, "a", "2"),
        TableChange::Drop {
            id: TableId(9),
            expected_version: 1,
        },
    ] {
        let changes = vec![create("b", "1"), replace(a.id, 1, "a", "2"), last];
        store.commit(changes).await.unwrap_err();
        let changes = store.changes_since(Sequence::START).await.unwrap();
        assert_eq!(changes, before);
        assert_eq!(store.list().await.unwrap(), std::slice::from_ref(&a));
    }
}

async fn later_change_sees_earlier_ones_of_its_commit(store: &dyn DefinitionStore) {
    let a = store.create(table("a", "1")).await.unwrap().id;
    let b = store.create(table("b", "1")).await.unwrap().id;
    // Swaps two names, and replaces a table that the same commit creates.
    let changes = vec![
        replace(a, 1, "free", "2"),
        replace(b, 1, "a", "2"),
        replace(a, 2, "b", "3"),
        create("c", "1"),
        replace(TableId(3), 1, "c", "2"),
    ];
    store.commit(changes).await.unwrap();
    assert_eq!(store.find(&name("a")).await.unwrap(), Some(b));
    assert_eq!(store.find(&name("b")).await.unwrap(), Some(a));
    assert_eq!(store.find(&name("free")).await.unwrap(), None);
    let c = store.get(TableId(3)).await.unwrap().unwrap();
    assert_eq!((c.version(), c.sequence), (2, Sequence(3)));
}

async fn empty_commit_writes_nothing(store: &dyn DefinitionStore) {
    assert_eq!(store.commit(Vec::new()).await.unwrap(), []);
    assert_eq!(store.last_sequence().await.unwrap(), Sequence::START);
}

#[test]
fn commit_survives_entries_and_checkpoints() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_folder(folder.path());
    block_on(later_change_sees_earlier_ones_of_its_commit(&store));
    let expected = FullState::of(&store);
    let reopened = FullState::of(&open_folder(folder.path()));
    assert_eq!(reopened, expected);

    block_on(store.checkpoint()).unwrap();
    for number in 1..=3 {
        std::fs::remove_file(folder.path().join(format!("log/{number:020}.json"))).unwrap();
    }
    let from_checkpoint = FullState::of(&open_folder(folder.path()));
    assert_eq!(from_checkpoint, expected);
}

async fn definition_that_cannot_be_read_back_is_rejected(store: &dyn DefinitionStore) {
    // `from_checked` is meant for generated code, and does not check its argument.
    let mut parts = table("notes", "a").parts().clone();
    parts.row = "not a name".into();
    let invalid = kalamtable_model::TableDefinition::from_checked(parts);
    let rejected = store.create(invalid).await.unwrap_err();
    assert!(
        matches!(rejected, Error::NotStorable { .. }),
        "{rejected:?}"
    );
    assert_eq!(store.last_sequence().await.unwrap(), Sequence::START);
}

#[test]
fn default_of_nan_is_storable() {
    let mut sources = kalamtable_model::Sources::new();
    let source = sources.push(kalamtable_model::SourceFile::new(
        "nan",
        "name = 'app.measures'\n\
         primary_key = ['id']\n\
         [columns]\n\
         id    = { id = 1, type = 'bigint' }\n\
         value = { id = 2, type = 'double', default = nan }\n",
    ));
    let checked = kalamtable_model::parse_and_check(&sources, source);
    let definition = checked.expect("the definition is valid").definition;
    let stored = block_on(MemoryStore::new().create(definition)).unwrap();
    assert!(stored.definition.to_toml().contains("default = nan"));
}

#[test]
fn labels_that_are_no_names_in_rust_are_storable() {
    let mut sources = kalamtable_model::Sources::new();
    let source = sources.push(kalamtable_model::SourceFile::new(
        "labels",
        "name = 'app.self'\n\
         primary_key = ['id']\n\
         [columns]\n\
         id   = { id = 1, type = 'bigint', source = 'ID' }\n\
         sign = { id = 2, type = \"enum('>=', 'α', 'gpt-3.5', 'gpt_3_5')\", variants = { '>=' = 'AtLeast' } }\n",
    ));
    let checked = kalamtable_model::parse_and_check(&sources, source);
    let definition = checked.expect("the definition is valid").definition;
    let folder = tempfile::tempdir().unwrap();
    let id = block_on(open_folder(folder.path()).create(definition.clone()))
        .unwrap()
        .id;
    let read = block_on(open_folder(folder.path()).get(id))
        .unwrap()
        .unwrap();
    assert_eq!(*read.definition, definition);
}

#[test]
fn reopened_folder_has_the_same_state() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_folder(&folder.path().join("created/on/demand"));
    let id = block_on(store.create(table("notes", "a"))).unwrap().id;
    block_on(store.replace(id, 1, table("papers", "b"))).unwrap();
    block_on(store.create(table("notes", "c"))).unwrap();
    block_on(store.drop_table(id, 2)).unwrap();
    let before = FullState::of(&store);
    drop(store);
    let store = open_folder(&folder.path().join("created/on/demand"));
    assert_eq!(FullState::of(&store), before);
}
