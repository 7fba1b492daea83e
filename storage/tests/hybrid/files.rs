// SPDX-License-Identifier: Apache-2.0

//! The row files, read by the Parquet and IPC readers alone.

use std::fs::File;
use std::path::Path;
use std::process::Command;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use arrow::ipc::reader::FileReader;
use kalamtable_storage::HybridStorage;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::restart::files;
use crate::server::{Server, definitions};

/// Reads the only Parquet file of a folder.
fn parquet(folder: &Path) -> (Vec<RecordBatch>, Vec<(String, i32)>, String) {
    let names = files(folder, ".parquet");
    assert_eq!(names.len(), 1, "{names:?}");
    let file = File::open(folder.join(&names[0])).unwrap();
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let root = builder.parquet_schema().root_schema().get_fields().to_vec();
    let columns = root.iter().map(|column| {
        let info = column.get_basic_info();
        let id = if info.has_id() { info.id() } else { -1 };
        (info.name().to_string(), id)
    });
    let columns = columns.collect();
    let metadata = builder.metadata().file_metadata().key_value_metadata();
    let definition = metadata
        .and_then(|metadata| {
            metadata
                .iter()
                .find(|pair| pair.key == "kalamtable.definition")
        })
        .and_then(|pair| pair.value.clone());
    let batches = builder.build().unwrap().map(Result::unwrap).collect();
    (batches, columns, definition.unwrap())
}

#[tokio::test]
async fn columns_of_a_file_are_named_by_their_ids() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::open(&definitions(), folder.path()).await;
    server
        .run("CREATE TABLE app.t (id BIGINT PRIMARY KEY, \"order\" TEXT) WITH (type = 'user')")
        .await;
    let insert = "INSERT INTO app.t (id, \"order\") VALUES (1, 'x'), (2, NULL)";
    server.run_as(&server.user("ann"), insert).await;
    server.run_as(&server.user("bob"), insert).await;
    server
        .run_as(&server.user("bob"), "DELETE FROM app.t WHERE id = 1")
        .await;
    server.run("FLUSH TABLE app.t").await;

    let (batches, columns, definition) = parquet(folder.path());
    let names: Vec<&str> = columns.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["c1", "c2", "_seq", "_deleted", "_owner"]);
    assert_eq!((columns[0].1, columns[1].1), (1, 2));
    assert!(definition.contains("order"), "{definition}");
    let rows: Vec<String> = batches.iter().flat_map(rows).collect();
    // The chunks of one partition are joined without the rows that were superseded.
    assert_eq!(
        rows,
        [
            "1 x 1 false ann",
            "2  2 false ann",
            "2  4 false bob",
            "1 x 5 true bob"
        ]
    );
}

fn rows(batch: &RecordBatch) -> Vec<String> {
    let options = arrow::util::display::FormatOptions::default();
    let columns = batch.columns().iter();
    let columns: Vec<_> = columns
        .map(|column| arrow::util::display::ArrayFormatter::try_new(column, &options).unwrap())
        .collect();
    let row = |row| {
        let values = columns.iter().map(|column| column.value(row).to_string());
        values.collect::<Vec<_>>().join(" ")
    };
    (0..batch.num_rows()).map(row).collect()
}

#[tokio::test]
async fn rows_of_many_users_share_a_file_in_the_order_of_the_users() {
    let folder = tempfile::tempdir().unwrap();
    let definitions = definitions();
    let server = Server::open(&definitions, folder.path()).await;
    server
        .run("CREATE TABLE app.t (id BIGINT PRIMARY KEY) WITH (type = 'user')")
        .await;
    const USERS: usize = 300;
    for user in 0..USERS {
        let session = server.user(&format!("user {:03}", (user * 7) % USERS));
        server
            .run_as(&session, "INSERT INTO app.t (id) VALUES (1), (2), (3)")
            .await;
    }
    let flushed = server.run("FLUSH TABLE app.t").await;
    assert!(flushed.starts_with("1 900 "), "{flushed}");
    let (batches, ..) = parquet(folder.path());
    let owners = batches.iter().flat_map(|batch| {
        let owners = batch.column(2 + 1).as_string::<i32>();
        owners
            .iter()
            .map(|owner| owner.unwrap().to_string())
            .collect::<Vec<_>>()
    });
    let owners: Vec<String> = owners.collect();
    assert_eq!(owners.len(), 3 * USERS);
    assert!(owners.is_sorted());
    drop(server);

    let server = Server::open(&definitions, folder.path()).await;
    for user in [0, 150, 299] {
        let session = server.user(&format!("user {user:03}"));
        assert_eq!(
            server.run_as(&session, "SELECT count(*) FROM app.t").await,
            "3"
        );
    }
    let session = server.user("user 300");
    assert_eq!(
        server.run_as(&session, "SELECT count(*) FROM app.t").await,
        "0"
    );
}

