// SPDX-License-Identifier: Apache-2.0

//! [`next_free_id`]: the id of a column that is added to a table.

use crate::definition::TableDefinition;
use crate::next_id::NextId;

/// Returns an id above all ids that the table uses or reserves in any of the given versions.
/// Returns `None` if the maximum id is in use.
pub fn next_free_id<'a>(versions: impl IntoIterator<Item = &'a TableDefinition>) -> Option<i32> {
    let mut next = NextId::new();
    for version in versions {
        for column in version.columns() {
            next.observe(column.id.into());
            next.observe_type(&column.ty.to_string());
        }
        for id in version.reserved().ids.iter() {
            next.observe((*id).into());
        }
    }
    next.fresh()
}
