// SPDX-License-Identifier: Apache-2.0

//! [`NameRef`]: a borrowed table name, and names together with their hashes.

use std::fmt;
use std::hash::{Hash, Hasher};

use kalamtable_model::TableName;
use papaya::Equivalent;

/// A borrowed table name, which lookups by name take. It is created from a reference to a
/// [`TableName`], or from the namespace and the name as a pair of strings.
///
/// Lookups by name compare names exactly, including case. The strings are not checked: a lookup of
/// an invalid name finds no table.
///
/// ```
/// use kalamtable_model::TableName;
/// use kalamtable_registry::NameRef;
///
/// let name = TableName::parse("app.notes")?;
/// assert_eq!(NameRef::from(&name), NameRef::from(("app", "notes")));
/// # Ok::<(), kalamtable_model::NameError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NameRef<'a> {
    /// The namespace, which precedes the dot.
    pub namespace: &'a str,
    /// The name within the namespace, which follows the dot.
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

impl fmt::Display for NameRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.namespace, self.table)
    }
}

/// An owned name with its hash, which is computed once for the map, the clock and the thread cache.
#[derive(Clone, Debug)]
pub(crate) struct HashedName {
    pub(crate) hash: u64,
    pub(crate) name: TableName,
}

/// A borrowed name with its hash.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HashedNameRef<'a> {
    pub(crate) hash: u64,
    pub(crate) name: NameRef<'a>,
}

impl HashedNameRef<'_> {
    /// Returns an owned key, where `name` equals the borrowed name.
    pub(crate) fn with_owned(self, name: TableName) -> HashedName {
        HashedName {
            hash: self.hash,
            name,
        }
    }
}

impl PartialEq for HashedName {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.name == other.name
    }
}

impl Eq for HashedName {}

impl Hash for HashedName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash.hash(state);
    }
}

impl Hash for HashedNameRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash.hash(state);
    }
}

impl Equivalent<HashedName> for HashedNameRef<'_> {
    fn equivalent(&self, other: &HashedName) -> bool {
        self.hash == other.hash && self.name == NameRef::from(&other.name)
    }
}
