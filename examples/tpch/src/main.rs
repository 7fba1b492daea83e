// SPDX-License-Identifier: Apache-2.0

//! The program `tpch-data`, which writes the eight TPC-H tables as Parquet files.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use kalamtable_example_tpch::files;
use kalamtable_example_tpch::rows::MIN_SCALE;

/// Write the eight TPC-H tables as Parquet files
#[derive(Parser)]
#[command(name = "tpch-data")]
struct DataArguments {
    /// The folder to write to
    folder: PathBuf,
    /// The scale factor: 1 is about a gigabyte of text
    #[arg(long, default_value_t = 0.01, value_parser = scale)]
    scale: f64,
}

fn scale(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(scale) if scale.is_finite() && scale >= MIN_SCALE => Ok(scale),
        _ => Err(format!("not a number of at least {MIN_SCALE}")),
    }
}

fn main() -> ExitCode {
    let DataArguments { folder, scale } = DataArguments::parse();
    let written = match files::write_all(&folder, scale) {
        Ok(written) => written,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    for file in &written {
        let path = file.path.display();
        println!("{path}: {} rows, {} bytes", file.rows, file.bytes);
    }
    let rows: u64 = written.iter().map(|file| file.rows).sum();
    let bytes: u64 = written.iter().map(|file| file.bytes).sum();
    println!("{} files, {rows} rows, {bytes} bytes", written.len());
    ExitCode::SUCCESS
}
