// SPDX-License-Identifier: Apache-2.0

//! Compressed text files, and files that are not what their names say.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::DataFolder;

const ROWS: &str = "id,note,state\n1,a,open\n2,b,closed\n";

fn gzip(content: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn zstandard(content: &str) -> Vec<u8> {
    zstd::encode_all(content.as_bytes(), 0).unwrap()
}

#[test]
fn compressed_text_is_read() {
    let (first, second) = ROWS.split_at(ROWS.rfind('2').unwrap());
    let members = [gzip(first), gzip(second)].concat();
    let frames = [zstandard(first), zstandard(second)].concat();
    let ndjson = "{\"id\": 1, \"note\": \"\", \"state\": \"open\"}\n{\"id\": 2, \"note\": \"\", \"state\": \"open\"}\n";
    for (name, content) in [
        ("data/orders.csv.gz", gzip(ROWS)),
        ("data/orders.csv.GZ", members),
        ("data/orders.csv.zst", zstandard(ROWS)),
        ("data/app.orders.csv.zst", frames),
        ("data/orders.ndjson.gz", gzip(ndjson)),
        ("data/orders.jsonl.zst", zstandard(ndjson)),
        ("data/orders/part-1.csv.gz", gzip(ROWS)),
    ] {
        let folder = DataFolder::with_orders();
        folder.write(name, content);
        let rows = folder.query("SELECT id FROM app.orders ORDER BY id");
        assert_eq!(rows, Ok("{\"id\":1}\n{\"id\":2}\n".to_string()), "{name}");
    }
}

#[test]
fn truncated_compressed_file_is_an_error() {
    for (name, content) in [
        ("data/orders.csv.gz", gzip(ROWS)),
        ("data/orders.csv.zst", zstandard(ROWS)),
    ] {
        let folder = DataFolder::with_orders();
        folder.write(name, &content[..content.len() - 6]);
        let error = folder.query("SELECT id FROM app.orders").unwrap_err();
        let prefix = format!("{name}: cannot be read: ");
        assert!(error.contains(&prefix), "{error}");
    }
}

#[test]
fn compressed_files_that_are_not_read_are_errors() {
    for (name, expected) in [
        (
            "data/orders.csv.bz2",
            "has a compression that is not supported: use gzip (`.gz`) or Zstandard (`.zst`)",
        ),
        (
            "data/orders/1.csv.xz",
            "has a compression that is not supported: use gzip (`.gz`) or Zstandard (`.zst`)",
        ),
        (
            "data/orders.parquet.gz",
            "is a compressed Parquet file, which cannot be read in parts: decompress it",
        ),
        (
            "data/orders.csv.bak",
            "has the name of a table, but not the extension `.parquet`, `.csv`, `.ndjson` or `.jsonl`",
        ),
        (
            "data/order.csv.gz",
            "no definition has the name `order`; did you mean `orders`?",
        ),
    ] {
        let folder = DataFolder::with_orders();
        folder.write(name, "");
        let error = folder.query("SELECT 1").unwrap_err();
        assert_eq!(error, format!("error: {name}: {expected}\n"));
    }
}

#[test]
fn content_of_another_format_is_named() {
    let utf16 = |begin: &[u8]| {
        let units = ROWS.encode_utf16().flat_map(u16::to_le_bytes);
        [begin, &units.collect::<Vec<u8>>()].concat()
    };
    for (name, content, expected) in [
        (
            "data/orders.csv",
            gzip(ROWS),
            "is compressed with gzip: add `.gz` to its name, or decompress it",
        ),
        (
            "data/orders.ndjson",
            zstandard(ROWS),
            "is compressed with Zstandard: add `.zst` to its name, or decompress it",
        ),
        (
            "data/orders.csv",
            utf16(b"\xff\xfe"),
            "is in UTF-16 and not in UTF-8: convert it, for example with `iconv -f UTF-16 -t UTF-8`",
        ),
        (
            "data/orders.csv",
            utf16(b""),
            "is in UTF-16 and not in UTF-8: convert it, for example with `iconv -f UTF-16LE -t UTF-8`",
        ),
        (
            "data/orders.csv",
            b"PAR1".to_vec(),
            "is a Parquet file: name it `.parquet`",
        ),
        (
            "data/orders.csv.gz",
            gzip("PK\x03\x04"),
            "is a zip archive: extract its files",
        ),
    ] {
        let folder = DataFolder::with_orders();
        folder.write(name, content);
        let error = folder.query("SELECT id FROM app.orders").unwrap_err();
        assert_eq!(error, format!("error: {name}: {expected}\n"));
    }
}
