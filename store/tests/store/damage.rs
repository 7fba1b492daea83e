// SPDX-License-Identifier: Apache-2.0

//! Truncated, modified and deleted files: the store has the correct state, or an error names the
//! file.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kalamtable_store::{DamageKind, DefinitionStore, Error, LogOptions, ObjectStoreLog, Sequence};
use object_store::ObjectStore;

use crate::tables::{
    FullState, block_on, files, name, open, open_folder, options, table, try_open,
};

/// Writes a log of eight changes, optionally with checkpoints at 3 and 6, and optionally cleaned
/// up.
fn store(folder: &Path, with_checkpoints: bool, is_clean: bool) -> FullState {
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
    FullState::of(&store)
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

/// Replaces the content of a file, or deletes the file, and checks that the store has the expected
/// state or names the file.
fn check_damaged_file(
    folder: &Path,
    file: &Path,
    content: Option<&[u8]>,
    expected: &FullState,
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
            let found = FullState::of(&store);
            // A deletion of the last entry cannot be detected.
            let is_last = path == "log/00000000000000000008.json" && content.is_none();
            if found == *expected || is_last && found.is_prefix_of(expected) {
                Ok(())
            } else {
                Err(format!("{path}: unexpected state: {found:?}"))
            }
        }
        Err(Error::Damaged(damage)) if damage.path == path => {
            let text = damage.to_string();
            assert!(text.starts_with(&format!("`{path}` ")), "{text}");
            check_state_before_the_damage(&objects, expected);
            Ok(())
        }
        Err(error) => Err(format!("{path}: {error}")),
    };
    fs::write(file, before).unwrap();
    result
}

fn check_state_before_the_damage(objects: &Arc<dyn ObjectStore>, expected: &FullState) {
    let opened = ObjectStoreLog::open_damaged(Arc::clone(objects), Default::default(), options());
    let (store, damage) = block_on(opened).unwrap();
    assert!(damage.is_some());
    let known = block_on(store.last_sequence()).unwrap();
    assert!(known.0 < expected.changes.len() as u64);
    block_on(store.list()).unwrap();
    for history in &expected.histories {
        let found = block_on(store.history(history[0].id)).unwrap();
        assert!(history.starts_with(&found));
    }
    let rejected = block_on(store.create(table("more", "")));
    assert!(matches!(rejected, Err(Error::Damaged(_))), "{rejected:?}");
}

fn check_each_file(with_checkpoints: bool, is_clean: bool, step: usize) {
    let folder = tempfile::tempdir().unwrap();
    let expected = store(folder.path(), with_checkpoints, is_clean);
    let all = all_files(folder.path());
    let mut problems = Vec::new();
    for file in &all {
        let content = fs::read(file).unwrap();
        let mut try_content = |content: Option<&[u8]>| {
            problems.extend(check_damaged_file(folder.path(), file, content, &expected).err());
        };
        try_content(None);
        for length in (0..content.len()).step_by(step) {
            try_content(Some(&content[..length]));
        }
        for at in (0..content.len()).step_by(step) {
            let mut flipped = content.clone();
            // A different bit at each position.
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
fn damage_without_checkpoints_names_the_object() {
    check_each_file(false, false, 5);
}

#[test]
fn damage_with_checkpoints_is_tolerated_or_named() {
    check_each_file(true, false, 11);
}

#[test]
fn damage_after_clean_up_is_tolerated_or_named() {
    check_each_file(true, true, 7);
}

fn entry(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("log/{number:020}.json"))
}

fn checkpoint(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("checkpoint/{number:020}.json"))
}

#[test]
fn missing_entry_is_named_and_not_recreated() {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path(), false, false);
    fs::remove_file(entry(folder.path(), 5)).unwrap();
    let error = try_open(&files(folder.path())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`log/00000000000000000005.json` is missing, but later changes exist"
    );
    assert!(!entry(folder.path(), 5).exists());
}

#[test]
fn missing_first_entry_without_checkpoints_is_named() {
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
fn damage_of_both_checkpoints_names_the_newer() {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path(), true, true);
    for number in [3, 6] {
        fs::write(checkpoint(folder.path(), number), "{").unwrap();
    }
    let error = try_open(&files(folder.path())).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("`checkpoint/00000000000000000006.json` cannot be parsed")
    );
}

#[test]
fn modified_timestamp_is_detected() {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path(), true, true);
    let modified = [
        (entry(folder.path(), 7), "log/00000000000000000007.json"),
        (
            checkpoint(folder.path(), 6),
            "checkpoint/00000000000000000006.json",
        ),
    ];
    // Without the older checkpoint, the damaged one cannot be replaced.
    fs::remove_file(checkpoint(folder.path(), 3)).unwrap();
    for (file, path) in modified {
        let original = fs::read_to_string(&file).unwrap();
        let (before, after) = original.split_once(r#""moment":"#).unwrap();
        let (micros, after) = after.split_once(',').unwrap();
        let modified = micros.parse::<i64>().unwrap() ^ 1;
        fs::write(&file, format!(r#"{before}"moment":{modified},{after}"#)).unwrap();
        let error = try_open(&files(folder.path())).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("`{path}` does not match its checksum")
        );
        fs::write(&file, original).unwrap();
    }
}

#[test]
fn unknown_format_is_named() {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path(), false, false);
    let text = fs::read_to_string(entry(folder.path(), 4)).unwrap();
    let text = text.replacen(r#""format":1"#, r#""format":3,"more":[]"#, 1);
    fs::write(entry(folder.path(), 4), text).unwrap();
    let error = try_open(&files(folder.path())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`log/00000000000000000004.json` has format 3, but this version reads formats up to 2"
    );
}

#[test]
fn oversized_object_is_not_read() {
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
        "`log/00000000000000000004.json` has 1099511627776 bytes, more than the limit of 8388608"
    );
}

