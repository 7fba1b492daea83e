// SPDX-License-Identifier: Apache-2.0

//! The summary of a history accepts a version if and only if the rules accept it for the whole
//! history. Histories, and the versions that are tried, are random.

use kalamtable_model::{
    HistorySummary, SourceFile, Sources, TableDefinition, check_evolution, parse_and_check,
};

/// The number of random changes. `KALAMTABLE_CHANGES` sets another one.
fn changes() -> usize {
    let number = std::env::var("KALAMTABLE_CHANGES").ok();
    number
        .and_then(|number| number.parse().ok())
        .unwrap_or(20_000)
}

struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % end
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

#[derive(Clone, Debug)]
struct WrittenTable {
    kind: &'static str,
    key: usize,
    unique: Option<usize>,
    columns: Vec<WrittenColumn>,
    reserved: Vec<(usize, String)>,
}

#[derive(Clone, Debug)]
struct WrittenColumn {
    id: usize,
    name: String,
    ty: String,
    nullable: bool,
    default: Option<&'static str>,
    source: bool,
}

const NAMES: [&str; 9] = ["a", "b", "c", "d", "e", "f", "g", "h", "H"];

impl WrittenTable {
    fn definition(&self) -> Option<TableDefinition> {
        let name = |id: usize| {
            self.columns
                .iter()
                .find(|column| column.id == id)
                .map(|c| &c.name)
        };
        let mut toml = format!(
            "name = 'app.t'\nkind = '{}'\nprimary_key = ['{}']\n",
            self.kind,
            name(self.key)?
        );
        if let Some(unique) = self.unique.and_then(name) {
            toml += &format!("unique = [['{unique}']]\n");
        }
        toml += "[columns]\n";
        for column in &self.columns {
            let default = column
                .default
                .map_or(String::new(), |value| format!(", default = {value}"));
            let source = if column.source {
                ", source = 'src'"
            } else {
                ""
            };
            toml += &format!(
                "{} = {{ id = {}, type = \"{}\", nullable = {}{default}{source} }}\n",
                column.name, column.id, column.ty, column.nullable
            );
        }
        if !self.reserved.is_empty() {
            let ids: Vec<String> = self.reserved.iter().map(|(id, _)| id.to_string()).collect();
            let names: Vec<String> = self
                .reserved
                .iter()
                .map(|(_, name)| format!("'{name}'"))
                .collect();
            toml += &format!(
                "[reserved]\nids = [{}]\nnames = [{}]\n",
                ids.join(", "),
                names.join(", ")
            );
        }
        let mut sources = Sources::new();
        let source = sources.push(SourceFile::new("t.toml", toml));
        Some(parse_and_check(&sources, source).ok()?.definition)
    }

    fn largest_id(&self) -> usize {
        let columns = self.columns.iter().map(|column| column.id + 2);
        columns
            .chain(self.reserved.iter().map(|(id, _)| *id))
            .max()
            .unwrap_or(0)
    }

    fn change(&mut self, random: &mut Random) {
        let at = random.below(self.columns.len());
        match random.below(12) {
            0..=2 => {
                let id = match random.below(5) {
                    0 => 1 + random.below(20),
                    _ => self.largest_id() + 1 + random.below(3),
                };
                self.columns.push(column(id, random));
            }
            3 | 4 => {
                let dropped = self.columns.remove(at);
                if random.below(6) > 0 {
                    self.reserved.push((dropped.id, dropped.name));
                }
            }
            5 => self.columns[at].name = random.of(&NAMES).to_string(),
            6 => {
                let column = &mut self.columns[at];
                column.ty = following_type(&column.ty, column.id, random);
            }
            7 => self.columns[at].nullable = !self.columns[at].nullable,
            8 => self.columns[at].default = [None, Some("5"), Some("\"now()\"")][random.below(3)],
            9 => self.columns.reverse(),
            10 if !self.reserved.is_empty() => {
                self.reserved.remove(random.below(self.reserved.len()));
            }
            _ => match random.below(4) {
                0 => self.kind = ["user", "shared"][random.below(2)],
                1 => self.key = self.columns[at].id,
                2 => self.unique = [None, Some(self.columns[at].id)][random.below(2)],
                _ => self.columns[at].source = !self.columns[at].source,
            },
        }
    }
}

/// Types that can change to the following one of the same line, and types that cannot change. `#`
/// stands for the ids of nested fields.
const TYPES: [&[&str]; 9] = [
    &[
        "tinyint",
        "int",
        "bigint",
        "decimal(20, 0)",
        "decimal(22, 1)",
    ],
    &["utinyint", "int", "double"],
    &["float", "double"],
    &["date", "timestamp"],
    &["enum('x')", "enum('x', 'y')", "enum('x', 'y', 'z')"],
    &["bytes(16)", "uuid"],
    &[
        "list<#1 int>",
        "list<#1 bigint>",
        "list<#1 bigint null>",
        "list<#2 bigint null>",
    ],
    &[
        "struct<#1 x: int>",
        "struct<#1 x: int, #2 y: int null>",
        "struct<#1 z: bigint, #2 y: int null>",
        "struct<#1 x: int, #2 y: int>",
        "struct<#2 y: int null>",
    ],
    &[
        "map<#1 text, #2 int>",
        "map<#1 text, #2 bigint null>",
        "map<#1 int, #2 int>",
    ],
];

