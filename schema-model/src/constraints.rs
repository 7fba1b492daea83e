// SPDX-License-Identifier: Apache-2.0

//! The constraints that a definition implies, named as in PostgreSQL.

use crate::definition::TableDefinition;
use crate::types::ColumnType;

/// The kind of a [`TableConstraint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConstraintKind {
    /// No two rows have equal values in all of the columns, and none of the columns is nullable.
    PrimaryKey,
    /// No two rows have equal values in all of the columns. Nulls are distinct.
    Unique,
    /// The value of the column is a label of its enum.
    Check,
}

impl ConstraintKind {
    /// Returns the kind as in the SQL standard: `PRIMARY KEY`, `UNIQUE` or `CHECK`.
    pub const fn as_str(self) -> &'static str {
        match self {
            ConstraintKind::PrimaryKey => "PRIMARY KEY",
            ConstraintKind::Unique => "UNIQUE",
            ConstraintKind::Check => "CHECK",
        }
    }
}

/// A key of a table, or the closed set of labels of an enum column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableConstraint {
    /// The name, which is composed of the names of the table and the columns: `jobs_pkey`,
    /// `jobs_tenant_name_key` or `jobs_status_check`. It is unique in the table and depends only on
    /// the definition.
    pub name: String,
    /// The kind.
    pub kind: ConstraintKind,
    /// The positions of the columns, in key order. Never empty.
    pub columns: Vec<usize>,
}

impl TableDefinition {
    /// Returns the constraints of the table: the primary key, the unique keys, then the enums in
    /// the order of their columns. `NOT NULL` is not included; see
    /// [`Column::nullable`](crate::Column).
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

    /// Returns the primary key and the unique keys, each with the positions of its columns.
    fn keys(&self) -> Vec<(ConstraintKind, &[usize])> {
        let primary = Some((ConstraintKind::PrimaryKey, self.key_columns()))
            .filter(|(_, columns)| !columns.is_empty());
        let unique = self
            .unique_keys()
            .iter()
            .map(|columns| (ConstraintKind::Unique, &**columns));
        primary.into_iter().chain(unique).collect()
    }

    fn constraint_name(&self, kind: ConstraintKind, columns: &[usize]) -> String {
        let table = &*self.name().table;
        let (named, suffix) = match kind {
            ConstraintKind::PrimaryKey => (&[][..], "pkey"),
            ConstraintKind::Unique => (columns, "key"),
            ConstraintKind::Check => (columns, "check"),
        };
        let names = named
            .iter()
            .filter_map(|position| self.columns().get(*position))
            .map(|column| &*column.name);
        let mut parts = vec![table];
        parts.extend(names);
        parts.push(suffix);
        parts.join("_")
    }
}

/// Returns `name`, with a number appended if it is in `taken`: keys on `a_b` and on `a, b` would
/// have the same name.
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
    fn taken_name_gets_a_number() {
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
