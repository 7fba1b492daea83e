// SPDX-License-Identifier: Apache-2.0

//! Measures the build-time cost of definitions: checks and generates 10, 100 and 1000 tables of 20
//! columns, and compiles the generated code of 100 tables.

#[path = "support/figures.rs"]
mod figures;

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use kalamtable_build::{Config, load};

const ROUNDS: usize = 3;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    for count in [10, 100, 1000] {
        let schemas = folder.path().join(format!("{count}"));
        write_definitions(&schemas, count)?;
        let check = median_time(|| {
            let loaded = load(&[&schemas]);
            assert_eq!(loaded.tables.len(), count);
            assert!(loaded.diagnostics.is_empty());
            Ok(())
        })?;
        let out = folder.path().join(format!("out-{count}"));
        fs::create_dir(&out)?;
        let generate = median_time(|| {
            let compiled = config(&schemas).try_compile(&out)?;
            assert_eq!(compiled.tables, count);
            Ok(())
        })?;
        println!(
            "{count} tables of 20 columns: check {}, check and generate {}",
            figures::show(check),
            figures::show(generate)
        );
    }

    // The baseline is the structs with the same derives, which every alternative has to compile.
    let generated = folder.path().join("out-100/kalamtable.rs");
    let structs = folder.path().join("structs.rs");
    fs::write(&structs, structs_alone(100))?;
    for (title, options) in [
        ("debug", &["-C", "opt-level=0"][..]),
        ("release", &["-C", "opt-level=3"][..]),
        ("check", &["--emit=metadata"][..]),
    ] {
        let structs = median_time(|| rustc(&structs, folder.path(), options))?;
        let generated = median_time(|| rustc(&generated, folder.path(), options))?;
        println!(
            "rustc, {title}, 100 tables of 20 columns: {}; the structs alone {}: {:.2}x",
            figures::show(generated),
            figures::show(structs),
            generated / structs
        );
    }
    Ok(())
}

fn config(schemas: &Path) -> Config {
    Config::new()
        .schemas(schemas)
        .runtime("::kalamtable_provider")
}

fn median_time(
    mut work: impl FnMut() -> Result<(), Box<dyn Error>>,
) -> Result<f64, Box<dyn Error>> {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        work()?;
        times.push(begin.elapsed().as_secs_f64());
    }
    Ok(figures::median(times.into_iter()))
}

/// The columns of every table: name, type, whether it is nullable, Rust type.
const COLUMNS: [(&str, &str, bool, &str); 20] = [
    ("id", "bigint", false, "i64"),
    ("name", "text", false, "String"),
    ("status", "enum('new', 'running', 'done')", false, "Status"),
    ("title", "text", true, "String"),
    ("body", "text", true, "String"),
    ("parameters", "json", true, "String"),
    ("price", "decimal(10, 2)", false, "i128"),
    ("created_at", "timestamp", false, "i64"),
    ("updated_at", "timestamp", false, "i64"),
    ("started_at", "timestamp", true, "i64"),
    ("finished_at", "timestamp", true, "i64"),
    ("priority", "int", true, "i32"),
    ("retries", "smallint", false, "i16"),
    ("memory", "bigint", true, "i64"),
    ("cpu", "bigint", true, "i64"),
    ("score", "double", true, "f64"),
    ("active", "boolean", false, "bool"),
    ("day", "date", true, "i32"),
    ("token", "uuid", false, "[u8; 16]"),
    ("node", "bigint", false, "i64"),
];

fn write_definitions(folder: &Path, count: usize) -> Result<(), Box<dyn Error>> {
    fs::create_dir(folder)?;
    for table in 0..count {
        let mut toml = format!("name = \"app.table{table}\"\nprimary_key = [\"id\"]\n[columns]\n");
        for (index, (name, ty, nullable, _)) in COLUMNS.iter().enumerate() {
            let id = index + 1;
            let nullable = if *nullable { ", nullable = true" } else { "" };
            writeln!(
                toml,
                "{name} = {{ id = {id}, type = \"{ty}\"{nullable}, comment = \"The {name} of the row\" }}"
            )?;
        }
        fs::write(folder.join(format!("table{table}.toml")), toml)?;
    }
    Ok(())
}

fn structs_alone(count: usize) -> String {
    let mut code = String::new();
    for table in 0..count {
        code += &format!("pub mod table{table} {{\n");
        code += "#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]\n";
        code += "pub enum Status { New, Running, Done }\n";
        code += &format!("#[derive(Clone, Debug, PartialEq)]\npub struct Table{table} {{\n");
        for (name, _, nullable, ty) in COLUMNS {
            if nullable {
                code += &format!("pub {name}: Option<{ty}>,\n");
            } else {
                code += &format!("pub {name}: {ty},\n");
            }
        }
        code += "}\n}\n";
    }
    code
}

/// Compiles one file as a library, with the runtime that this benchmark was built with.
fn rustc(file: &Path, out: &Path, options: &[&str]) -> Result<(), Box<dyn Error>> {
    let deps = std::env::current_exe()?;
    let deps = deps.parent().ok_or("the benchmark has no parent folder")?;
    let output = Command::new("rustc")
        .args([
            "--edition=2024",
            "--crate-type=lib",
            "--crate-name=generated",
        ])
        .args(options)
        .arg("--out-dir")
        .arg(out)
        .arg("-L")
        .arg(format!("dependency={}", deps.display()))
        .arg("--extern")
        .arg(format!(
            "kalamtable_provider={}",
            newest_runtime(deps)?.display()
        ))
        .arg(file)
        .output()?;
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into())
    }
}

/// Returns the library that cargo built last. The folder may contain older ones.
fn newest_runtime(deps: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(deps)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_some_and(|n| n.starts_with("libkalamtable_provider-") && n.ends_with(".rlib")) {
            found.push((fs::metadata(&path)?.modified()?, path));
        }
    }
    let newest = found.into_iter().max();
    let (_, path) =
        newest.ok_or("no libkalamtable_provider-*.rlib in the folder of the benchmark")?;
    Ok(path)
}
