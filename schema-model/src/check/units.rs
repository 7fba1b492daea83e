//! Units of row fields.

use super::{Checks, TypedColumn};
use crate::diagnostic::tick;
use crate::type_text::unit_alias;
use crate::{Rule, TimeUnit};

impl Checks<'_> {
    /// The unit of the row field, where it is not the column's own.
    pub(super) fn unit(&mut self, column: &TypedColumn<'_>) -> Option<TimeUnit> {
        let unit = column.raw.unit.as_ref()?;
        let known = TimeUnit::ALL
            .into_iter()
            .find(|known| known.as_str() == unit.value);
        if known.is_none() {
            let message = format!("unknown unit {}", tick(&unit.value));
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
                .with_help("delete it: only `timestamp`, `datetime` and `time` have one");
            self.push(problem);
            return None;
        };
        known.filter(|unit| *unit != own)
    }
}
