// SPDX-License-Identifier: Apache-2.0

//! Columns whose names in files, `source`, are not names in SQL.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use arrow::datatypes::{DataType, Field};
use expect_test::expect;

use crate::support::{DataFolder, check_query};

const PEOPLE: &str = r#"
name        = "app.people"
primary_key = ["id"]

[columns]
id         = { id = 1, type = "bigint", source = "ID" }
first_name = { id = 2, type = "text", source = "First Name" }
sign       = { id = 3, type = "enum('>=', 'α')", source = "a.b \"c\"", variants = { ">=" = "AtLeast", "α" = "Alpha" }, default = "α" }
"#;

const QUERY: &str =
    "SELECT sign, first_name, id FROM app.people WHERE id > 1 AND first_name >= 'B' ORDER BY id";

fn folder() -> DataFolder {
    let folder = DataFolder::new();
    folder.write("schemas/people.toml", PEOPLE);
    folder
}

fn parquet(folder: &DataFolder, file: &str, names: [&str; 3], first: i64) {
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![first, first + 1]));
    let first_names: ArrayRef = Arc::new(StringArray::from(vec!["Ann", "Bob"]));
    let signs: ArrayRef = Arc::new(StringArray::from(vec![">=", "α"]));
    let field = |name: &str, ty: &DataType| Field::new(name, ty.clone(), false);
    let columns = names.into_iter().zip([signs, ids, first_names]);
    let columns = columns.map(|(name, array)| (field(name, array.data_type()), array));
    folder.write_parquet(file, columns.collect());
}

#[test]
fn columns_of_text_files_have_the_name_or_the_source() {
    for (file, content) in [
        (
            "people.csv",
            "First Name,\"a.b \"\"c\"\"\",ID\nAnn,>=,1\nBob,α,2\n",
        ),
        ("people.csv", "first_name,sign,id\nAnn,>=,1\nBob,α,2\n"),
        (
            "people.ndjson",
            "{\"First Name\": \"Ann\", \"a.b \\\"c\\\"\": \">=\", \"ID\": 1}\n\
             {\"first_name\": \"Bob\", \"sign\": \"α\", \"ID\": 2}\n",
        ),
    ] {
        let folder = folder();
        folder.write(&format!("data/{file}"), content);
        check_query(
            &folder,
            QUERY,
            expect![[r#"
                {"sign":"α","first_name":"Bob","id":2}
            "#]],
        );
    }
}

#[test]
fn columns_of_parquet_files_have_the_name_or_the_source() {
    let folder = folder();
    parquet(
        &folder,
        "data/people/a.parquet",
        ["a.b \"c\"", "ID", "First Name"],
        1,
    );
    parquet(
        &folder,
        "data/people/b.parquet",
        ["sign", "id", "first_name"],
        3,
    );
    parquet(
        &folder,
        "data/people/c.parquet",
        ["sign", "ID", "First Name"],
        5,
    );
    check_query(
        &folder,
        QUERY,
        expect![[r#"
            {"sign":"α","first_name":"Bob","id":2}
            {"sign":"α","first_name":"Bob","id":4}
            {"sign":"α","first_name":"Bob","id":6}
        "#]],
    );
    check_query(
        &folder,
        "SELECT count(*) AS n, max(id) AS id, min(first_name) AS name FROM app.people WHERE sign = '>='",
        expect![[r#"
            {"n":3,"id":5,"name":"Ann"}
        "#]],
    );
}

#[test]
fn invalid_value_of_a_source_is_located() {
    let folder = folder();
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec![">=", "other"]));
    let columns = vec![
        (
            Field::new("a.b \"c\"", DataType::Utf8, false),
            Arc::clone(&texts),
        ),
        (Field::new("First Name", DataType::Utf8, false), texts),
        (Field::new("ID", DataType::Int64, false), ids),
    ];
    folder.write_parquet("data/people.parquet", columns);
    check_query(
        &folder,
        "SELECT sign FROM app.people",
        expect![[r#"
            error: data/people.parquet: row 2, column `sign` (enum('>=', 'α')): `other` is not a label of the enum
        "#]],
    );
}

#[test]
fn column_by_name_and_by_source_is_rejected() {
    for (file, content, expected) in [
        (
            "people.csv",
            "ID,First Name,first_name\n1,a,b\n",
            expect![[r#"
                error: data/people.csv:1: `first_name` is a second column for `first_name` in the header
            "#]],
        ),
        (
            "people.ndjson",
            "{\"id\": 1, \"ID\": 1}\n",
            expect![[r#"
                error: data/people.ndjson:1: the key `ID` is a second column for `id`
            "#]],
        ),
        (
            "people.csv",
            "ID,Firstname,sign\n",
            expect![[r#"
            error: data/people.csv:1: `Firstname` in the header is not a column of `app.people`; did you mean `First Name`?
        "#]],
        ),
        (
            "people.csv",
            "ID,sign\n1,α\n",
            expect![[r#"
            error: data/people.csv:1: the header lacks `First Name`, without a default and not nullable
        "#]],
        ),
    ] {
        let folder = folder();
        folder.write(&format!("data/{file}"), content);
        check_query(&folder, QUERY, expected);
    }
    let folder = folder();
    parquet(
        &folder,
        "data/people.parquet",
        ["first_name", "ID", "First Name"],
        1,
    );
    check_query(
        &folder,
        QUERY,
        expect![[r#"
            error: data/people.parquet: column `First Name` is a second column for `first_name`
        "#]],
    );
}
