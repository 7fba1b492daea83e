// SPDX-License-Identifier: Apache-2.0

//! Files that were cut off, altered, deleted: the right answer, or an error that names the file.

use std::fs;
use std::path::{Path, PathBuf};

use kalamtable_store::{DamageKind, DefinitionStore, Error};
use object_store::ObjectStore;
use std::sync::Arc;

use crate::tables::{Everything, block_on, files, name, open, open_folder, table, try_open};

/// Eight changes, with checkpoints at 3 and 6 if asked for, and what they make needless deleted.
fn store(folder: &Path, with_checkpoints: bool, is_clean: bool) -> Everything {
    let store = open_folder(folder);
    block_on(async {
        let notes = store.create(table("notes", "1")).await.unwrap().id;
        let papers = store.create(table("papers", "2")).await.unwrap().id;
        store.replace(notes, 1, table("notes", "3")).await.unwrap();
        if with_checkpoints {
            store.checkpoint().await.unwrap();
        }
        store.drop_table(papers, 1).await.unwrap();
        store.create(table("papers", "5")).await.unwrap();
        store.replace(notes, 2, table("jots", "6")).await.unwrap();
        if with_checkpoints {
            store.checkpoint().await.unwrap();
        }
        store.replace(notes, 3, table("jots", "7")).await.unwrap();
        store.create(table("notes", "8")).await.unwrap();
        if is_clean {
            store.clean_up().await.unwrap();
        }
    });
    Everything::of(&store)
}

fn all_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for sub in ["log", "checkpoint"] {
        for file in fs::read_dir(folder.join(sub)).unwrap() {
            found.push(file.unwrap().path());
        }
    }
    found.sort_unstable();
    found
}

/// Writes `content` in place of the file, or deletes it, and looks at what the store says.
fn look(
    folder: &Path,
    file: &Path,
    content: Option<&[u8]>,
    expected: &Everything,
) -> Result<(), String> {
    let before = fs::read(file).unwrap();
    match content {
        Some(content) => fs::write(file, content).unwrap(),
        None => fs::remove_file(file).unwrap(),
    }
    let objects = files(folder);
    let path = file.strip_prefix(folder).unwrap().to_str().unwrap();
    let result = match try_open(&objects) {
        Ok(store) => {
            let found = Everything::of(&store);
            // Nothing tells of the last change but its own file.
            let is_last = path == "log/00000000000000000008.json" && content.is_none();
            match found == *expected || is_last && found.is_start_of(expected) {
                true => Ok(()),
                false => Err(format!("{path}: another answer: {found:?}")),
            }
        }
        Err(Error::Damaged(damage)) if damage.path == path => {
            let text = damage.to_string();
            assert!(text.starts_with(&format!("`{path}` ")), "{text}");
            before_the_damage_is_readable(&objects, expected);
            Ok(())
        }
        Err(error) => Err(format!("{path}: {error}")),
    };
    fs::write(file, before).unwrap();
    result
}

fn before_the_damage_is_readable(objects: &Arc<dyn ObjectStore>, expected: &Everything) {
    use kalamtable_store::ObjectStoreLog;
    let options = crate::tables::options();
    let opened = ObjectStoreLog::open_damaged(Arc::clone(objects), Default::default(), options);
    let (store, damage) = block_on(opened).unwrap();
    assert!(damage.is_some());
    let known = block_on(store.last_sequence()).unwrap();
    assert!(known.0 < expected.changes.len() as u64);
    block_on(store.list()).unwrap();
    for history in &expected.histories {
        let found = block_on(store.history(history[0].id)).unwrap();
        assert!(history.starts_with(&found));
    }
    let refused = block_on(store.create(table("more", "")));
    assert!(matches!(refused, Err(Error::Damaged(_))), "{refused:?}");
}

