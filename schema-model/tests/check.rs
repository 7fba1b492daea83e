// SPDX-License-Identifier: Apache-2.0

//! Short definitions with their canonical text, or one line per problem.

use expect_test::{Expect, expect};
use kalamtable_model::{
    CheckedTable, Diagnostic, SourceFile, SourceSpan, Sources, Style, TableName, parse_and_check,
    parse_and_check_for_rust, render,
};

fn load(text: &str) -> (Sources, Result<CheckedTable, Vec<Diagnostic>>) {
    let mut sources = Sources::new();
    let id = sources.push(SourceFile::new("x.toml", text));
    let result = parse_and_check(&sources, id);
    (sources, result)
}

fn outcome(text: &str) -> String {
    match load(text) {
        (_, Ok(table)) => table.definition.to_toml(),
        (sources, Err(problems)) => problems
            .iter()
            .map(|problem| format!("{} {}\n", problem.rule.id(), problem.one_line(&sources)))
            .collect(),
    }
}

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&outcome(text));
}

/// Checks each type in its own column: the canonical text, or the problems.
fn check_types(types: &[&str], expected: Expect) {
    let mut lines = String::new();
    for ty in types {
        let text = format!(
            "name = \"a.b\"\nno_primary_key = \"x\"\n[columns]\nc = {{ id = 1, type = '''{ty}''' }}\n"
        );
        let outcome = match load(&text) {
            (_, Ok(table)) => table.definition.columns()[0].ty.to_string(),
            (_, Err(problems)) => problems
                .iter()
                .map(|problem| format!("{}: {}", problem.rule.name(), problem.message))
                .collect::<Vec<_>>()
                .join("; "),
        };
        lines += &format!("{ty:?} => {outcome}\n");
    }
    expected.assert_eq(&lines);
}