#[tokio::test]
async fn values_of_all_types_survive() {
    const COLUMNS: &[(&str, &str)] = &[
        ("BOOLEAN", "true"),
        ("SMALLINT", "-7"),
        ("INT", "-7"),
        ("BIGINT", "-7"),
        ("FLOAT", "1.5"),
        ("DOUBLE", "-0.0"),
        ("DOUBLE", "CAST('NaN' AS DOUBLE)"),
        ("DECIMAL(20, 3)", "1.234"),
        ("TEXT", "'text'"),
        ("JSON", "'{\"a\": 1}'"),
        ("BYTEA", "X'00ff'"),
        ("DATE", "'2026-11-27'"),
        ("TIME", "'12:34:56.789'"),
        ("TIMESTAMP", "'2026-11-27T12:34:56.789'"),
        ("TIMESTAMP(9)", "'2026-11-27T12:34:56.123456789'"),
        ("TIMESTAMP(0)", "'2026-11-27T12:34:56'"),
        (
            "\"timestamp(ms, 'Europe/Berlin')\"",
            "'2026-11-27T12:34:56.789+01:00'",
        ),
        ("INT UNSIGNED", "4000000000"),
        ("BIGINT UNSIGNED", "18000000000000000000"),
        ("DECIMAL(5, 2)", "123.45"),
        ("UUID", "'01234567-89ab-cdef-0123-456789abcdef'"),
        ("ENUM('a', 'b')", "'b'"),
        ("EMBEDDING(2)", "[1.5, 2.5]"),
        ("TEXT[]", "['a', NULL, 'b']"),
        (
            "STRUCT<x INT, y TEXT[]>",
            "named_struct('x', 1, 'y', ['z'])",
        ),
        (
            "STRUCT<x INT, y TEXT[]>[]",
            "[named_struct('x', 1, 'y', [NULL, 'z']), NULL]",
        ),
        ("MAP(TEXT, INT)", "MAP {'k': 1, 'l': 2}"),
        ("\"arrow:LargeUtf8\"", "'large'"),
        ("\"arrow:Utf8View\"", "'a view of more than twelve bytes'"),
        ("\"arrow:Dictionary(Int32, Utf8)\"", "'a word'"),
        ("\"arrow:Date64\"", "'2026-11-27'"),
        ("INTERVAL", "INTERVAL '1 month 2 days 3.5 seconds'"),
    ];
    /// The number of types that Parquet does not represent, which are last.
    const OTHERS: usize = 5;
    for with_interval in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let definitions = definitions();
        let server = Server::open(&definitions, folder.path()).await;
        let count = if with_interval {
            COLUMNS.len()
        } else {
            COLUMNS.len() - OTHERS
        };
        let columns = &COLUMNS[..count];
        let declared = (0..)
            .zip(columns)
            .map(|(number, (ty, _))| format!(", c{number} {ty}"));
        let declared: String = declared.collect();
        server
            .run(&format!(
                "CREATE TABLE app.t (id BIGINT PRIMARY KEY{declared}) WITH (type = 'shared')"
            ))
            .await;
        let names: String = (0..count).map(|number| format!(", c{number}")).collect();
        let values: String = columns
            .iter()
            .map(|(_, value)| format!(", {value}"))
            .collect();
        let nulls: String = columns.iter().map(|_| ", NULL").collect();
        server
            .run(&format!("INSERT INTO app.t (id{names}) VALUES (1{values})"))
            .await;
        // Several chunks, with other values of dictionaries.
        for id in 2..6 {
            server
                .run(&format!(
                    "INSERT INTO app.t (id{names}) VALUES ({id}{nulls})"
                ))
                .await;
        }
        if with_interval {
            server
                .run(&format!(
                    "INSERT INTO app.t (id, c{0}) SELECT value, 'word ' || value \
                     FROM generate_series(6, 60)",
                    count - 3
                ))
                .await;
        }
        let all = "SELECT * FROM app.t ORDER BY id";
        let expected = server.run(all).await;
        drop(server);
        let server = Server::open(&definitions, folder.path()).await;
        assert_eq!(server.run(all).await, expected, "from the log");
        server.run("FLUSH TABLE app.t").await;
        drop(server);
        let extension = if with_interval { ".arrow" } else { ".parquet" };
        assert_eq!(files(folder.path(), extension).len(), 1);
        let server = Server::open(&definitions, folder.path()).await;
        assert_eq!(server.run(all).await, expected, "from a file");
    }
}

