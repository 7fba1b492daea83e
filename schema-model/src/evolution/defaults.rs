// SPDX-License-Identifier: Apache-2.0

//! Rules about defaults: the values that an `INSERT` without the column writes.

use super::comparison::Evolution;
use super::types::{Promotion, promotion};
use crate::definition::{Column, ColumnDefault, Literal};
use crate::diagnostic::backticked;
use crate::rule::EvolutionRule;
use crate::types::ColumnType;

impl Evolution<'_> {
    /// Reports another default, and a default that a column that is not null no longer has.
    pub(super) fn default_changed(&mut self, column: &Column, earlier: &[(u32, &Column)]) {
        let next = written(column.default.as_ref(), &column.ty, &column.ty);
        let changed = earlier.iter().find_map(|(version, old)| {
            let before = written(old.default.as_ref(), &old.ty, &column.ty);
            // Without a default, an `INSERT` without the column failed.
            let is_changed = before != next && (before.is_some() || old.nullable);
            is_changed.then_some((*version, before))
        });
        let Some((version, before)) = changed else {
            return;
        };
        let described = self.described(column.into());
        let shown = |text: &Option<String>| match text {
            Some(text) => backticked(text),
            None => "null".to_string(),
        };
        if next.is_none() && !column.nullable {
            let message = format!(
                "column {described} has no default, but had {} in version {version}",
                shown(&before)
            );
            let help = match &before {
                Some(before) => format!("write `default = {before}`, or `nullable = true`"),
                None => "write `nullable = true`".to_string(),
            };
            let rule = EvolutionRule::DefaultRemoved;
            self.push(rule, version, column.into(), message, help);
        } else {
            let message = format!(
                "the default of column {described} is {}, but was {} in version {version}",
                shown(&next),
                shown(&before)
            );
            let keep = match before {
                Some(before) => format!("write `default = {before}`"),
                None => "delete `default`".to_string(),
            };
            let help = format!("{keep}, or inform the authors of `INSERT` statements");
            let rule = EvolutionRule::DefaultChanged;
            self.push(rule, version, column.into(), message, help);
        }
    }
}

/// Returns a default of a column of type `from` as TOML for a column of type `to`.
fn written(default: Option<&ColumnDefault>, from: &ColumnType, to: &ColumnType) -> Option<String> {
    let default = default?;
    let ColumnDefault::Literal(value) = default else {
        return Some(default.to_toml(from));
    };
    match promoted(value, from, to) {
        Some(value) => Some(ColumnDefault::Literal(value).to_toml(to)),
        None => Some(default.to_toml(from)),
    }
}

/// Returns a value of type `from` as a value of type `to`, or `None` if `from` has no promotion to
/// `to`.
fn promoted(value: &Literal, from: &ColumnType, to: &ColumnType) -> Option<Literal> {
    let scale = |ty: &ColumnType| match ty {
        ColumnType::Decimal { scale, .. } => u32::from(*scale),
        _ => 0,
    };
    let promotion = promotion(from, to)?;
    let factor = match promotion {
        Promotion::IntegerToDecimal | Promotion::WiderDecimal => {
            10_i128.checked_pow(scale(to).checked_sub(scale(from))?)?
        }
        Promotion::DateToTimestamp => 86_400 * i128::from(to.time_unit()?.per_second()),
        _ => 1,
    };
    match value {
        Literal::Integer(value) if promotion == Promotion::IntegerToDouble => {
            Some(Literal::Float(*value as f64))
        }
        Literal::Integer(value) => Some(Literal::Integer(value.checked_mul(factor)?)),
        value => Some(value.clone()),
    }
}
