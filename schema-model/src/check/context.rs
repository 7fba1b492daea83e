// SPDX-License-Identifier: Apache-2.0

//! [`Checks`]: the table that is checked and the problems that were found.

use crate::diagnostic::Diagnostic;
use crate::next_id::NextId;
use crate::raw::{RawColumn, RawTable};
use crate::rule::Rule;
use crate::source::SourceSpan;
use crate::types::ColumnType;

/// Whether Rust code is generated for a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RustCode {
    /// Names for the code are derived from the definition, so they have to be valid and unique.
    Generated,
    /// The table has no Rust code, or its names are written by hand.
    NotGenerated,
}

/// A table that is being checked. The files of this module each add the checks of one subject.
pub(super) struct Checks<'a> {
    pub(super) raw: &'a RawTable,
    pub(super) rust: RustCode,
    pub(super) next_id: NextId,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// A column with its type, or `None` if the type is invalid.
pub(super) struct TypedColumn<'a> {
    pub(super) raw: &'a RawColumn,
    pub(super) ty: Option<ColumnType>,
}

impl TypedColumn<'_> {
    pub(super) fn is_nullable(&self) -> bool {
        self.raw.nullable.as_ref().is_some_and(|flag| flag.value)
    }
}

impl<'a> Checks<'a> {
    pub(super) fn new(raw: &'a RawTable, rust: RustCode) -> Self {
        Checks {
            raw,
            rust,
            next_id: NextId::new(),
            diagnostics: Vec::new(),
        }
    }

    /// Returns whether names are derived for Rust code.
    pub(super) fn has_rust_code(&self) -> bool {
        self.rust == RustCode::Generated
    }

    pub(super) fn problem(
        &self,
        rule: Rule,
        span: &SourceSpan,
        message: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::new(rule, span.clone(), message)
    }

    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }
}
