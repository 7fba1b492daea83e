// SPDX-License-Identifier: Apache-2.0

//! [`NameRef`]: a table's name, borrowed from wherever it stands.

use std::fmt;
use std::hash::{Hash, Hasher};

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

/// A name with its hash, which is made once for everything that is kept by it.
#[derive(Clone, Debug)]
pub(crate) struct HashedName {
    pub(crate) hash: u64,
    pub(crate) name: TableName,
}

/// A borrowed name with its hash.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HashedRef<'a> {
    pub(crate) hash: u64,
    pub(crate) name: NameRef<'a>,
}

impl HashedRef<'_> {
    /// The same name, owned: `name` is equal to it.
    pub(crate) fn with(self, name: TableName) -> HashedName {
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

impl Hash for HashedRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash.hash(state);
    }
}

impl Equivalent<HashedName> for HashedRef<'_> {
    fn equivalent(&self, other: &HashedName) -> bool {
        self.hash == other.hash && self.name == NameRef::from(&other.name)
    }
}

impl fmt::Display for NameRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.namespace, self.table)
    }
}
