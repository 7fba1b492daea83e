// SPDX-License-Identifier: Apache-2.0

//! [`Project`]: definitions and a lock, as in a repository.

use expect_test::Expect;
use kalamtable_model::{
    CheckedTable, Diagnostic, ReleaseContext, SchemaLock, SourceFile, Sources, Style, check_lock,
    next_lock, parse_and_check, render,
};

/// The day on which the tests run: 2026-11-27.
pub(crate) const TODAY: i64 = 20_784;

/// The text of a lock, to which versions are added.
#[derive(Clone)]
pub(crate) struct Project {
    pub(crate) lock: String,
    pub(crate) context: ReleaseContext,
}

/// Returns a definition of `app.NAME` with a column `id` and other columns.
pub(crate) fn table(name: &str, version: u32, columns: &str) -> String {
    let (keys, columns) = columns.split_once("[columns]\n").unwrap_or(("", columns));
    let key = match keys.contains("primary_key") {
        true => "",
        false => "primary_key = [\"id\"]\n",
    };
    let id = match columns.contains("id = { id = 1,") {
        true => "",
        false => "id = { id = 1, type = \"bigint\" }\n",
    };
    format!("name = \"app.{name}\"\nversion = {version}\n{key}{keys}[columns]\n{id}{columns}")
}

/// Parses definitions, each of which is a file `a.toml`, `b.toml` and so on.
pub(crate) fn definitions(sources: &mut Sources, texts: &[String]) -> Vec<CheckedTable> {
    let tables = texts.iter().zip('a'..).map(|(text, letter)| {
        let source = sources.push(SourceFile::new(format!("{letter}.toml"), text.as_str()));
        parse_and_check(sources, source)
            .unwrap_or_else(|problems| panic!("{}", render(&problems, sources, Style::Plain)))
    });
    tables.collect()
}

impl Project {
    /// Creates a project with a lock without tables.
    pub(crate) fn new() -> Self {
        Project {
            lock: SchemaLock::new().to_text(),
            context: ReleaseContext::new(TODAY).with_release("2.5.0").unwrap(),
        }
    }

    /// Creates a project in which each list of definitions was locked after the previous one.
    pub(crate) fn locked(states: &[&[String]]) -> Self {
        let mut project = Project::new();
        for state in states {
            project.lock(state);
        }
        project
    }

    /// Adds text to the part of the lock that is edited by hand.
    pub(crate) fn edit(&mut self, header: &str) -> &mut Self {
        let line = self.lock.find("---- history").unwrap();
        self.lock.insert_str(line, &format!("{header}\n"));
        self
    }

    /// Adds an acknowledgment that expires with release 2.6.0.
    pub(crate) fn accept(&mut self, rule: &str, table: &str, column: &str) -> &mut Self {
        let column = match column {
            "" => String::new(),
            column => format!("column = \"{column}\"\n"),
        };
        self.edit(&format!(
            "[[accept]]\nrule = \"{rule}\"\ntable = \"app.{table}\"\n{column}\
             reason = \"reviewed\"\nexpires = \"2.6.0\"\n"
        ))
    }

    /// Parses the lock, which has to be valid.
    pub(crate) fn parsed(&self, sources: &mut Sources) -> SchemaLock {
        let source = sources.push(SourceFile::new("schemas.lock", self.lock.as_str()));
        SchemaLock::parse(sources, source)
            .unwrap_or_else(|problems| panic!("{}", render(&problems, sources, Style::Plain)))
    }

    /// Locks definitions.
    pub(crate) fn lock(&mut self, texts: &[String]) -> &mut Self {
        let mut sources = Sources::new();
        let lock = self.parsed(&mut sources);
        let tables = definitions(&mut sources, texts);
        match next_lock(&tables, &lock, &self.context) {
            Ok(next) => self.lock = next.lock.to_text(),
            Err(problems) => panic!("{}", render(&problems, &sources, Style::Plain)),
        }
        // The result is valid, and is the text of what it parses to.
        let mut sources = Sources::new();
        assert_eq!(self.parsed(&mut sources).to_text(), self.lock);
        self
    }