fn each_file_in_turn(with_checkpoints: bool, is_clean: bool, step: usize) {
    let folder = tempfile::tempdir().unwrap();
    let expected = store(folder.path(), with_checkpoints, is_clean);
    let all = all_files(folder.path());
    let mut problems = Vec::new();
    for file in &all {
        let content = fs::read(file).unwrap();
        let mut try_content = |content: Option<&[u8]>| {
            problems.extend(look(folder.path(), file, content, &expected).err());
        };
        try_content(None);
        for length in (0..content.len()).step_by(step) {
            try_content(Some(&content[..length]));
        }
        for at in (0..content.len()).step_by(step) {
            let mut flipped = content.clone();
            // Another bit each time.
            flipped[at] ^= 1 << (at / step % 8);
            try_content(Some(&flipped));
        }
        let mut longer = content.clone();
        longer.extend(b"garbage");
        try_content(Some(&longer));
        try_content(Some(&[0; 64]));
        for other in &all {
            if other != file {
                try_content(Some(&fs::read(other).unwrap()));
            }
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn damage_in_a_log_without_checkpoints_is_named() {
    each_file_in_turn(false, false, 5);
}

#[test]
fn damage_in_a_log_with_checkpoints_is_mended_or_named() {
    each_file_in_turn(true, false, 11);
}

#[test]
fn damage_in_a_clean_log_is_mended_or_named() {
    each_file_in_turn(true, true, 7);
}

fn entry(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("log/{number:020}.json"))
}

fn checkpoint(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("checkpoint/{number:020}.json"))
}

#[test]
fn missing_entry_is_named_and_not_written_again() {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path(), false, false);
    fs::remove_file(entry(folder.path(), 5)).unwrap();
    let error = try_open(&files(folder.path())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`log/00000000000000000005.json` is missing, and there are later changes"
    );
    assert!(!entry(folder.path(), 5).exists());
}

#[test]
fn first_entry_is_missed_where_no_checkpoint_holds_it() {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path(), true, true);
    for number in [3, 6] {
        fs::remove_file(checkpoint(folder.path(), number)).unwrap();
    }
    let error = try_open(&files(folder.path())).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("`log/00000000000000000001.json` is missing")
    );
}

#[test]
fn both_checkpoints_damaged_name_the_newer_one() {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path(), true, true);
    for number in [3, 6] {
        fs::write(checkpoint(folder.path(), number), "{").unwrap();
    }
    let error = try_open(&files(folder.path())).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("`checkpoint/00000000000000000006.json` is not readable")
    );
}

#[test]
fn moment_that_was_altered_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path(), true, true);
    let altered = [
        (entry(folder.path(), 7), "log/00000000000000000007.json"),
        (
            checkpoint(folder.path(), 6),
            "checkpoint/00000000000000000006.json",
        ),
    ];
    // Without the other one, nothing stands in for the checkpoint.
    fs::remove_file(checkpoint(folder.path(), 3)).unwrap();
    for (file, path) in altered {
        let sound = fs::read_to_string(&file).unwrap();
        let (before, after) = sound.split_once(r#""moment":"#).unwrap();
        let (moment, after) = after.split_once(',').unwrap();
        let moment = moment.parse::<i64>().unwrap() ^ 1;
        fs::write(&file, format!(r#"{before}"moment":{moment},{after}"#)).unwrap();
        let error = try_open(&files(folder.path())).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("`{path}` does not have the content that its checksum was made of")
        );
        fs::write(&file, sound).unwrap();
    }
}

#[test]
fn other_format_is_named() {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path(), false, false);
    let text = fs::read_to_string(entry(folder.path(), 4)).unwrap();
    let text = text.replacen(r#""format":1"#, r#""format":2,"more":[]"#, 1);
    fs::write(entry(folder.path(), 4), text).unwrap();
    let error = try_open(&files(folder.path())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`log/00000000000000000004.json` has format 2; this version reads 1"
    );
}

#[test]
fn large_object_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path(), false, false);
    let file = fs::File::options()
        .write(true)
        .open(entry(folder.path(), 4))
        .unwrap();
    file.set_len(1 << 40).unwrap();
    let error = try_open(&files(folder.path())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`log/00000000000000000004.json` has 1099511627776 bytes, more than the 8388608 that are read"
    );
}

#[test]
fn what_could_not_be_read_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let options = kalamtable_store::LogOptions {
        max_entry_bytes: 600,
        ..crate::tables::options()
    };
    let opened = kalamtable_store::ObjectStoreLog::open_folder(folder.path(), options);
    let log = block_on(opened).unwrap();
    block_on(log.create(table("notes", "short"))).unwrap();
    let refused = block_on(log.create(table("papers", &"long".repeat(100)))).unwrap_err();
    assert!(
        matches!(refused, Error::TooLarge { limit: 600, .. }),
        "{refused:?}"
    );
    assert!(
        refused
            .to_string()
            .starts_with("`log/00000000000000000002.json` would have ")
    );
    assert!(!entry(folder.path(), 2).exists());
}

