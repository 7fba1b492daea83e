// SPDX-License-Identifier: Apache-2.0

//! [`KeyFilter`]: what the predicates of a query say of a key of the table, so that a source that finds
//! rows by it need not look at the others.
//!
//! It is a hint: every row that passes the predicates is in the ranges, and the predicates are evaluated
//! on those that are.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::expr::{Alias, InList};
use datafusion::logical_expr::{Between, BinaryExpr, Expr, Operator};
use kalamtable_model::TableDefinition;
use kalamtable_rows::physical::plain_type;

/// The most ranges that are looked up one by one. Predicates that would make more are used for fewer of
/// the key's columns, or not at all.
const MOST_RANGES: usize = 10_000;

/// Ranges of a key's values, each from a lower to an upper end.
#[derive(Clone, Debug)]
pub struct KeyFilter {
    pub(crate) key: Key,
    pub(crate) lower: RangeEnds,
    pub(crate) upper: RangeEnds,
    /// Whether each range is one value of the whole key.
    pub(crate) is_exact: bool,
    /// Where the key is a unique one, what is said of the primary key beside it.
    pub(crate) primary: Option<Box<KeyFilter>>,
    /// The predicates that say so.
    text: String,
}

/// A key of a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Key {
    Primary,
    /// By its number among the unique keys.
    Unique(usize),
}

/// The lower ends of some ranges, or the upper ones: one a row.
#[derive(Clone, Debug)]
pub(crate) struct RangeEnds {
    /// Values of the first columns of the key, under their names and ids in the table.
    pub(crate) prefixes: RecordBatch,
    /// How many columns that is; with none the range has no end there.
    pub(crate) columns: usize,
    /// Whether keys that begin with the values are in the range.
    pub(crate) inclusive: bool,
}

/// A key column, as the predicates bind it.
#[derive(Debug, Default)]
struct Bound {
    /// The values it may have.
    values: Option<Vec<ScalarValue>>,
    lower: Option<(ScalarValue, bool)>,
    upper: Option<(ScalarValue, bool)>,
}

impl KeyFilter {
    /// What `predicates`, all of which must hold, say of the keys of a table with this definition and
    /// schema: of the primary key, or else of the first unique key of which they name every column.
    ///
    /// `has_order` says whether the order of keys is that of SQL: without it only equality counts.
    pub(crate) fn try_new(
        predicates: &[Expr],
        schema: &SchemaRef,
        definition: &TableDefinition,
        has_order: bool,
    ) -> Result<Option<Self>> {
        let primary = definition.key_columns();
        let primary = Self::of_key(predicates, schema, Key::Primary, primary, has_order)?;
        if primary.as_ref().is_some_and(|filter| filter.is_exact) {
            return Ok(primary);
        }
        for (number, columns) in definition.unique_keys().iter().enumerate() {
            let unique = Self::of_key(predicates, schema, Key::Unique(number), columns, false)?;
            if let Some(mut unique) = unique.filter(|filter| filter.is_exact) {
                unique.primary = primary.map(Box::new);
                return Ok(Some(unique));
            }
        }
        Ok(primary)
    }

    /// What `predicates` say of the columns at the positions `columns`; `None` if they do not bind the
    /// first of them.
    fn of_key(
        predicates: &[Expr],
        schema: &SchemaRef,
        key: Key,
        columns: &[usize],
        has_order: bool,
    ) -> Result<Option<Self>> {
        let mut bounds = Vec::new();
        let mut used: Vec<&Expr> = Vec::new();
        let mut count = 1;
        let mut is_bounded = false;
        for &position in columns {
            let field = schema.field(position);
            let mut bound = Bound::default();
            let before = used.len();
            for predicate in predicates {
                if bound.narrow(predicate, field.name(), field.data_type(), has_order) {
                    used.push(predicate);
                }
            }
            match &bound.values {
                Some(values) if count * values.len() <= MOST_RANGES => {
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
            let predicate = predicate.to_string();
            if !text.contains(&predicate) {
                text.push(predicate);
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

    /// What is said of the primary key: by this filter, or beside it.
    pub(crate) fn of_primary(&self) -> Option<&KeyFilter> {
        match self.key {
            Key::Primary => Some(self),
            Key::Unique(_) => self.primary.as_deref(),
        }
    }

    /// How many ranges there are.
    pub(crate) fn len(&self) -> usize {
        self.lower.prefixes.num_rows()
    }
}

impl fmt::Display for KeyFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Where a key is that compares so with the lower and the upper end of a range, each of which is in it or
/// not: before the range (`Less`), in it, or behind it.
pub(crate) fn place_in_range(lower: (Ordering, bool), upper: (Ordering, bool)) -> Ordering {
    match (lower, upper) {
        ((Ordering::Less, _) | (Ordering::Equal, false), _) => Ordering::Less,
        (_, (Ordering::Greater, _) | (Ordering::Equal, false)) => Ordering::Greater,
        _ => Ordering::Equal,
    }
}

/// One end of each range: every combination of the values that the first columns may have, and behind
/// it `end`, if there is one.
fn ends(
    schema: &SchemaRef,
    key: &[usize],
    equal: &[&[ScalarValue]],
    count: usize,
    end: Option<&(ScalarValue, bool)>,
) -> Result<RangeEnds> {
    let columns = equal.len() + usize::from(end.is_some());
    let mut arrays = Vec::with_capacity(columns);
    // Each column repeats its values as often as those behind it have combinations.
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
    let fields = key[..columns]
        .iter()
        .map(|position| schema.fields()[*position].clone());
    let options = RecordBatchOptions::new().with_row_count(Some(count));
    let fields: Vec<_> = fields.collect();
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
    let mut values = values.peekable();
    match values.peek() {
        Some(_) => ScalarValue::iter_to_array(values),
        None => Ok(arrow::array::new_empty_array(ty)),
    }
}

impl Bound {
    /// Whether `predicate` says something of the column called `name` of type `ty`; what it says is
    /// added.
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

/// The values of type `ty` that a column called `name` has to have one of for `predicate` to hold, if
/// that is what it says.
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
        // A short list in SQL comes as this.
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
        }) if is_column(expr, name) => {
            let list = list.iter().map(|value| literal(value, ty));
            list.collect::<Option<Vec<_>>>()?
        }
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

/// A literal that is not null, as a value of type `ty` that says exactly the same.
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
    // A text and a number are compared as numbers, which several texts are.
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
