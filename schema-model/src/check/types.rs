// SPDX-License-Identifier: Apache-2.0

//! Converts a [`TypeNode`] to a [`ColumnType`]: numbers in range, unique labels and fields, nested
//! fields with ids.

use std::collections::HashMap;
use std::ops::Range;

use super::arrow_type;
use super::context::Checks;
use crate::canonical::quoted;
use crate::diagnostic::{Diagnostic, backticked};
use crate::limits;
use crate::raw::{RawColumn, RawText, Syntax, TextOrigin};
use crate::rule::Rule;
use crate::rust_names::{is_never_raw, snake_case};
use crate::shared::Shared;
use crate::source::Spanned;
use crate::sql_text::quote_identifier;
use crate::type_text::{self, FieldNode, Ranged, TypeKind, TypeNode};
use crate::types::{ColumnType, MapFields, NestedField};
use crate::zone;

impl Checks<'_> {
    /// Returns the type of a column, or `None` if it is invalid. Adds the ids of its nested fields
    /// to `ids`.
    pub(super) fn column_type(
        &mut self,
        column: &RawColumn,
        ids: &mut Vec<Spanned<i128>>,
    ) -> Option<ColumnType> {
        let node = match type_text::parse(&column.ty.value, self.raw.syntax) {
            Ok(node) => node,
            Err(problem) => {
                let span = column.ty.span_of(problem.range);
                let mut help = problem.help;
                if self.raw.syntax == Syntax::Sql {
                    // The ids are allocated.
                    help = help.replace("#ID ", "");
                }
                while help.contains("#ID") {
                    let Some(id) = self.next_id.fresh() else {
                        break;
                    };
                    help = help.replacen("#ID", &format!("#{id}"), 1);
                }
                let diagnostic = self.problem(problem.rule, &span, problem.message);
                self.push(diagnostic.with_help(help));
                return None;
            }
        };
        let problems_before = self.diagnostics.len();
        // The types in a column with an existing Rust type are not generated.
        let is_generated = column.rust.is_none() || matches!(node.kind, TypeKind::Enum(_));
        let mut lowering = Lowering {
            named: Some(column).filter(|_| self.has_rust_code() && is_generated),
            checks: self,
            text: &column.ty,
            ids,
            without_id: Vec::new(),
        };
        let ty = lowering.ty(&node);
        let without_id = lowering.without_id;
        if let (Some(first), Some(ty)) = (without_id.first(), &ty) {
            let message = match without_id.len() {
                1 => "the nested field has no id".to_string(),
                count => format!("{count} nested fields have no id"),
            };
            let span = column.ty.span_of(first.clone());
            let mut problem = self.problem(Rule::NestedIdMissing, &span, message);
            for other in without_id.iter().skip(1).take(8) {
                let span = column.ty.span_of(other.clone());
                problem = problem.with_label(span, "here too");
            }
            let corrected = quoted(&ty.to_string());
            let help = if corrected.len() <= LINE {
                format!("write `type = {corrected}`")
            } else {
                format!("write `#` and an id before each: {}", self.next_id.help())
            };
            self.push(problem.with_help(help));
        }
        let is_nullable = column.nullable.as_ref().is_some_and(|flag| flag.value);
        if !is_nullable && is_null(ty.as_ref()) {
            let span = column.ty.span_of(node.range);
            let help = self.raw.syntax.choose(
                "write `nullable = true`, or choose another type",
                "let the field be an `Option`, or choose another type",
                "delete `NOT NULL`, or choose another type",
            );
            self.push(
                self.problem(Rule::ArrowType, &span, ONLY_NULLS)
                    .with_help(help),
            );
        }
        ty.filter(|_| self.diagnostics.len() == problems_before)
    }
}

const ONLY_NULLS: &str = "all values of type `arrow:Null` are null, but null is not allowed";

/// Returns whether all values of a type are null.
fn is_null(ty: Option<&ColumnType>) -> bool {
    matches!(ty, Some(ColumnType::Arrow(notation)) if **notation == *"Null")
}

/// The help for a decimal that is written as a Rust type.
const DECIMAL_IN_RUST: &str =
    "in `Decimal<P, S>`, `P` is from 1 to 38 and `S` from 0 to `P`: for example `Decimal<10, 2>`";

/// The maximum number of bytes of a corrected type that help shows.
const LINE: usize = 1000;

/// The conversion of the type of one column.
struct Lowering<'a, 'b> {
    checks: &'a mut Checks<'b>,
    text: &'a RawText,
    /// The column, if names for the types in it are derived.
    named: Option<&'a RawColumn>,
    ids: &'a mut Vec<Spanned<i128>>,
    /// The ranges of the names, or else the types, of nested fields without an id.
    without_id: Vec<Range<usize>>,
}

