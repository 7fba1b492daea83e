// SPDX-License-Identifier: Apache-2.0

//! [`KeyFilter`]: the ranges of keys that the predicates of a query can match, for sources that
//! find rows by key.
//!
//! A key filter is a hint. Every row that passes the predicates is in one of the ranges, and the
//! predicates are evaluated on the rows that the source returns.
//!
//! Ranges of keys, and an order that replaces a sort, are used only if `Value::IN_SQL_ORDER` states
//! that Rust compares the keys as SQL does.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::expr::{Alias, InList};
use datafusion::logical_expr::{Between, BinaryExpr, Expr, Operator};
use kalamtable_model::TableDefinition;
use kalamtable_rows::physical::plain_type;

/// The maximum number of ranges. Predicates that would produce more are used for fewer columns of
/// the key, or not at all.
const MAX_RANGES: usize = 10_000;

/// The ranges of keys that the predicates of a query can match.
///
/// Every row that passes the predicates has its key in one of the ranges. [`Lookup`](crate::Lookup)
/// contains the same ranges in the key types of a Rust row type.
#[derive(Clone, Debug)]
pub struct KeyFilter {
    /// The key that the ranges are over.
    pub key: TableKey,
    /// The lower end of each range.
    pub lower: RangeEnds,
    /// The upper end of each range.
    pub upper: RangeEnds,
    /// Whether each range consists of one value of the complete key.
    pub is_exact: bool,
    /// The filter of the primary key, if this is the filter of a unique key and the predicates
    /// restrict both.
    pub primary: Option<Box<KeyFilter>>,
    /// The predicates that the ranges are computed from, for `EXPLAIN`.
    text: String,
}

/// A key of a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TableKey {
    /// The primary key.
    Primary,
    /// The unique key with this index in
    /// [`TableDefinition::unique_keys`](kalamtable_model::TableDefinition::unique_keys).
    Unique(usize),
}

/// The lower or the upper ends of ranges, one per row.
#[derive(Clone, Debug)]
pub struct RangeEnds {
    /// Values of the first columns of the key, with the names and ids of the table.
    pub prefixes: RecordBatch,
    /// The number of columns in `prefixes`. The ranges are unbounded if it is zero.
    pub columns: usize,
    /// Whether keys that start with a prefix are in the range. Applies only if `columns` is not
    /// zero.
    pub inclusive: bool,
}

/// The restriction of one key column by the predicates.
#[derive(Debug, Default)]
struct KeyRestriction {
    /// The possible values, if the predicates list them.
    values: Option<Vec<ScalarValue>>,
    /// The lower bound, and whether it is inclusive.
    lower: Option<(ScalarValue, bool)>,
    /// The upper bound, and whether it is inclusive.
    upper: Option<(ScalarValue, bool)>,
}

impl KeyFilter {
    /// Computes the ranges of keys that the conjunction of `predicates` can match, or returns
    /// `None` if the predicates restrict no key.
    ///
    /// The filter is one of a unique key if the predicates give values for all its columns, but not
    /// for all columns of the primary key. Otherwise it is one of the primary key.
    ///
    /// `has_order` tells whether keys compare as in SQL. If not, only equality is used.
    pub(crate) fn try_new(
        predicates: &[Expr],
        schema: &SchemaRef,
        definition: &TableDefinition,
        has_order: bool,
    ) -> Result<Option<Self>> {
        let columns = definition.key_columns();
        let primary = Self::of_key(predicates, schema, TableKey::Primary, columns, has_order)?;
        if primary.as_ref().is_some_and(|filter| filter.is_exact) {
            return Ok(primary);
        }
        for (index, columns) in definition.unique_keys().iter().enumerate() {
            let unique = Self::of_key(predicates, schema, TableKey::Unique(index), columns, false)?;
            if let Some(mut unique) = unique.filter(|filter| filter.is_exact) {
                unique.primary = primary.map(Box::new);
                return Ok(Some(unique));
            }
        }
        Ok(primary)
    }

