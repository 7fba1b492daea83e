// SPDX-License-Identifier: Apache-2.0

//! Compile times of 100 rows with 16 columns: the derive of typed-arrow, the derive of KalamTable,
//! the code that KalamTable generates from TOML files, and the structs without a derive.

#[path = "../../support/figures.rs"]
mod figures;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

const TABLES: usize = 100;
const ROUNDS: usize = 3;

/// The fields of `Reading`; `Time` is replaced by the timestamp type of each library.
const FIELDS: &str = "
    pub id: i64, pub station: String, pub sensor: String, pub status: String,
    pub note: Option<String>, pub operator: Option<String>,
    pub taken_at: Time, pub received_at: Option<Time>,
    pub value: f64, pub error: Option<f64>, pub channel: i32, pub attempt: Option<i16>,
    pub flags: u32, pub serial: Option<u64>, pub valid: bool, pub gain: Option<f32>,
";

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    let structs = modules(folder, "structs", |table| {
        format!(
            "#[derive(Clone, Debug, PartialEq)]
            pub struct Reading{table} {{ {} }}",
            FIELDS.replace("Time", "i64")
        )
    })?;
    // Without `PartialEq`, which the timestamps of typed-arrow do not implement.
    let typed = modules(folder, "typed", |table| {
        format!(
            "#[derive(Clone, Debug, typed_arrow::Record)]
            pub struct Reading{table} {{ {} }}",
            FIELDS.replace("Time", "typed_arrow::Timestamp<typed_arrow::Microsecond>")
        )
    })?;
    let derived = modules(folder, "derived", |table| {
        format!(
            "#[derive(Clone, Debug, PartialEq, kalamtable_rows::KalamTable)]
            #[kalam(table = \"peers.readings{table}\", primary_key(id), crate = kalamtable_rows)]
            pub struct Reading{table} {{ {} }}",
            FIELDS.replace("Time", "kalamtable_rows::TimestampMicros")
        )
    })?;
    let generated = generated(folder)?;
    for (title, options) in [
        ("check", &["--emit=metadata"][..]),
        ("debug", &["-C", "opt-level=0"][..]),
        ("release", &["-C", "opt-level=3"][..]),
    ] {
        let structs = median_time(|| rustc(&structs, folder, options))?;
        let typed = median_time(|| rustc(&typed, folder, options))?;
        for (name, file) in [
            ("KalamTable's derive", &derived),
            ("KalamTable of TOML", &generated),
        ] {
            let ours = median_time(|| rustc(file, folder, options))?;
            println!(
                "rustc, {title}, {TABLES} rows of 16 columns: {:.2}x; typed-arrow {}, {name} {}, the \
                 structs alone {}",
                typed / ours,
                figures::show(typed),
                figures::show(ours),
                figures::show(structs),
            );
        }
    }
    Ok(())
}

/// Generates the code for `TABLES` definitions, as a build script does; returns the path of the
/// file.
fn generated(folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let schemas = folder.join("schemas");
    fs::create_dir(&schemas)?;
    let definition = include_str!("../schemas/readings.toml");
    for table in 0..TABLES {
        let definition = definition
            .replace("peers.readings", &format!("peers.readings{table}"))
            .replace("\"Reading\"", &format!("\"Reading{table}\""));
        fs::write(schemas.join(format!("readings{table}.toml")), definition)?;
    }
    kalamtable_build::Config::new()
        .schemas(&schemas)
        .runtime("::kalamtable_rows")
        .try_compile(folder)?;
    Ok(folder.join("kalamtable.rs"))
}

/// Writes a file with `TABLES` modules, each with one row; returns its path.
fn modules(
    folder: &Path,
    name: &str,
    row: impl Fn(usize) -> String,
) -> Result<PathBuf, Box<dyn Error>> {
    let module = |table| format!("pub mod readings{table} {{ {} }}\n", row(table));
    let file = folder.join(format!("{name}.rs"));
    fs::write(&file, (0..TABLES).map(module).collect::<String>())?;
    Ok(file)
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

/// Compiles one file as a library, with the crates that this benchmark was built with.
fn rustc(file: &Path, out: &Path, options: &[&str]) -> Result<(), Box<dyn Error>> {
    let bench = std::env::current_exe()?;
    let deps = bench.parent().ok_or("the benchmark is in a folder")?;
    let mut command = Command::new("rustc");
    command
        .args(["--edition=2024", "--crate-type=lib", "--crate-name=rows"])
        .args(options)
        .arg("--out-dir")
        .arg(out)
        .arg("-L")
        .arg(format!("dependency={}", deps.display()));
    for name in ["kalamtable_rows", "typed_arrow"] {
        let library = newest(deps, name)?;
        command
            .arg("--extern")
            .arg(format!("{name}={}", library.display()));
    }
    let output = command.arg(file).output()?;
    if output.status.success() {
        Ok(())
    } else {
        let errors = String::from_utf8_lossy(&output.stderr);
        let first: Vec<&str> = errors.lines().take(20).collect();
        Err(first.join("\n").into())
    }
}

/// Returns the library that cargo built last; older builds may exist next to it.
fn newest(deps: &Path, name: &str) -> Result<PathBuf, Box<dyn Error>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(deps)? {
        let path = entry?.path();
        let file = path.file_name().and_then(|name| name.to_str());
        let start = format!("lib{name}-");
        if file.is_some_and(|file| file.starts_with(&start) && file.ends_with(".rlib")) {
            found.push((fs::metadata(&path)?.modified()?, path));
        }
    }
    let newest = found.into_iter().max();
    let (_, path) = newest.ok_or_else(|| format!("no lib{name}-*.rlib beside the bench"))?;
    Ok(path)
}
