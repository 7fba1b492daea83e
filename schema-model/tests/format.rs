// SPDX-License-Identifier: Apache-2.0

//! The canonical form of definitions with comments.

use std::fs;

use expect_test::{Expect, expect};
use kalamtable_model::{
    CheckedTable, SourceFile, Sources, Style, format_definition, parse_and_check, render,
};

fn parsed(text: &str) -> CheckedTable {
    let mut sources = Sources::new();
    let source = sources.push(SourceFile::new("x.toml", text));
    match parse_and_check(&sources, source) {
        Ok(table) => table,
        Err(problems) => panic!("{text}\n{}", render(&problems, &sources, Style::Plain)),
    }
}

fn formatted(text: &str) -> String {
    let mut sources = Sources::new();
    let source = sources.push(SourceFile::new("x.toml", text));
    match format_definition(&sources, source) {
        Ok(formatted) => formatted,
        Err(problems) => panic!("{}", render(&problems, &sources, Style::Plain)),
    }
}

/// Formats a text, which keeps its meaning and is stable when formatted again.
fn check(text: &str, expected: Expect) {
    let once = formatted(text);
    expected.assert_eq(&once);
    check_stable(text, &once);
}

fn check_stable(text: &str, once: &str) {
    assert_eq!(formatted(once), once);
    let (before, after) = (parsed(text), parsed(once));
    assert_eq!(before.definition, after.definition);
    assert_eq!(before.variants, after.variants);
    assert_eq!(before.renames, after.renames);
}

const COLUMNS: &str = "[columns]\nid = { id = 1, type = \"int\" }\n";

