// SPDX-License-Identifier: Apache-2.0

//! [`assert_frozen`]: the test that a derived definition is the one that a file has recorded.

use std::path::Path;

use crate::table::Table;

/// Checks that the definition of `table` is the definition in the file `path` below `folder`, the
/// folder of the package.
///
/// If the environment variable `KALAMTABLE_FREEZE` is set, the file is written instead.
///
/// # Panics
/// If the definitions differ, or if the file cannot be read or written. Generated tests call this
/// function, so a panic is a failed test.
pub fn assert_frozen(table: &Table, folder: &str, path: &str) {
    let file = Path::new(folder).join(path);
    let definition = table.definition.to_toml();
    let name = table.definition.name();
    if std::env::var_os("KALAMTABLE_FREEZE").is_some() {
        let written = match file.parent() {
            Some(parent) => std::fs::create_dir_all(parent),
            None => Ok(()),
        };
        if let Err(error) = written.and_then(|()| std::fs::write(&file, &definition)) {
            panic!("table `{name}` cannot be frozen in `{path}`: {error}");
        }
        return;
    }
    let help =
        "run this test with KALAMTABLE_FREEZE=1 to write the current definition of the struct";
    match std::fs::read_to_string(&file) {
        Ok(frozen) if frozen.replace("\r\n", "\n") == definition => {}
        Ok(frozen) => {
            let (before, after) = frozen
                .lines()
                .zip(definition.lines())
                .find(|(before, after)| before != after)
                .unwrap_or(("another number of lines", "more lines, or fewer"));
            panic!(
                "table `{name}` differs from its frozen definition in `{path}`: data that was written \
                 keeps its ids and types\n  frozen:  {before}\n  current: {after}\nhelp: undo the \
                 change of the struct; or, if no data was stored yet, {help}"
            );
        }
        Err(error) => panic!("table `{name}` is not frozen in `{path}`: {error}\nhelp: {help}"),
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    #[test]
    fn changed_definitions_differ_from_the_frozen_file() -> Result<(), Box<dyn std::error::Error>> {
        use crate::doc_example::EVENTS;

        let folder = tempfile::tempdir()?;
        let path = folder.path().to_str().ok_or("a path that is text")?;
        let failure = || {
            let checked = catch_unwind(|| assert_frozen(&EVENTS, path, "events.toml"));
            let panic = checked.err()?;
            panic.downcast_ref::<String>().cloned()
        };
        let message = failure().ok_or("no definition is frozen yet")?;
        assert!(
            message.contains("`app.events` is not frozen in `events.toml`"),
            "{message}"
        );

        let frozen = EVENTS.definition.to_toml();
        std::fs::write(
            folder.path().join("events.toml"),
            frozen.replace('\n', "\r\n"),
        )?;
        assert_eq!(failure(), None);

        std::fs::write(
            folder.path().join("events.toml"),
            frozen.replace("id = 2", "id = 3"),
        )?;
        let message = failure().ok_or("an id has changed")?;
        assert!(message.contains("frozen:  title = { id = 3"), "{message}");
        assert!(message.contains("current: title = { id = 2"), "{message}");
        assert!(message.contains("KALAMTABLE_FREEZE=1"), "{message}");
        Ok(())
    }
}