    /// Accepts each change that the report shows with the entry of its help, and locks the
    /// definitions.
    pub(crate) fn lock_accepting(&mut self, texts: &[String]) -> &mut Self {
        let mut sources = Sources::new();
        let lock = self.parsed(&mut sources);
        let tables = definitions(&mut sources, texts);
        for problem in check_lock(&tables, &lock, &self.context) {
            let help = problem.help.last().map_or("", String::as_str);
            let suggested = help.split_once(":\n[[accept]]").map(|(_, entry)| entry);
            let entry = suggested.map_or_else(|| entry_by_hand(&problem), |it| Some(it.into()));
            if let Some(entry) = entry {
                let entry = entry.replace("reason = \"..\"", "reason = \"reviewed\"");
                // One entry covers all problems of a rule and a column.
                let entry = format!("[[accept]]{entry}\n");
                if !self.lock.contains(&entry) {
                    self.edit(&entry);
                }
            }
        }
        self.lock(texts)
    }

    /// Returns the report of definitions that are checked against the lock.
    pub(crate) fn report(&self, texts: &[String]) -> String {
        let mut sources = Sources::new();
        let lock = self.parsed(&mut sources);
        let tables = definitions(&mut sources, texts);
        let problems = check_lock(&tables, &lock, &self.context);
        render(&problems, &sources, Style::Plain)
    }

    pub(crate) fn check(&self, texts: &[String], expected: Expect) {
        expected.assert_eq(&self.report(texts));
    }

    /// Returns the names of the rules in the report, without those of versions that are not locked.
    pub(crate) fn rules(&self, texts: &[String]) -> Vec<&'static str> {
        let mut sources = Sources::new();
        let lock = self.parsed(&mut sources);
        let tables = definitions(&mut sources, texts);
        let problems = check_lock(&tables, &lock, &self.context);
        let rules = problems.iter().map(|problem| problem.rule.name());
        rules.filter(|rule| *rule != "not-locked").collect()
    }

    /// Compares the history of the lock.
    pub(crate) fn shows(&self, expected: Expect) {
        let history = self.lock.split_once("this line ----\n").unwrap().1;
        expected.assert_eq(&shortened(history));
    }
}

/// Returns the report of a text that is not a valid lock.
pub(crate) fn rejected(text: &str) -> String {
    let mut sources = Sources::new();
    let source = sources.push(SourceFile::new("schemas.lock", text));
    match SchemaLock::parse(&sources, source) {
        Ok(_) => panic!("the lock is valid"),
        Err(problems) => render(&problems, &sources, Style::Plain),
    }
}

/// Shortens the hashes, which an independent test compares.
pub(crate) fn shortened(history: &str) -> String {
    let mut out = String::new();
    for line in history.lines() {
        let hash = line.rsplit_once(' ').filter(|(_, word)| word.len() == 64);
        out += hash.map_or(line, |(before, _)| before);
        out += if hash.is_some() { " HASH\n" } else { "\n" };
    }
    out
}

/// Returns the entry for a rule whose help shows none, with the names that the message contains.
fn entry_by_hand(problem: &Diagnostic) -> Option<String> {
    let mut names = problem.message.split('`').skip(1).step_by(2);
    let (table, column) = match problem.rule.id() {
        "KT1102" => (names.last()?, None),
        "KT1101" | "KT1103" | "KT1104" | "KT1105" => {
            let column = names.next();
            (names.next()?, column)
        }
        _ => return None,
    };
    let column = column.map_or(String::new(), |name| format!("column = \"{name}\"\n"));
    let rule = problem.rule.name();
    Some(format!(
        "\nrule = \"{rule}\"\ntable = \"{table}\"\n{column}reason = \"..\"\nexpires = 2026-12-31"
    ))
}
