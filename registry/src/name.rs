// SPDX-License-Identifier: Apache-2.0

//! [`NameRef`]: a borrowed table name, and names as lookups compare them.

use std::fmt;

use kalamtable_model::TableName;

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

/// A borrowed name with its hash, which is computed once for the map, the clock and the thread
/// cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HashedNameRef<'a> {
    pub(crate) hash: u64,
    pub(crate) name: NameRef<'a>,
}

/// A name with its hash, and with its text unless it is long. Comparing the text does not follow a
/// pointer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InlineName {
    pub(crate) hash: u64,
    /// The lengths of the namespace and of the name within it, or [`LONG`] for both.
    lens: [u8; 2],
    /// The namespace and the name within it, without a separator.
    text: [u8; INLINE_BYTES],
}

/// The maximum length of an inline text.
const INLINE_BYTES: usize = 38;

/// The lengths of a long name.
const LONG: [u8; 2] = [u8::MAX; 2];

impl InlineName {
    pub(crate) fn new(name: &TableName, hash: u64) -> Self {
        let (mut lens, mut text) = (LONG, [0; INLINE_BYTES]);
        let (namespace, table) = (name.namespace.as_bytes(), name.table.as_bytes());
        if namespace.len() + table.len() <= INLINE_BYTES {
            lens = [namespace.len() as u8, table.len() as u8];
            text[..namespace.len()].copy_from_slice(namespace);
            text[namespace.len()..][..table.len()].copy_from_slice(table);
        }
        InlineName { hash, lens, text }
    }

    /// Returns whether the text of the name is equal, or `None` if the text is long.
    #[inline]
    pub(crate) fn is_equal(&self, other: NameRef<'_>) -> Option<bool> {
        if self.lens == LONG {
            return None;
        }
        let lens = self.lens.map(usize::from);
        let (namespace, rest) = self.text.split_at_checked(lens[0])?;
        let table = rest.get(..lens[1])?;
        Some(namespace == other.namespace.as_bytes() && table == other.table.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_names_are_equal_only_to_themselves() {
        let long = "n".repeat(INLINE_BYTES);
        let names = [
            ("a", "bc"),
            ("ab", "c"),
            ("a", "b"),
            ("app", "notes"),
            ("a", &*long),
        ];
        for left in names {
            let name = TableName::try_new(left.0, left.1).expect("a valid name");
            let inline = InlineName::new(&name, 0);
            for right in names {
                let expected = (left.1 != long).then_some(left == right);
                assert_eq!(
                    inline.is_equal(right.into()),
                    expected,
                    "{left:?} {right:?}"
                );
            }
        }
    }
}
