// SPDX-License-Identifier: Apache-2.0

//! The units in which row fields count time.

use super::context::{Checks, TypedColumn};
use crate::definition::{ColumnDefault, Literal};
use crate::diagnostic::backticked;
use crate::rule::Rule;
use crate::type_text::unit_alias;
use crate::types::{ColumnType, TimeUnit};

impl Checks<'_> {
    /// Returns the unit of the row field, if it differs from that of the column.
    pub(super) fn unit(&mut self, column: &TypedColumn<'_>) -> Option<TimeUnit> {
        let unit = column.raw.unit.as_ref()?;
        let known = TimeUnit::ALL
            .into_iter()
            .find(|known| known.as_str() == unit.value);
        if known.is_none() {
            let message = format!("unknown unit {}", backticked(&unit.value));
            let help = match unit_alias(&unit.value) {
                Some(unit) => format!("did you mean `{}`?", unit.as_str()),
                None => "the units are `s`, `ms`, `us` and `ns`".to_string(),
            };
            self.push(
                self.problem(Rule::UnknownUnit, &unit.span, message)
                    .with_help(help),
            );
        }
        let ty = column.ty.as_ref()?;
        let Some(own) = ty.time_unit() else {
            let message = format!("a column of type `{}` has no unit", ty.keyword());
            let problem = self
                .problem(Rule::UnitNotAllowed, &unit.span, message)
                .with_help("delete it: only `timestamp`, `datetime` and `time` have a unit");
            self.push(problem);
            return None;
        };
        known.filter(|unit| *unit != own)
    }

    /// Checks that the row field, which counts in `unit`, can represent the literal default, which
    /// counts in the unit of the column.
    pub(super) fn default_in_unit(
        &mut self,
        column: &TypedColumn<'_>,
        default: Option<&ColumnDefault>,
        unit: Option<TimeUnit>,
    ) {
        let Some(ColumnDefault::Literal(Literal::Integer(value))) = default else {
            return;
        };
        let own = column.ty.as_ref().and_then(ColumnType::time_unit);
        let (Some(own), Some(unit), Some(raw)) = (own, unit, &column.raw.default) else {
            return;
        };
        let scaled = value.saturating_mul(unit.per_second().into());
        let own = i128::from(own.per_second());
        let held = scaled % own == 0 && i64::try_from(scaled / own).is_ok();
        if !held {
            let message = format!(
                "the row field counts in `{}` and cannot represent the default",
                unit.as_str()
            );
            let problem = self.problem(Rule::DefaultNotExact, &raw.span, message);
            self.push(problem.with_help("choose a default in whole units, or another `unit`"));
        }
    }
}