    /// Computes the ranges of the key with the columns at these positions, or returns `None` if the
    /// predicates do not restrict its first column.
    fn of_key(
        predicates: &[Expr],
        schema: &SchemaRef,
        key: TableKey,
        columns: &[usize],
        has_order: bool,
    ) -> Result<Option<Self>> {
        let mut bounds = Vec::new();
        let mut used: Vec<&Expr> = Vec::new();
        let mut count = 1;
        let mut is_bounded = false;
        for &position in columns {
            let field = schema.field(position);
            let mut bound = KeyRestriction::default();
            let before = used.len();
            for predicate in predicates {
                if bound.narrow(predicate, field.name(), field.data_type(), has_order) {
                    used.push(predicate);
                }
            }
            match &bound.values {
                Some(values) if count * values.len() <= MAX_RANGES => {
                    count *= values.len();
                    is_bounded = true;
                    bounds.push(bound);
                }
                Some(_) => {
                    used.truncate(before);
                    break;
                }
                None => {
                    is_bounded |= bound.lower.is_some() || bound.upper.is_some();
                    bounds.push(bound);
                    break;
                }
            }
        }
        if !is_bounded {
            return Ok(None);
        }
        let equal: Vec<&[ScalarValue]> = bounds
            .iter()
            .map_while(|bound| bound.values.as_deref())
            .collect();
        let last = bounds.get(equal.len());
        let ends = |end: Option<&(ScalarValue, bool)>| ends(schema, columns, &equal, count, end);
        let mut text: Vec<String> = Vec::new();
        for predicate in used {
            let formatted = predicate.to_string();
            if !text.contains(&formatted) {
                text.push(formatted);
            }
        }
        Ok(Some(KeyFilter {
            key,
            primary: None,
            is_exact: !columns.is_empty() && equal.len() == columns.len(),
            lower: ends(last.and_then(|bound| bound.lower.as_ref()))?,
            upper: ends(last.and_then(|bound| bound.upper.as_ref()))?,
            text: text.join(" AND "),
        }))
    }

    /// Returns the filter of the primary key, if the predicates restrict it.
    pub fn of_primary(&self) -> Option<&KeyFilter> {
        match self.key {
            TableKey::Primary => Some(self),
            TableKey::Unique(_) => self.primary.as_deref(),
        }
    }

    /// Returns the number of ranges.
    pub fn range_count(&self) -> usize {
        self.lower.prefixes.num_rows()
    }
}

impl fmt::Display for KeyFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Returns the position of a key relative to a range: `Less` if it is below the range, `Equal` if
/// it is in the range, `Greater` if it is above. Each argument is the comparison of the key with
/// one end, and whether that end is inclusive.
pub(crate) fn compare_with_range(lower: (Ordering, bool), upper: (Ordering, bool)) -> Ordering {
    match (lower, upper) {
        ((Ordering::Less, _) | (Ordering::Equal, false), _) => Ordering::Less,
        (_, (Ordering::Greater, _) | (Ordering::Equal, false)) => Ordering::Greater,
        _ => Ordering::Equal,
    }
}

/// Builds one end of each range: every combination of the possible values of the first columns,
/// followed by the bound `end` of the next column, if it has one.
fn ends(
    schema: &SchemaRef,
    key: &[usize],
    equal: &[&[ScalarValue]],
    count: usize,
    end: Option<&(ScalarValue, bool)>,
) -> Result<RangeEnds> {
    let columns = equal.len() + usize::from(end.is_some());
    let mut arrays = Vec::with_capacity(columns);
    // Each column repeats a value once for each combination of the values of the following columns.
    let mut repeats = count;
    for (values, position) in equal.iter().zip(key) {
        repeats /= values.len().max(1);
        let cycle = (0..count).map(|row| values[row / repeats.max(1) % values.len()].clone());
        arrays.push(array(cycle, schema.field(*position).data_type())?);
    }
    if let (Some((value, _)), Some(position)) = (end, key.get(equal.len())) {
        let ends = std::iter::repeat_n(value.clone(), count);
        arrays.push(array(ends, schema.field(*position).data_type())?);
    }
    let fields: Vec<FieldRef> = key[..columns]
        .iter()
        .map(|position| Arc::clone(&schema.fields()[*position]))
        .collect();
    let options = RecordBatchOptions::new().with_row_count(Some(count));
    Ok(RangeEnds {
        prefixes: RecordBatch::try_new_with_options(
            Arc::new(Schema::new(fields)),
            arrays,
            &options,
        )?,
        columns,
        inclusive: end.is_none_or(|(_, inclusive)| *inclusive),
    })
}

fn array(
    values: impl Iterator<Item = ScalarValue>,
    ty: &DataType,
) -> Result<arrow::array::ArrayRef> {
    let mut peekable = values.peekable();
    match peekable.peek() {
        Some(_) => ScalarValue::iter_to_array(peekable),
        None => Ok(arrow::array::new_empty_array(ty)),
    }
}

