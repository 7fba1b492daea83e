// SPDX-License-Identifier: Apache-2.0

//! The help of each command, and the completions.

use std::process::Command;

use expect_test::{Expect, expect};

use crate::support::{CommandFolder, shown, success};

fn check_help(command: &str, expected: Expect) {
    let help = success(&CommandFolder::new().run(&[command, "--help"]));
    let lines = help.lines().map(|line| format!("{}\n", line.trim_end()));
    expected.assert_eq(&lines.collect::<String>());
}

#[test]
fn help_of_check() {
    check_help(
        "check",
        expect![[r#"
            Check definitions, and compare them with the lock

            Prints every problem with its position and its fix. Exits with 0 if there are no problems, and with 1 otherwise. Nothing is written: `kalamtable lock` adds the definitions to the lock.

            The lock is the file `schemas.lock` in the folder of the first PATH, or else in the nearest folder above it, up to the root of the git repository or a folder with a Cargo.toml. --lock names another file. If PATH is a part of the folder of the lock, only these tables are compared.

            A lock cannot show that it was deleted and written again, or that a merge kept the wrong side. --base compares it with the lock of the branch that the change is merged into: each version there must be in this lock too.

            Usage: kalamtable check [OPTIONS] [PATH]...

            Arguments:
              [PATH]...
                      Folders of definitions, or single files

                      [default: schemas]

            Options:
                  --lock <FILE>
                      The lock. The default is `schemas.lock` in the first PATH, or in a folder above it

                  --unlocked
                      Check only the definitions, and not their changes since the locked versions

                  --base <REVISION>
                      The git revision that the change is merged into, such as origin/main

                  --release <VERSION>
                      The release that is prepared, by which `[[accept]]` entries expire. The default is the version of the nearest Cargo.toml

                  --format <FORMAT>
                      The format of the report

                      Possible values:
                      - human:  Text for people: problems on stderr, and results on stdout
                      - json:   One JSON document for programs
                      - sarif:  One SARIF 2.1.0 document for code scanning
                      - github: Annotations of GitHub Actions

                      [default: human]

              -q, --quiet
                      Print only problems and results: no warnings, no summary and no progress

              -h, --help
                      Print help (see a summary with '-h')
        "#]],
    );
}

#[test]
fn help_of_lock() {
    check_help(
        "lock",
        expect![[r#"
            Accept the definitions as the latest versions of their tables

            Adds the definitions to the lock, and prints the versions that were added. The lock is created if it does not exist. Writes nothing if there are problems, such as a change that breaks users and is not accepted in the lock.

            Usage: kalamtable lock [OPTIONS] [PATH]...

            Arguments:
              [PATH]...
                      All folders of definitions, or single files

                      [default: schemas]

            Options:
                  --lock <FILE>
                      The lock. The default is `schemas.lock` in the first PATH, or in a folder above it

                  --release <VERSION>
                      The release that is prepared, by which `[[accept]]` entries expire. The default is the version of the nearest Cargo.toml

                  --format <FORMAT>
                      The format of the report

                      Possible values:
                      - human:  Text for people: problems on stderr, and results on stdout
                      - json:   One JSON document for programs
                      - sarif:  One SARIF 2.1.0 document for code scanning
                      - github: Annotations of GitHub Actions

                      [default: human]

              -q, --quiet
                      Print only problems and results: no warnings, no summary and no progress

              -h, --help
                      Print help (see a summary with '-h')
        "#]],
    );
}

#[test]
fn help_of_diff() {
    check_help(
        "diff",
        expect![[r#"
            Compare two sets of definitions, and report the effects of the changes

            Prints the tables that differ, with their added, removed and changed columns, and the verdict of
            each change that a rule reports, at four levels: SOURCE is Rust code, SQL is queries, WIRE is
            Arrow clients, and STORAGE is stored files. Exits with 1 if a change breaks users at some level.

            BEFORE and AFTER are each one of these:
              schemas          a folder of definitions, or a single file
              lock             the latest versions in the lock
              app.events@3     a version in the lock
              main             the folder of definitions in a git revision
              main:old/path    another folder in a git revision

            Usage: kalamtable diff [OPTIONS] <BEFORE> [AFTER]

            Arguments:
              <BEFORE>
                      The definitions before the change

              [AFTER]
                      The definitions after the change

                      [default: schemas]

            Options:
                  --schemas <DIR>
                      The folder of definitions, whose lock is used, and that is read in a git revision

                      [default: schemas]

                  --direction <DIRECTION>
                      The versions that must read data of the other ones: `backward` means that the definitions after the change read earlier data

                      [default: backward]

                  --format <FORMAT>
                      The format of the report

                      Possible values:
                      - human:  Text for people: problems on stderr, and results on stdout
                      - json:   One JSON document for programs
                      - sarif:  One SARIF 2.1.0 document for code scanning
                      - github: Annotations of GitHub Actions

                      [default: human]

              -q, --quiet
                      Print only problems and results: no warnings, no summary and no progress

              -h, --help
                      Print help (see a summary with '-h')
        "#]],
    );
}

#[test]
fn help_of_explain() {
    check_help(
        "explain",
        expect![[r#"
            Describe a rule, or list all rules

            Prints the reason for a rule, its severity and its fix. For a rule about changes, also prints the effect at each level, the direction and an example.

            Usage: kalamtable explain [OPTIONS] [RULE]

            Arguments:
              [RULE]
                      The id or the name of a rule, such as KT1204 or `type-changed`

            Options:
                  --format <FORMAT>
                      The format of the report

                      Possible values:
                      - human:  Text for people: problems on stderr, and results on stdout
                      - json:   One JSON document for programs
                      - sarif:  One SARIF 2.1.0 document for code scanning
                      - github: Annotations of GitHub Actions

                      [default: human]

              -q, --quiet
                      Print only problems and results: no warnings, no summary and no progress

              -h, --help
                      Print help (see a summary with '-h')
        "#]],
    );
}

#[test]
fn help_of_fmt() {
    check_help(
        "fmt",
        expect![[r#"
            Write definitions in their canonical form

            Sorts the keys, aligns the values, and writes one line per column. Comments are kept, and the table that a file defines does not change. Prints the files that were changed.

            Usage: kalamtable fmt [OPTIONS] [PATH]...

            Arguments:
              [PATH]...
                      Folders of definitions, or single files
          
                      [default: schemas]

            Options:
                  --check
                      Write nothing, report the files that would change, and exit with 1 if there are any

                  --format <FORMAT>
                      The format of the report

                      Possible values:
                      - human:  Text for people: problems on stderr, and results on stdout
                      - json:   One JSON document for programs
                      - sarif:  One SARIF 2.1.0 document for code scanning
                      - github: Annotations of GitHub Actions
          
                      [default: human]

              -q, --quiet
                      Print only problems and results: no warnings, no summary and no progress

              -h, --help
                      Print help (see a summary with '-h')
        "#]],
    );
}

#[test]
fn help_of_add_column() {
    check_help(
        "add-column",
        expect![[r#"
            Add a column at the end of a table

            The column gets the next id that no column of the table has or had. The version of the table is raised, unless the file already states the version after the latest locked one. Nested fields of the type get the following ids. The rest of the file does not change, except for the alignment of a file in canonical form, which keeps that form. Rows of locked versions do not have the column, so it must be nullable or have a default, unless no version of the table is locked. Prints the line that was added.

            Usage: kalamtable add-column [OPTIONS] <TABLE> <NAME> <TYPE>

            Arguments:
              <TABLE>
                      The table, such as app.events

              <NAME>
                      The name of the column

              <TYPE>
                      The type of the column, such as `text` or `decimal(10, 2)`

            Options:
                  --nullable
                      The column can be null

                  --default <VALUE>
                      The value that an INSERT without the column writes, and that existing rows have

                  --comment <TEXT>
                      The comment, which DESCRIBE shows

                  --schemas <DIR>
                      The folder of definitions

                      [default: schemas]

                  --format <FORMAT>
                      The format of the report

                      Possible values:
                      - human:  Text for people: problems on stderr, and results on stdout
                      - json:   One JSON document for programs
                      - sarif:  One SARIF 2.1.0 document for code scanning
                      - github: Annotations of GitHub Actions

                      [default: human]

              -q, --quiet
                      Print only problems and results: no warnings, no summary and no progress

              -h, --help
                      Print help (see a summary with '-h')
        "#]],
    );
}

#[test]
fn help_of_codegen() {
    check_help(
        "codegen",
        expect![[r#"
            Print the Rust code that a build script generates

            The code is that of a build script with the default configuration. Nothing is written.

            Usage: kalamtable codegen [OPTIONS] [PATH]...

            Arguments:
              [PATH]...
                      Folders of definitions, or single files
          
                      [default: schemas]

            Options:
                  --format <FORMAT>
                      The format of the report

                      Possible values:
                      - human:  Text for people: problems on stderr, and results on stdout
                      - json:   One JSON document for programs
                      - sarif:  One SARIF 2.1.0 document for code scanning
                      - github: Annotations of GitHub Actions
          
                      [default: human]

              -q, --quiet
                      Print only problems and results: no warnings, no summary and no progress

              -h, --help
                      Print help (see a summary with '-h')
        "#]],
    );
}

#[test]
fn help_of_completions() {
    check_help(
        "completions",
        expect![[r#"
            Print a script that completes the arguments in a shell

            Bash reads it from ~/.local/share/bash-completion/completions/kalamtable, and zsh from a file `_kalamtable` in a folder of $fpath. Fish reads it from ~/.config/fish/completions/kalamtable.fish.

            Usage: kalamtable completions <SHELL>

            Arguments:
              <SHELL>
                      The shell

                      [possible values: bash, zsh, fish]

            Options:
              -h, --help
                      Print help (see a summary with '-h')
        "#]],
    );
}

#[test]
fn each_command_has_a_line_in_the_help() {
    let help = success(&CommandFolder::new().run(&["--help"]));
    for command in [
        "check",
        "lock",
        "diff",
        "explain",
        "fmt",
        "add-column",
        "codegen",
    ] {
        assert!(help.contains(&format!("\n  {command} ")), "{help}");
    }
    assert_eq!(help.contains("\n  sql "), cfg!(feature = "sql"));
}

#[test]
fn missing_command_exits_with_2() {
    let output = CommandFolder::new().run(&[]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn cargo_runs_the_same_commands() {
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-kalamtable"));
        command.args(arguments).output().unwrap()
    };
    let expected = shown(&CommandFolder::new().run(&["explain", "nothing"]));
    assert_eq!(shown(&run(&["kalamtable", "explain", "nothing"])), expected);
    assert_eq!(shown(&run(&["explain", "nothing"])), expected);

    let errors = run(&["kalamtable", "fmt", "--nothing"]).stderr;
    let errors = String::from_utf8(errors).unwrap();
    assert!(errors.contains("Usage: cargo kalamtable fmt"), "{errors}");
}

#[test]
fn completions_contain_each_command() {
    for shell in ["bash", "zsh", "fish"] {
        let script = success(&CommandFolder::new().run(&["completions", shell]));
        for word in ["kalamtable", "add-column", "explain", "unlocked"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}

/// The shells accept the scripts, as far as they are installed.
#[cfg(unix)]
#[test]
fn completions_are_valid_scripts() {
    for shell in ["bash", "zsh", "fish"] {
        let folder = CommandFolder::new();
        let script = folder.run(&["completions", shell]).stdout;
        let path = folder.write("script", script);
        if let Ok(output) = Command::new(shell).arg("-n").arg(&path).output() {
            assert!(output.status.success(), "{shell}: {output:?}");
        }
    }
}
