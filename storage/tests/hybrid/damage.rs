// SPDX-License-Identifier: Apache-2.0

//! Damaged files: opening the storage reports the file, and never returns other rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use kalamtable_storage::{HybridOptions, HybridStorage, LogFolder, StorageError};

use crate::server::{Server, definitions, with_causes};
use crate::simulated::SimulatedFolder;

type Files = BTreeMap<String, Vec<u8>>;

/// The files of a storage, and the rows of its table after each of the last statements.
struct Sample {
    files: Files,
    contents: Vec<String>,
}

const ALL: &str = "SELECT id, n, t FROM app.t ORDER BY id";

fn files_of(folder: &SimulatedFolder) -> Files {
    let names = folder.list().unwrap().into_iter();
    let files = names.map(|name| {
        let content = folder.read(&name).unwrap();
        (name, content)
    });
    files.collect()
}

/// Creates a storage with a manifest, several row files, and a log with three statements.
async fn sample() -> (Sample, crate::server::Definitions) {
    let folder = SimulatedFolder::new(1);
    let definitions = definitions();
    let storage = HybridStorage::open_in(Arc::new(folder.clone()), HybridOptions::default());
    let server = Server::new(&definitions, Arc::new(storage.unwrap())).await;
    server
        .run("CREATE TABLE app.t (id BIGINT PRIMARY KEY, n INT) WITH (type = 'shared')")
        .await;
    server
        .run("INSERT INTO app.t (id, n) VALUES (1, 1), (2, 2), (3, 3), (4, 4)")
        .await;
    server.run("FLUSH TABLE app.t").await;
    server.run("ALTER TABLE app.t ADD COLUMN t TEXT").await;
    server
        .run("INSERT INTO app.t (id, n, t) VALUES (5, 5, 'five'), (6, 6, 'six')")
        .await;
    server.run("UPDATE app.t SET n = 30 WHERE id = 3").await;
    server.run("FLUSH TABLE app.t").await;
    let mut contents = vec![server.run(ALL).await];
    for statement in [
        "UPDATE app.t SET t = 'two' WHERE id = 2",
        "INSERT INTO app.t (id, n, t) VALUES (7, 7, 'seven')",
        "DELETE FROM app.t WHERE id = 1",
    ] {
        server.run(statement).await;
        contents.push(server.run(ALL).await);
    }
    let files = files_of(&folder);
    let count = |start: &str| files.keys().filter(|name| name.starts_with(start)).count();
    assert_eq!((count("manifest-"), count("log-")), (1, 1));
    assert!(count("rows-") >= 2, "{:?}", files.keys());
    (Sample { files, contents }, definitions)
}

fn open(files: &Files) -> Result<HybridStorage, StorageError> {
    let folder = SimulatedFolder::with_files(files);
    HybridStorage::open_in(Arc::new(folder), HybridOptions::default())
}

/// Opens damaged files. They must be refused with an error that names the file, or be a log whose
/// end is missing, of which a number of last statements is lost.
async fn check(
    sample: &Sample,
    definitions: &crate::server::Definitions,
    files: &Files,
    name: &str,
    what: &str,
) -> bool {
    let storage = match open(files) {
        Ok(storage) => storage,
        Err(error) => {
            let text = with_causes(&error);
            let names = text.contains(name) || text.contains("the log in");
            assert!(names, "{what}: {text}");
            return false;
        }
    };
    let is_torn = storage.recovery().torn_tail.is_some();
    let server = Server::new(definitions, Arc::new(storage)).await;
    let content = server.run(ALL).await;
    let is_current = sample.contents.last() == Some(&content);
    let is_earlier = name.starts_with("log-") && sample.contents.contains(&content);
    assert!(is_current || (is_earlier && is_torn), "{what}: {content}");
    !is_current
}

#[tokio::test]
async fn changed_bit_is_reported() {
    let (sample, definitions) = sample().await;
    let mut torn = 0;
    for (name, content) in &sample.files {
        // The lock has no content that matters.
        if name == "lock" {
            continue;
        }
        for at in (0..content.len()).step_by(5) {
            let mut files = sample.files.clone();
            files.get_mut(name).unwrap()[at] ^= 1 << (at % 8);
            let what = format!("bit of byte {at} of {name}");
            torn += usize::from(check(&sample, &definitions, &files, name, &what).await);
        }
    }
    // Damage to the last entry of the log looks like a crash.
    assert!(torn < 200, "{torn}");
}

#[tokio::test]
async fn truncated_file_is_reported() {
    let (sample, definitions) = sample().await;
    for (name, content) in &sample.files {
        if name == "lock" {
            continue;
        }
        for length in (0..content.len()).step_by(23) {
            let mut files = sample.files.clone();
            files.get_mut(name).unwrap().truncate(length);
            let what = format!("{name} with {length} bytes");
            check(&sample, &definitions, &files, name, &what).await;
        }
        let mut files = sample.files.clone();
        files.get_mut(name).unwrap().push(0);
        let what = format!("{name} with one more byte");
        check(&sample, &definitions, &files, name, &what).await;
    }
}

#[tokio::test]
async fn missing_or_exchanged_file_is_reported() {
    let (sample, _) = sample().await;
    let names: Vec<&String> = sample.files.keys().filter(|name| *name != "lock").collect();
    for name in &names {
        let mut files = sample.files.clone();
        files.remove(*name);
        let error = open(&files).expect_err(name);
        let text = with_causes(&error);
        let is_named = text.contains(&**name) || text.contains("the log in");
        assert!(is_named, "without {name}: {text}");
        for other in &names {
            if name != other {
                let mut files = sample.files.clone();
                files.insert((*name).clone(), sample.files[*other].clone());
                open(&files).expect_err(&format!("{name} with the content of {other}"));
            }
        }
    }
}

#[tokio::test]
async fn file_of_an_unfinished_flush_is_deleted() {
    let (sample, definitions) = sample().await;
    let mut files = sample.files.clone();
    files.insert(
        format!("rows-{:020}.parquet", 77),
        b"half of a file".to_vec(),
    );
    files.insert(
        format!("manifest-{:020}.new", 77),
        b"half of a file".to_vec(),
    );
    let folder = SimulatedFolder::with_files(&files);
    let storage = HybridStorage::open_in(Arc::new(folder.clone()), HybridOptions::default());
    let server = Server::new(&definitions, Arc::new(storage.unwrap())).await;
    assert_eq!(Some(&server.run(ALL).await), sample.contents.last());
    let names = folder.list().unwrap();
    assert!(!names.iter().any(|name| name.contains("77")), "{names:?}");
}

#[tokio::test]
async fn row_files_alone_are_not_deleted() {
    let (sample, _) = sample().await;
    let mut files = sample.files.clone();
    files.retain(|name, _| name.starts_with("rows-"));
    let folder = SimulatedFolder::with_files(&files);
    let options = HybridOptions::default();
    let error = HybridStorage::open_in(Arc::new(folder.clone()), options).unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("the log and the manifest are missing"),
        "{error}"
    );
    let names = folder.list().unwrap();
    let left = names.iter().filter(|name| files.contains_key(*name));
    assert_eq!(left.count(), files.len());
}

#[tokio::test]
async fn manifest_of_a_later_release_is_refused() {
    let (sample, _) = sample().await;
    let name = sample
        .files
        .keys()
        .find(|name| name.starts_with("manifest-"))
        .unwrap();
    let mut files = sample.files.clone();
    files.get_mut(name).unwrap()[8] = 9;
    let error = open(&files).unwrap_err().to_string();
    assert!(
        error.contains("has format 9, but this release reads format 2"),
        "{error}"
    );
}
