// SPDX-License-Identifier: Apache-2.0

//! The text of a history.

use std::collections::BTreeMap;

use expect_test::expect;
use kalamtable_model::Sources;
use sha2::{Digest, Sha256};

use super::project::{Project, definitions, table};

#[test]
fn first_version_has_a_line_per_key_and_column() {
    let text = table(
        "events",
        3,
        "comment = \"What happened\"\nunique = [[\"title\"]]\nrow = \"Event\"\n[columns]\n\
         title     = { id = 2,  type = \"text\", nullable = true, comment = \"a \\\"title\\\"\\n\" }\n\
         seen_at = { id = 4, type = \"timestamp\", default = \"now()\" }\n\
         [reserved]\nids = [7, 3]\nnames = [\"gone\"]\n",
    );
    Project::locked(&[&[text]]).shows(expect![[r#"
        contains app.events

        table app.events
        versions 1
        version 3 HASH
        + name = "app.events"
        + comment = "What happened"
        + primary_key = ["id"]
        + unique = [["title"]]
        + row = "Event"
        + columns.id = { id = 1, type = "bigint" }
        + columns.title = { id = 2, type = "text", nullable = true, comment = "a \"title\"\n" }
        + columns.seen_at = { id = 4, type = "timestamp", default = "now()" }
        + reserved.ids = [3, 7]
        + reserved.names = ["gone"]
        end app.events

        end of history
    "#]]);
}

#[test]
fn later_version_has_the_changed_lines() {
    let title = "title = { id = 2, type = \"text\" }\n";
    let level = "level = { id = 3, type = \"enum('a', 'b')\", default = \"a\" }\n";
    let project = Project::locked(&[
        &[table("events", 1, &format!("{title}{level}"))],
        // Changed keys and a changed column.
        &[table(
            "events",
            2,
            &format!(
                "comment = \"c\"\n[columns]\n{title}{}",
                level.replace("default = \"a\"", "default = \"b\"")
            ),
        )],
        // An added column, and reserved ids.
        &[table(
            "events",
            3,
            &format!(
                "comment = \"d\"\n[columns]\n{title}{}note = {{ id = 4, type = \"text\", nullable = true }}\n[reserved]\nids = [9]\n",
                level.replace("default = \"a\"", "default = \"b\"")
            ),
        )],
    ]);
    project.shows(expect![[r#"
        contains app.events

        table app.events
        versions 3
        version 1 HASH
        + name = "app.events"
        + primary_key = ["id"]
        + columns.id = { id = 1, type = "bigint" }
        + columns.title = { id = 2, type = "text" }
        + columns.level = { id = 3, type = "enum('a', 'b')", default = "a" }
        version 2 HASH
        + comment = "c"
        - columns.level = { id = 3, type = "enum('a', 'b')", default = "a" }
        + columns.level = { id = 3, type = "enum('a', 'b')", default = "b" }
        version 3 HASH
        - comment = "c"
        + comment = "d"
        + columns.note = { id = 4, type = "text", nullable = true }
        + reserved.ids = [9]
        end app.events

        end of history
    "#]]);
}

#[test]
fn moved_columns_have_a_line_with_the_order() {
    let a = "a = { id = 2, type = \"int\" }\n";
    let b = "b = { id = 3, type = \"int\" }\n";
    let c = "c = { id = 4, type = \"int\", nullable = true }\n";
    let mut project = Project::locked(&[&[table("t", 1, &format!("{a}{b}"))]]);
    project
        .edit("levels = [\"storage\"]")
        .lock(&[table("t", 2, &format!("{b}{a}"))])
        .lock(&[table("t", 3, &format!("{b}{c}{a}"))]);
    project.shows(expect![[r#"
        contains app.t

        table app.t
        versions 3
        version 1 HASH
        + name = "app.t"
        + primary_key = ["id"]
        + columns.id = { id = 1, type = "bigint" }
        + columns.a = { id = 2, type = "int" }
        + columns.b = { id = 3, type = "int" }
        version 2 HASH
        order 1 3 2
        version 3 HASH
        + columns.c = { id = 4, type = "int", nullable = true }
        order 1 3 4 2
        end app.t

        end of history
    "#]]);
    assert_eq!(project.report(&[table("t", 3, &format!("{b}{c}{a}"))]), "");
}

#[test]
fn tables_are_sorted_and_listed() {
    let project = Project::locked(&[
        &[table("b", 1, ""), table("a", 1, "")],
        &[table("b", 1, ""), table("c", 1, ""), table("a", 1, "")],
    ]);
    project.shows(expect![[r#"
        contains app.a
        contains app.b
        contains app.c

        table app.a
        versions 1
        version 1 HASH
        + name = "app.a"
        + primary_key = ["id"]
        + columns.id = { id = 1, type = "bigint" }
        end app.a

        table app.b
        versions 1
        version 1 HASH
        + name = "app.b"
        + primary_key = ["id"]
        + columns.id = { id = 1, type = "bigint" }
        end app.b

        table app.c
        versions 1
        version 1 HASH
        + name = "app.c"
        + primary_key = ["id"]
        + columns.id = { id = 1, type = "bigint" }
        end app.c

        end of history
    "#]]);
}

#[test]
fn lock_without_changes_is_unchanged() {
    let mut project = Project::locked(&[&[table("a", 1, ""), table("b", 1, "")]]);
    project.edit("# a comment\ndirection   =   \"full\" # spaces are kept");
    let before = project.lock.clone();
    project.lock(&[table("b", 1, ""), table("a", 1, "")]);
    assert_eq!(project.lock, before);
}

#[test]
fn lock_does_not_depend_on_layout_and_order() {
    let column = "title = { id = 2, type = \"text\" }\n";
    let spaced = "# a comment\ntitle   =  { type = 'text',   id = 2 }\n";
    let plain = Project::locked(&[&[table("a", 1, column), table("b", 1, "")]]);
    let other = Project::locked(&[&[table("b", 1, ""), table("a", 1, spaced)]]);
    assert_eq!(plain.lock, other.lock);
}

/// Computes each hash from the documented format alone.
#[test]
fn hashes_are_those_of_the_documented_text() {
    let project = Project::locked(&[
        &[table("a", 1, ""), table("b", 4, "")],
        &[
            table("a", 2, "comment = \"c\"\n[columns]\n"),
            table("b", 4, ""),
        ],
        &[
            table("a", 3, "comment = \"d\"\n[columns]\n"),
            table("b", 4, ""),
        ],
    ]);
    let mut heads: BTreeMap<&str, String> = BTreeMap::new();
    let (_, history) = project.lock.split_once("this line ----\n").unwrap();
    let mut versions = 0;
    for section in history.split("table ").skip(1) {
        let (id, blocks) = section.split_once("\nversions ").unwrap();
        let (blocks, _) = blocks.split_once("end ").unwrap();
        for block in blocks.split("version ").skip(1) {
            let (first, body) = block.split_once('\n').unwrap();
            let (number, hash) = first.split_once(' ').unwrap();
            let previous = heads.get(id).cloned().unwrap_or(format!("table {id}"));
            let text = format!("{previous}\nversion {number}\n{body}");
            let digest = Sha256::digest(text);
            let expected: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hash, expected);
            heads.insert(id, expected);
            versions += 1;
        }
    }
    assert_eq!(versions, 4);
}

const KEYS: [&str; 4] = [
    "",
    "kind = \"user\"\ncomment = \"a \\\"c\\\"\\n\"\nunique = [[\"b\"], [\"b\", \"id\"]]\n",
    "access_level = \"public\"\nrow = \"Other\"\nno_primary_key = \"a log\"\n",
    "kind = \"stream\"\nttl_seconds = 60\nprimary_key = [\"b\", \"id\"]\n",
];
const COLUMNS: [&str; 4] = [
    "b = { id = 2, type = \"text\" }\na = { id = 3, type = \"list<#4 struct<#5 x: int>>\" }\n",
    "a = { id = 3, type = \"text\", nullable = true, source = \"A = {\" }\nb = { id = 2, type = \"int\" }\n",
    "b = { id = 9, type = \"enum('it''s', '#')\", comment = \"- a\" }\n[reserved]\nids = [3]\n",
    "c = { id = 12, type = \"timestamp\", unit = \"ms\", default = \"now()\", deprecated = \"x\" }\n\
     b = { id = 2, type = \"bigint\" }\n[reserved]\nids = [3, 9]\nnames = [\"a\"]\n",
];

/// Locks every pair of changes, and compares the definitions of the lock with those that were
/// locked.
#[test]
fn definitions_are_those_that_were_locked() {
    for first in 0..16 {
        let states = (0..4)
            .map(|step| (first * 7 + step * 5) % 16)
            .chain([first]);
        let texts = states.zip(1..).map(|(state, version)| {
            let (keys, columns) = (KEYS[state / 4], COLUMNS[state % 4]);
            let text = table("t", version, &format!("{keys}[columns]\n{columns}"));
            match keys.contains("no_primary_key") {
                true => text.replace("primary_key = [\"id\"]\n", ""),
                false => text,
            }
        });
        let texts: Vec<String> = texts.collect();
        let mut project = Project::new();
        for text in &texts {
            project.lock_accepting(std::slice::from_ref(text));
        }
        let mut sources = Sources::new();
        let lock = project.parsed(&mut sources);
        let locked = &lock.tables()[0];
        let written = definitions(&mut sources, &texts).into_iter();
        let written: Vec<_> = written.map(|table| table.definition).collect();
        assert_eq!(locked.definitions().unwrap(), written);
        for definition in &written {
            let table = locked.checked_table(definition.version()).unwrap();
            assert_eq!(table.unwrap().definition, *definition);
        }
        assert!(locked.checked_table(9).unwrap().is_none());
    }
}
