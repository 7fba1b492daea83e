// SPDX-License-Identifier: Apache-2.0

//! The fixtures of the evolution rules: their reports, their verdicts, and the next version without
//! the change. `UPDATE_EXPECT=1` rewrites the reports in `src/rule/fixtures`.

use expect_test::{expect, expect_file};
use kalamtable_model::{
    CheckedTable, Diagnostic, Direction, EvolutionProblem, EvolutionRule, Fixture, SourceFile,
    Sources, Style, Syntax, TableDefinition, Verdict, compare_versions, parse_and_check, render,
};

/// The path of the next version in reports.
const PATH: &str = "schemas/events.toml";

/// Adds a definition to `sources` and checks it.
fn load(text: &str, sources: &mut Sources) -> CheckedTable {
    let source = sources.push(SourceFile::new(PATH, text));
    match parse_and_check(sources, source) {
        Ok(table) => table,
        Err(problems) => panic!("{}", render(&problems, sources, Style::Plain)),
    }
}

fn history(fixture: &Fixture) -> Vec<TableDefinition> {
    let texts = fixture.before.iter();
    let versions: Vec<_> = texts
        .map(|text| load(text, &mut Sources::new()).definition)
        .collect();
    let numbers = versions.iter().map(TableDefinition::version);
    assert!(numbers.eq(1..=versions.len() as u32), "{fixture:?}");
    versions
}

/// Returns the problems of the fixture's next version, and their report.
fn report(rule: EvolutionRule, fixture: &Fixture) -> (Vec<Diagnostic>, String) {
    let history = history(fixture);
    let last = history.last().unwrap();
    let mut sources = Sources::new();
    let problems = match rule {
        EvolutionRule::TableRemoved => {
            assert_eq!(fixture.after, "");
            let problem = EvolutionProblem::table_removed(last);
            let mut diagnostic = Diagnostic::at_path(problem.rule, "schemas", problem.message);
            diagnostic.help = problem.help;
            vec![diagnostic]
        }
        EvolutionRule::TableNameReused => {
            let next = load(fixture.after, &mut sources);
            let problem = EvolutionProblem::table_name_reused(&next.definition, last);
            vec![problem.into_diagnostic(&next)]
        }
        _ => {
            let next = load(fixture.after, &mut sources);
            assert_eq!(next.definition.version(), last.version() + 1);
            let direction = rule.direction();
            let problems = compare_versions(&history, &next.definition, &next.renames, direction);
            let located = problems.into_iter();
            located
                .map(|problem| problem.into_diagnostic(&next))
                .collect()
        }
    };
    let text = render(&problems, &sources, Style::Plain);
    (problems, text)
}

#[test]
fn fixtures_have_the_expected_reports() {
    for rule in EvolutionRule::ALL {
        let fixture = rule.fixture();
        let mut file = String::new();
        for (index, version) in fixture.before.iter().enumerate() {
            file += &format!("== version {}\n{version}\n", index + 1);
        }
        file += "== next\n";
        if !fixture.after.is_empty() {
            file += &format!("{}\n", fixture.after);
        }
        file += &format!("== report\n{}", report(*rule, &fixture).1);
        let path = format!("../src/rule/fixtures/{}.txt", rule.id());
        expect_file![path].assert_eq(&file);
    }
}

#[test]
fn each_fixture_breaks_its_rule_with_its_verdicts() {
    for rule in EvolutionRule::ALL {
        let fixture = rule.fixture();
        let (problems, _) = report(*rule, &fixture);
        let own = problems
            .iter()
            .filter(|problem| problem.rule == (*rule).into());
        assert_eq!(own.count(), 1, "{rule:?}: {problems:?}");
        let title = format!("[{}]: ", rule.id());
        let paragraphs = fixture.report.split("\n\n");
        let mut own = paragraphs.filter(|paragraph| paragraph.contains(&title));
        let verdicts = format!("= note: {}\n", rule.verdicts());
        assert!(
            own.any(|paragraph| format!("{paragraph}\n").contains(&verdicts)),
            "{rule:?}"
        );
    }
}

/// A DDL statement can break only the rules about stored files.
#[test]
fn help_in_sql_contains_no_toml() {
    let mut lines = String::new();
    let rules = EvolutionRule::ALL.iter();
    for rule in rules.filter(|rule| rule.verdicts().storage == Verdict::Break) {
        let fixture = rule.fixture();
        if matches!(rule, EvolutionRule::TableRemoved) || rule.direction() == Direction::Forward {
            continue;
        }
        let history = history(&fixture);
        let next = load(fixture.after, &mut Sources::new());
        let problems =
            compare_versions(&history, &next.definition, &next.renames, rule.direction());
        for problem in problems.iter().filter(|problem| problem.rule == *rule) {
            let help = problem.help_in(Syntax::Sql).join("; ");
            lines += &format!("{} {help}\n", rule.id());
        }
    }
    for toml in [
        " = \"",
        " = true",
        " = [",
        "`#",
        "[reserved]",
        "renamed_from",
        "`id = ",
    ] {
        assert!(!lines.contains(toml), "{toml}: {lines}");
    }
    expect![[r#"
        KT1001 create another table with `WITH (type = 'shared')`, and copy the rows with `INSERT .. SELECT`
        KT1002 create another table with the key, and copy the rows with `INSERT .. SELECT`
        KT1003 create another table with the key, and copy the rows with `INSERT .. SELECT`
        KT1101 drop it with `DROP COLUMN`, which reserves its id and its name
        KT1102 add the column or field under another name: ids are allocated
        KT1103 add the column or field under another name: ids are allocated
        KT1104 choose a name that was never used
        KT1105 add the column or field under another name: ids are allocated
        KT1201 delete `NOT NULL`, or write a literal as `DEFAULT`
        KT1202 delete `NOT NULL` and the default, or write a literal as `DEFAULT`; a later `SET DEFAULT` can change it to the call
        KT1203 keep the column nullable, or add another column with `NOT NULL` and a `DEFAULT`
        KT1204 keep the type `BIGINT`, or add another column and copy the values with `UPDATE`: `BIGINT` can change to a `decimal(p, s)` with `p - s` at least 20
        KT1301 keep the field `zip`: a field that is no longer written can be null
        KT1302 keep the order of the fields, and add fields at the end
        KT1303 write `null` after its type
        KT1304 write `INT` again: the type of map keys cannot change
    "#]].assert_eq(&lines);
}

#[test]
fn fixtures_without_the_change_have_no_problems() {
    for rule in EvolutionRule::ALL {
        let fixture = rule.fixture();
        let history = history(&fixture);
        let last = history.last().unwrap().clone();
        let next = last
            .clone()
            .with_version((last.version() + 1).try_into().unwrap());
        let renames = load(fixture.before.last().unwrap(), &mut Sources::new()).renames;
        let problems = compare_versions(&history, &next, &renames, Direction::Full);
        assert_eq!(problems, [], "{rule:?}");
    }
}

#[test]
fn no_other_files_are_fixtures() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/rule/fixtures");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected = EvolutionRule::ALL
        .iter()
        .map(|rule| format!("{}.txt", rule.id()));
    assert_eq!(names, expected.collect::<Vec<_>>());
}