#[tokio::test]
async fn types_without_a_parquet_type_are_in_an_ipc_file() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::open(&definitions(), folder.path()).await;
    server
        .run("CREATE TABLE app.t (id BIGINT PRIMARY KEY, i INTERVAL) WITH (type = 'shared')")
        .await;
    server
        .run("INSERT INTO app.t (id, i) VALUES (5, INTERVAL '1 month')")
        .await;
    server.run("FLUSH TABLE app.t").await;
    let names = files(folder.path(), ".arrow");
    let file = File::open(folder.path().join(&names[0])).unwrap();
    let reader = FileReader::try_new(file, None).unwrap();
    assert!(reader.schema().metadata()["kalamtable.definition"].contains("interval"));
    let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
    assert_eq!(batches[0].column(0).as_primitive::<Int64Type>().value(0), 5);
}

#[tokio::test]
async fn replaced_rows_leave_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let definitions = definitions();
    let server = Server::open(&definitions, folder.path()).await;
    server
        .run("CREATE TABLE app.t (id BIGINT PRIMARY KEY, n INT) WITH (type = 'shared')")
        .await;
    let mut most = 0;
    for round in 0..40 {
        let from = round * 25;
        server
            .run(&format!(
                "INSERT INTO app.t (id, n) SELECT value, 0 FROM generate_series({from}, {})",
                from + 24
            ))
            .await;
        server.run("UPDATE app.t SET n = n + 1").await;
        server.run("FLUSH TABLE app.t").await;
        most = most.max(files(folder.path(), ".parquet").len());
    }
    drop(server);
    let storage = HybridStorage::open(folder.path()).unwrap();
    let stats = storage.stats();
    drop(storage);
    // Rows that were replaced, and files that became sparse, do not remain.
    assert!(stats.file_rows <= 3000, "{stats:?}");
    assert!(most <= 12, "{most} files");
    let server = Server::open(&definitions, folder.path()).await;
    let sums = server.run("SELECT count(*), sum(n) FROM app.t").await;
    assert_eq!(sums, format!("1000 {}", 25 * (1..=40).sum::<i32>()));
}

#[tokio::test]
async fn files_of_many_flushes_are_joined() {
    let folder = tempfile::tempdir().unwrap();
    let definitions = definitions();
    let server = Server::open(&definitions, folder.path()).await;
    server
        .run("CREATE TABLE app.t (id BIGINT PRIMARY KEY) WITH (type = 'user')")
        .await;
    let mut most = 0;
    for user in 0..70 {
        let session = server.user(&format!("user {user}"));
        server
            .run_as(&session, "INSERT INTO app.t (id) VALUES (1), (2)")
            .await;
        server.run("FLUSH TABLE app.t").await;
        most = most.max(files(folder.path(), ".parquet").len());
    }
    assert!((2..=7).contains(&most), "{most} files");
    drop(server);
    let server = Server::open(&definitions, folder.path()).await;
    for user in 0..70 {
        let session = server.user(&format!("user {user}"));
        let sum = server.run_as(&session, "SELECT sum(id) FROM app.t").await;
        assert_eq!(sum, "3");
    }
}

