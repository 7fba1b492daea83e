// SPDX-License-Identifier: Apache-2.0

//! Reads the [`Header`] of a lock.

use std::collections::HashMap;
use std::ops::Range;

use semver::Version;
use toml::de::{DeString, DeTable, DeValue};

use super::header::{Expiry, Header, LockSettings, PendingAccept, YankedVersion};
use crate::civil::days_from_date;
use crate::diagnostic::{Diagnostic, backticked, backticked_list};
use crate::parse::parse_datetime;
use crate::rule::{AnyRule, EvolutionRule, LockRule};
use crate::source::{SourceId, SourceSpan};
use crate::suggest::nearest;
use crate::verdict::{Direction, Level};

/// The format that this release reads and writes.
const FORMAT: i128 = 1;
const KEYS: [&str; 5] = ["format", "levels", "direction", "accept", "yanked"];
const ACCEPT_KEYS: [&str; 5] = ["rule", "table", "column", "reason", "expires"];
const YANKED_KEYS: [&str; 3] = ["table", "version", "reason"];

type HeaderValue<'a, 'i> = &'a toml::Spanned<DeValue<'i>>;

/// Reads the header, which is the text of `source` in `range`.
///
/// # Errors
/// All problems of the header. A problem of the format hides all others.
pub(super) fn read_header(
    text: &str,
    range: Range<usize>,
    source: SourceId,
) -> Result<Header, Vec<Diagnostic>> {
    let header = text.get(range.clone()).unwrap_or_default();
    let mut reader = HeaderReader {
        text: header,
        offset: range.start,
        source,
        diagnostics: Vec::new(),
    };
    let (document, errors) = DeTable::parse_recoverable(header);
    let root = document.get_ref();
    reader.format(root);
    if !reader.diagnostics.is_empty() {
        return Err(reader.diagnostics);
    }
    for error in &errors {
        let span = error.span().unwrap_or(header.len()..header.len());
        reader.report(
            LockRule::LockSyntax,
            span,
            error.message(),
            "write valid TOML",
        );
    }
    if !errors.is_empty() {
        return Err(reader.diagnostics);
    }
    let header = Header {
        text: header.to_string(),
        settings: LockSettings {
            levels: reader.levels(root),
            direction: reader.direction(root),
        },
        accepts: reader.accepts(root),
        yanked: reader.yanked(root),
    };
    reader.unknown_keys(
        root,
        &KEYS,
        LockRule::LockSetting,
        "the settings of a lock are",
    );
    if reader.diagnostics.is_empty() {
        return Ok(header);
    }
    Err(reader.diagnostics)
}

struct HeaderReader<'a> {
    text: &'a str,
    /// The offset of the header in the file.
    offset: usize,
    source: SourceId,
    diagnostics: Vec<Diagnostic>,
}

/// An entry of an array of tables.
struct HeaderEntry<'a, 'i> {
    rule: LockRule,
    table: &'a DeTable<'i>,
    /// The header of the entry, in double brackets.
    span: Range<usize>,
}

