// SPDX-License-Identifier: Apache-2.0

//! The command `kalamtable`.

use std::process::ExitCode;

fn main() -> ExitCode {
    kalamtable_cli::main()
}
