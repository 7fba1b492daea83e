// SPDX-License-Identifier: Apache-2.0

//! A change that the summary of a history accepts is one that the rules accept for the whole
//! history.

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

const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

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
            6 => self.columns[at].ty = ty(self.columns[at].id, random),
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

fn ty(id: usize, random: &mut Random) -> String {
    match random.below(8) {
        0 => "text".to_string(),
        1 => "timestamp".to_string(),
        2 => format!("struct<#{} x: int>", id + 1),
        3 => format!("list<#{} text null>", id + 1 + random.below(2)),
        4 => "bigint".to_string(),
        _ => "int".to_string(),
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

#[test]
fn accepted_changes_are_valid_for_the_whole_history() {
    let mut random = Random(42);
    let (mut valid, mut accepted, mut checked) = (0, 0, 0);
    while checked < changes() {
        let first = WrittenTable {
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
        };
        let mut written = vec![first.clone()];
        let mut history = vec![first.definition().unwrap()];
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
            let Some(version) = std::num::NonZeroU32::new(history.len() as u32 + 1) else {
                continue;
            };
            let definition = definition.with_version(version);
            checked += 1;
            let last = &history[history.len() - 1];
            let is_valid = check_evolution(&history, &definition);
            let is_accepted = summary.accepts(last, &definition);
            if is_accepted {
                assert_eq!(is_valid, Ok(()), "{history:#?} {definition:#?}");
            }
            valid += usize::from(is_valid.is_ok());
            accepted += usize::from(is_accepted);
            if is_valid.is_ok() {
                summary.add(&definition);
                written.push(next);
                history.push(definition);
            }
        }
    }
    // The summary is useful if it accepts most of the valid changes.
    assert!(
        accepted * 2 > valid,
        "accepted {accepted} of {valid} valid changes"
    );
    assert!(
        valid * 10 > checked,
        "{valid} of {checked} changes are valid"
    );
}