#[test]
fn entry_above_the_size_limit_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let options = LogOptions {
        max_entry_bytes: 600,
        ..options()
    };
    let opened = ObjectStoreLog::open_folder(folder.path(), options);
    let log = block_on(opened).unwrap();
    block_on(log.create(table("notes", "short"))).unwrap();
    let rejected = block_on(log.create(table("papers", &"long".repeat(100)))).unwrap_err();
    assert!(
        matches!(rejected, Error::TooLarge { limit: 600, .. }),
        "{rejected:?}"
    );
    assert!(
        rejected
            .to_string()
            .starts_with("`log/00000000000000000002.json` would have ")
    );
    assert!(!entry(folder.path(), 2).exists());
}

#[test]
fn overwritten_entry_is_a_fork() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    store(folder.path(), false, false);
    // A valid entry with the same number, from another log.
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
fn running_store_serves_state_before_the_damage() {
    let folder = tempfile::tempdir().unwrap();
    let objects = files(folder.path());
    let store = open(&objects);
    let writer = open(&objects);
    let id = block_on(store.create(table("notes", "1"))).unwrap().id;
    for number in 2..=4 {
        block_on(writer.replace(id, number - 1, table("notes", &number.to_string()))).unwrap();
    }
    let original = fs::read(entry(folder.path(), 3)).unwrap();
    fs::write(entry(folder.path(), 3), &original[..original.len() / 2]).unwrap();

    let is_named = |error: Error| {
        let named = "`log/00000000000000000003.json` cannot be parsed";
        assert!(error.to_string().starts_with(named), "{error}");
    };
    is_named(block_on(store.refresh()).unwrap_err());
    let newest = block_on(store.get(id)).unwrap().unwrap();
    assert_eq!(newest.version(), 2);
    assert_eq!(block_on(store.list()).unwrap().len(), 1);
    is_named(block_on(store.replace(id, 2, table("notes", "x"))).unwrap_err());
    is_named(block_on(store.checkpoint()).unwrap_err());
    is_named(block_on(store.clean_up()).unwrap_err());
    // A consumer gets the changes before the damage, and then the error.
    let changes = block_on(store.changes_since(Sequence::START));
    assert_eq!(changes.unwrap().len(), 2);
    is_named(block_on(store.changes_since(Sequence(2))).unwrap_err());

    fs::write(entry(folder.path(), 3), original).unwrap();
    let newest = block_on(store.get(id)).unwrap().unwrap();
    assert_eq!(newest.version(), 4);
    block_on(store.replace(id, 4, table("notes", "5"))).unwrap();
    assert_eq!(FullState::of(&store), FullState::of(&open(&objects)));
}

#[test]
fn damaged_checkpoint_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let expected = store(folder.path(), false, false);
    let log = open_folder(folder.path());
    block_on(log.checkpoint()).unwrap();
    let original = fs::read(checkpoint(folder.path(), 8)).unwrap();
    fs::write(checkpoint(folder.path(), 8), "").unwrap();
    block_on(log.checkpoint()).unwrap();
    assert_eq!(fs::read(checkpoint(folder.path(), 8)).unwrap(), original);
    assert_eq!(FullState::of(&open(&files(folder.path()))), expected);
}

#[test]
fn clean_up_does_not_count_damaged_checkpoints() {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path(), true, false);
    fs::write(checkpoint(folder.path(), 6), "").unwrap();
    let log = open_folder(folder.path());
    let cleaned = block_on(log.clean_up()).unwrap();
    assert_eq!((cleaned.entries, cleaned.checkpoints), (0, 0));
    // The checkpoint at 8 is the second readable one.
    block_on(log.checkpoint()).unwrap();
    let cleaned = block_on(log.clean_up()).unwrap();
    assert_eq!((cleaned.entries, cleaned.checkpoints), (3, 0));
    fs::write(checkpoint(folder.path(), 8), "").unwrap();
    // The log has all entries after 3. But as two checkpoints contain their numbers, these entries
    // may have been written to numbers that clean-up had freed.
    let error = try_open(&files(folder.path())).unwrap_err();
    let named = "`checkpoint/00000000000000000008.json` cannot be parsed";
    assert!(error.to_string().starts_with(named), "{error}");
}

#[test]
fn foreign_files_are_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let expected = store(folder.path(), true, true);
    let foreign = [
        "log/README",
        "log/1.json",
        "log/00000000000000000001.json.bak",
        "x",
    ];
    for file in foreign {
        fs::write(folder.path().join(file), "").unwrap();
    }
    let log = open_folder(folder.path());
    block_on(log.checkpoint()).unwrap();
    block_on(log.clean_up()).unwrap();
    assert_eq!(FullState::of(&log), expected);
    assert!(foreign.iter().all(|file| folder.path().join(file).exists()));
    assert_eq!(
        block_on(log.find(&name("jots"))).unwrap().map(|id| id.0),
        Some(1)
    );
}