impl Lowering<'_, '_> {
    /// Converts a type. Reports its problems, and returns a type in spite of them if possible, so
    /// that further problems are found.
    fn ty(&mut self, node: &TypeNode) -> Option<ColumnType> {
        match &node.kind {
            TypeKind::Plain(ty) => Some(ty.clone()),
            TypeKind::Decimal(precision, scale) => self.decimal(precision, scale),
            TypeKind::Bytes(length) => {
                let length = self.length(
                    length,
                    limits::FIXED_BYTES,
                    "bytes",
                    "write `bytes` for any length",
                )?;
                Some(ColumnType::FixedBytes(length))
            }
            TypeKind::Embedding(length) => {
                let length = self.length(
                    length,
                    limits::EMBEDDING,
                    "embedding",
                    "`n` is the number of floats per embedding, for example `embedding(384)`",
                )?;
                Some(ColumnType::Embedding(length))
            }
            TypeKind::Timestamp(unit, zone) => Some(ColumnType::Timestamp {
                unit: *unit,
                zone: match zone {
                    Some(zone) => Some(self.zone(zone)?),
                    None => None,
                },
            }),
            TypeKind::Enum(labels) => Some(self.labels(labels, node)),
            TypeKind::List(element) => {
                let element = self.field(element)?;
                Some(ColumnType::List(Shared::Counted(element.into())))
            }
            TypeKind::Struct(fields) => self.strukt(fields),
            TypeKind::Map(fields) => self.map(&fields.0, &fields.1),
            TypeKind::Arrow(notation) => match arrow_type::check(&notation.value) {
                Ok(canonical) => Some(ColumnType::Arrow(canonical.into())),
                Err(problem) => {
                    let diagnostic = self.problem(problem.rule, &notation.range, problem.message);
                    self.checks.push(diagnostic.with_help(problem.help));
                    None
                }
            },
        }
    }

    fn problem(&self, rule: Rule, range: &Range<usize>, message: impl Into<String>) -> Diagnostic {
        let span = self.text.span_of(range.clone());
        self.checks.problem(rule, &span, message)
    }

    fn decimal(&mut self, precision: &Ranged<i128>, scale: &Ranged<i128>) -> Option<ColumnType> {
        let (digits, after) = (precision.value, scale.value);
        if !(1..=38).contains(&digits) {
            let message = match digits {
                ..1 => "a decimal has at least 1 digit".to_string(),
                _ => "a decimal has at most 38 digits".to_string(),
            };
            let mut problem = self.problem(Rule::DecimalRange, &precision.range, message);
            if self.text.origin == TextOrigin::RustType {
                self.checks.push(problem.with_help(DECIMAL_IN_RUST));
                return None;
            }
            let likely = digits.clamp(1, 38);
            if (0..=likely).contains(&after) {
                problem = problem.with_help(format!("write `decimal({likely}, {after})`"));
            }
            if (39..=76).contains(&digits) && (0..=digits).contains(&after) {
                let arrow = format!("arrow:Decimal256({digits}, {after})");
                let written = match self.checks.raw.syntax {
                    Syntax::Sql => quote_identifier(&arrow),
                    _ => arrow,
                };
                problem = problem.with_help(format!("for more digits write `{written}`"));
            }
            self.checks.push(problem);
            return None;
        }
        if !(0..=digits).contains(&after) {
            let message = match after {
                ..0 => "a decimal cannot have fewer than 0 digits after the point".to_string(),
                _ => format!(
                    "a decimal of {digits} digits has at most {digits} digits after the point"
                ),
            };
            let help = match after {
                _ if self.text.origin == TextOrigin::RustType => DECIMAL_IN_RUST.to_string(),
                1..=38 => format!("did you mean `decimal({after}, {digits})`?"),
                _ => format!("write `decimal({digits}, 0)`"),
            };
            let problem = self.problem(Rule::DecimalRange, &scale.range, message);
            self.checks.push(problem.with_help(help));
            return None;
        }
        Some(ColumnType::Decimal {
            precision: u8::try_from(digits).ok()?,
            scale: u8::try_from(after).ok()?,
        })
    }

    fn length(
        &mut self,
        length: &Ranged<i128>,
        limit: u32,
        keyword: &str,
        help: &str,
    ) -> Option<u32> {
        let valid = u32::try_from(length.value)
            .ok()
            .filter(|n| (1..=limit).contains(n));
        if valid.is_none() {
            let message = format!("the `n` of `{keyword}(n)` is from 1 to {limit}");
            let problem = self.problem(Rule::LengthOutOfRange, &length.range, message);
            self.checks.push(problem.with_help(help));
        }
        valid
    }

