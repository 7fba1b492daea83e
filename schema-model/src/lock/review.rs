// SPDX-License-Identifier: Apache-2.0

//! [`Review`]: the problems of definitions compared with a lock, and the versions that would be
//! locked.

use std::collections::{HashMap, HashSet};

use super::definitions::definitions;
use super::header::{Expiry, PendingAccept};
use super::history::{AcceptedChange, LockedTable};
use super::pairing::{PairedTable, Pairing};
use super::release::ReleaseContext;
use super::schema_lock::SchemaLock;
use super::version_lines::VersionLines;
use crate::canonical::quoted;
use crate::check::CheckedTable;
use crate::definition::TableDefinition;
use crate::diagnostic::{Diagnostic, backticked};
use crate::evolution::{EvolutionProblem, compare_versions};
use crate::renames::Renames;
use crate::rule::{EvolutionRule, LockRule, Severity};
use crate::suggest::nearest;
use crate::verdict::{Direction, Level, Verdict, Verdicts};

/// The problems of definitions compared with a lock, and the versions that would be locked.
pub(super) struct Review<'a> {
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) planned: Vec<PlannedVersion<'a>>,
}

/// A version that is not in the lock.
pub(super) struct PlannedVersion<'a> {
    /// The position of the table in the lock, or `None` if the lock does not contain it.
    pub(super) position: Option<usize>,
    /// The definition, or `None` if the version drops the table.
    pub(super) table: Option<&'a CheckedTable>,
    pub(super) accepted: Vec<AcceptedChange>,
}

impl<'a> Review<'a> {
    /// Compares all definitions of a project with the lock.
    pub(super) fn new(
        tables: &'a [CheckedTable],
        lock: &'a SchemaLock,
        context: &'a ReleaseContext,
    ) -> Self {
        let Pairing {
            tables,
            removed,
            diagnostics,
            ..
        } = Pairing::new(tables, lock);
        let mut reviewer = Reviewer {
            lock,
            context,
            used: HashSet::new(),
            unaccepted: Vec::new(),
            yanked: HashMap::new(),
            review: Review {
                diagnostics,
                planned: Vec::new(),
            },
        };
        reviewer.yanked();
        for table in &tables {
            reviewer.table(table);
        }
        let is_foreign = !removed.is_empty() && tables.iter().all(|table| table.position.is_none());
        if !is_foreign || !reviewer.is_of_other_project(&removed, &tables) {
            for position in removed {
                reviewer.removed(position, &tables, is_foreign);
            }
        }
        reviewer.accepts(&tables);
        reviewer.review
    }
}

fn is_error(problem: &Diagnostic) -> bool {
    problem.severity == Severity::Error
}

/// A change that no entry accepts.
struct UnacceptedChange {
    rule: EvolutionRule,
    /// The names of the table in the next version and in the previous one.
    tables: Vec<String>,
    column: Option<String>,
}

struct Reviewer<'a> {
    lock: &'a SchemaLock,
    context: &'a ReleaseContext,
    /// The positions of the acknowledgments that cover a change.
    used: HashSet<usize>,
    /// The changes that no entry accepts.
    unaccepted: Vec<UnacceptedChange>,
    /// The yanked versions by the position of their table.
    yanked: HashMap<usize, HashSet<u32>>,
    review: Review<'a>,
}

impl<'a> Reviewer<'a> {
    fn push(&mut self, problem: Diagnostic) {
        self.review.diagnostics.push(problem);
    }

