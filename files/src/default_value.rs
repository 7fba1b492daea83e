// SPDX-License-Identifier: Apache-2.0

//! [`default_text`]: the default of a column as text.

use kalamtable_model::{Column, ColumnDefault, Literal};

/// Returns the default of a column as text, if it is a literal.
pub(crate) fn default_text(column: &Column) -> Option<String> {
    match column.default.as_ref()? {
        ColumnDefault::Literal(Literal::Text(text)) => Some(text.to_string()),
        default @ ColumnDefault::Literal(_) => {
            let text = default.to_toml(&column.ty);
            Some(text.trim_matches('"').to_string())
        }
        ColumnDefault::Call(_) => None,
    }
}
