// SPDX-License-Identifier: Apache-2.0

//! The command `cargo kalamtable`.

use std::process::ExitCode;

fn main() -> ExitCode {
    kalamtable_cli::cargo_main()
}