impl KeyRestriction {
    /// Applies `predicate` to the bounds of the column `name` of type `ty`. Returns whether it
    /// restricts the column.
    fn narrow(&mut self, predicate: &Expr, name: &str, ty: &DataType, has_order: bool) -> bool {
        if let Some(values) = values(predicate, name, ty) {
            match &mut self.values {
                Some(before) => before.retain(|value| values.contains(value)),
                None => self.values = Some(values),
            }
            return true;
        }
        if !has_order {
            return false;
        }
        match without_alias(predicate) {
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
                let (op, value) = if is_column(left, name) {
                    (Some(*op), literal(right, ty))
                } else if is_column(right, name) {
                    (op.swap(), literal(left, ty))
                } else {
                    return false;
                };
                let (Some(op), Some(value)) = (op, value) else {
                    return false;
                };
                match op {
                    Operator::Gt => self.raise(value, false),
                    Operator::GtEq => self.raise(value, true),
                    Operator::Lt => self.lower_to(value, false),
                    Operator::LtEq => self.lower_to(value, true),
                    _ => return false,
                }
                true
            }
            Expr::Between(Between {
                expr,
                negated: false,
                low,
                high,
            }) if is_column(expr, name) => {
                let (Some(low), Some(high)) = (literal(low, ty), literal(high, ty)) else {
                    return false;
                };
                self.raise(low, true);
                self.lower_to(high, true);
                true
            }
            _ => false,
        }
    }

    fn raise(&mut self, value: ScalarValue, inclusive: bool) {
        let is_higher = self.lower.as_ref().is_none_or(|(lower, was_inclusive)| {
            value > *lower || (value == *lower && *was_inclusive)
        });
        if is_higher {
            self.lower = Some((value, inclusive));
        }
    }

    fn lower_to(&mut self, value: ScalarValue, inclusive: bool) {
        let is_lower = self.upper.as_ref().is_none_or(|(upper, was_inclusive)| {
            value < *upper || (value == *upper && *was_inclusive)
        });
        if is_lower {
            self.upper = Some((value, inclusive));
        }
    }
}

/// Returns the texts that the conjunction of `predicates` allows for the text column `name`, or
/// `None` if they do not list its values.
pub(crate) fn text_values(predicates: &[Expr], name: &str) -> Option<BTreeSet<String>> {
    let lists = predicates
        .iter()
        .filter_map(|predicate| values(predicate, name, &DataType::Utf8));
    let texts = lists.map(|values| {
        let texts = values.into_iter().filter_map(|value| match value {
            ScalarValue::Utf8(text) => text,
            _ => None,
        });
        texts.collect::<BTreeSet<String>>()
    });
    texts.reduce(|one, other| &one & &other)
}

/// Returns the distinct values of type `ty` that `predicate` allows for the column `name`, or
/// `None` if `predicate` does not list its values.
fn values(predicate: &Expr, name: &str, ty: &DataType) -> Option<Vec<ScalarValue>> {
    let mut found = match without_alias(predicate) {
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Eq,
            right,
        }) => {
            let value = if is_column(left, name) {
                literal(right, ty)
            } else if is_column(right, name) {
                literal(left, ty)
            } else {
                None
            };
            vec![value?]
        }
        // The optimizer turns a short `IN` list into this form.
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Or,
            right,
        }) => {
            let mut either = values(left, name, ty)?;
            either.append(&mut values(right, name, ty)?);
            either
        }
        Expr::InList(InList {
            expr,
            list,
            negated: false,
        }) if is_column(expr, name) => list
            .iter()
            .map(|value| literal(value, ty))
            .collect::<Option<Vec<_>>>()?,
        _ => return None,
    };
    let mut seen = std::collections::HashSet::new();
    found.retain(|value| seen.insert(value.clone()));
    Some(found)
}

fn without_alias(expr: &Expr) -> &Expr {
    match expr {
        Expr::Alias(Alias { expr, .. }) => without_alias(expr),
        expr => expr,
    }
}

fn is_column(expr: &Expr, name: &str) -> bool {
    matches!(without_alias(expr), Expr::Column(column) if column.name == name)
}

/// Converts a literal that is not null to type `ty`. Returns `None` if that would change its value.
fn literal(expr: &Expr, ty: &DataType) -> Option<ScalarValue> {
    let Expr::Literal(value, _) = without_alias(expr) else {
        return None;
    };
    if value.is_null() {
        return None;
    }
    let found = value.data_type();
    if found == *ty {
        return Some(value.clone());
    }
    // SQL compares a text with a number as numbers, and several texts can be the same number.
    if is_text(&found) != is_text(ty) {
        return None;
    }
    let cast = value.cast_to(ty).ok()?;
    let back = cast.cast_to(&found).ok()?;
    (!cast.is_null() && back == *value).then_some(cast)
}

fn is_text(ty: &DataType) -> bool {
    *plain_type(ty) == DataType::Utf8
}
