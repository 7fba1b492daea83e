// SPDX-License-Identifier: Apache-2.0

//! The verdicts of other tools on schema changes, compared with those of the evolution rules. The
//! files in `data/compatibility` list the cases of each tool. The two verdicts are equal, or the
//! case has a reason.

use std::fmt::Write;

use kalamtable_model::{
    CheckedTable, Direction, EvolutionProblem, Level, SourceFile, Sources, TableDefinition,
    Verdict, compare_versions, parse_and_check,
};

const FILES: [&str; 6] = [
    include_str!("data/compatibility/avro.toml"),
    include_str!("data/compatibility/buf.toml"),
    include_str!("data/compatibility/delta.toml"),
    include_str!("data/compatibility/iceberg.toml"),
    include_str!("data/compatibility/kalamdb.toml"),
    include_str!("data/compatibility/spacetimedb.toml"),
];

/// The cases of one tool.
struct Tool {
    source: String,
    cases: Vec<Case>,
    /// The cases that no definition expresses, with the reasons.
    absent: Vec<(Vec<String>, String)>,
}

/// A change, with the verdict of the tool.
///
/// Versions are lists of columns in the notation of struct fields, `#2 a: int null`, and a default
/// can follow: `#2 a: int = 5`. A column with another name is declared as renamed.
struct Case {
    name: String,
    before: Vec<Version>,
    /// `None` if the table is removed.
    after: Option<Version>,
    level: Level,
    direction: Direction,
    theirs: Verdict,
    reason: Option<String>,
    /// The id of the rule that the next version breaks on its own, if it is invalid.
    invalid: Option<String>,
}

/// A version of the table `app.t`, by default with the primary key `id`.
struct Version {
    columns: String,
    /// Further keys of the definition.
    keys: String,
    /// The reserved ids and names.
    reserved: Vec<String>,
}

impl Version {
    /// Returns the definition as TOML. `earlier` has the names of columns in earlier versions.
    fn to_toml(&self, version: usize, earlier: &[(String, String)]) -> String {
        let mut toml = String::new();
        if !self.keys.contains("name = ") {
            toml += "name = \"app.t\"\n";
        }
        if !self.keys.contains("primary_key") {
            toml += "primary_key = [\"id\"]\n";
        }
        let keys = &self.keys;
        write!(toml, "version = {version}\n{keys}\n[columns]\n").unwrap();
        for column in fields(&self.columns) {
            let (id, name, ty) = parts(column);
            let (ty, default) = match ty.split_once(" = ") {
                Some((ty, default)) => (ty, format!(", default = {default}")),
                None => (ty, String::new()),
            };
            let (ty, nullable) = match ty.strip_suffix(" null") {
                Some(ty) => (ty, ", nullable = true"),
                None => (ty, ""),
            };
            let known = earlier.iter().rev().find(|(known, _)| known == id);
            let renamed = known.filter(|(_, earlier)| earlier != name);
            let renamed = renamed.map(|(_, earlier)| format!(", renamed_from = '{earlier}'"));
            let renamed = renamed.unwrap_or_default();
            writeln!(
                toml,
                "'{name}' = {{ id = {id}, type = '''{ty}'''{nullable}{default}{renamed} }}"
            )
            .unwrap();
        }
        let is_id = |entry: &&String| entry.parse::<i32>().is_ok();
        let ids = self.reserved.iter().filter(is_id).cloned();
        let names = self.reserved.iter().filter(|entry| !is_id(entry));
        let names = names.map(|name| format!("'{name}'"));
        let list = |entries: Vec<String>| entries.join(", ");
        let (ids, names) = (list(ids.collect()), list(names.collect()));
        write!(toml, "[reserved]\nids = [{ids}]\nnames = [{names}]\n").unwrap();
        toml
    }

    /// Returns the definition, or the ids of the rules that it breaks.
    fn load(&self, version: usize, earlier: &[(String, String)]) -> Result<CheckedTable, String> {
        let mut sources = Sources::new();
        let source = sources.push(SourceFile::new("t.toml", self.to_toml(version, earlier)));
        parse_and_check(&sources, source).map_err(|problems| {
            let mut rules: Vec<&str> = problems.iter().map(|it| it.rule.id()).collect();
            rules.dedup();
            rules.join(" ")
        })
    }

    /// Returns the id and the name of each column.
    fn names(&self) -> Vec<(String, String)> {
        let columns = fields(&self.columns).into_iter().map(parts);
        let names = columns.map(|(id, name, _)| (id.to_string(), name.to_string()));
        names.collect()
    }
}

