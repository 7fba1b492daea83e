// SPDX-License-Identifier: Apache-2.0

//! `kalamtable completions`: a script that completes the arguments in a shell.

use std::io::{self, Write};

use clap_complete::Shell;

/// A shell with completions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum CompletionShell {
    Bash,
    Zsh,
    Fish,
}

/// Writes the script that completes the arguments of `command` in `shell`.
///
/// # Errors
/// Fails if `output` cannot be written to.
pub(crate) fn write(
    shell: CompletionShell,
    mut command: clap::Command,
    output: &mut dyn Write,
) -> io::Result<()> {
    let shell = match shell {
        CompletionShell::Bash => Shell::Bash,
        CompletionShell::Zsh => Shell::Zsh,
        CompletionShell::Fish => Shell::Fish,
    };
    // The generator panics if its output cannot be written.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "kalamtable", &mut script);
    output.write_all(&script)?;
    output.flush()
}