#[test]
fn keys_are_sorted_and_aligned() {
    check(
        "primary_key=['id']\nversion=2\nname=\"app.a\"\n[reserved]\nnames=['b','a']\nids=[9,7]\n\
         [columns]\nlonger={type='text',nullable=true,id=10}\nid={id=1,type='int'}",
        expect![[r#"
            name        = "app.a"
            version     = 2
            primary_key = ["id"]

            [columns]
            longer = { id = 10, type = "text", nullable = true }
            id     = { id = 1,  type = "int" }

            [reserved]
            ids   = [7, 9]
            names = ["a", "b"]
        "#]],
    );
}

#[test]
fn comments_stay_with_their_lines() {
    check(
        "# Licence\n\n# About the key\nprimary_key = [\"id\"] # key\n  # About the name\n\
         name = \"app.a\"   # name\n\n# Columns follow\n[columns] # header\n\n# first\n\
         id = { id = 1, type = \"int\" } # id\n\n\n# second\nb = { id = 2, type = \"int\" }\n# end\n",
        expect![[r##"
            # Licence

            # About the name
            name        = "app.a" # name
            # About the key
            primary_key = ["id"] # key

            # Columns follow
            [columns] # header
            # first
            id = { id = 1, type = "int" } # id

            # second
            b  = { id = 2, type = "int" }
            # end
        "##]],
    );
}

#[test]
fn directive_for_editors_stays_at_the_top() {
    check(
        &format!("#:schema x.json\n# key\nprimary_key = ['id']\nname = 'app.a'\n{COLUMNS}"),
        expect![[r##"
            #:schema x.json
            name        = "app.a"
            # key
            primary_key = ["id"]

            [columns]
            id = { id = 1, type = "int" }
        "##]],
    );
}

#[test]
fn comments_inside_of_values_move_above() {
    check(
        "name = \"app.a\"\nprimary_key = [ # why\n  # because\n  \"id\", # the id\n\n]\n[columns]\n\
         id = {\n  id = 1, # one\n  type = \"int\",\n}\n",
        expect![[r#"
            name        = "app.a"
            # why
            # because
            # the id
            primary_key = ["id"]

            [columns]
            id = { id = 1, type = "int" } # one
        "#]],
    );
}

#[test]
fn single_comment_inside_of_a_value_moves_to_the_end() {
    check(
        "name = \"app.a\"\nprimary_key = [\n  \"id\", # the id\n]\n[columns]\nid = { id = 1, type = \"int\" }\n",
        expect![[r#"
            name        = "app.a"
            primary_key = ["id"] # the id

            [columns]
            id = { id = 1, type = "int" }
        "#]],
    );
}

#[test]
fn sections_and_dotted_keys_become_lines() {
    check(
        "name = \"app.a\"\nprimary_key = [\"id\"]\n\n# The id\n[columns.id]\n# number\nid = 1\n\
         type = \"int\" # narrow\n\n[columns.b]\ntype = \"text\"\nid = 2\n\n[reserved]\nids = [5]\n",
        expect![[r#"
            name        = "app.a"
            primary_key = ["id"]

            [columns]
            # The id
            # number
            id = { id = 1, type = "int" } # narrow

            b  = { id = 2, type = "text" }

            [reserved]
            ids = [5]
        "#]],
    );
    check(
        "name = \"app.a\"\nprimary_key = [\"id\"]\n# first\ncolumns.id.type = \"int\" # type\n\
         # second\ncolumns.id.id = 1\nreserved = { ids = [7] }\n",
        expect![[r#"
            name        = "app.a"
            primary_key = ["id"]

            [columns]
            # first
            # second
            id = { id = 1, type = "int" } # type

            [reserved]
            ids = [7]
        "#]],
    );
}

#[test]
fn comments_between_sections_stay_on_their_side() {
    check(
        &format!(
            "name = \"app.a\"\nprimary_key = [\"id\"]\n{COLUMNS}# of columns\n\n# of reserved\n[reserved]\nids = [5]\n\n# end\n\n"
        ),
        expect![[r#"
            name        = "app.a"
            primary_key = ["id"]

            [columns]
            id = { id = 1, type = "int" }
            # of columns

            # of reserved
            [reserved]
            ids = [5]

            # end
        "#]],
    );
    check(
        &format!(
            "name = \"app.a\"\nprimary_key = [\"id\"]\n{COLUMNS}# of reserved\n[reserved]\nids = [5]\n"
        ),
        expect![[r#"
            name        = "app.a"
            primary_key = ["id"]

            [columns]
            id = { id = 1, type = "int" }

            # of reserved
            [reserved]
            ids = [5]
        "#]],
    );
}

#[test]
fn values_have_one_notation() {
    check(
        "name = 'app.a'\nprimary_key = ['id']\n[columns]\n\"id\" = { id = 1, type = 'uuid' }\n\
         state = { id = 2, type = \"enum( 'a' , '=' )\", variants = { '=' = 'Equal' }, default = '=', nullable = false }\n\
         price = { id = 3, type = \"decimal(10,2)\", default = '1.5', comment = 'C:\\x \"y\"' }\n\
         at = { id = 4, type = \"timestamp\", default = 2024-01-01 00:00:00 }\n",
        expect![[r#"
            name        = "app.a"
            primary_key = ["id"]

            [columns]
            id    = { id = 1, type = "uuid" }
            state = { id = 2, type = "enum('a', '=')", nullable = false, variants = { "=" = "Equal" }, default = "=" }
            price = { id = 3, type = "decimal(10, 2)", default = "1.50", comment = "C:\\x \"y\"" }
            at    = { id = 4, type = "timestamp", default = 2024-01-01T00:00:00 }
        "#]],
    );
}

#[test]
fn strings_of_several_lines_stay() {
    check(
        &format!(
            "name = \"app.a\"\ncomment = \"\"\"\nOne # not a comment\ntwo\"\"\"\nprimary_key = [\"id\"]\n{COLUMNS}"
        ),
        expect![[r#"
            name        = "app.a"
            comment     = """
            One # not a comment
            two"""
            primary_key = ["id"]

            [columns]
            id = { id = 1, type = "int" }
        "#]],
    );
}

#[test]
fn line_ends_of_windows_stay() {
    let text = format!("name = \"app.a\" # a\nprimary_key = [\"id\"]\n\n{COLUMNS}");
    let windows = text.replace('\n', "\r\n");
    assert_eq!(formatted(&windows), formatted(&text).replace('\n', "\r\n"));
    assert_eq!(formatted(&formatted(&windows)), formatted(&windows));
}

#[test]
fn byte_order_mark_is_removed() {
    let text = format!("name = \"app.a\"\nprimary_key = [\"id\"]\n{COLUMNS}");
    assert_eq!(formatted(&format!("\u{feff}{text}")), formatted(&text));
}

#[test]
fn problems_of_the_definition_are_returned() {
    let mut sources = Sources::new();
    let source = sources.push(SourceFile::new("x.toml", "name = 1"));
    assert!(format_definition(&sources, source).is_err());
}

/// The definitions with which the build script is tested use every key and type.
#[test]
fn definitions_of_other_tests_keep_their_meaning() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../schema-build/tests/good");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        check_stable(&text, &formatted(&text));
        count += 1;
    }
    assert!(count > 10, "{count} definitions");
}

#[test]
fn canonical_text_is_unchanged() {
    let text = parsed(
        "name = 'app.a'\nversion = 3\nprimary_key = ['id']\nunique = [['b'], ['id', 'b']]\n\
         [columns]\nid = { id = 1, type = 'int' }\nb = { id = 20, type = 'text', source = 'B b' }\n\
         [reserved]\nids = [5]\nnames = ['c']\n",
    )
    .definition
    .to_toml();
    assert_eq!(formatted(&text), text);
}