/// Splits columns at the commas that are not inside a type.
fn fields(columns: &str) -> Vec<&str> {
    let (mut depth, mut start, mut fields) = (0, 0, Vec::new());
    for (at, c) in columns.char_indices() {
        match c {
            '<' | '(' => depth += 1,
            '>' | ')' => depth -= 1,
            ',' if depth == 0 => {
                fields.push(columns[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    fields.push(columns[start..].trim());
    fields
}

/// Splits a column into its id, its name and the text of its type.
fn parts(column: &str) -> (&str, &str, &str) {
    let (head, ty) = column.split_once(": ").unwrap();
    let (id, name) = head.strip_prefix('#').unwrap().split_once(' ').unwrap();
    (id, name, ty)
}

impl Case {
    /// Returns our verdict: the worst one of the problems. An invalid next version is a break.
    fn ours(&self) -> Verdict {
        let mut earlier = Vec::new();
        let mut history: Vec<CheckedTable> = Vec::new();
        for version in &self.before {
            let table = version.load(history.len() + 1, &earlier);
            history.push(table.unwrap_or_else(|problems| panic!("{}: {problems}", self.name)));
            earlier.extend(version.names());
        }
        let definitions: Vec<&TableDefinition> =
            history.iter().map(|table| &table.definition).collect();
        let problems = match &self.after {
            None => {
                let last = definitions.last().unwrap();
                vec![EvolutionProblem::table_removed(last)]
            }
            Some(after) => match after.load(history.len() + 1, &earlier) {
                Ok(next) => {
                    assert_eq!(self.invalid, None, "{}", self.name);
                    let definition = &next.definition;
                    compare_versions(&definitions, definition, &next.renames, self.direction)
                }
                Err(rules) => {
                    assert_eq!(Some(rules), self.invalid, "{}", self.name);
                    return Verdict::Break;
                }
            },
        };
        let verdicts = problems
            .iter()
            .map(|problem| problem.rule.verdicts().at(self.level));
        verdicts.fold(Verdict::Ok, Verdict::max)
    }
}

fn tools() -> Vec<Tool> {
    FILES.map(|text| tool(&text.parse().unwrap())).into()
}

fn tool(root: &toml::Table) -> Tool {
    let tables = |key: &str| match root.get(key) {
        Some(list) => list
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it.as_table().unwrap())
            .collect(),
        None => Vec::new(),
    };
    let mut cases: Vec<Case> = tables("case")
        .into_iter()
        .map(|it| case(root, it))
        .collect();
    for matrix in tables("matrix") {
        cases.extend(matrix_cases(root, matrix));
    }
    Tool {
        source: text(root, "source").unwrap(),
        cases,
        absent: tables("absent")
            .into_iter()
            .map(|it| (list(it, "names"), text(it, "reason").unwrap()))
            .collect(),
    }
}

fn case(root: &toml::Table, case: &toml::Table) -> Case {
    let version = |columns: String, keys: &str, reserved: &str| Version {
        columns,
        keys: text(case, keys).unwrap_or_default(),
        reserved: list(case, reserved)
            .iter()
            .flat_map(|entry| entry.split(' ').map(str::to_string))
            .collect(),
    };
    let before = list(case, "before").into_iter();
    let either = |key: &str| text(case, key).or_else(|| text(root, key)).unwrap();
    Case {
        name: text(case, "name").unwrap(),
        before: before
            .map(|columns| version(columns, "before_keys", "before_reserved"))
            .collect(),
        after: text(case, "after").map(|columns| version(columns, "after_keys", "reserved")),
        level: level(&either("level")),
        direction: direction(&either("direction")),
        theirs: verdict(&text(case, "theirs").unwrap()),
        reason: text(case, "reason"),
        invalid: text(case, "invalid"),
    }
}

/// Returns a case for each pair of different types. The tool allows the changes of `allowed` only.
fn matrix_cases(root: &toml::Table, matrix: &toml::Table) -> Vec<Case> {
    let differences = match matrix.get("differences") {
        Some(differences) => differences.as_array().unwrap().as_slice(),
        None => &[],
    };
    let differences: Vec<(Vec<String>, String)> = differences
        .iter()
        .map(|it| it.as_table().unwrap())
        .map(|it| (list(it, "changes"), text(it, "reason").unwrap()))
        .collect();
    let (types, allowed) = (list(matrix, "types"), list(matrix, "allowed"));
    let mut changes = Vec::new();
    for from in &types {
        for to in types.iter().filter(|to| *to != from) {
            changes.push((format!("{from} -> {to}"), from, to));
        }
    }
    let mut listed = allowed
        .iter()
        .chain(differences.iter().flat_map(|(changes, _)| changes));
    let unknown = listed.find(|listed| changes.iter().all(|(change, ..)| change != *listed));
    assert_eq!(unknown, None);
    let name = text(matrix, "name").unwrap();
    let cases = changes.into_iter().map(|(change, from, to)| {
        let version = |ty: &str| Version {
            columns: format!("#1 id: bigint, #2 c: {ty}"),
            keys: String::new(),
            reserved: Vec::new(),
        };
        let reason = differences
            .iter()
            .find(|(changes, _)| changes.contains(&change));
        Case {
            before: vec![version(from)],
            after: Some(version(to)),
            level: level(&text(root, "level").unwrap()),
            direction: direction(&text(root, "direction").unwrap()),
            theirs: match allowed.contains(&change) {
                true => Verdict::Ok,
                false => Verdict::Break,
            },
            reason: reason.map(|(_, reason)| reason.clone()),
            invalid: None,
            name: format!("{name}: {change}"),
        }
    });
    cases.collect()
}

fn text(table: &toml::Table, key: &str) -> Option<String> {
    let text = table.get(key)?;
    Some(text.as_str().unwrap().to_string())
}

fn list(table: &toml::Table, key: &str) -> Vec<String> {
    let Some(list) = table.get(key) else {
        return Vec::new();
    };
    let texts = list.as_array().unwrap().iter();
    texts
        .map(|text| text.as_str().unwrap().to_string())
        .collect()
}

fn level(name: &str) -> Level {
    let mut levels = Level::ALL.into_iter();
    levels.find(|level| level.as_str() == name).unwrap()
}

fn direction(name: &str) -> Direction {
    let mut directions = Direction::ALL.into_iter();
    directions
        .find(|direction| direction.as_str() == name)
        .unwrap()
}

fn verdict(name: &str) -> Verdict {
    let mut verdicts = [Verdict::Ok, Verdict::Warn, Verdict::Break].into_iter();
    verdicts.find(|verdict| verdict.as_str() == name).unwrap()
}

#[test]
fn verdicts_are_equal_or_the_difference_has_a_reason() {
    let mut problems = String::new();
    for tool in tools() {
        for case in &tool.cases {
            let (ours, theirs) = (case.ours(), case.theirs);
            let problem = match (ours == theirs, &case.reason) {
                (true, None) | (false, Some(_)) => continue,
                (true, Some(_)) => "the verdicts are equal, but there is a reason".to_string(),
                (false, None) => format!("theirs {}, ours {}", theirs.as_str(), ours.as_str()),
            };
            writeln!(problems, "{}, {}: {problem}", tool.source, case.name).unwrap();
        }
    }
    assert!(problems.is_empty(), "{problems}");
}

#[test]
fn reasons_are_sentences() {
    for tool in tools() {
        let absent = tool.absent.iter().map(|(_, reason)| reason);
        let reasons = tool.cases.iter().filter_map(|case| case.reason.as_ref());
        for reason in absent.chain(reasons) {
            let words = reason.split(' ').count();
            assert!(
                words > 5 && !reason.ends_with('.'),
                "{}: {reason}",
                tool.source
            );
        }
    }
}

#[test]
fn each_case_has_a_name_of_its_own() {
    for tool in tools() {
        let cases = tool.cases.iter().map(|case| &case.name);
        let mut names: Vec<&String> = cases
            .chain(tool.absent.iter().flat_map(|(names, _)| names))
            .collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count, "{}", tool.source);
    }
}

/// The rules of KalamDB's check at start-up. The names of the cases begin with them.
const KALAMDB_RULES: [&str; 12] = [
    "identity",
    "kind",
    "ids of the primary key",
    "ids of the partition key",
    "removed column",
    "renamed column",
    "ordinal",
    "key flag",
    "partition flag of a column",
    "nullable to not null",
    "unsafe widening",
    "added column, not null without a default",
];

#[test]
fn each_of_the_twelve_rules_of_kalamdb_has_a_case() {
    let mut tools = tools().into_iter();
    let kalamdb = tools.find(|tool| tool.source == "KalamDB start-up check");
    let kalamdb = kalamdb.unwrap();
    let rejected = kalamdb.cases.iter();
    let rejected = rejected.filter(|case| case.theirs == Verdict::Break);
    let absent = kalamdb.absent.iter().flat_map(|(names, _)| names);
    let names: Vec<&String> = rejected.map(|case| &case.name).chain(absent).collect();
    for rule in KALAMDB_RULES {
        assert!(names.iter().any(|name| name.starts_with(rule)), "{rule}");
    }
    let of_no_rule = |name: &&&String| !KALAMDB_RULES.iter().any(|rule| name.starts_with(rule));
    assert_eq!(names.iter().find(of_no_rule), None);
}

#[test]
fn number_of_cases_per_tool() {
    let counts = tools().into_iter().map(|tool| {
        let different = tool.cases.iter().filter(|case| case.reason.is_some());
        let absent = tool.absent.iter().map(|(names, _)| names.len());
        format!(
            "{}: {} cases, {} with another verdict, {} not expressible\n",
            tool.source,
            tool.cases.len(),
            different.count(),
            absent.sum::<usize>()
        )
    });
    expect_test::expect![[r#"
        Avro and Confluent: 64 cases, 10 with another verdict, 0 not expressible
        buf breaking: 43 cases, 10 with another verdict, 19 not expressible
        Delta Lake: 310 cases, 1 with another verdict, 0 not expressible
        Apache Iceberg: 385 cases, 35 with another verdict, 30 not expressible
        KalamDB start-up check: 22 cases, 3 with another verdict, 3 not expressible
        SpacetimeDB automatic migrations: 19 cases, 6 with another verdict, 6 not expressible
    "#]]
    .assert_eq(&counts.collect::<String>());
}
