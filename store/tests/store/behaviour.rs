// SPDX-License-Identifier: Apache-2.0

//! What every store does, on each of them.

use kalamtable_store::{
    ChangeKind, DefinitionStore, Error, MemoryStore, Sequence, TableId, UnixMicros,
};

use crate::tables::{Everything, block_on, name, open, open_folder, table};

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
    empty_store_knows_nothing
    created_table_is_version_1_whatever_it_says
    taken_name_is_refused
    replaced_table_is_the_next_version
    moved_version_is_a_conflict_and_nothing_changes
    renamed_table_is_found_by_its_name_only
    rename_to_a_taken_name_is_refused
    names_can_be_swapped_by_way_of_a_third
    dropped_table_is_gone_and_its_versions_stay
    recreated_table_is_another_one
    dropped_table_cannot_be_changed
    changes_are_told_from_anywhere
    table_has_the_moments_of_its_changes
    versions_are_listed_of_tables_that_are_there
    refused_operations_take_no_number
    definition_that_does_not_read_back_is_refused
}

async fn empty_store_knows_nothing(store: &dyn DefinitionStore) {
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

async fn created_table_is_version_1_whatever_it_says(store: &dyn DefinitionStore) {
    let third = table("notes", "a").with_version(3.try_into().unwrap());
    let created = store.create(third).await.unwrap();
    assert_eq!(created.id, TableId(1));
    assert_eq!(created.sequence, Sequence(1));
    assert_eq!(*created.definition, table("notes", "a"));
    assert_eq!(store.get(created.id).await.unwrap(), Some(created.clone()));
    assert_eq!(store.find(&name("notes")).await.unwrap(), Some(created.id));
    assert_eq!(store.list().await.unwrap(), [created]);
}

async fn taken_name_is_refused(store: &dyn DefinitionStore) {
    let created = store.create(table("notes", "a")).await.unwrap();
    let refused = store.create(table("notes", "b")).await;
    assert!(
        matches!(&refused, Err(Error::NameTaken { id, .. }) if *id == created.id),
        "{refused:?}"
    );
    assert_eq!(
        refused.unwrap_err().to_string(),
        "there is a table `app.notes` already, with id 1"
    );
}

async fn replaced_table_is_the_next_version(store: &dyn DefinitionStore) {
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

async fn moved_version_is_a_conflict_and_nothing_changes(store: &dyn DefinitionStore) {
    let id = store.create(table("notes", "a")).await.unwrap().id;
    store.replace(id, 1, table("notes", "b")).await.unwrap();
    let before = store.history(id).await.unwrap();
    for expected in [0, 1, 3] {
        let refused = store.replace(id, expected, table("notes", "c")).await;
        let is_conflict = |error: &Error| matches!(error, Error::Conflict { found: 2, expected: said, .. } if *said == expected);
        assert!(is_conflict(&refused.unwrap_err()));
        let refused = store.drop_table(id, expected).await;
        assert!(is_conflict(&refused.unwrap_err()));
    }
    assert_eq!(store.history(id).await.unwrap(), before);
}

async fn renamed_table_is_found_by_its_name_only(store: &dyn DefinitionStore) {
    let id = store.create(table("notes", "a")).await.unwrap().id;
    store.replace(id, 1, table("papers", "a")).await.unwrap();
    assert_eq!(store.find(&name("notes")).await.unwrap(), None);
    assert_eq!(store.find(&name("papers")).await.unwrap(), Some(id));
    // The name is free.
    let other = store.create(table("notes", "b")).await.unwrap();
    assert_ne!(other.id, id);
    let changes = store.changes_since(Sequence(1)).await.unwrap();
    assert_eq!(changes[0].name_before, Some(name("notes")));
    assert_eq!(changes[0].name_after, Some(name("papers")));
}

async fn rename_to_a_taken_name_is_refused(store: &dyn DefinitionStore) {
    let notes = store.create(table("notes", "a")).await.unwrap();
    let papers = store.create(table("papers", "a")).await.unwrap();
    let refused = store.replace(notes.id, 1, table("papers", "b")).await;
    assert!(matches!(refused, Err(Error::NameTaken { id, .. }) if id == papers.id));
    assert_eq!(store.list().await.unwrap(), [notes, papers]);
}

async fn names_can_be_swapped_by_way_of_a_third(store: &dyn DefinitionStore) {
    let a = store.create(table("a", "")).await.unwrap().id;
    let b = store.create(table("b", "")).await.unwrap().id;
    store.replace(a, 1, table("c", "")).await.unwrap();
    store.replace(b, 1, table("a", "")).await.unwrap();
    store.replace(a, 2, table("b", "")).await.unwrap();
    assert_eq!(store.find(&name("a")).await.unwrap(), Some(b));
    assert_eq!(store.find(&name("b")).await.unwrap(), Some(a));
    assert_eq!(store.find(&name("c")).await.unwrap(), None);
}

async fn dropped_table_is_gone_and_its_versions_stay(store: &dyn DefinitionStore) {
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

async fn recreated_table_is_another_one(store: &dyn DefinitionStore) {
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
    let refused = store.replace(id, 1, table("notes", "b")).await;
    assert!(matches!(refused, Err(Error::NoSuchTable { .. })));
    let refused = store.drop_table(id, 1).await;
    assert!(matches!(refused, Err(Error::NoSuchTable { .. })));
}

async fn changes_are_told_from_anywhere(store: &dyn DefinitionStore) {
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

async fn table_has_the_moments_of_its_changes(store: &dyn DefinitionStore) {
    let first = store.create(table("a", "1")).await.unwrap();
    assert_eq!(first.changed_at, first.created_at);
    let other = store.create(table("b", "1")).await.unwrap();
    let second = store.replace(first.id, 1, table("a", "2")).await.unwrap();
    assert_eq!(second.created_at, first.created_at);
    store.drop_table(first.id, 2).await.unwrap();

    let changes = store.changes_since(Sequence::START).await.unwrap();
    let moments: Vec<UnixMicros> = changes.iter().map(|change| change.changed_at).collect();
    let made = [first.changed_at, other.changed_at, second.changed_at];
    assert_eq!(moments[..3], made);
    assert!(moments.is_sorted());
    // A drop makes no version.
    assert_eq!(store.history(first.id).await.unwrap(), [first, second]);
}

async fn versions_are_listed_of_tables_that_are_there(store: &dyn DefinitionStore) {
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

async fn refused_operations_take_no_number(store: &dyn DefinitionStore) {
    let id = store.create(table("notes", "a")).await.unwrap().id;
    store.create(table("notes", "b")).await.unwrap_err();
    store.replace(id, 7, table("notes", "b")).await.unwrap_err();
    store.drop_table(TableId(9), 1).await.unwrap_err();
    assert_eq!(store.last_sequence().await.unwrap(), Sequence(1));
    let next = store.create(table("papers", "a")).await.unwrap();
    assert_eq!((next.id, next.sequence), (TableId(2), Sequence(2)));
}

async fn definition_that_does_not_read_back_is_refused(store: &dyn DefinitionStore) {
    // As a constant in generated code could be, if it were written by hand.
    let mut parts = table("notes", "a").parts().clone();
    parts.row = "not a name".into();
    let unsound = kalamtable_model::TableDefinition::from_checked(parts);
    let refused = store.create(unsound).await.unwrap_err();
    assert!(matches!(refused, Error::NotStorable { .. }), "{refused:?}");
    assert_eq!(store.last_sequence().await.unwrap(), Sequence::START);
}

#[test]
fn number_that_is_none_is_stored_as_a_default() {
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
    let definition = checked.expect("the definition is sound").definition;
    let stored = block_on(MemoryStore::new().create(definition)).unwrap();
    assert!(stored.definition.to_toml().contains("default = nan"));
}

#[test]
fn folder_is_read_back_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_folder(&folder.path().join("made/on/demand"));
    let id = block_on(store.create(table("notes", "a"))).unwrap().id;
    block_on(store.replace(id, 1, table("papers", "b"))).unwrap();
    block_on(store.create(table("notes", "c"))).unwrap();
    block_on(store.drop_table(id, 2)).unwrap();
    let before = Everything::of(&store);
    drop(store);
    let store = open_folder(&folder.path().join("made/on/demand"));
    assert_eq!(Everything::of(&store), before);
}
