// SPDX-License-Identifier: Apache-2.0

//! Spellings of values that definitions (as quoted defaults) and data files must accept or reject
//! alike.

use expect_test::{Expect, expect};
use kalamtable_model::TableDefinition;

use crate::support::DataFolder;

/// Compares the default and the data file value of each spelling, one per line.
fn check(ty: &str, spellings: &[&str], expect: Expect) {
    let mut lines = String::new();
    for spelling in spellings {
        let (default, value) = (default_of(ty, spelling), value_in_file(ty, spelling));
        let agree = default.is_ok() == value.is_ok();
        assert!(agree, "`{spelling}`: default {default:?}, file {value:?}");
        let (Ok(default) | Err(default)) = default;
        let (Ok(value) | Err(value)) = value;
        lines.push_str(&format!("default: {default}\n   file: {value}\n"));
    }
    expect.assert_eq(&lines);
}

/// Returns the definition of a table with one column.
fn definition(ty: &str, attribute: &str) -> String {
    let rust = if ty.starts_with("enum") {
        ", rust = \"Label\""
    } else {
        ""
    };
    format!(
        "name = \"app.t\"\nno_primary_key = \"a test\"\nrow = \"Row\"\n[columns]\n\
         value = {{ id = 1, type = \"{ty}\"{rust}, {attribute} }}\n"
    )
}

/// Returns the default in its canonical form, or the message of the diagnostic.
fn default_of(ty: &str, spelling: &str) -> Result<String, String> {
    let folder = DataFolder::new();
    let default = definition(ty, &format!("default = '{spelling}'"));
    folder.write("schemas/t.toml", default);
    let mut loaded = kalamtable_build::load(&[folder.path().join("schemas")]);
    if let Some(diagnostic) = loaded.diagnostics.pop() {
        return Err(diagnostic.message);
    }
    let definition: TableDefinition = loaded.tables.remove(0).definition;
    let column = &definition.columns()[0];
    Ok(column.default.as_ref().unwrap().to_toml(&column.ty))
}

/// Returns the row with the value as JSON, or the error.
fn value_in_file(ty: &str, spelling: &str) -> Result<String, String> {
    let folder = DataFolder::new();
    folder.write("schemas/t.toml", definition(ty, "comment = 'a value'"));
    // In NDJSON, text in a `json` column would be a JSON string.
    if ty == "json" {
        let field = spelling.replace('"', "\"\"");
        folder.write("data/t.csv", format!("value\n\"{field}\"\n"));
    } else {
        let value = serde_json::to_string(spelling).unwrap();
        folder.write("data/t.ndjson", format!("{{\"value\": {value}}}\n"));
    }
    let rows = folder.query("SELECT value FROM app.t");
    match rows {
        Ok(rows) => Ok(rows.trim_end().to_string()),
        Err(error) => Err(error.rsplit_once("): ").unwrap().1.trim_end().to_string()),
    }
}