#[test]
fn overwritten_entry_is_a_fork() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    store(folder.path(), false, false);
    // A sound entry of the same number, of another log.
    let log = open_folder(other.path());
    for number in 1..=4 {
        block_on(log.create(table(&format!("t{number}"), ""))).unwrap();
    }
    fs::copy(entry(other.path(), 4), entry(folder.path(), 4)).unwrap();
    let error = try_open(&files(folder.path())).unwrap_err();
    let Error::Damaged(damage) = &error else {
        panic!("{error:?}");
    };
    assert!(matches!(damage.kind, DamageKind::Fork { .. }), "{damage:?}");
    assert_eq!(damage.path, "log/00000000000000000004.json");
}

#[test]
fn running_store_serves_what_came_before_until_it_is_repaired() {
    let folder = tempfile::tempdir().unwrap();
    let objects = files(folder.path());
    let store = open(&objects);
    let writer = open(&objects);
    let id = block_on(store.create(table("notes", "1"))).unwrap().id;
    for number in 2..=4 {
        block_on(writer.replace(id, number - 1, table("notes", &number.to_string()))).unwrap();
    }
    let sound = fs::read(entry(folder.path(), 3)).unwrap();
    fs::write(entry(folder.path(), 3), &sound[..sound.len() / 2]).unwrap();

    let is_named = |error: Error| {
        let named = "`log/00000000000000000003.json` is not readable";
        assert!(error.to_string().starts_with(named), "{error}");
    };
    is_named(block_on(store.refresh()).unwrap_err());
    let newest = block_on(store.get(id)).unwrap().unwrap();
    assert_eq!(newest.version(), 2);
    assert_eq!(block_on(store.list()).unwrap().len(), 1);
    is_named(block_on(store.replace(id, 2, table("notes", "x"))).unwrap_err());
    is_named(block_on(store.checkpoint()).unwrap_err());
    is_named(block_on(store.clean_up()).unwrap_err());
    // A cursor gets what there is, and stops.
    let start = kalamtable_store::Sequence::START;
    assert_eq!(block_on(store.changes_since(start)).unwrap().len(), 2);
    is_named(block_on(store.changes_since(kalamtable_store::Sequence(2))).unwrap_err());

    fs::write(entry(folder.path(), 3), sound).unwrap();
    let newest = block_on(store.get(id)).unwrap().unwrap();
    assert_eq!(newest.version(), 4);
    block_on(store.replace(id, 4, table("notes", "5"))).unwrap();
    assert_eq!(Everything::of(&store), Everything::of(&open(&objects)));
}

#[test]
fn damaged_checkpoint_is_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let expected = store(folder.path(), false, false);
    let log = open_folder(folder.path());
    block_on(log.checkpoint()).unwrap();
    let sound = fs::read(checkpoint(folder.path(), 8)).unwrap();
    fs::write(checkpoint(folder.path(), 8), "").unwrap();
    block_on(log.checkpoint()).unwrap();
    assert_eq!(fs::read(checkpoint(folder.path(), 8)).unwrap(), sound);
    assert_eq!(Everything::of(&open(&files(folder.path()))), expected);
}

#[test]
fn damaged_checkpoint_does_not_count_as_one_to_keep() {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path(), true, false);
    fs::write(checkpoint(folder.path(), 6), "").unwrap();
    let log = open_folder(folder.path());
    let cleaned = block_on(log.clean_up()).unwrap();
    assert_eq!((cleaned.entries, cleaned.checkpoints), (0, 0));
    // With 8 there are two again.
    block_on(log.checkpoint()).unwrap();
    let cleaned = block_on(log.clean_up()).unwrap();
    assert_eq!((cleaned.entries, cleaned.checkpoints), (3, 0));
    fs::write(checkpoint(folder.path(), 8), "").unwrap();
    // The log after 3 has the rest, but with two newer checkpoints nothing says that its entries are the
    // first ones of their numbers.
    let error = try_open(&files(folder.path())).unwrap_err();
    let named = "`checkpoint/00000000000000000008.json` is not readable";
    assert!(error.to_string().starts_with(named), "{error}");
}

#[test]
fn files_of_others_are_let_alone() {
    let folder = tempfile::tempdir().unwrap();
    let expected = store(folder.path(), true, true);
    let others = [
        "log/README",
        "log/1.json",
        "log/00000000000000000001.json.bak",
        "x",
    ];
    for other in others {
        fs::write(folder.path().join(other), "").unwrap();
    }
    let log = open_folder(folder.path());
    block_on(log.checkpoint()).unwrap();
    block_on(log.clean_up()).unwrap();
    assert_eq!(Everything::of(&log), expected);
    assert!(
        others
            .iter()
            .all(|other| folder.path().join(other).exists())
    );
    assert_eq!(
        block_on(log.find(&name("jots"))).unwrap().map(|id| id.0),
        Some(1)
    );
}