impl HeaderReader<'_> {
    fn span(&self, range: Range<usize>) -> SourceSpan {
        SourceSpan::text(
            self.source,
            range.start + self.offset..range.end + self.offset,
        )
    }

    fn report(
        &mut self,
        rule: LockRule,
        range: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let problem = Diagnostic::new(rule, self.span(range), message);
        self.diagnostics.push(problem.with_help(help));
    }

    fn format(&mut self, root: &DeTable<'_>) {
        let rule = LockRule::LockFormat;
        let Some(value) = get(root, "format") else {
            let message = "the lock does not state its format";
            let help = "write `format = 1` at the top, or restore the file from version control";
            self.report(rule, 0..0, message, help);
            return;
        };
        let format = integer(value);
        if format == Some(FORMAT) {
            return;
        }
        let written = self.text.get(value.span()).unwrap_or_default();
        let message = format!("the lock has format {}", backticked(written));
        let help = match format {
            Some(format) if format > FORMAT => {
                "a later release of KalamTable wrote the lock: update KalamTable".to_string()
            }
            _ => format!("write `format = {FORMAT}`"),
        };
        self.report(rule, value.span(), message, help);
    }

    fn levels(&mut self, root: &DeTable<'_>) -> Vec<Level> {
        let Some(value) = get(root, "levels") else {
            return Level::ALL.to_vec();
        };
        let names = Level::ALL.map(Level::as_str);
        let help = format!("the levels are {}", backticked_list(names, "and"));
        let DeValue::Array(items) = value.get_ref() else {
            let message = "`levels` is not an array of levels";
            self.report(LockRule::LockSetting, value.span(), message, help);
            return Vec::new();
        };
        if items.is_empty() {
            let message = "without a level, no change is reported";
            self.report(LockRule::LockSetting, value.span(), message, help);
            return Vec::new();
        }
        let mut levels = Vec::new();
        for item in items.iter() {
            let name = string(item).unwrap_or_default();
            let mut known = Level::ALL.into_iter();
            match known.find(|level| level.as_str() == name) {
                Some(level) => levels.push(level),
                None => {
                    let written = self.text.get(item.span()).unwrap_or_default();
                    let message = format!("unknown level {}", backticked(written));
                    let help = match nearest(name, names) {
                        Some(name) => format!("did you mean `\"{name}\"`?"),
                        None => help.clone(),
                    };
                    self.report(LockRule::LockSetting, item.span(), message, help);
                }
            }
        }
        levels.sort_unstable();
        levels.dedup();
        levels
    }

    fn direction(&mut self, root: &DeTable<'_>) -> Direction {
        let Some(value) = get(root, "direction") else {
            return Direction::default();
        };
        let name = string(value).unwrap_or_default();
        let mut known = Direction::ALL.into_iter();
        let direction = known.find(|direction| direction.as_str() == name);
        if direction.is_none() {
            let written = self.text.get(value.span()).unwrap_or_default();
            let message = format!("unknown direction {}", backticked(written));
            let names = Direction::ALL.map(Direction::as_str);
            let help = match nearest(name, names) {
                Some(name) => format!("did you mean `\"{name}\"`?"),
                None => format!("the directions are {}", backticked_list(names, "and")),
            };
            self.report(LockRule::LockSetting, value.span(), message, help);
        }
        direction.unwrap_or_default()
    }

    // ---- entries ----

    /// Returns the entries of an array of tables, which is written with double brackets so that
    /// entries can be removed.
    fn entries<'a, 'i>(
        &mut self,
        root: &'a DeTable<'i>,
        name: &str,
        rule: LockRule,
    ) -> Vec<HeaderEntry<'a, 'i>> {
        let Some(value) = get(root, name) else {
            return Vec::new();
        };
        // The position of an entry is that of its header, or of its value in an array.
        let begins = |item: HeaderValue<'_, '_>| self.text.get(item.span());
        let has_header = |item| begins(item).is_some_and(|text| text.starts_with("[["));
        let items = match value.get_ref() {
            DeValue::Array(items) if !items.is_empty() && items.iter().all(has_header) => items,
            _ => {
                let message = format!("`{name}` is not a list of entries");
                let help = format!("begin each entry with a line `[[{name}]]`");
                self.report(rule, value.span(), message, help);
                return Vec::new();
            }
        };
        let entries = items.iter().filter_map(|item| match item.get_ref() {
            DeValue::Table(table) => Some(HeaderEntry {
                rule,
                table,
                span: item.span(),
            }),
            _ => None,
        });
        entries.collect()
    }

    fn accepts(&mut self, root: &DeTable<'_>) -> Vec<PendingAccept> {
        let mut accepts: Vec<PendingAccept> = Vec::new();
        let mut first: HashMap<(EvolutionRule, String, Option<String>), SourceSpan> =
            HashMap::new();
        for entry in self.entries(root, "accept", LockRule::AcceptInvalid) {
            let known = "the keys of `[[accept]]` are";
            self.unknown_keys(entry.table, &ACCEPT_KEYS, entry.rule, known);
            let Some(accept) = self.accept(&entry) else {
                continue;
            };
            let key = (accept.rule, accept.table.clone(), accept.column.clone());
            if let Some(span) = first.get(&key) {
                let message = "two entries accept the same change";
                let problem = Diagnostic::new(entry.rule, accept.span.clone(), message)
                    .with_label(span.clone(), "first here")
                    .with_help("delete one of the two");
                self.diagnostics.push(problem);
                continue;
            }
            first.insert(key, accept.span.clone());
            accepts.push(accept);
        }
        accepts
    }

    fn accept(&mut self, entry: &HeaderEntry<'_, '_>) -> Option<PendingAccept> {
        let rule = self.rule(entry);
        let table = self.text_of(entry, "table", "table = \"app.events\"");
        let column =
            get(entry.table, "column").map(|_| self.text_of(entry, "column", "column = \"title\""));
        let reason = self.text_of(entry, "reason", "reason = \"all clients were updated\"");
        let expires = self.expires(entry);
        Some(PendingAccept {
            rule: rule?,
            table: table?,
            column: match column {
                Some(column) => Some(column?),
                None => None,
            },
            reason: reason?,
            expires: expires?,
            span: self.span(entry.span.clone()),
            expires_span: self.span(get(entry.table, "expires")?.span()),
            lines: self.lines(entry),
        })
    }

    fn rule(&mut self, entry: &HeaderEntry<'_, '_>) -> Option<EvolutionRule> {
        let written = self.text_of(entry, "rule", "rule = \"column-renamed\"")?;
        let mut rules = EvolutionRule::ALL.iter().copied();
        let rule = rules.find(|rule| rule.name() == written || rule.id() == written);
        if rule.is_none() {
            let is_other =
                AnyRule::all().any(|rule| rule.name() == written || rule.id() == written);
            let (message, help) = if is_other {
                let message = format!(
                    "problems of rule {} cannot be accepted",
                    backticked(&written)
                );
                (
                    message,
                    "only changes of a table can be accepted".to_string(),
                )
            } else {
                let rules = EvolutionRule::ALL.iter();
                let names = rules.flat_map(|rule| [rule.name(), rule.id()]);
                let help = match nearest(&written, names) {
                    Some(name) => format!("did you mean `{name}`?"),
                    None => "`kalamtable explain` lists the rules".to_string(),
                };
                (format!("unknown rule {}", backticked(&written)), help)
            };
            let span = get(entry.table, "rule")?.span();
            self.report(entry.rule, span, message, help);
        }
        rule
    }

    fn expires(&mut self, entry: &HeaderEntry<'_, '_>) -> Option<Expiry> {
        let Some(value) = get(entry.table, "expires") else {
            self.missing(
                entry,
                "expires",
                "expires = \"2.6.0\"` or `expires = 2027-01-31",
            );
            return None;
        };
        let written = match value.get_ref() {
            DeValue::String(text) => text.trim().to_string(),
            _ => self.text.get(value.span()).unwrap_or_default().to_string(),
        };
        let date = parse_datetime(&written)
            .filter(|datetime| datetime.time.is_none())
            .and_then(|datetime| datetime.date);
        if let Some((year, month, day)) = date {
            return Some(Expiry::Day(days_from_date(
                year.into(),
                month.into(),
                day.into(),
            )));
        }
        match Version::parse(&written) {
            Ok(release) => Some(Expiry::Release(release)),
            Err(_) => {
                let message = format!("{} is neither a release nor a date", backticked(&written));
                let help = "write the last release or day on which the entry is valid: \
                            `expires = \"2.6.0\"` or `expires = 2027-01-31`";
                self.report(entry.rule, value.span(), message, help);
                None
            }
        }
    }

    fn yanked(&mut self, root: &DeTable<'_>) -> Vec<YankedVersion> {
        let mut yanked = Vec::new();
        for entry in self.entries(root, "yanked", LockRule::YankedInvalid) {
            let known = "the keys of `[[yanked]]` are";
            self.unknown_keys(entry.table, &YANKED_KEYS, entry.rule, known);
            let table = self.text_of(&entry, "table", "table = \"app.events\"");
            let version = self.version(&entry);
            let reason = self.text_of(&entry, "reason", "reason = \"it loses values\"");
            if let (Some(table), Some(version), Some(_)) = (table, version, reason) {
                yanked.push(YankedVersion {
                    table,
                    version,
                    span: self.span(entry.span.clone()),
                });
            }
        }
        yanked
    }

    fn version(&mut self, entry: &HeaderEntry<'_, '_>) -> Option<u32> {
        let Some(value) = get(entry.table, "version") else {
            self.missing(entry, "version", "version = 3");
            return None;
        };
        let version = integer(value).and_then(|version| u32::try_from(version).ok());
        if version.is_none() {
            let written = self.text.get(value.span()).unwrap_or_default();
            let message = format!("{} is not a version", backticked(written));
            self.report(
                entry.rule,
                value.span(),
                message,
                "write a number: `version = 3`",
            );
        }
        version
    }

    /// Returns a text that is not empty, or reports that it is missing or not valid.
    fn text_of(&mut self, entry: &HeaderEntry<'_, '_>, key: &str, example: &str) -> Option<String> {
        let Some(value) = get(entry.table, key) else {
            self.missing(entry, key, example);
            return None;
        };
        let text = string(value).filter(|text| !text.trim().is_empty());
        if text.is_none() {
            let message = match value.get_ref() {
                DeValue::String(_) => format!("`{key}` is empty"),
                _ => format!("`{key}` is not a string"),
            };
            self.report(
                entry.rule,
                value.span(),
                message,
                format!("write `{example}`"),
            );
        }
        text.map(str::to_string)
    }

    fn missing(&mut self, entry: &HeaderEntry<'_, '_>, key: &str, example: &str) {
        // A misspelt key has been reported.
        let mut written = entry.table.keys();
        let is_misspelt = written.any(|written| {
            let name: &str = written.get_ref();
            !ACCEPT_KEYS.contains(&name) && nearest(name, [key]).is_some()
        });
        if !is_misspelt {
            let message = format!("the entry has no `{key}`");
            self.report(
                entry.rule,
                entry.span.clone(),
                message,
                format!("write `{example}`"),
            );
        }
    }

    fn unknown_keys(&mut self, table: &DeTable<'_>, known: &[&str], rule: LockRule, list: &str) {
        for key in table.keys() {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                let help = match nearest(name, known.iter().copied()) {
                    Some(key) => format!("did you mean `{key}`?"),
                    None => format!("{list} {}", backticked_list(known, "and")),
                };
                let message = format!("unknown key {}", backticked(name));
                self.report(rule, key.span(), message, help);
            }
        }
    }

    /// Returns the lines of an entry with the comments directly above it and the blank lines below
    /// it.
    fn lines(&self, entry: &HeaderEntry<'_, '_>) -> Range<usize> {
        let values = entry.table.values().map(|value| value.span().end);
        let last = values.chain([entry.span.end]).max().unwrap_or_default();
        let after = self.text.get(last..).unwrap_or_default();
        let mut end = after
            .find('\n')
            .map_or(self.text.len(), |newline| last + newline + 1);
        while let Some(line) = self
            .text
            .get(end..)
            .and_then(|text| text.split_inclusive('\n').next())
            && line.trim().is_empty()
        {
            end += line.len();
        }
        let before = self.text.get(..entry.span.start).unwrap_or_default();
        let mut start = before.rfind('\n').map_or(0, |newline| newline + 1);
        while let Some(line) = before
            .get(..start)
            .and_then(|text| text.split_inclusive('\n').next_back())
            && line.trim_start().starts_with('#')
        {
            start -= line.len();
        }
        start..end
    }
}

fn get<'a, 'i>(table: &'a DeTable<'i>, name: &str) -> Option<HeaderValue<'a, 'i>> {
    table.get(name)
}

fn string<'a>(value: HeaderValue<'a, '_>) -> Option<&'a str> {
    match value.get_ref() {
        DeValue::String(text) => Some(DeString::as_ref(text)),
        _ => None,
    }
}

/// Returns a decimal integer.
fn integer(value: HeaderValue<'_, '_>) -> Option<i128> {
    match value.get_ref() {
        DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    }
}