#[test]
fn blanks_in_types_do_not_matter() {
    check_types(
        &[
            " text ",
            "decimal ( 3,1 )",
            "decimal(3 , 1)",
            "list < # 2 int >",
            "list<#2 int null>",
            "struct<#2 a:int,#3 b : text null>",
            "struct<#2 'a': int>",
            "map<\n  #2 text,\n  #3 list<#4 int>\n>",
            "enum ( 'a' , 'b' )",
            "timestamp (us)",
            "timestamp(ms , 'UTC')",
            "bytes (3)",
        ],
        expect![[r#"
            " text " => text
            "decimal ( 3,1 )" => decimal(3, 1)
            "decimal(3 , 1)" => decimal(3, 1)
            "list < # 2 int >" => type-syntax: `#` is not followed by an id
            "list<#2 int null>" => list<#2 int null>
            "struct<#2 a:int,#3 b : text null>" => struct<#2 a: int, #3 b: text null>
            "struct<#2 'a': int>" => struct<#2 a: int>
            "map<\n  #2 text,\n  #3 list<#4 int>\n>" => map<#2 text, #3 list<#4 int>>
            "enum ( 'a' , 'b' )" => enum('a', 'b')
            "timestamp (us)" => timestamp
            "timestamp(ms , 'UTC')" => timestamp(ms, 'UTC')
            "bytes (3)" => bytes(3)
        "#]],
    );
}

#[test]
fn incomplete_types_are_rejected() {
    check_types(
        &[
            "list<",
            "list<#",
            "list<#2",
            "list<#2 ",
            "list<#2 text",
            "struct<",
            "struct<#2",
            "struct<#2 a",
            "struct<#2 a:",
            "struct<#2 a: int,",
            "struct<#2 a: int, >",
            "map<",
            "map<#2 text",
            "map<#2 text,",
            "enum(",
            "enum('",
            "enum('a",
            "enum('a'",
            "enum('a',",
            "decimal(",
            "decimal(1",
            "decimal(1,",
            "decimal(1,)",
            "timestamp(",
            "timestamp(us,",
            "timestamp(us, '",
            "bytes(",
            "embedding()",
            "arrow",
            "arrow:",
            "arrow:List(",
            "arrow:Struct(\"a",
            "#2 text",
            "(text)",
            ",",
            "'text'",
            "1",
        ],
        expect![[r##"
            "list<" => type-syntax: expected a type at the end
            "list<#" => type-syntax: `#` is not followed by an id
            "list<#2" => type-syntax: expected a type at the end
            "list<#2 " => type-syntax: expected a type at the end
            "list<#2 text" => type-syntax: unclosed `<`
            "struct<" => type-syntax: expected the name of a field
            "struct<#2" => type-syntax: expected the name of a field
            "struct<#2 a" => type-syntax: expected `:` after the field name `a`
            "struct<#2 a:" => type-syntax: expected a type at the end
            "struct<#2 a: int," => type-syntax: expected the name of a field
            "struct<#2 a: int, >" => type-syntax: expected the name of a field
            "map<" => type-syntax: expected a type at the end
            "map<#2 text" => type-syntax: unclosed `<`
            "map<#2 text," => type-syntax: expected a type at the end
            "enum(" => type-syntax: unclosed `(`
            "enum('" => type-syntax: unclosed `'`
            "enum('a" => type-syntax: unclosed `'`
            "enum('a'" => type-syntax: unclosed `(`
            "enum('a'," => type-syntax: unclosed `(`
            "decimal(" => type-syntax: unclosed `(`
            "decimal(1" => type-syntax: unclosed `(`
            "decimal(1," => type-syntax: unclosed `(`
            "decimal(1,)" => type-parameters: `)` is not a whole number
            "timestamp(" => type-syntax: unclosed `(`
            "timestamp(us," => type-syntax: unclosed `(`
            "timestamp(us, '" => type-syntax: unclosed `'`
            "bytes(" => type-syntax: unclosed `(`
            "embedding()" => type-parameters: `embedding` takes one number
            "arrow" => unknown-type: unknown type `arrow`
            "arrow:" => arrow-type: expected an Arrow type after `arrow:`
            "arrow:List(" => type-syntax: unclosed `(`
            "arrow:Struct(\"a" => type-syntax: unclosed `"`
            "#2 text" => type-syntax: expected a type, found `#`
            "(text)" => type-syntax: expected a type, found `(`
            "," => type-syntax: expected a type, found `,`
            "'text'" => type-syntax: expected a type, found `'`
            "1" => type-syntax: expected a type, found `1`
        "##]],
    );
}

#[test]
fn numbers_in_types_never_overflow() {
    check_types(
        &[
            "decimal(99999999999999999999999999999999999999999999, 0)",
            "decimal(-99999999999999999999999999999999999999999999, 0)",
            "bytes(99999999999999999999999999999999999999999999)",
            "embedding(4294967297)",
            "list<#99999999999999999999999999999999999999999999 int>",
            "list<#-1 int>",
            "decimal(1-2, 0)",
            "decimal(--, 0)",
        ],
        expect![[r#"
            "decimal(99999999999999999999999999999999999999999999, 0)" => decimal-range: a decimal has at most 38 digits
            "decimal(-99999999999999999999999999999999999999999999, 0)" => decimal-range: a decimal has at least 1 digit
            "bytes(99999999999999999999999999999999999999999999)" => length-out-of-range: the `n` of `bytes(n)` is from 1 to 1048576
            "embedding(4294967297)" => length-out-of-range: the `n` of `embedding(n)` is from 1 to 65536
            "list<#99999999999999999999999999999999999999999999 int>" => id-out-of-range: the id is out of range: ids are from 1 to 2147483447
            "list<#-1 int>" => id-out-of-range: id -1 is out of range: ids are from 1 to 2147483447
            "decimal(1-2, 0)" => type-parameters: `1-2` is not a whole number
            "decimal(--, 0)" => type-parameters: `--` is not a whole number
        "#]],
    );
}

#[test]
fn nesting_above_the_limit_is_rejected() {
    let nested = |depth: i32| {
        let open: String = (2..depth + 1).map(|id| format!("list<#{id} ")).collect();
        format!("{open}int{}", ">".repeat(depth as usize - 1))
    };
    let text = |ty: String| {
        format!("name = \"a.b\"\nno_primary_key = \"x\"\ncolumns.c = {{ id = 1, type = '{ty}' }}\n")
    };
    assert!(load(&text(nested(16))).1.is_ok());
    check(
        &text(nested(17)),
        expect![[r#"
        KT0406 x.toml:3:167: types are nested more than 16 levels deep
    "#]],
    );
}

#[test]
fn every_problem_of_a_stage_is_shown_once() {
    check(
        r#"
        name = "jobs"
        kind = "tabel"
        version = 0
        primary_key = ["id", "state", "when", "id"]
        [columns]
        id = { id = 0, type = "bigint", default = 1 }
        state = { id = 7, type = "enum('a', 'a')", nullable = true, unit = "ms" }
        State = { id = 7, type = "flaot" }
        "when" = { id = 9, type = "double", default = "soon()", rust = "f 64" }
        [reserved]
        ids = [9, 9]
        "#,
        expect![[r#"
            KT0204 x.toml:2:16: table `jobs` has no namespace
            KT0108 x.toml:3:16: unknown kind `tabel`
            KT0107 x.toml:4:19: a version is from 1 to 4294967295
            KT0203 x.toml:9:9: columns `state` and `State` differ only in case
            KT0702 x.toml:8:45: label `a` is listed twice
            KT0401 x.toml:9:35: unknown type `flaot`
            KT0304 x.toml:12:19: id 9 is reserved twice
            KT0301 x.toml:7:21: id 0 is out of range: ids are from 1 to 2147483447
            KT0302 x.toml:9:24: id 7 is used twice
            KT0303 x.toml:10:25: id 9 is reserved
            KT0607 x.toml:5:30: key column `state` is nullable
            KT0608 x.toml:5:39: key column `when` is of type `double`
            KT0606 x.toml:5:47: column `id` is in the key twice
            KT0804 x.toml:10:72: `f 64` is not the path of a Rust type
            KT0505 x.toml:7:51: key column `id` has a default
            KT0505 x.toml:10:55: key column `when` has a default
            KT0503 x.toml:10:55: unknown function `soon`
        "#]],
    );
}

#[test]
fn problems_of_keys_hide_those_of_values() {
    check(
        "nme = \"jobs\"\n[columns]\nid = { id = 0, typ = 1 }\n",
        expect![[r#"
            KT0101 x.toml:1:1: unknown key `nme`
            KT0101 x.toml:3:16: unknown key `typ`
        "#]],
    );
}

#[test]
fn defaults_that_fit_each_type() {
    let defaults = [
        "true",
        "1",
        "1.5",
        "'x'",
        "2024-01-01",
        "10:00:00",
        "2024-01-01T10:00:00",
        "2024-01-01T10:00:00Z",
    ];
    let types = [
        "boolean",
        "int",
        "double",
        "decimal(3, 1)",
        "text",
        "date",
        "time",
        "timestamp",
        "timestamp(us, 'UTC')",
        "datetime",
        "uuid",
        "json",
        "enum('x')",
    ];
    let mut lines = String::new();
    for ty in types {
        let fits = |default: &&&str| {
            load(&format!(
                "name = 'a.b'\nno_primary_key = 'x'\ncolumns.c = {{ id = 1, type = \"{ty}\", default = {default} }}\n"
            )).1.is_ok()
        };
        let fitting: Vec<_> = defaults.iter().filter(fits).copied().collect();
        lines += &format!("{ty}: {}\n", fitting.join(" | "));
    }
    expect![[r#"
        boolean: true
        int: 1
        double: 1 | 1.5
        decimal(3, 1): 1
        text: 'x'
        date: 2024-01-01
        time: 10:00:00
        timestamp: 2024-01-01T10:00:00
        timestamp(us, 'UTC'): 2024-01-01T10:00:00Z
        datetime: 2024-01-01T10:00:00Z
        uuid: 
        json: 
        enum('x'): 'x'
    "#]]
    .assert_eq(&lines);
}

#[test]
fn fingerprint_ignores_formatting_and_comments() {
    let (_, first) = load(
        "name = 'a.b'\nprimary_key = ['id']\n[columns]\nid = { id = 1, type = 'int' }\nx = { id = 2, type = 'list<#3 text>', nullable = true }\n",
    );
    let (_, second) = load(
        "# a table\r\nversion = 1\r\nkind = \"shared\"\r\nprimary_key = [ \"id\", ]\r\nname = \"a.b\"\r\nrow = \"B\"\r\n\r\n[columns.id]\r\ntype = \"int\"\r\nid = 0x1\r\nnullable = false\r\n[columns.x] # last\r\nnullable = true\r\ntype = \"list< #3 text >\"\r\nid = 2\r\n",
    );
    let (_, third) = load(
        "name = 'a.b'\nprimary_key = ['id']\n[columns]\nx = { id = 2, type = 'list<#3 text>', nullable = true }\nid = { id = 1, type = 'int' }\n",
    );
    let fingerprint = |table: Result<CheckedTable, _>| table.unwrap().definition.fingerprint();
    let first = fingerprint(first);
    assert_eq!(first, fingerprint(second));
    assert_ne!(
        first,
        fingerprint(third),
        "the order of columns is that of SELECT *"
    );
    assert_eq!(first.to_string().len(), 64);
}

#[test]
fn spans_point_at_the_table_and_its_columns() {
    let text = "name = 'a.b'\nprimary_key = ['id']\n[columns]\nid = { id = 1, type = 'int' }\nx = { id = 2, type = 'int' }\n";
    let (sources, table) = load(text);
    let table = table.unwrap();
    let file = sources.get(table.source).unwrap();
    assert_eq!(file.line_column(table.spans.name.start()), (1, 8));
    let columns: Vec<_> = table
        .spans
        .columns
        .iter()
        .map(|span| match span {
            SourceSpan::Text { range, .. } => &text[range.clone()],
            SourceSpan::Key(_) => panic!("a text has no keys"),
        })
        .collect();
    assert_eq!(columns, ["id", "x"]);
    assert_eq!(file.line_column(table.spans.columns[1].start()), (5, 1));
}

#[test]
fn coloured_style_has_escape_sequences() {
    let (sources, problems) = load("nam = 1\n");
    let problems = problems.unwrap_err();
    let plain = render(&problems, &sources, Style::Plain);
    let coloured = render(&problems, &sources, Style::Coloured);
    assert!(!plain.contains('\u{1b}'));
    assert!(coloured.contains("\u{1b}["));
}

#[test]
fn excerpts_of_crlf_files_omit_carriage_returns() {
    let (sources, problems) = load(
        "name = 'a.b'\r\nprimary_key = ['id']\r\n[columns]\r\nid = { id = 1, type = 'int' }\r\nx = { id = 1, type = 'int' }\r\n",
    );
    expect![[r#"
        error[KT0302]: id 1 is used twice
         --> x.toml:5:12
          |
        4 | id = { id = 1, type = 'int' }
          |             - first here
        5 | x = { id = 1, type = 'int' }
          |            ^
          |
          = help: the next free id is 2
    "#]]
    .assert_eq(&render(&problems.unwrap_err(), &sources, Style::Plain));
}

#[test]
fn distant_labels_are_shown_as_two_excerpts() {
    let filler = "# filler\n".repeat(4000);
    let text = format!(
        "name = 'a.b'\nprimary_key = ['id']\n[columns]\nid = {{ id = 1, type = 'int' }}\n{filler}x = {{ id = 1, type = 'int' }}\n"
    );
    let (sources, problems) = load(&text);
    expect![[r#"
        error[KT0302]: id 1 is used twice
            --> x.toml:4005:12
             |
        4005 | x = { id = 1, type = 'int' }
             |            ^
             |
            ::: x.toml:4:13
             |
           4 | id = { id = 1, type = 'int' }
             |             - first here
             |
             = help: the next free id is 2
    "#]]
    .assert_eq(&render(&problems.unwrap_err(), &sources, Style::Plain));
}

#[test]
fn syntax_errors_above_the_limit_are_omitted() {
    let mut sources = Sources::new();
    let id = sources.push(SourceFile::new("t.toml", "= 1\n".repeat(150)));
    let diagnostics = parse_and_check(&sources, id).unwrap_err();
    assert_eq!(diagnostics.len(), 100);
    let last = diagnostics.last().unwrap();
    assert!(
        last.help
            .contains(&"only the first 100 syntax errors of a file are shown".to_string())
    );
}

#[test]
fn fingerprint_depends_on_unique_keys_and_their_order() {
    let columns = "[columns]\na = { id = 1, type = 'int' }\nb = { id = 2, type = 'int', nullable = true }\nc = { id = 3, type = 'int' }\n";
    let with = |unique: &str| {
        let (_, table) = load(&format!(
            "name = 'a.b'\nprimary_key = ['a']\n{unique}{columns}"
        ));
        table.unwrap().definition
    };
    let definition = with("unique = [['c', 'b'], ['b']]\n");
    let keys: Vec<&[usize]> = definition.unique_keys().iter().map(|key| &**key).collect();
    assert_eq!(keys, [&[2, 1][..], &[1]]);
    expect![[r#"
        name        = "a.b"
        primary_key = ["a"]
        unique      = [["c", "b"], ["b"]]

        [columns]
        a = { id = 1, type = "int" }
        b = { id = 2, type = "int", nullable = true }
        c = { id = 3, type = "int" }
    "#]]
    .assert_eq(&definition.to_toml());

    let none = with("");
    assert!(none.unique_keys().is_empty());
    // The fingerprint from before unique keys were supported.
    assert_eq!(
        none.fingerprint().to_string(),
        "d5bbc98860f1a39b752e26dd2379be7b7c8588ffbcb5ced51cbfe7a3e614ade5"
    );
    let orders = [
        "",
        "unique = [['c', 'b'], ['b']]\n",
        "unique = [['b'], ['c', 'b']]\n",
        "unique = [['b', 'c'], ['b']]\n",
    ];
    let fingerprints: std::collections::HashSet<_> = orders
        .iter()
        .map(|unique| with(unique).fingerprint())
        .collect();
    assert_eq!(fingerprints.len(), orders.len());
}

#[test]
fn unique_key_has_the_rules_of_a_primary_key_but_allows_null() {
    check(
        r#"
        name = "a.b"
        no_primary_key = "x"
        unique = [["id", "state", "when", "id"], ["id"], ["soon", "state"], ["state", "id"], ["id"]]
        [columns]
        id = { id = 1, type = "bigint" }
        state = { id = 2, type = "text", nullable = true, default = "new" }
        "when" = { id = 3, type = "double" }
        "#,
        expect![[r#"
            KT0608 x.toml:4:35: key column `when` is of type `double`
            KT0606 x.toml:4:43: column `id` is in the key twice
            KT0605 x.toml:4:59: the table has no column `soon`
            KT0610 x.toml:4:94: the unique key has the same columns as another unique key
        "#]],
    );
}

#[test]
fn key_with_an_unknown_column_is_not_compared() {
    check(
        r#"
        name = "a.b"
        primary_key = ["id", "tenat"]
        unique = [["id"], ["id", "emial"], ["id", "mail"]]
        [columns]
        id = { id = 1, type = "bigint" }
        "#,
        expect![[r#"
            KT0605 x.toml:3:30: the table has no column `tenat`
            KT0605 x.toml:4:34: the table has no column `emial`
            KT0605 x.toml:4:51: the table has no column `mail`
        "#]],
    );
}

#[cfg(feature = "arrow")]
#[test]
fn column_that_forms_a_unique_key_has_a_flag() {
    use kalamtable_model::arrow::KALAM_COLUMN_FLAGS_KEY;
    let (_, table) = load(
        "name = 'a.b'\nprimary_key = ['a']\nunique = [['b'], ['c'], ['d', 'e']]\n[columns]\na = { id = 1, type = 'int' }\nb = { id = 2, type = 'int' }\nc = { id = 3, type = 'int', nullable = true }\nd = { id = 4, type = 'int' }\ne = { id = 5, type = 'int', nullable = true }\n",
    );
    let schema = table.unwrap().definition.arrow_schema();
    let fields = schema.fields().iter();
    let flags: Vec<_> = fields
        .map(|field| field.metadata()[KALAM_COLUMN_FLAGS_KEY].as_str())
        .collect();
    let expected = [
        r#"["pk","nn","uq"]"#,
        r#"["nn","uq"]"#,
        r#"["uq"]"#,
        r#"["nn"]"#,
        "[]",
    ];
    assert_eq!(flags, expected);
}

#[test]
fn table_name_has_the_rules_of_definitions() {
    let mut lines = String::new();
    for text in [
        "app.jobs",
        "jobs",
        "a.b.c",
        "app.",
        ".jobs",
        "app.my jobs",
        "1.2",
        "self.jobs",
    ] {
        let by_name = match TableName::parse(text) {
            Ok(name) => format!("{name}\n"),
            Err(error) => format!("{} {error}; {}\n", error.rule.id(), error.help.join("; ")),
        };
        lines += &by_name;
        let definition = format!(
            "name = \"{text}\"\nno_primary_key = \"x\"\n[columns]\nc = {{ id = 1, type = \"int\" }}\n"
        );
        let (_, by_definition) = load(&definition);
        let first = by_definition.err().map(|problems| {
            let problem = &problems[0];
            let help = problem.help.join("; ");
            format!("{} {}; {help}\n", problem.rule.id(), problem.message)
        });
        assert_eq!(first.unwrap_or(by_name.clone()), by_name);
    }
    expect![[r#"
        app.jobs
        KT0204 table `jobs` has no namespace; write `name = "app.jobs"`
        KT0201 table name `a.b.c` has more than one dot; a name is `namespace.table`: write `name = "a.b_c"`
        KT0201 the table name is empty; a name consists of letters a to z, digits and `_`, and does not begin with a digit
        KT0201 the namespace name is empty; a name consists of letters a to z, digits and `_`, and does not begin with a digit
        KT0201 `my jobs` is not a valid table name; a name consists of letters a to z, digits and `_`, and does not begin with a digit; write `my_jobs`
        KT0201 `1` is not a valid namespace name; a name consists of letters a to z, digits and `_`, and does not begin with a digit; write `_1`
        self.jobs
    "#]].assert_eq(&lines);
}

/// Definitions whose names have no valid form in Rust: valid for a table without Rust code.
#[test]
fn names_are_unrestricted_without_rust_code() {
    let definition = |name: &str, columns: &str| {
        format!("name = \"{name}\"\nno_primary_key = \"x\"\n[columns]\n{columns}\n")
    };
    let mut rust_problems = String::new();
    for (name, columns) in [
        (
            "app.labels",
            r#"c = { id = 1, type = "enum('>=', 'α', 'Α', ' ', '1', 'gpt-3.5-turbo', 'gpt_3_5_turbo', 'a''b')" }"#,
        ),
        (
            "app.nested",
            r#"c = { id = 1, type = "list<#2 struct<#3 self: enum('=', '<'), #4 a_b: int, #5 aB: int>>" }"#,
        ),
        (
            "app.columns",
            "self = { id = 1, type = 'int' }\na_b = { id = 2, type = 'int' }\naB = { id = 3, type = 'int' }",
        ),
        (
            "app.types",
            "a = { id = 1, type = \"struct<#2 b: enum('x')>\" }\na_b = { id = 3, type = \"enum('y')\" }",
        ),
        ("app.self", "c = { id = 1, type = 'int' }"),
        ("crate.__", "c = { id = 1, type = 'int' }"),
    ] {
        let text = definition(name, columns);
        let (sources, table) = load(&text);
        let table = match table {
            Ok(table) => table.definition,
            Err(problems) => panic!("{}", render(&problems, &sources, Style::Plain)),
        };
        // The canonical text, also after a rename, is valid without Rust code too.
        let renamed = TableName::parse("app.other").unwrap();
        for definition in [table.clone(), table.renamed(renamed).unwrap()] {
            let text = definition.to_toml();
            let (sources, again) = load(&text);
            match again {
                Ok(again) => assert_eq!(again.definition, definition),
                Err(problems) => panic!("{}", render(&problems, &sources, Style::Plain)),
            }
        }
        let mut sources = Sources::new();
        let id = sources.push(SourceFile::new("x.toml", text));
        for problem in parse_and_check_for_rust(&sources, id).unwrap_err() {
            let (id, line) = (problem.rule.id(), problem.one_line(&sources));
            rust_problems += &format!("{name}: {id} {line}\n");
        }
    }
    expect![[r#"
        app.labels: KT0705 x.toml:4:28: label `>=` cannot become the name of a Rust variant
        app.labels: KT0705 x.toml:4:34: label `α` cannot become the name of a Rust variant
        app.labels: KT0705 x.toml:4:39: label `Α` cannot become the name of a Rust variant
        app.labels: KT0705 x.toml:4:44: label ` ` cannot become the name of a Rust variant
        app.labels: KT0704 x.toml:4:71: labels `gpt-3.5-turbo` and `gpt_3_5_turbo` both become `Gpt35Turbo` in Rust
        app.nested: KT0802 x.toml:4:41: `self` cannot be the name of a field in Rust
        app.nested: KT0801 x.toml:4:79: fields `a_b` and `aB` both become `a_b` in Rust
        app.nested: KT0705 x.toml:4:52: label `=` cannot become the name of a Rust variant
        app.nested: KT0705 x.toml:4:57: label `<` cannot become the name of a Rust variant
        app.columns: KT0802 x.toml:4:1: column `self` cannot be a field in Rust
        app.columns: KT0801 x.toml:6:1: columns `a_b` and `aB` both become the field `a_b` in Rust
        app.types: KT0806 x.toml:5:1: enum `TypesAB` has different labels in another column
        app.self: KT0802 x.toml:1:8: `self` cannot be a module in Rust
        crate.__: KT0802 x.toml:1:8: `crate` cannot be a module in Rust
    "#]].assert_eq(&rust_problems);
}

#[test]
fn variants_are_not_part_of_the_definition() {
    let text = |variants: &str| {
        format!(
            "name = \"a.b\"\nno_primary_key = \"x\"\n[columns]\n\
             c = {{ id = 1, type = \"enum('>=')\"{variants} }}\n"
        )
    };
    let (_, without) = load(&text(""));
    let (_, with) = load(&text(", variants = { '>=' = 'AtLeast' }"));
    let (without, with) = (without.unwrap(), with.unwrap());
    assert_eq!(with.variants["c"][">="], "AtLeast");
    assert_eq!(with.definition, without.definition);
    assert_eq!(
        with.definition.fingerprint(),
        without.definition.fingerprint()
    );
}

#[test]
fn names_of_provided_tables_are_found_ignoring_case() {
    let names = [
        "system.jobs",
        "System.Users",
        "kalamtable.key_column_usage",
        "system.events",
        "kalamtable.events",
        "app.jobs",
    ];
    let lines: String = names
        .iter()
        .map(
            |name| match TableName::parse(name).unwrap().check_not_provided() {
                Ok(()) => format!("{name}\n"),
                Err(error) => format!("{} {error}; {}\n", error.rule.id(), error.help.join("; ")),
            },
        )
        .collect();
    expect![[r#"
        KT0208 `system.jobs` is the name of a system table; choose another name: queries of `system.jobs` read the system table
        KT0208 `System.Users` is the name of a system table; choose another name: queries of `system.users` read the system table
        KT0208 `kalamtable.key_column_usage` is the name of a metadata table; choose another name: queries of `kalamtable.key_column_usage` read the metadata table
        system.events
        kalamtable.events
        app.jobs
    "#]].assert_eq(&lines);
    for name in ["information_schema.tables", "INFORMATION_SCHEMA.mine"] {
        assert!(TableName::parse(name).is_err(), "{name}");
    }
}

/// A warning does not stop the check, and is returned with the valid table.
#[test]
fn names_that_need_quotes_are_warnings() {
    let warnings = |name: &str, columns: &str| {
        let text = format!(
            "name = \"{name}\"\nprimary_key = [\"id\"]\n[columns]\nid = {{ id = 1, type = \"int\" }}\n{columns}"
        );
        let (sources, table) = load(&text);
        let warnings = table.unwrap().warnings;
        let lines = warnings.iter().map(|it| {
            format!(
                "{} {}; {}\n",
                it.rule.id(),
                it.one_line(&sources),
                it.help.join("; ")
            )
        });
        lines.collect::<String>()
    };
    assert_eq!(
        warnings("app.users", "name = { id = 2, type = \"text\" }\n"),
        ""
    );
    expect![[r#"
        KT0209 x.toml:5:1: SQL accepts `order` and `current_date` only in quotes; write `"order"` in queries, or choose a name that is not a keyword
        KT0209 x.toml:1:8: SQL accepts `Users` and `userId` only in quotes; write `"Users"` in queries, or rename it to `users`: SQL reads names without quotes in lower case
    "#]].assert_eq(&warnings(
        "app.Users",
        "order = { id = 2, type = \"text\" }\nuserId = { id = 3, type = \"int\" }\ncurrent_date = { id = 4, type = \"date\" }\n",
    ));
}

#[test]
fn renames_are_not_part_of_the_definition() {
    let text = |name: &str, column: &str| {
        format!(
            "name = \"app.events\"\n{name}primary_key = [\"id\"]\n[columns]\nid = {{ id = 1, type = \"int\" }}\ntitle = {{ id = 7, type = \"text\"{column} }}\n"
        )
    };
    let renamed = text(
        "renamed_from = \"old.events\"\n",
        ", renamed_from = \"Title\"",
    );
    let (_, renamed) = load(&renamed);
    let (_, plain) = load(&text("", ""));
    let (renamed, plain) = (renamed.unwrap(), plain.unwrap());
    assert_eq!(renamed.definition, plain.definition);
    let names = &renamed.renames;
    assert_eq!(names.table.as_ref().unwrap().to_string(), "old.events");
    assert_eq!(
        names.columns.iter().collect::<Vec<_>>(),
        [(&7, &"Title".to_string())]
    );
    assert_eq!(plain.renames, kalamtable_model::Renames::default());
}

#[test]
fn fingerprint_depends_on_the_reason_of_a_deprecated_column() {
    let fingerprint = |column: &str| {
        let (_, table) = load(&format!(
            "name = \"app.events\"\nprimary_key = [\"id\"]\n[columns]\nid = {{ id = 1, type = \"int\" }}\nnote = {{ id = 2, type = \"text\"{column} }}\n"
        ));
        table.unwrap().definition.fingerprint().to_string()
    };
    let reasons = ["", ", deprecated = \"a\"", ", deprecated = \"b\""];
    let distinct: std::collections::HashSet<String> = reasons.map(fingerprint).into();
    assert_eq!(distinct.len(), reasons.len());
}

/// The schema for editors, at the root of the workspace, has the keys that the parser accepts.
#[test]
fn json_schema_lists_the_keys_of_definitions() {
    let schema = include_str!("../../table.schema.json");
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    let keys = |object: &serde_json::Value| {
        let properties = object["properties"].as_object().unwrap().keys();
        let mut keys: Vec<String> = properties.cloned().collect();
        keys.sort();
        keys
    };
    // The help for an unknown key lists all keys in backticks.
    let accepted = |text: &str| {
        let (_, table) = load(text);
        let problems = table.unwrap_err();
        let help = problems.iter().flat_map(|problem| &problem.help);
        let list = help
            .into_iter()
            .find(|help| help.starts_with("the keys of"))
            .unwrap();
        let mut keys: Vec<String> = list
            .split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_string)
            .collect();
        keys.sort();
        keys
    };
    assert_eq!(keys(&schema), accepted("name = \"a.b\"\nqqqqqqqqqq = 1"));
    assert_eq!(
        keys(&schema["definitions"]["column"]),
        accepted("name = \"a.b\"\n[columns]\nid = { id = 1, type = \"int\", qqqqqqqqqq = 1 }")
    );
}

#[test]
fn table_is_renamed_to_valid_names_only() {
    let text = "name = \"system.jobs\"\nprimary_key = [\"id\"]\n[columns]\nid = { id = 1, type = \"int\" }\n";
    let (_, table) = load(text);
    let definition = table.unwrap().definition;
    let renamed = definition
        .clone()
        .renamed(TableName::parse("app.tasks").unwrap())
        .unwrap();
    // The kind stays `system` outside of the namespace `system`.
    expect![[r#"
        name        = "app.tasks"
        kind        = "system"
        primary_key = ["id"]
        row         = "Jobs"

        [columns]
        id = { id = 1, type = "int" }
    "#]]
    .assert_eq(&renamed.to_toml());
    check(
        &renamed.to_toml(),
        expect![[r#"
        name        = "app.tasks"
        kind        = "system"
        primary_key = ["id"]
        row         = "Jobs"

        [columns]
        id = { id = 1, type = "int" }
    "#]],
    );
    let unchecked = TableName {
        namespace: "app".into(),
        table: "my jobs".into(),
    };
    let error = definition.renamed(unchecked).unwrap_err();
    assert_eq!(error.to_string(), "`my jobs` is not a valid table name");
}
