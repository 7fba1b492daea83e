// SPDX-License-Identifier: Apache-2.0

//! Options of tables of one kind.

use std::num::NonZeroU64;

use super::context::Checks;
use crate::definition::{AccessLevel, TableKind};
use crate::diagnostic::{backticked, backticked_list};
use crate::rule::Rule;
use crate::source::SourceSpan;
use crate::suggest::nearest;

impl Checks<'_> {
    /// Checks `ttl_seconds`, which stream tables require and other kinds do not have. Without a
    /// valid `kind`, only the number is checked.
    pub(super) fn ttl_seconds(&mut self, kind: Option<TableKind>) -> Option<NonZeroU64> {
        let raw = self.raw;
        let Some(seconds) = &raw.ttl_seconds else {
            if kind == Some(TableKind::Stream) {
                let place = raw.kind.as_ref().unwrap_or(&raw.name);
                let message = "a table of kind `stream` needs `ttl_seconds`";
                let problem = self.problem(Rule::TtlMissing, &place.span, message);
                self.push(problem.with_help("write `ttl_seconds = 3600` for one hour"));
            }
            return None;
        };
        self.option_of(TableKind::Stream, kind, "ttl_seconds", &seconds.span);
        let valid = u64::try_from(seconds.value).ok().and_then(NonZeroU64::new);
        if valid.is_none() {
            let message = format!("`ttl_seconds` is from 1 to {}", u64::MAX);
            let problem = self.problem(Rule::TtlOutOfRange, &seconds.span, message);
            self.push(problem.with_help("write `ttl_seconds = 3600` for one hour"));
        }
        valid
    }

    /// Checks `access_level`, which only shared tables have. The default is private.
    pub(super) fn access_level(&mut self, kind: Option<TableKind>) -> Option<AccessLevel> {
        let Some(level) = &self.raw.access_level else {
            return (kind == Some(TableKind::Shared)).then(AccessLevel::default);
        };
        self.option_of(TableKind::Shared, kind, "access_level", &level.span);
        let known = AccessLevel::ALL
            .into_iter()
            .find(|known| known.as_str() == level.value);
        if known.is_none() {
            let names = AccessLevel::ALL.map(AccessLevel::as_str);
            let message = format!("unknown access level {}", backticked(&level.value));
            let help = match nearest(&level.value, names) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("the access levels are {}", backticked_list(names, "and")),
            };
            let problem = self.problem(Rule::UnknownAccessLevel, &level.span, message);
            self.push(problem.with_help(help));
        }
        known
    }

    /// Reports an option that a table of this kind does not have.
    fn option_of(
        &mut self,
        only: TableKind,
        kind: Option<TableKind>,
        option: &str,
        span: &SourceSpan,
    ) {
        let Some(kind) = kind.filter(|kind| *kind != only) else {
            return;
        };
        let message = format!(
            "`{option}` applies to tables of kind `{}`, but this table is of kind `{}`",
            only.as_str(),
            kind.as_str()
        );
        let kind_key = self.raw.syntax.choose(
            format!("kind = \"{}\"", only.as_str()),
            format!("kind = \"{}\"", only.as_str()),
            format!("type = '{}'", only.as_str()),
        );
        let help = format!("delete it, or write `{kind_key}`");
        let mut problem = self
            .problem(Rule::OptionNotAllowed, span, message)
            .with_help(help);
        if let Some(kind) = &self.raw.kind {
            problem = problem.with_label(kind.span.clone(), "the kind");
        }
        self.push(problem);
    }
}