    fn locked(&self, position: Option<usize>) -> Option<&'a LockedTable> {
        self.lock.tables.get(position?)
    }

    // ---- definitions ----

    fn table(&mut self, paired: &PairedTable<'a>) {
        let definition = &paired.table.definition;
        let locked = self.locked(paired.position);
        let live = locked.filter(|locked| !locked.is_dropped());
        if let Some(locked) = live
            && locked.head() == VersionLines::of(definition)
        {
            self.unchanged(paired.table, locked);
            return;
        }
        let problems = self.review.diagnostics.len();
        if let Some(locked) = locked {
            self.version(paired.table, locked);
        }
        let mut accepted = Vec::new();
        self.reused(paired, &mut accepted);
        if let Some((locked, position)) = live.zip(paired.position) {
            self.changed(paired.table, locked, position, &mut accepted);
        }
        let found = self.review.diagnostics.get(problems..).unwrap_or_default();
        if !found.iter().any(is_error) {
            let name = backticked(&definition.name().to_string());
            let message = match live {
                Some(_) => format!(
                    "version {} of {name} is not in the lock",
                    definition.version()
                ),
                None => format!("table {name} is not in the lock"),
            };
            let span = paired.table.spans.name.clone();
            let problem = Diagnostic::new(LockRule::NotLocked, span, message);
            self.push(problem.with_help("run `kalamtable lock`, and commit the lock"));
        }
        self.review.planned.push(PlannedVersion {
            position: paired.position,
            table: Some(paired.table),
            accepted,
        });
    }

    /// Checks the version of a definition that is equal to the latest version in the lock.
    fn unchanged(&mut self, table: &CheckedTable, locked: &LockedTable) {
        let (version, latest) = (table.definition.version(), locked.version());
        if version == latest {
            return;
        }
        let name = backticked(&table.definition.name().to_string());
        let (rule, message) = if version > latest {
            let message =
                format!("{name} has version {version}, but nothing changed since version {latest}");
            (LockRule::VersionRaisedWithoutChange, message)
        } else {
            let message =
                format!("{name} has version {version}, but version {latest} is the latest one");
            (LockRule::VersionNotNext, message)
        };
        let problem = Diagnostic::new(rule, table.spans.name.clone(), message);
        self.push(problem.with_help(format!("write `version = {latest}`")));
    }

    /// Checks the version of a changed definition.
    fn version(&mut self, table: &CheckedTable, locked: &LockedTable) {
        let (version, latest) = (table.definition.version(), locked.version());
        let Some(next) = latest.checked_add(1).filter(|next| *next != version) else {
            return;
        };
        let name = backticked(&table.definition.name().to_string());
        let (rule, message) = if version == latest && !locked.is_dropped() {
            let message = format!("{name} changed, but still has version {version}");
            (LockRule::VersionNotRaised, message)
        } else {
            let message = format!(
                "{name} has version {version}, but the next version after {latest} is {next}"
            );
            (LockRule::VersionNotNext, message)
        };
        let problem = Diagnostic::new(rule, table.spans.name.clone(), message);
        self.push(problem.with_help(format!("write `version = {next}`")));
    }

    /// Reports a definition with the name of another table.
    fn reused(&mut self, paired: &PairedTable<'a>, accepted: &mut Vec<AcceptedChange>) {
        let Some(other) = paired.reused else {
            return;
        };
        let definition = &paired.table.definition;
        let last = other.definitions().map(|mut versions| {
            versions.retain(|version| version.name() == definition.name());
            versions.pop()
        });
        match last {
            Ok(Some(last)) => {
                let problem = EvolutionProblem::table_name_reused(definition, &last);
                let problem = Reported {
                    verdicts: problem.rule.verdicts(),
                    problem,
                };
                self.report(problem, paired.table, None, accepted);
            }
            Ok(None) => {}
            Err(problems) => self.review.diagnostics.extend(problems),
        }
    }

    /// Compares a definition with all earlier versions.
    fn changed(
        &mut self,
        table: &'a CheckedTable,
        locked: &'a LockedTable,
        position: usize,
        accepted: &mut Vec<AcceptedChange>,
    ) {
        let history = match definitions(locked.since_drop()) {
            Ok(history) => history,
            Err(problems) => {
                self.review.diagnostics.extend(problems);
                return;
            }
        };
        let settings = &self.lock.header.settings;
        let comparison = Comparison {
            next: &table.definition,
            renames: &table.renames,
            direction: settings.direction,
            yanked: self.yanked.get(&position),
        };
        for problem in comparison.problems(&history) {
            let yanked = self.yanked.get(&position);
            let is_kept = |number| yanked.is_none_or(|yanked| !yanked.contains(&number));
            let is_covered = locked.versions.iter().any(|version| {
                // A yanked version has accepted nothing that clients have seen.
                let mut changes = version.accepted.iter();
                problem.problem.version < version.number
                    && is_kept(version.number)
                    && changes.any(|change| covers(change, &problem.problem))
            });
            if !is_covered {
                self.report(problem, table, Some(locked), accepted);
            }
        }
    }

    /// Reports a problem unless its levels are not configured or an acknowledgment covers it.
    fn report(
        &mut self,
        reported: Reported,
        table: &CheckedTable,
        locked: Option<&LockedTable>,
        accepted: &mut Vec<AcceptedChange>,
    ) {
        let Some(severity) = self.severity(reported.verdicts) else {
            return;
        };
        let Reported { problem, verdicts } = reported;
        // A warning about an earlier version was shown before the latest version was locked.
        let latest = locked.and_then(|locked| self.latest_in_use(locked));
        if severity == Severity::Warning && latest.is_some_and(|latest| problem.version < latest) {
            return;
        }
        let previous = locked.map(|locked| locked.name().to_string());
        let name = problem.table.to_string();
        if self.accept(&problem, &[Some(&*name), previous.as_deref()], accepted) {
            return;
        }
        self.unaccepted.push(UnacceptedChange {
            rule: problem.rule,
            tables: previous.into_iter().chain([name.clone()]).collect(),
            column: problem.column.as_ref().map(|column| column.name.clone()),
        });
        let help = if severity == Severity::Error {
            accept_help(&problem, &name, verdicts, self.context)
        } else {
            None
        };
        let mut diagnostic = problem.into_diagnostic(table);
        diagnostic.severity = severity;
        diagnostic.verdicts = Some(verdicts);
        diagnostic.help.extend(help);
        self.push(diagnostic);
    }

    /// Returns the latest version that is not yanked.
    fn latest_in_use(&self, locked: &LockedTable) -> Option<u32> {
        let mut tables = self.lock.tables.iter();
        let position = tables.position(|table| table.id == locked.id);
        let yanked = position.and_then(|position| self.yanked.get(&position));
        let mut numbers = locked.versions.iter().rev().map(|version| version.number);
        numbers.find(|number| !yanked.is_some_and(|yanked| yanked.contains(number)))
    }

    /// Returns the severity of a change at the configured levels, or `None` if it has no effect at
    /// these levels.
    fn severity(&self, verdicts: Verdicts) -> Option<Severity> {
        let levels = self.lock.header.settings.levels.iter();
        match levels.map(|level| verdicts.at(*level)).max()? {
            Verdict::Break => Some(Severity::Error),
            Verdict::Warn => Some(Severity::Warning),
            Verdict::Ok => None,
        }
    }

    /// Returns whether an acknowledgment for one of the `tables` covers the problem, and records
    /// it.
    fn accept(
        &mut self,
        problem: &EvolutionProblem,
        tables: &[Option<&str>],
        accepted: &mut Vec<AcceptedChange>,
    ) -> bool {
        let column = problem.column.as_ref();
        let mut accepts = self.lock.header.accepts.iter().enumerate();
        let found = accepts.find(|(_, accept)| {
            accept.rule == problem.rule
                && tables.contains(&Some(&*accept.table))
                && accept.column.as_deref() == column.map(|column| &*column.name)
        });
        let Some((index, accept)) = found else {
            return false;
        };
        self.used.insert(index);
        let change = AcceptedChange {
            rule: problem.rule,
            column: column.map(|column| (column.id, column.name.clone())),
            reason: accept.reason.clone(),
        };
        if !accepted.contains(&change) {
            accepted.push(change);
        }
        true
    }

    // ---- tables without a definition ----

    /// Reports that no table of the lock has a definition, instead of a problem for each table.
    /// Does nothing if the lock has one table only, whose definition may have been replaced, or if
    /// the removal of a table is accepted. Returns whether the lock was reported.
    fn is_of_other_project(&mut self, removed: &[usize], tables: &[PairedTable<'a>]) -> bool {
        let mut accepts = self.lock.header.accepts.iter();
        let accepts_removal = accepts.any(|accept| accept.rule == EvolutionRule::TableRemoved);
        let ([first, second, others @ ..], [_, ..]) = (removed, tables) else {
            return false;
        };
        let version = self.locked(Some(*first)).and_then(|it| it.versions.last());
        let Some(version) = version.filter(|_| !accepts_removal) else {
            return false;
        };
        let name = |position: usize| {
            let name = self.locked(Some(position)).map(|it| it.name().to_string());
            backticked(&name.unwrap_or_default())
        };
        let names = match others {
            [] => format!("{} and {}", name(*first), name(*second)),
            [third] => format!("{}, {} and {}", name(*first), name(*second), name(*third)),
            others => format!(
                "{}, {} and {} others",
                name(*first),
                name(*second),
                others.len()
            ),
        };
        let message = format!("no table of the lock has a definition: {names} are missing");
        let problem = Diagnostic::new(LockRule::LockOfOtherProject, version.span.clone(), message)
            .with_help(
                "check that this is the lock of these definitions: restore it from version control, or \
                 name the folder of the definitions that it belongs to",
            )
            .with_help(
                "if the tables were removed, accept the removal of each one with an entry in the lock: \
                 `kalamtable explain table-removed`",
            );
        self.push(problem);
        true
    }

    fn removed(&mut self, position: usize, tables: &[PairedTable<'a>], is_foreign: bool) {
        let Some(locked) = self.locked(Some(position)) else {
            return;
        };
        let last = match definitions(locked.since_drop()) {
            Ok(mut versions) => versions.pop(),
            Err(problems) => {
                self.review.diagnostics.extend(problems);
                return;
            }
        };
        let (Some(last), Some(version)) = (last, locked.versions.last()) else {
            return;
        };
        let problem = EvolutionProblem::table_removed(&last);
        let Some(severity) = self.severity(problem.rule.verdicts()) else {
            return;
        };
        let mut accepted = Vec::new();
        let name = last.name().to_string();
        if self.accept(&problem, &[Some(&*name)], &mut accepted) {
            let message = format!(
                "the removal of table {} is not in the lock",
                backticked(&name)
            );
            let problem = Diagnostic::new(LockRule::NotLocked, version.span.clone(), message);
            self.push(problem.with_help("run `kalamtable lock`, and commit the lock"));
            self.review.planned.push(PlannedVersion {
                position: Some(position),
                table: None,
                accepted,
            });
            return;
        }
        let mut diagnostic = Diagnostic::new(problem.rule, version.span.clone(), &*problem.message);
        diagnostic.severity = severity;
        diagnostic.help.extend(problem.help.iter().cloned());
        if is_foreign {
            diagnostic.help.push(match tables {
                [] => "check the path: no definition was found".to_string(),
                _ => "no table of the lock has a definition: check that it is the lock of this \
                      project"
                    .to_string(),
            });
        }
        let verdicts = problem.rule.verdicts();
        let help = accept_help(&problem, &name, verdicts, self.context);
        diagnostic.help.extend(help);
        self.push(diagnostic);
    }

    // ---- entries ----

    /// Finds the tables of the yanked versions.
    fn yanked(&mut self) {
        for entry in &self.lock.header.yanked {
            let has_version = |locked: &LockedTable| {
                let mut versions = locked.versions.iter();
                let is_named = locked.name().to_string() == entry.table;
                versions.any(|version| {
                    version.number == entry.version
                        && !version.is_dropped
                        && (is_named || version.name.to_string() == entry.table)
                })
            };
            if let Some(position) = self.lock.tables.iter().position(has_version) {
                let versions = self.yanked.entry(position).or_default();
                versions.insert(entry.version);
                continue;
            }
            let message = format!(
                "the lock does not contain version {} of {}",
                entry.version,
                backticked(&entry.table)
            );
            let help = self.known_table(&entry.table, &[]);
            let problem = Diagnostic::new(LockRule::YankedUnknown, entry.span.clone(), message);
            self.push(match help {
                Some(help) => problem.with_help(help),
                None => problem.with_help("write a version of the table that the lock contains"),
            });
        }
    }

    /// Returns help if there is no table of this name.
    fn known_table(&self, name: &str, tables: &[PairedTable<'a>]) -> Option<String> {
        let locked = self
            .lock
            .tables
            .iter()
            .map(|locked| locked.name().to_string());
        let defined = tables
            .iter()
            .map(|table| table.table.definition.name().to_string());
        let names: Vec<String> = locked.chain(defined).collect();
        if names.iter().any(|known| known == name) {
            return None;
        }
        match nearest(name, names.iter().map(String::as_str)) {
            Some(name) => Some(format!("did you mean `table = \"{name}\"`?")),
            None => Some(format!("there is no table {}", backticked(name))),
        }
    }

    /// Reports acknowledgments that are not used or not valid.
    fn accepts(&mut self, tables: &[PairedTable<'a>]) {
        for (index, accept) in self.lock.header.accepts.iter().enumerate() {
            if !self.used.contains(&index) {
                let problem = self.unused(accept, tables);
                self.push(problem);
                continue;
            }
            let problem = match self.context.is_valid(&accept.expires) {
                Some(true) => continue,
                Some(false) => expired(accept, self.context),
                None => release_unknown(accept),
            };
            self.push(problem);
        }
    }

    /// Returns help if the rule reports a change of another column of the table.
    fn other_column(&self, accept: &PendingAccept) -> Option<String> {
        let mut changes = self.unaccepted.iter();
        let change = changes
            .find(|change| change.rule == accept.rule && change.tables.contains(&accept.table))?;
        Some(match &change.column {
            Some(column) => format!("write `column = {}`", quoted(column)),
            None => "delete `column`: the rule reports a change of the table".to_string(),
        })
    }

    fn unused(&self, accept: &PendingAccept, tables: &[PairedTable<'a>]) -> Diagnostic {
        let subject = match &accept.column {
            Some(column) => format!("{} of {}", backticked(column), backticked(&accept.table)),
            None => format!("table {}", backticked(&accept.table)),
        };
        let message = format!(
            "the `[[accept]]` entry matches no change: rule `{}` reports none of {subject}",
            accept.rule.name()
        );
        let help = self.known_table(&accept.table, tables);
        let help = help.or_else(|| self.other_column(accept));
        Diagnostic::new(LockRule::AcceptUnused, accept.span.clone(), message).with_help(
            help.unwrap_or_else(|| {
                "delete the entry, or name the column in its current version".to_string()
            }),
        )
    }
}

fn expired(accept: &PendingAccept, context: &ReleaseContext) -> Diagnostic {
    let last = accept.expires.text();
    let message = match (&accept.expires, context.release()) {
        (Expiry::Release(_), Some(release)) => format!(
            "the `[[accept]]` entry was valid up to release {last}, and the current release is {release}"
        ),
        _ => format!("the `[[accept]]` entry was valid up to {last}"),
    };
    Diagnostic::new(
        LockRule::AcceptExpired,
        accept.expires_span.clone(),
        message,
    )
    .with_help("undo the change, or review it again and write a later expiry")
}

fn release_unknown(accept: &PendingAccept) -> Diagnostic {
    let message = format!(
        "the entry is valid up to release {}, but the current release is not known",
        accept.expires.text()
    );
    Diagnostic::new(
        LockRule::AcceptExpired,
        accept.expires_span.clone(),
        message,
    )
    .with_help("pass the release with `--release`, or write a date: `expires = 2027-01-31`")
}

/// Returns help with the entry that accepts a change, or `None` if the change should be undone.
fn accept_help(
    problem: &EvolutionProblem,
    table: &str,
    verdicts: Verdicts,
    context: &ReleaseContext,
) -> Option<String> {
    use EvolutionRule::{IdChanged, IdNotAbove, IdReused, RemovedNotReserved, ReserveRemoved};
    if let RemovedNotReserved | ReserveRemoved | IdReused | IdChanged | IdNotAbove = problem.rule {
        return None;
    }
    let warning = match (verdicts.storage, problem.rule) {
        (Verdict::Break, EvolutionRule::TableRemoved) => {
            "existing values can be lost or unreadable; "
        }
        // `reconcile` compares with the versions in the store, and does not know the lock.
        (Verdict::Break, _) => {
            "existing values can be lost or unreadable, and a server whose store has an earlier \
             version of the table refuses to start; "
        }
        _ => "",
    };
    let mut help = format!(
        "{warning}the entry in the lock that accepts the change:\n[[accept]]\nrule = \"{}\"\ntable = {}\n",
        problem.rule.name(),
        quoted(table)
    );
    if let Some(column) = &problem.column {
        help += &format!("column = {}\n", quoted(&column.name));
    }
    let expires = context.suggested_expiry();
    Some(help + &format!("reason = \"..\"\nexpires = {expires}"))
}

/// Returns whether a change that was accepted when a later version was locked covers a problem.
fn covers(change: &AcceptedChange, problem: &EvolutionProblem) -> bool {
    let id = problem.column.as_ref().map(|column| column.id);
    change.rule == problem.rule && change.column.as_ref().map(|(id, _)| *id) == id
}

// ---- comparison ----

/// A problem with its effects.
struct Reported {
    problem: EvolutionProblem,
    verdicts: Verdicts,
}

struct Comparison<'a> {
    next: &'a TableDefinition,
    renames: &'a Renames,
    direction: Direction,
    yanked: Option<&'a HashSet<u32>>,
}

impl Comparison<'_> {
    /// Compares the next version with its history. A problem with yanked versions alone has an
    /// effect on stored files only.
    fn problems(&self, history: &[TableDefinition]) -> Vec<Reported> {
        let problems = compare_versions(history, self.next, self.renames, self.direction);
        let Some(yanked) = self.yanked else {
            return with_verdicts(problems);
        };
        let kept = history
            .iter()
            .filter(|old| !yanked.contains(&old.version()));
        let kept: Vec<&TableDefinition> = kept.collect();
        let of_kept = compare_versions(&kept, self.next, self.renames, self.direction);
        let key = |problem: &EvolutionProblem| {
            let id = problem.column.as_ref().map(|column| column.id);
            (problem.rule, id)
        };
        let with_kept: HashSet<_> = of_kept.iter().map(key).collect();
        let mut reported = with_verdicts(problems);
        for reported in &mut reported {
            if !with_kept.contains(&key(&reported.problem)) {
                let storage = reported.verdicts.at(Level::Storage);
                reported.verdicts = Verdicts {
                    source: Verdict::Ok,
                    sql: Verdict::Ok,
                    wire: Verdict::Ok,
                    storage,
                };
            }
        }
        reported
    }
}

fn with_verdicts(problems: Vec<EvolutionProblem>) -> Vec<Reported> {
    let reported = problems.into_iter().map(|problem| Reported {
        verdicts: problem.rule.verdicts(),
        problem,
    });
    reported.collect()
}
