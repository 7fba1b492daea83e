// SPDX-License-Identifier: Apache-2.0

//! The constraints that a definition implies, with the names that PostgreSQL would give them.

use crate::definition::TableDefinition;
use crate::types::ColumnType;

/// What a [`TableConstraint`] asks of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConstraintKind {
    /// No two rows agree in the columns, and none of them is null.
    PrimaryKey,
    /// No two rows agree in the columns.
    Unique,
    /// The column holds one of the labels of its closed set.
    Check,
}

impl ConstraintKind {
    /// The kind as the SQL standard writes it: `PRIMARY KEY`, `UNIQUE` or `CHECK`.
    pub const fn as_str(self) -> &'static str {
        match self {
            ConstraintKind::PrimaryKey => "PRIMARY KEY",
            ConstraintKind::Unique => "UNIQUE",
            ConstraintKind::Check => "CHECK",
        }
    }
}

/// A key of a table, or the closed set of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableConstraint {
    /// `table_pkey`, `table_column_column_key` or `table_column_check`; unique in its table, and a
    /// pure function of the definition.
    pub name: String,
    /// What it asks of the rows.
    pub kind: ConstraintKind,
    /// Positions of its columns, in key order; never empty.
    pub columns: Vec<usize>,
}

impl TableDefinition {
    /// The constraints of the table but for `NOT NULL`, which [`Column::nullable`](crate::Column)
    /// says: keys, the primary one first, then the closed sets in the order of their columns.
    pub fn constraints(&self) -> Vec<TableConstraint> {
        let mut constraints: Vec<TableConstraint> = Vec::new();
        for (kind, columns) in self.keys() {
            let name = free_name(self.constraint_name(kind, columns), &constraints);
            constraints.push(TableConstraint {
                name,
                kind,
                columns: columns.to_vec(),
            });
        }
        for (position, column) in self.columns().iter().enumerate() {
            if matches!(column.ty, ColumnType::Enum(_)) {
                let kind = ConstraintKind::Check;
                constraints.push(TableConstraint {
                    name: self.constraint_name(kind, &[position]),
                    kind,
                    columns: vec![position],
                });
            }
        }
        constraints
    }

    /// Each key with the positions of its columns, the primary one first.
    fn keys(&self) -> Vec<(ConstraintKind, &[usize])> {
        let primary = Some(self.key_columns()).filter(|columns| !columns.is_empty());
        let primary = primary.map(|columns| (ConstraintKind::PrimaryKey, columns));
        let unique = self.unique_keys().iter();
        let unique = unique.map(|columns| (ConstraintKind::Unique, &**columns));
        primary.into_iter().chain(unique).collect()
    }

    fn constraint_name(&self, kind: ConstraintKind, columns: &[usize]) -> String {
        let table = &*self.name().table;
        let (columns, suffix) = match kind {
            ConstraintKind::PrimaryKey => (&[][..], "pkey"),
            ConstraintKind::Unique => (columns, "key"),
            ConstraintKind::Check => (columns, "check"),
        };
        let columns = columns.iter().filter_map(|at| self.columns().get(*at));
        let mut parts = vec![table];
        parts.extend(columns.map(|column| &*column.name));
        parts.push(suffix);
        parts.join("_")
    }
}

/// `name`, or with the first number behind it that none of `taken` has: keys on `a_b` and on `a, b`
/// would share their name.
fn free_name(name: String, taken: &[TableConstraint]) -> String {
    let is_free = |name: &String| taken.iter().all(|constraint| constraint.name != *name);
    if is_free(&name) {
        return name;
    }
    let mut numbered = (1_usize..).map(|number| format!("{name}{number}"));
    numbered.find(is_free).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let taken = |name: &str| TableConstraint {
            name: name.to_string(),
            kind: ConstraintKind::Unique,
            columns: vec![0],
        };
        let one = [taken("t_a_b_key")];
        assert_eq!(free_name("t_a_key".to_string(), &one), "t_a_key");
        assert_eq!(free_name("t_a_b_key".to_string(), &one), "t_a_b_key1");
        let two = [taken("t_a_b_key"), taken("t_a_b_key1")];
        assert_eq!(free_name("t_a_b_key".to_string(), &two), "t_a_b_key2");
    }
}
