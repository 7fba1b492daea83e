// SPDX-License-Identifier: Apache-2.0

//! The formats of reports.

use expect_test::{Expect, expect};
use serde_json::Value;

use crate::json_schema::violations;
use crate::support::{CommandFolder, check, shown};

const PROBLEMS: &str = "name = \"app.a\"\nrow = \"A\"\n[columns]\nid = { id = 1, type = \"itn\" }\n\
                        b = { id = 1, type = \"int\" }\n";
const WARNING: &str = "name = \"app.visits\"\nprimary_key = [\"id\"]\n[columns]\n\
                       id = { id = 1, type = \"int\" }\norder = { id = 2, type = \"int\" }\n";

/// Returns a folder with problems of a file and of a path, and with a warning.
fn folder() -> CommandFolder {
    let folder = CommandFolder::new();
    folder.write("schemas/50%, a.toml", PROBLEMS);
    folder.write("schemas/visits.toml", WARNING);
    folder.write("empty.toml", "");
    folder
}

fn check_format(format: &str, expected: Expect) {
    let arguments = [
        "check",
        "--unlocked",
        "schemas",
        "empty.toml",
        "--format",
        format,
    ];
    check(&folder().run(&arguments), expected);
}

/// Runs a command, and validates its output against the schema of SARIF.
fn sarif(folder: &CommandFolder, arguments: &[&str]) -> Value {
    let output = folder.run(&[arguments, &["--format", "sarif"]].concat());
    assert!(output.stderr.is_empty(), "{}", shown(&output));
    let schema = include_str!("../support/sarif-schema-2.1.0.json");
    let schema: Value = serde_json::from_str(schema).unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let violations = violations(&schema, &document);
    assert!(violations.is_empty(), "{}", violations.join("\n"));
    document
}