/// Returns a type whose nested ids follow `id`.
fn with_ids(ty: &str, id: usize) -> String {
    ty.replace("#1", &format!("#{}", id + 1))
        .replace("#2", &format!("#{}", id + 2))
}

fn ty(id: usize, random: &mut Random) -> String {
    let line = TYPES[random.below(TYPES.len())];
    with_ids(line[random.below(line.len())], id)
}

/// Returns the type after `ty` in its line, or another type.
fn following_type(ty: &str, id: usize, random: &mut Random) -> String {
    let same_line = TYPES.iter().find_map(|line| {
        let index = line.iter().position(|other| with_ids(other, id) == *ty)?;
        line.get(index + 1)
    });
    match same_line {
        Some(next) if random.below(5) > 0 => with_ids(next, id),
        _ => self::ty(id, random),
    }
}

fn column(id: usize, random: &mut Random) -> WrittenColumn {
    let ty = ty(id, random);
    WrittenColumn {
        id,
        name: random.of(&NAMES).to_string(),
        nullable: random.below(2) == 0,
        default: match &*ty {
            "int" | "bigint" => [None, Some("5")][random.below(2)],
            "timestamp" => [None, Some("\"now()\"")][random.below(2)],
            _ => None,
        },
        ty,
        source: false,
    }
}

fn first() -> WrittenTable {
    WrittenTable {
        kind: "shared",
        key: 1,
        unique: None,
        columns: vec![WrittenColumn {
            id: 1,
            name: "id".to_string(),
            ty: "int".to_string(),
            nullable: false,
            default: None,
            source: false,
        }],
        reserved: Vec::new(),
    }
}

/// The numbers of versions that were tried, and of those that the rules and the summary accept.
#[derive(Debug, Default)]
struct VerdictCounts {
    tried: usize,
    valid: usize,
    accepted: usize,
}

/// Tries random versions. `keeps_invalid` returns whether an invalid version becomes a part of the
/// history.
fn check(
    changes: usize,
    mut keeps_invalid: impl FnMut(&mut Random) -> bool,
    verify: impl Fn(bool, bool, &[TableDefinition], &TableDefinition),
) -> VerdictCounts {
    let mut random = Random(42);
    let mut counts = VerdictCounts::default();
    while counts.tried < changes {
        let mut written = vec![first()];
        let mut history = vec![first().definition().unwrap()];
        let mut summary = HistorySummary::of(&history);
        for _ in 0..40 {
            // Mostly a change of the last version, sometimes of an earlier one.
            let base = match random.below(6) {
                0 => random.below(written.len()),
                _ => written.len() - 1,
            };
            let mut next = written[base].clone();
            for _ in 0..=random.below(3) {
                next.change(&mut random);
                if next.columns.is_empty() {
                    next = written[base].clone();
                }
            }
            let Some(definition) = next.definition() else {
                continue;
            };
            let version = std::num::NonZeroU32::new(history.len() as u32 + 1).unwrap();
            let definition = definition.with_version(version);
            let is_valid = check_evolution(&history, &definition).is_ok();
            let is_accepted = summary.accepts(&definition);
            verify(is_valid, is_accepted, &history, &definition);
            counts.tried += 1;
            counts.valid += usize::from(is_valid);
            counts.accepted += usize::from(is_accepted);
            if is_valid || keeps_invalid(&mut random) {
                summary.add(&definition);
                written.push(next);
                history.push(definition);
                assert_eq!(summary.version(), Some(history.len() as u32));
            }
        }
    }
    println!("{counts:?}");
    counts
}

#[test]
fn verdict_equals_that_of_the_whole_history() {
    let counts = check(
        changes(),
        |_| false,
        |is_valid, is_accepted, history, next| {
            assert_eq!(is_accepted, is_valid, "{history:#?} {next:#?}");
        },
    );
    let VerdictCounts { tried, valid, .. } = counts;
    assert!(valid * 10 > tried && valid * 10 < tried * 9, "{counts:?}");
}

/// Another program may have written versions that break the rules.
#[test]
fn accepted_version_of_an_invalid_history_is_valid() {
    let counts = check(
        changes(),
        |random| random.below(10) == 0,
        |is_valid, is_accepted, history, next| {
            assert!(is_valid || !is_accepted, "{history:#?} {next:#?}");
        },
    );
    assert!(
        counts.accepted > 0 && counts.accepted < counts.valid,
        "{counts:?}"
    );
}
