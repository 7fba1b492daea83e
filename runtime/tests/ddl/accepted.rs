// SPDX-License-Identifier: Apache-2.0

//! Statements that are accepted, and the definitions that result.

use expect_test::{Expect, expect};

use crate::server::DdlServer;

async fn check(statements: &[&str], table: &str, expected: Expect) {
    let server = DdlServer::new().await;
    for statement in statements {
        if let Err(error) = server.run(statement).await {
            panic!("{statement}: {error}");
        }
    }
    expected.assert_eq(&server.definition(table).await.to_toml());
}

#[tokio::test]
async fn each_type_can_be_written() {
    check(
        &["CREATE TABLE app.types (
            id BIGINT PRIMARY KEY, a BOOLEAN, b TINYINT, c SMALLINT, d INT, e INTEGER, f INT8,
            g TINYINT UNSIGNED, h SMALLINT UNSIGNED, i INT UNSIGNED, j BIGINT UNSIGNED, k uint,
            l REAL, m FLOAT, n DOUBLE, o DOUBLE PRECISION, p DECIMAL(10, 2), q NUMERIC(5),
            r TEXT, s VARCHAR, t CHAR, u STRING, v BYTEA, w BLOB, x BINARY(4), y DATE, z TIME,
            aa TIMESTAMP, ab TIMESTAMP(0), ac TIMESTAMP(3), ad TIMESTAMP(9),
            ae TIMESTAMP WITH TIME ZONE, af TIMESTAMP(3) WITH TIME ZONE, ag DATETIME, ah INTERVAL,
            ai UUID, aj JSON, ak FILE, al EMBEDDING(3), am ENUM('a', 'it''s'),
            an TEXT[], ao ARRAY<INT>, ap STRUCT<x INT, \"Y z\" TEXT>, aq MAP(TEXT, INT),
            ar ARRAY<STRUCT<k TEXT, v MAP(TEXT, ARRAY<INT>)>>,
            \"at\" \"timestamp(ms, 'Europe/Berlin')\", au \"list<text>\", av \"arrow:LargeUtf8\"
        )"
        .replace("\"Y z\"", "y_z")
        .as_str()],
        "types",
        expect![[r#"
            name        = "app.types"
            primary_key = ["id"]

            [columns]
            id = { id = 1,  type = "bigint" }
            a  = { id = 2,  type = "boolean", nullable = true }
            b  = { id = 3,  type = "tinyint", nullable = true }
            c  = { id = 4,  type = "smallint", nullable = true }
            d  = { id = 5,  type = "int", nullable = true }
            e  = { id = 6,  type = "int", nullable = true }
            f  = { id = 7,  type = "bigint", nullable = true }
            g  = { id = 8,  type = "utinyint", nullable = true }
            h  = { id = 9,  type = "usmallint", nullable = true }
            i  = { id = 10, type = "uint", nullable = true }
            j  = { id = 11, type = "ubigint", nullable = true }
            k  = { id = 12, type = "uint", nullable = true }
            l  = { id = 13, type = "float", nullable = true }
            m  = { id = 14, type = "float", nullable = true }
            n  = { id = 15, type = "double", nullable = true }
            o  = { id = 16, type = "double", nullable = true }
            p  = { id = 17, type = "decimal(10, 2)", nullable = true }
            q  = { id = 18, type = "decimal(5, 0)", nullable = true }
            r  = { id = 19, type = "text", nullable = true }
            s  = { id = 20, type = "text", nullable = true }
            t  = { id = 21, type = "text", nullable = true }
            u  = { id = 22, type = "text", nullable = true }
            v  = { id = 23, type = "bytes", nullable = true }
            w  = { id = 24, type = "bytes", nullable = true }
            x  = { id = 25, type = "bytes(4)", nullable = true }
            y  = { id = 26, type = "date", nullable = true }
            z  = { id = 27, type = "time", nullable = true }
            aa = { id = 28, type = "timestamp", nullable = true }
            ab = { id = 29, type = "timestamp(s)", nullable = true }
            ac = { id = 30, type = "timestamp(ms)", nullable = true }
            ad = { id = 31, type = "timestamp(ns)", nullable = true }
            ae = { id = 32, type = "datetime", nullable = true }
            af = { id = 33, type = "timestamp(ms, 'UTC')", nullable = true }
            ag = { id = 34, type = "datetime", nullable = true }
            ah = { id = 35, type = "interval", nullable = true }
            ai = { id = 36, type = "uuid", nullable = true }
            aj = { id = 37, type = "json", nullable = true }
            ak = { id = 38, type = "file", nullable = true }
            al = { id = 39, type = "embedding(3)", nullable = true }
            am = { id = 40, type = "enum('a', 'it''s')", nullable = true }
            an = { id = 41, type = "list<#49 text null>", nullable = true }
            ao = { id = 42, type = "list<#50 int null>", nullable = true }
            ap = { id = 43, type = "struct<#51 x: int null, #52 y_z: text null>", nullable = true }
            aq = { id = 44, type = "map<#53 text, #54 int null>", nullable = true }
            ar = { id = 45, type = "list<#55 struct<#56 k: text null, #57 v: map<#58 text, #59 list<#60 int null> null> null> null>", nullable = true }
            at = { id = 46, type = "timestamp(ms, 'Europe/Berlin')", nullable = true }
            au = { id = 47, type = "list<#61 text>", nullable = true }
            av = { id = 48, type = "arrow:LargeUtf8", nullable = true }
        "#]],
    )
    .await;
}

#[tokio::test]
async fn keys_options_and_comments_can_be_written() {
    check(
        &["CREATE TABLE app.messages (
            tenant TEXT, id BIGINT COMMENT 'The number', email TEXT UNIQUE, body TEXT NOT NULL
              DEFAULT 'it''s empty',
            at TIMESTAMP DEFAULT now(), day DATE DEFAULT CURRENT_DATE, n INT DEFAULT -5,
            price DECIMAL(20, 3) DEFAULT 12345678901234567.125, ok BOOLEAN DEFAULT true,
            since DATE DEFAULT DATE '2024-02-29', x DOUBLE DEFAULT 1.5e3, nothing TEXT DEFAULT NULL,
            PRIMARY KEY (tenant, id), UNIQUE (body, n)
        ) WITH (type = 'user') COMMENT 'What users say'"],
        "messages",
        expect![[r#"
            name        = "app.messages"
            kind        = "user"
            comment     = "What users say"
            primary_key = ["tenant", "id"]
            unique      = [["email"], ["body", "n"]]

            [columns]
            tenant  = { id = 1,  type = "text" }
            id      = { id = 2,  type = "bigint", comment = "The number" }
            email   = { id = 3,  type = "text", nullable = true }
            body    = { id = 4,  type = "text", default = "it's empty" }
            at      = { id = 5,  type = "timestamp", nullable = true, default = "now()" }
            day     = { id = 6,  type = "date", nullable = true, default = "current_date()" }
            n       = { id = 7,  type = "int", nullable = true, default = -5 }
            price   = { id = 8,  type = "decimal(20, 3)", nullable = true, default = "12345678901234567.125" }
            ok      = { id = 9,  type = "boolean", nullable = true, default = true }
            since   = { id = 10, type = "date", nullable = true, default = 2024-02-29 }
            x       = { id = 11, type = "double", nullable = true, default = 1500.0 }
            nothing = { id = 12, type = "text", nullable = true }
        "#]],
    )
    .await;
}

#[tokio::test]
async fn texts_and_calls_are_different_defaults() {
    check(
        &[
            "CREATE TABLE app.t (
            id BIGINT PRIMARY KEY, text TEXT DEFAULT 'now()', typed TEXT DEFAULT TEXT 'current_date()',
            label ENUM('now()') DEFAULT 'now()', at TIMESTAMP DEFAULT now(),
            zoned TIMESTAMP(3) WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP, day DATE DEFAULT CURRENT_DATE,
            clock TIME DEFAULT CURRENT_TIME)",
            // The defaults are those of the previous version.
            "ALTER TABLE app.t ALTER COLUMN id TYPE DECIMAL(20, 0)",
        ],
        "t",
        expect![[r#"
            name        = "app.t"
            version     = 2
            primary_key = ["id"]

            [columns]
            id    = { id = 1, type = "decimal(20, 0)" }
            text  = { id = 2, type = "text", nullable = true, default = "now()" }
            typed = { id = 3, type = "text", nullable = true, default = "current_date()" }
            label = { id = 4, type = "enum('now()')", nullable = true, default = "now()" }
            at    = { id = 5, type = "timestamp", nullable = true, default = "now()" }
            zoned = { id = 6, type = "timestamp(ms, 'UTC')", nullable = true, default = "now()" }
            day   = { id = 7, type = "date", nullable = true, default = "current_date()" }
            clock = { id = 8, type = "time", nullable = true, default = "current_time()" }
        "#]],
    )
    .await;
}

#[tokio::test]
async fn default_can_have_any_text_of_its_type() {
    check(
        &["CREATE TABLE app.t (
            id BIGINT PRIMARY KEY, a DATE DEFAULT DATE '2024-02-29', b TIME DEFAULT '23:59',
            c TIMESTAMP DEFAULT '2024-02-29 12:30:00', d TIMESTAMP(0) DEFAULT TIMESTAMP '2024-02-29T12:30:00',
            e DATETIME DEFAULT '2024-02-29 12:30:00+02', f DATETIME DEFAULT '2024-02-29t12:30:00 UTC',
            g TIMESTAMP(3) WITH TIME ZONE DEFAULT TIMESTAMP WITH TIME ZONE '2024-02-29 12:30:00+00:00',
            h UUID DEFAULT UUID '67e55044-10b1-426f-9247-bb680e5fe0c8',
            i DOUBLE DEFAULT 'NaN', j REAL DEFAULT REAL '-Infinity', k REAL DEFAULT 'inf', l DOUBLE DEFAULT (-1),
            m DECIMAL(20, 3) DEFAULT -12345678901234567.125, n DECIMAL(20, 3) DEFAULT '1.5',
            o DECIMAL(20, 3) DEFAULT DECIMAL(4, 1) '2.5', p DECIMAL(6, 2) DEFAULT 1e-2,
            q JSON DEFAULT JSON '{}', r JSON DEFAULT TEXT '[]'
        )"],
        "t",
        expect![[r#"
            name        = "app.t"
            primary_key = ["id"]

            [columns]
            id = { id = 1,  type = "bigint" }
            a  = { id = 2,  type = "date", nullable = true, default = 2024-02-29 }
            b  = { id = 3,  type = "time", nullable = true, default = 23:59:00 }
            c  = { id = 4,  type = "timestamp", nullable = true, default = 2024-02-29T12:30:00 }
            d  = { id = 5,  type = "timestamp(s)", nullable = true, default = 2024-02-29T12:30:00 }
            e  = { id = 6,  type = "datetime", nullable = true, default = 2024-02-29T10:30:00Z }
            f  = { id = 7,  type = "datetime", nullable = true, default = 2024-02-29T12:30:00Z }
            g  = { id = 8,  type = "timestamp(ms, 'UTC')", nullable = true, default = 2024-02-29T12:30:00Z }
            h  = { id = 9,  type = "uuid", nullable = true, default = "67e55044-10b1-426f-9247-bb680e5fe0c8" }
            i  = { id = 10, type = "double", nullable = true, default = nan }
            j  = { id = 11, type = "float", nullable = true, default = -inf }
            k  = { id = 12, type = "float", nullable = true, default = inf }
            l  = { id = 13, type = "double", nullable = true, default = -1.0 }
            m  = { id = 14, type = "decimal(20, 3)", nullable = true, default = "-12345678901234567.125" }
            n  = { id = 15, type = "decimal(20, 3)", nullable = true, default = "1.500" }
            o  = { id = 16, type = "decimal(20, 3)", nullable = true, default = "2.500" }
            p  = { id = 17, type = "decimal(6, 2)", nullable = true, default = "0.01" }
            q  = { id = 18, type = "json", nullable = true, default = "{}" }
            r  = { id = 19, type = "json", nullable = true, default = "[]" }
        "#]],
    )
    .await;
}

/// The type that an error suggests exists.
#[tokio::test]
async fn suggested_types_can_be_written() {
    let words = [
        "boolean",
        "tinyint",
        "smallint",
        "int",
        "bigint",
        "utinyint",
        "usmallint",
        "uint",
        "ubigint",
        "float",
        "double",
        "decimal",
        "text",
        "bytes",
        "date",
        "time",
        "timestamp",
        "datetime",
        "interval",
        "uuid",
        "json",
        "file",
        "embedding",
        "enum",
        "list",
        "struct",
        "map",
    ];
    let server = DdlServer::new().await;
    for word in words {
        let ty = kalamtable_model::intended_sql_type(word).unwrap();
        let table = format!("CREATE TABLE app.{word}_ (id INT PRIMARY KEY, a {ty})");
        if let Err(error) = server.run(&table).await {
            panic!("{table}: {error}");
        }
        let definition = server.definition(&format!("{word}_")).await;
        assert_eq!(definition.columns()[1].ty.keyword(), word);
    }
}

#[tokio::test]
async fn streams_and_tables_without_a_key_can_be_created() {
    check(
        &["CREATE TABLE IF NOT EXISTS app.ticks (price DOUBLE) WITH (type = stream, ttl_seconds = 60, no_primary_key = 'ticks repeat')"],
        "ticks",
        expect![[r#"
            name           = "app.ticks"
            kind           = "stream"
            ttl_seconds    = 60
            no_primary_key = "ticks repeat"

            [columns]
            price = { id = 1, type = "double", nullable = true }
        "#]],
    )
    .await;
}

#[tokio::test]
async fn columns_can_be_altered() {
    check(
        &[
            "CREATE TABLE app.notes (id INT PRIMARY KEY, a TEXT, b TEXT NOT NULL, c STRUCT<x INT, y TEXT>)",
            "ALTER TABLE app.notes ADD COLUMN d INT NOT NULL DEFAULT 7, ADD COLUMN IF NOT EXISTS a INT, RENAME COLUMN a TO title",
            "ALTER TABLE app.notes ALTER COLUMN id TYPE BIGINT, ALTER COLUMN b DROP NOT NULL, ALTER d SET DEFAULT 8",
            "ALTER TABLE app.notes ALTER COLUMN c SET DATA TYPE STRUCT<x BIGINT, y TEXT, z DATE>, ALTER d DROP DEFAULT",
            "ALTER TABLE app.notes DROP COLUMN b, DROP COLUMN IF EXISTS missing, ADD COLUMN e ARRAY<TEXT>",
            "ALTER TABLE app.notes RENAME TO memos",
            "COMMENT ON TABLE app.memos IS 'Memos'",
            "COMMENT ON COLUMN app.memos.title IS 'The first line'",
            "ALTER TABLE IF EXISTS app.missing ADD COLUMN x INT",
            "DROP TABLE IF EXISTS app.missing",
        ],
        "memos",
        expect![[r#"
            name        = "app.memos"
            version     = 8
            comment     = "Memos"
            primary_key = ["id"]

            [columns]
            id    = { id = 1, type = "bigint" }
            title = { id = 2, type = "text", nullable = true, comment = "The first line" }
            c     = { id = 4, type = "struct<#5 x: bigint null, #6 y: text null, #8 z: date null>", nullable = true }
            d     = { id = 7, type = "int" }
            e     = { id = 9, type = "list<#10 text null>", nullable = true }

            [reserved]
            ids   = [3]
            names = ["b"]
        "#]],
    )
    .await;
}

#[tokio::test]
async fn options_can_be_altered() {
    check(
        &[
            "CREATE TABLE app.s (id INT PRIMARY KEY) WITH (type = 'stream', ttl_seconds = 60)",
            "ALTER TABLE app.s SET (ttl_seconds = 120)",
            "CREATE TABLE app.t (id INT PRIMARY KEY) WITH (access_level = 'public')",
            "ALTER TABLE app.t SET (access_level = 'restricted')",
        ],
        "t",
        expect![[r#"
            name         = "app.t"
            access_level = "restricted"
            version      = 2
            primary_key  = ["id"]

            [columns]
            id = { id = 1, type = "int" }
        "#]],
    )
    .await;
}

#[tokio::test]
async fn names_follow_the_rules_of_sql() {
    check(
        &[
            "SET datafusion.catalog.default_schema = 'app'",
            "CREATE TABLE Notes (Id INT PRIMARY KEY, \"select\" TEXT, \"Big\" INT)",
            "ALTER TABLE datafusion.app.NOTES RENAME COLUMN \"Big\" TO SIZE",
        ],
        "notes",
        expect![[r#"
            name        = "app.notes"
            version     = 2
            primary_key = ["id"]

            [columns]
            id     = { id = 1, type = "int" }
            select = { id = 2, type = "text", nullable = true }
            size   = { id = 3, type = "int", nullable = true }
        "#]],
    )
    .await;
}

#[tokio::test]
async fn rows_of_earlier_versions_stay_readable() {
    let server = DdlServer::new().await;
    for statement in [
        "CREATE TABLE app.t (id INT PRIMARY KEY, a TEXT, b INT)",
        "INSERT INTO app.t (id, a, b) VALUES (1, 'x', 10)",
        "ALTER TABLE app.t RENAME COLUMN a TO c, ALTER COLUMN b TYPE BIGINT, ADD COLUMN d TEXT DEFAULT 'new'",
        "INSERT INTO app.t (id, c, b) VALUES (2, 'y', 20)",
        "ALTER TABLE app.t DROP COLUMN b",
    ] {
        server.run(statement).await.unwrap();
    }
    let rows = server
        .run("SELECT id, c, d FROM app.t ORDER BY id")
        .await
        .unwrap();
    assert_eq!(rows, "1 x new\n2 y new");
}

#[tokio::test]
async fn dropped_table_has_no_rows_when_it_is_created_again() {
    let server = DdlServer::new().await;
    for statement in [
        "CREATE TABLE app.t (id INT PRIMARY KEY)",
        "INSERT INTO app.t (id) VALUES (1)",
        "DROP TABLE app.t",
        "CREATE TABLE app.t (id INT PRIMARY KEY, x INT)",
    ] {
        server.run(statement).await.unwrap();
    }
    assert_eq!(server.run("SELECT count(*) FROM app.t").await.unwrap(), "0");
}

#[tokio::test]
async fn table_can_be_created_from_a_query() {
    let server = DdlServer::new().await;
    for statement in [
        "CREATE TABLE app.t (id INT PRIMARY KEY, a TEXT, l INT[])",
        "INSERT INTO app.t (id, a, l) VALUES (1, 'x', make_array(1, NULL)), (2, NULL, NULL)",
        "CREATE TABLE app.copy (PRIMARY KEY (id)) AS SELECT id, upper(a) AS a, l, now() AS at FROM app.t",
        "CREATE TABLE app.kinds (PRIMARY KEY (id)) AS SELECT id, interval '1 day' AS i, now() AS at, \
         DATE '2024-02-29' AS d, arrow_cast('x', 'LargeUtf8') AS l, named_struct('k', 1) AS s FROM app.t",
        "CREATE TABLE app.typed (n BIGINT PRIMARY KEY, b TEXT DEFAULT 'z') WITH (type = 'user') AS SELECT id, a FROM app.t",
    ] {
        if let Err(error) = server.run(statement).await {
            panic!("{statement}: {error}");
        }
    }
    let rows = server
        .run("SELECT id, a, l FROM app.copy ORDER BY id")
        .await
        .unwrap();
    assert_eq!(rows, "1 X [1, NULL]\n2 NULL NULL");
    let rows = server
        .run("SELECT n, b FROM app.typed ORDER BY n")
        .await
        .unwrap();
    assert_eq!(rows, "1 x\n2 NULL");
    let types: Vec<String> = server
        .definition("kinds")
        .await
        .columns()
        .iter()
        .map(|column| column.ty.to_string())
        .collect();
    assert_eq!(
        types[1..],
        [
            "interval",
            "timestamp(ns)",
            "date",
            "text",
            "struct<#7 k: bigint null>"
        ]
    );
    // Without its rows, the table does not exist.
    let failed = server
        .run("CREATE TABLE app.twice (PRIMARY KEY (a)) AS SELECT 1 AS a UNION ALL SELECT 1")
        .await;
    assert!(failed.is_err());
    assert!(server.run("SELECT * FROM app.twice").await.is_err());
}

#[tokio::test]
async fn describe_shows_the_columns() {
    let server = DdlServer::new().await;
    server
        .run("CREATE TABLE app.t (id INT PRIMARY KEY, a TEXT)")
        .await
        .unwrap();
    let rows = server.run("DESCRIBE app.t").await.unwrap();
    assert_eq!(
        rows,
        "id Int32 NO\na Utf8 YES\n_seq Int64 NO\n_deleted Boolean NO"
    );
}