#[test]
fn json_has_all_parts_of_findings() {
    check_format(
        "json",
        expect![[r#"
            exit: 1
            stdout:
            {
              "command": "check",
              "error": null,
              "findings": [
                {
                  "column": null,
                  "help": [
                    "delete it, or describe a table:\nname        = \"namespace.table\"\nprimary_key = [\"id\"]\n\n[columns]\nid = { id = 1, type = \"bigint\" }"
                  ],
                  "location": {
                    "column": null,
                    "end_column": null,
                    "end_line": null,
                    "line": null,
                    "path": "empty.toml"
                  },
                  "message": "the file is empty",
                  "related": [],
                  "rule": {
                    "id": "KT0007",
                    "name": "empty-file",
                    "reason": "a file without a definition is probably damaged"
                  },
                  "severity": "error",
                  "table": null,
                  "verdicts": null
                },
                {
                  "column": null,
                  "help": [
                    "write `primary_key = [\"b\"]`, or `no_primary_key = \"why\"`"
                  ],
                  "location": {
                    "column": 8,
                    "end_column": 15,
                    "end_line": 1,
                    "line": 1,
                    "path": "schemas/50%, a.toml"
                  },
                  "message": "the table has no primary key and no reason for having none",
                  "related": [],
                  "rule": {
                    "id": "KT0601",
                    "name": "no-key",
                    "reason": "a table without a key is a decision that has to be explicit"
                  },
                  "severity": "error",
                  "table": null,
                  "verdicts": null
                },
                {
                  "column": null,
                  "help": [
                    "did you mean `int`?"
                  ],
                  "location": {
                    "column": 24,
                    "end_column": 27,
                    "end_line": 4,
                    "line": 4,
                    "path": "schemas/50%, a.toml"
                  },
                  "message": "unknown type `itn`",
                  "related": [],
                  "rule": {
                    "id": "KT0401",
                    "name": "unknown-type",
                    "reason": "only known types have an Arrow type"
                  },
                  "severity": "error",
                  "table": null,
                  "verdicts": null
                },
                {
                  "column": null,
                  "help": [
                    "the next free id is 2"
                  ],
                  "location": {
                    "column": 12,
                    "end_column": 13,
                    "end_line": 5,
                    "line": 5,
                    "path": "schemas/50%, a.toml"
                  },
                  "message": "id 1 is used twice",
                  "related": [
                    {
                      "column": 13,
                      "end_column": 14,
                      "end_line": 4,
                      "line": 4,
                      "path": "schemas/50%, a.toml",
                      "text": "first here"
                    }
                  ],
                  "rule": {
                    "id": "KT0302",
                    "name": "duplicate-id",
                    "reason": "an id identifies one column or nested field permanently"
                  },
                  "severity": "error",
                  "table": null,
                  "verdicts": null
                },
                {
                  "column": "order",
                  "help": [
                    "write `\"order\"` in queries, or choose a name that is not a keyword"
                  ],
                  "location": {
                    "column": 1,
                    "end_column": 6,
                    "end_line": 5,
                    "line": 5,
                    "path": "schemas/visits.toml"
                  },
                  "message": "SQL accepts `order` only in quotes",
                  "related": [],
                  "rule": {
                    "id": "KT0209",
                    "name": "name-needs-quotes",
                    "reason": "SQL reads keywords as syntax, and unquoted names in lower case"
                  },
                  "severity": "warning",
                  "table": "app.visits",
                  "verdicts": null
                }
              ],
              "format_version": 1,
              "outcome": "findings",
              "result": {
                "base": null,
                "columns": 2,
                "files": 1,
                "tables": 1
              },
              "summary": {
                "errors": 4,
                "text": "4 problems, 1 warning found",
                "warnings": 1
              },
              "tool": {
                "name": "kalamtable",
                "version": "0.1.0"
              }
            }
        "#]],
    );
}

#[test]
fn github_annotations_are_escaped() {
    check_format(
        "github",
        expect![[r#"
            exit: 1
            stdout:
            ::error file=empty.toml,title=KT0007 empty-file::the file is empty%0Ahelp: delete it, or describe a table:%0Aname        = "namespace.table"%0Aprimary_key = ["id"]%0A%0A[columns]%0Aid = { id = 1, type = "bigint" }
            ::error file=schemas/50%25%2C a.toml,line=1,col=8,endLine=1,endColumn=15,title=KT0601 no-key::the table has no primary key and no reason for having none%0Ahelp: write `primary_key = ["b"]`, or `no_primary_key = "why"`
            ::error file=schemas/50%25%2C a.toml,line=4,col=24,endLine=4,endColumn=27,title=KT0401 unknown-type::unknown type `itn`%0Ahelp: did you mean `int`?
            ::error file=schemas/50%25%2C a.toml,line=5,col=12,endLine=5,endColumn=13,title=KT0302 duplicate-id::id 1 is used twice%0Ahelp: the next free id is 2
            ::warning file=schemas/visits.toml,line=5,col=1,endLine=5,endColumn=6,title=KT0209 name-needs-quotes::SQL accepts `order` only in quotes%0Ahelp: write `"order"` in queries, or choose a name that is not a keyword
        "#]],
    );
}

#[test]
fn sarif_has_rules_and_relative_paths() {
    check_format(
        "sarif",
        expect![[r#"
            exit: 1
            stdout:
            {
              "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
              "runs": [
                {
                  "columnKind": "unicodeCodePoints",
                  "invocations": [
                    {
                      "executionSuccessful": true
                    }
                  ],
                  "results": [
                    {
                      "level": "error",
                      "locations": [
                        {
                          "physicalLocation": {
                            "artifactLocation": {
                              "uri": "empty.toml"
                            }
                          }
                        }
                      ],
                      "message": {
                        "text": "the file is empty\nhelp: delete it, or describe a table:\nname        = \"namespace.table\"\nprimary_key = [\"id\"]\n\n[columns]\nid = { id = 1, type = \"bigint\" }"
                      },
                      "ruleId": "KT0007",
                      "ruleIndex": 0
                    },
                    {
                      "level": "error",
                      "locations": [
                        {
                          "physicalLocation": {
                            "artifactLocation": {
                              "uri": "schemas/50%25%2C%20a.toml"
                            },
                            "region": {
                              "endColumn": 15,
                              "endLine": 1,
                              "startColumn": 8,
                              "startLine": 1
                            }
                          }
                        }
                      ],
                      "message": {
                        "text": "the table has no primary key and no reason for having none\nhelp: write `primary_key = [\"b\"]`, or `no_primary_key = \"why\"`"
                      },
                      "ruleId": "KT0601",
                      "ruleIndex": 4
                    },
                    {
                      "level": "error",
                      "locations": [
                        {
                          "physicalLocation": {
                            "artifactLocation": {
                              "uri": "schemas/50%25%2C%20a.toml"
                            },
                            "region": {
                              "endColumn": 27,
                              "endLine": 4,
                              "startColumn": 24,
                              "startLine": 4
                            }
                          }
                        }
                      ],
                      "message": {
                        "text": "unknown type `itn`\nhelp: did you mean `int`?"
                      },
                      "ruleId": "KT0401",
                      "ruleIndex": 3
                    },
                    {
                      "level": "error",
                      "locations": [
                        {
                          "physicalLocation": {
                            "artifactLocation": {
                              "uri": "schemas/50%25%2C%20a.toml"
                            },
                            "region": {
                              "endColumn": 13,
                              "endLine": 5,
                              "startColumn": 12,
                              "startLine": 5
                            }
                          }
                        }
                      ],
                      "message": {
                        "text": "id 1 is used twice\nhelp: the next free id is 2"
                      },
                      "relatedLocations": [
                        {
                          "message": {
                            "text": "first here"
                          },
                          "physicalLocation": {
                            "artifactLocation": {
                              "uri": "schemas/50%25%2C%20a.toml"
                            },
                            "region": {
                              "endColumn": 14,
                              "endLine": 4,
                              "startColumn": 13,
                              "startLine": 4
                            }
                          }
                        }
                      ],
                      "ruleId": "KT0302",
                      "ruleIndex": 2
                    },
                    {
                      "level": "warning",
                      "locations": [
                        {
                          "physicalLocation": {
                            "artifactLocation": {
                              "uri": "schemas/visits.toml"
                            },
                            "region": {
                              "endColumn": 6,
                              "endLine": 5,
                              "startColumn": 1,
                              "startLine": 5
                            }
                          }
                        }
                      ],
                      "message": {
                        "text": "SQL accepts `order` only in quotes\nhelp: write `\"order\"` in queries, or choose a name that is not a keyword"
                      },
                      "ruleId": "KT0209",
                      "ruleIndex": 1
                    }
                  ],
                  "tool": {
                    "driver": {
                      "informationUri": "https://github.com/kalamtable/kalamtable",
                      "name": "kalamtable",
                      "rules": [
                        {
                          "defaultConfiguration": {
                            "level": "error"
                          },
                          "help": {
                            "text": "`kalamtable explain KT0007` describes the rule"
                          },
                          "id": "KT0007",
                          "name": "empty-file",
                          "shortDescription": {
                            "text": "a file without a definition is probably damaged"
                          }
                        },
                        {
                          "defaultConfiguration": {
                            "level": "warning"
                          },
                          "help": {
                            "text": "`kalamtable explain KT0209` describes the rule"
                          },
                          "id": "KT0209",
                          "name": "name-needs-quotes",
                          "shortDescription": {
                            "text": "SQL reads keywords as syntax, and unquoted names in lower case"
                          }
                        },
                        {
                          "defaultConfiguration": {
                            "level": "error"
                          },
                          "help": {
                            "text": "`kalamtable explain KT0302` describes the rule"
                          },
                          "id": "KT0302",
                          "name": "duplicate-id",
                          "shortDescription": {
                            "text": "an id identifies one column or nested field permanently"
                          }
                        },
                        {
                          "defaultConfiguration": {
                            "level": "error"
                          },
                          "help": {
                            "text": "`kalamtable explain KT0401` describes the rule"
                          },
                          "id": "KT0401",
                          "name": "unknown-type",
                          "shortDescription": {
                            "text": "only known types have an Arrow type"
                          }
                        },
                        {
                          "defaultConfiguration": {
                            "level": "error"
                          },
                          "help": {
                            "text": "`kalamtable explain KT0601` describes the rule"
                          },
                          "id": "KT0601",
                          "name": "no-key",
                          "shortDescription": {
                            "text": "a table without a key is a decision that has to be explicit"
                          }
                        }
                      ],
                      "version": "0.1.0"
                    }
                  }
                }
              ],
              "version": "2.1.0"
            }
        "#]],
    );
    sarif(&folder(), &["check", "--unlocked", "schemas", "empty.toml"]);
}

#[test]
fn sarif_of_each_command_is_valid() {
    let folder = folder();
    folder.write("new/visits.toml", WARNING.replace("int", "text"));
    folder.write("old/visits.toml", WARNING);
    let commands: [&[&str]; 9] = [
        &["check", "--unlocked", "old"],
        &["check", "old"],
        &["lock", "old"],
        &["diff", "old", "new"],
        &["diff", "old", "no-such-revision"],
        &["explain", "KT1204"],
        &["fmt", "--check", "old"],
        &["add-column", "visits", "a", "int", "--schemas", "old"],
        &["codegen", "old"],
    ];
    for command in commands {
        sarif(&folder, command);
    }
}

#[test]
fn sarif_of_an_error_is_not_successful() {
    let document = sarif(&CommandFolder::new(), &["explain", "nothing"]);
    let invocation = &document["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let notifications = invocation["toolExecutionNotifications"].as_array().unwrap();
    assert_eq!(notifications.len(), 1);
}

#[test]
fn quiet_report_has_no_warnings_and_no_summary() {
    let folder = CommandFolder::new();
    folder.write("schemas/visits.toml", WARNING);
    for format in ["human", "github"] {
        let arguments = ["check", "--unlocked", "--quiet", "--format", format];
        check(
            &folder.run(&arguments),
            expect![[r#"
                exit: 0
            "#]],
        );
    }
}

#[test]
fn json_of_an_error_is_a_document() {
    let output = CommandFolder::new().run(&["explain", "type-chnged", "--format", "json"]);
    check(
        &output,
        expect![[r#"
        exit: 2
        stdout:
        {
          "command": "explain",
          "error": {
            "help": [
              "did you mean `type-changed`?"
            ],
            "message": "no rule has the id or the name `type-chnged`"
          },
          "findings": [],
          "format_version": 1,
          "outcome": "error",
          "result": null,
          "summary": {
            "errors": 0,
            "text": "",
            "warnings": 0
          },
          "tool": {
            "name": "kalamtable",
            "version": "0.1.0"
          }
        }
    "#]],
    );
}

#[test]
fn github_error_is_an_annotation() {
    let output = CommandFolder::new().run(&["explain", "type-chnged", "--format", "github"]);
    check(
        &output,
        expect![[r#"
        exit: 2
        stdout:
        ::error title=kalamtable::no rule has the id or the name `type-chnged`%0Adid you mean `type-changed`?
    "#]],
    );
}

#[test]
fn unknown_format_exits_with_2() {
    let output = CommandFolder::new().run(&["check", "--format", "xml"]);
    check(
        &output,
        expect![[r#"
        exit: 2
        stderr:
        error: invalid value 'xml' for '--format <FORMAT>'
          [possible values: human, json, sarif, github]

        For more information, try '--help'.
    "#]],
    );
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_exits_with_2() {
    let folder = CommandFolder::with_orders();
    for format in ["human", "json", "sarif", "github"] {
        let mut command = folder.command(&["explain", "KT0001", "--format", format]);
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
        let output = command.stdout(full.unwrap()).output().unwrap();
        check(
            &output,
            expect![[r#"
                exit: 2
                stderr:
                error: the output cannot be written: No space left on device (os error 28)
            "#]],
        );
    }
}

#[cfg(unix)]
#[test]
fn closed_pipe_keeps_the_exit_code() {
    let folder = folder();
    for (arguments, code) in [
        (["check", "schemas", "--unlocked", "--format=json"], 1),
        (["explain", "--format=json", "--quiet", "KT0001"], 0),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = folder.command(&arguments).stdout(writer).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", shown(&output));
        assert!(output.stderr.is_empty());
    }
}

#[cfg(unix)]
#[test]
fn colours_are_for_terminals_without_no_color() {
    for (variable, has_colours) in [("", true), ("1", false)] {
        let folder = folder();
        let mut command = folder.command(&["check", "--unlocked", "schemas"]);
        command.env("NO_COLOR", variable).env("TERM", "xterm");
        let mut session = rexpect::session::spawn_command(command, Some(60_000)).unwrap();
        let text = session.exp_eof().unwrap();
        assert!(text.contains("KT0601"), "{text}");
        assert_eq!(text.contains("\u{1b}["), has_colours, "{text}");
    }
}