#[tokio::test]
async fn update_of_a_view_column_logs_its_own_value_only() {
    let folder = tempfile::tempdir().unwrap();
    let storage = std::sync::Arc::new(HybridStorage::open(folder.path()).unwrap());
    let server = Server::new(&definitions(), storage.clone()).await;
    server
        .run(
            "CREATE TABLE app.t (id BIGINT PRIMARY KEY, n INT, v \"arrow:Utf8View\", \
             l \"arrow:List(Utf8View)\") WITH (type = 'shared')",
        )
        .await;
    server
        .run(
            "INSERT INTO app.t (id, n, v, l) \
             SELECT value, 0, repeat('a long value ', 20) || value, \
             [repeat('a long value ', 20) || value] FROM generate_series(1, 2000)",
        )
        .await;
    let before = storage.stats().log_bytes;
    server.run("UPDATE app.t SET n = 1 WHERE id = 7").await;
    let logged = storage.stats().log_bytes - before;
    assert!(logged < 4000, "{logged} bytes");
}

#[tokio::test]
async fn floats_have_no_bounds_in_files() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::open(&definitions(), folder.path()).await;
    server
        .run(
            "CREATE TABLE app.t (id BIGINT PRIMARY KEY, x DOUBLE, s STRUCT<y FLOAT>, l DOUBLE[]) \
             WITH (type = 'shared')",
        )
        .await;
    server
        .run(
            "INSERT INTO app.t (id, x, s, l) VALUES \
             (1, CAST('NaN' AS DOUBLE), named_struct('y', 1.5), [1.5, CAST('NaN' AS DOUBLE)])",
        )
        .await;
    server.run("FLUSH TABLE app.t").await;
    let names = files(folder.path(), ".parquet");
    let file = File::open(folder.path().join(&names[0])).unwrap();
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let group = builder.metadata().row_group(0);
    let bounds = group.columns().iter().map(|column| {
        let path = column.column_path().string();
        (
            path,
            column
                .statistics()
                .is_some_and(|bounds| bounds.min_bytes_opt().is_some()),
        )
    });
    let bounds: Vec<(String, bool)> = bounds.collect();
    let expected = [
        ("c1", true),
        ("c2", false),
        ("c3.y", false),
        ("c4.list.item", false),
    ];
    let found: Vec<(&str, bool)> = bounds.iter().map(|(path, has)| (&**path, *has)).collect();
    assert_eq!(found[..4], expected);
}

#[tokio::test]
#[ignore = "requires python3 with pyarrow and duckdb; a job of the CI workflow runs it"]
async fn python_reads_the_current_rows_of_files() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::open(&definitions(), folder.path()).await;
    server
        .run(
            "CREATE TABLE app.t (id BIGINT PRIMARY KEY, \"order\" TEXT, x DOUBLE) \
             WITH (type = 'user')",
        )
        .await;
    for (user, x) in [("ann", 1.5), ("bob", -2.5)] {
        let insert = format!(
            "INSERT INTO app.t (id, \"order\", x) VALUES (1, 'a', {x}), (2, NULL, 0), (3, 'c', 1)"
        );
        let user = server.user(user);
        server.run_as(&user, &insert).await;
        server.run("FLUSH TABLE app.t").await;
        server
            .run_as(&user, "UPDATE app.t SET \"order\" = 'b' WHERE id = 2")
            .await;
        server.run_as(&user, "DELETE FROM app.t WHERE id = 3").await;
    }
    server.run("FLUSH TABLE app.t").await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hybrid/read_row_files.py");
    let output = Command::new("python3")
        .arg(script)
        .arg(folder.path())
        .output();
    let output = output.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let rows = String::from_utf8(output.stdout).unwrap();
    let expected = "field ids: [1, 2, 3]\n\
                    ann 1 a 1.5\nann 2 b 0.0\n\
                    bob 1 a -2.5\nbob 2 b 0.0\n";
    assert_eq!(rows, expected);
}