    fn zone(&mut self, zone: &Ranged<String>) -> Option<Shared<str>> {
        if zone::is_zone(&zone.value) {
            return Some(zone.value.as_str().into());
        }
        let message = format!("{} is not a time zone", backticked(&zone.value));
        let problem = self.problem(Rule::BadZone, &zone.range, message);
        let help = zone::help(&zone.value, '\'');
        self.checks.push(problem.with_help(help));
        None
    }

    fn labels(&mut self, labels: &[Ranged<String>], node: &TypeNode) -> ColumnType {
        let spanned: Vec<Spanned<String>> = labels
            .iter()
            .map(|label| Spanned::new(label.value.clone(), self.text.span_of(label.range.clone())))
            .collect();
        // The keyword alone, since the list of labels can be long.
        let keyword = match labels.len() {
            0 => node.range.clone(),
            _ => node.range.start..node.range.start + "enum".len(),
        };
        let valid = self.checks.labels(&spanned, &self.text.span_of(keyword));
        if let Some(column) = self.named {
            self.checks.derived_variants(&valid, column);
        }
        let labels = labels.iter().map(|label| label.value.as_str().into());
        ColumnType::Enum(labels.collect())
    }

    // ---- nested types ----

    fn field(&mut self, node: &FieldNode) -> Option<NestedField> {
        let id = match &node.id {
            Some(id) => {
                self.ids
                    .push(Spanned::new(id.value, self.text.span_of(id.range.clone())));
                i32::try_from(id.value).unwrap_or_default()
            }
            None => {
                let range = if node.name.range.is_empty() {
                    &node.ty.range
                } else {
                    &node.name.range
                };
                self.without_id.push(range.clone());
                self.checks.next_id.fresh().unwrap_or_default()
            }
        };
        let ty = self.ty(&node.ty)?;
        if node.null.is_none() && is_null(Some(&ty)) {
            let problem = self.problem(Rule::ArrowType, &node.ty.range, ONLY_NULLS);
            let problem = problem.with_help("write `arrow:Null null`, or choose another type");
            self.checks.push(problem);
        }
        Some(NestedField {
            id,
            name: node.name.value.as_str().into(),
            ty,
            nullable: node.null.is_some(),
        })
    }

    fn strukt(&mut self, nodes: &[FieldNode]) -> Option<ColumnType> {
        let mut names = HashMap::new();
        let mut idents: HashMap<String, &Ranged<String>> = HashMap::new();
        for FieldNode { name, .. } in nodes {
            let span = self.text.span_of(name.range.clone());
            let fits = self.checks.is_name(&name.value, &span, "field")
                && self
                    .checks
                    .is_first(&name.value, &span, "fields", &mut names);
            if !fits || self.named.is_none() {
                continue;
            }
            let ident = snake_case(&name.value);
            if is_never_raw(&ident) {
                let message = format!(
                    "{} cannot be the name of a field in Rust",
                    backticked(&name.value)
                );
                let problem = self.problem(Rule::RustNameImpossible, &name.range, message);
                self.checks
                    .push(problem.with_help(format!("write `{}_field`", name.value)));
            } else if let Some(first) = idents.get(&ident) {
                let message = format!(
                    "fields {} and {} both become `{ident}` in Rust",
                    backticked(&first.value),
                    backticked(&name.value)
                );
                let problem = self.problem(Rule::RustFieldClash, &name.range, message);
                let first = self.text.span_of(first.range.clone());
                let problem = problem.with_label(first, "first here");
                self.checks.push(problem.with_help("rename one of the two"));
            } else {
                idents.insert(ident, name);
            }
        }
        // Converts all fields before it stops at an invalid one, so that each is reported.
        let fields: Vec<Option<NestedField>> = nodes.iter().map(|node| self.field(node)).collect();
        let fields: Option<Vec<NestedField>> = fields.into_iter().collect();
        Some(ColumnType::Struct(fields?.into()))
    }

    fn map(&mut self, key: &FieldNode, value: &FieldNode) -> Option<ColumnType> {
        let fields = (self.field(key), self.field(value));
        if let Some(null) = &key.null {
            let problem = self.problem(Rule::MapKeyType, null, "map keys cannot be null");
            self.checks.push(problem.with_help("delete `null`"));
        }
        let (key_field, value) = (fields.0?, fields.1?);
        if !key_field.ty.is_key_type() {
            let message = format!("map keys cannot be of type `{}`", key_field.ty.keyword());
            let problem = self.problem(Rule::MapKeyType, &key.ty.range, message);
            self.checks.push(
                problem.with_help("use `text`, `uuid`, an integer or a time, or a list of structs"),
            );
        }
        let key = NestedField {
            nullable: false,
            ..key_field
        };
        Some(ColumnType::Map(Shared::Counted(
            MapFields { key, value }.into(),
        )))
    }
}