#[test]
fn decimals() {
    check(
        "decimal(6, 2)",
        &[
            "1", "+1", "-12.5", "5.", ".5", "-.5", "+.50", "007", "1.500", "9999.99", "-0", "1e2",
        ],
        expect![[r#"
            default: "1.00"
               file: {"value":1.00}
            default: "1.00"
               file: {"value":1.00}
            default: "-12.50"
               file: {"value":-12.50}
            default: "5.00"
               file: {"value":5.00}
            default: "0.50"
               file: {"value":0.50}
            default: "-0.50"
               file: {"value":-0.50}
            default: "0.50"
               file: {"value":0.50}
            default: "7.00"
               file: {"value":7.00}
            default: "1.50"
               file: {"value":1.50}
            default: "9999.99"
               file: {"value":9999.99}
            default: "0.00"
               file: {"value":0.00}
            default: "100.00"
               file: {"value":100.00}
        "#]],
    );
    check(
        "decimal(6, 2)",
        &[
            "", ".", "-", "+", "-.", "1e", "1,5", "1 000", " 1", "1.2.3", "--1", "1.505", "10000",
            "NaN",
        ],
        expect![[r#"
            default: `` is not a decimal number
               file: `""` is not a decimal number such as `-12.50`
            default: `.` is not a decimal number
               file: `"."` is not a decimal number such as `-12.50`
            default: `-` is not a decimal number
               file: `"-"` is not a decimal number such as `-12.50`
            default: `+` is not a decimal number
               file: `"+"` is not a decimal number such as `-12.50`
            default: `-.` is not a decimal number
               file: `"-."` is not a decimal number such as `-12.50`
            default: `1e` is not a decimal number
               file: `"1e"` is not a decimal number such as `-12.50`
            default: `1,5` is not a decimal number
               file: `"1,5"` is not a decimal number such as `-12.50`
            default: `1 000` is not a decimal number
               file: `"1 000"` is not a decimal number such as `-12.50`
            default: ` 1` is not a decimal number
               file: `" 1"` is not a decimal number such as `-12.50`
            default: `1.2.3` is not a decimal number
               file: `"1.2.3"` is not a decimal number such as `-12.50`
            default: `--1` is not a decimal number
               file: `"--1"` is not a decimal number such as `-12.50`
            default: the default has more than 2 digits after the point
               file: `"1.505"` has more than 2 digits after the point, and would have to be rounded
            default: the default has more than the 4 digits before the point that `decimal(6, 2)` holds
               file: `"10000"` has more than 4 digits before the point
            default: `NaN` is not a decimal number
               file: `"NaN"` is not a decimal number such as `-12.50`
        "#]],
    );
}

#[test]
fn uuids() {
    check(
        "uuid",
        &[
            "67e55044-10b1-426f-9247-bb680e5fe0c8",
            "67E55044-10B1-426F-9247-BB680E5FE0C8",
        ],
        expect![[r#"
            default: "67e55044-10b1-426f-9247-bb680e5fe0c8"
               file: {"value":"67e5504410b1426f9247bb680e5fe0c8"}
            default: "67e55044-10b1-426f-9247-bb680e5fe0c8"
               file: {"value":"67e5504410b1426f9247bb680e5fe0c8"}
        "#]],
    );
    check(
        "uuid",
        &[
            "67e5504410b1426f9247bb680e5fe0c8",
            "{67e55044-10b1-426f-9247-bb680e5fe0c8}",
            "67e55044-10b1-426f-9247-bb680e5fe0c",
            "67e55044-10b1-426f-9247-bb680e5fe0cg",
            "67e5504410-b1-426f-9247-bb680e5fe0c8",
            "",
        ],
        expect![[r#"
            default: `67e5504410b1426f9247bb680e5fe0c8` is not a UUID
               file: `"67e5504410b1426f9247bb680e5fe0c8"` is not a uuid such as `67e55044-10b1-426f-9247-bb680e5fe0c8`
            default: `{67e55044-10b1-426f-9247-bb680e5fe0c8}` is not a UUID
               file: `"{67e55044-10b1-426f-9247-bb680e5fe0c8}"` is not a uuid such as `67e55044-10b1-426f-9247-bb680e5fe0c8`
            default: `67e55044-10b1-426f-9247-bb680e5fe0c` is not a UUID
               file: `"67e55044-10b1-426f-9247-bb680e5fe0c"` is not a uuid such as `67e55044-10b1-426f-9247-bb680e5fe0c8`
            default: `67e55044-10b1-426f-9247-bb680e5fe0cg` is not a UUID
               file: `"67e55044-10b1-426f-9247-bb680e5fe0cg"` is not a uuid such as `67e55044-10b1-426f-9247-bb680e5fe0c8`
            default: `67e5504410-b1-426f-9247-bb680e5fe0c8` is not a UUID
               file: `"67e5504410-b1-426f-9247-bb680e5fe0c8"` is not a uuid such as `67e55044-10b1-426f-9247-bb680e5fe0c8`
            default: `` is not a UUID
               file: `""` is not a uuid such as `67e55044-10b1-426f-9247-bb680e5fe0c8`
        "#]],
    );
}

#[test]
fn labels() {
    check(
        "enum('open', 'closed')",
        &["open"],
        expect![[r#"
        default: "open"
           file: {"value":"open"}
    "#]],
    );
    check(
        "enum('open', 'closed')",
        &["Open", "opne", "ajar", "", " open"],
        expect![[r#"
            default: `Open` is not a label of the enum
               file: `"Open"` is not a label of the enum; did you mean `open`?
            default: `opne` is not a label of the enum
               file: `"opne"` is not a label of the enum; did you mean `open`?
            default: `ajar` is not a label of the enum
               file: `"ajar"` is not a label of the enum
            default: `` is not a label of the enum
               file: `""` is not a label of the enum
            default: ` open` is not a label of the enum
               file: `" open"` is not a label of the enum; did you mean `open`?
        "#]],
    );
}

#[test]
fn json() {
    check(
        "json",
        &[
            "{}",
            r#"{"a": [1, null], "a": 2}"#,
            " 1e400 ",
            r#""\ud800""#,
            "\"text\"",
            "null",
        ],
        expect![[r#"
            default: "{}"
               file: {"value":"{}"}
            default: "{\"a\": [1, null], \"a\": 2}"
               file: {"value":"{\"a\": [1, null], \"a\": 2}"}
            default: " 1e400 "
               file: {"value":" 1e400 "}
            default: "\"\\ud800\""
               file: {"value":"\"\\ud800\""}
            default: "\"text\""
               file: {"value":"\"text\""}
            default: "null"
               file: {"value":"null"}
        "#]],
    );
    check(
        "json",
        &["", "{a: 1}", "1 2", "[1,]", "NaN", "01", "text"],
        expect![[r#"
            default: the default is not valid JSON: EOF while parsing a value at character 0
               file: empty, which is null, but the definition does not allow null
            default: the default is not valid JSON: key must be a string at character 2
               file: `{a: 1}` is not valid JSON: key must be a string at character 2
            default: the default is not valid JSON: trailing characters at character 3
               file: `1 2` is not valid JSON: trailing characters at character 3
            default: the default is not valid JSON: expected value at character 4
               file: `[1,]` is not valid JSON: expected value at character 4
            default: the default is not valid JSON: expected value at character 1
               file: `NaN` is not valid JSON: expected value at character 1
            default: the default is not valid JSON: invalid number at character 2
               file: `01` is not valid JSON: invalid number at character 2
            default: the default is not valid JSON: expected ident at character 2
               file: `text` is not valid JSON: expected ident at character 2
        "#]],
    );
}
