//! [`NameRef`]: a table's name, borrowed from wherever it stands.

use std::fmt;

use kalamtable_model::TableName;
use papaya::Equivalent;

/// A table's name, borrowed: of a [`TableName`], or of two texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NameRef<'a> {
    /// Before the dot.
    pub namespace: &'a str,
    /// After the dot.
    pub table: &'a str,
}

impl NameRef<'_> {
    pub(crate) fn to_name(self) -> TableName {
        TableName {
            namespace: self.namespace.into(),
            table: self.table.into(),
        }
    }
}

impl<'a> From<&'a TableName> for NameRef<'a> {
    fn from(name: &'a TableName) -> Self {
        NameRef {
            namespace: &name.namespace,
            table: &name.table,
        }
    }
}

impl<'a> From<(&'a str, &'a str)> for NameRef<'a> {
    fn from((namespace, table): (&'a str, &'a str)) -> Self {
        NameRef { namespace, table }
    }
}

// Both hash their two texts, one after the other.
impl Equivalent<TableName> for NameRef<'_> {
    fn equivalent(&self, name: &TableName) -> bool {
        *self == NameRef::from(name)
    }
}

impl fmt::Display for NameRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.namespace, self.table)
    }
}
