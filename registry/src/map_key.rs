// SPDX-License-Identifier: Apache-2.0

//! [`MapKey`]: the keys of a map whose values contain them.

/// The keys of a map. A value contains its key, so the map stores values only.
pub(crate) trait MapKey {
    type Value;
    type Borrowed<'a>: Copy;

    /// Returns the key of a value.
    fn of(value: &Self::Value) -> Self::Borrowed<'_>;

    /// Returns the hash of a key, whose bits are all well distributed.
    fn hash(key: Self::Borrowed<'_>) -> u64;

    /// Returns whether a value has this key.
    fn is_of(key: Self::Borrowed<'_>, value: &Self::Value) -> bool;
}

/// Keys that are numbers, most of which are small.
pub(crate) trait DenseKey: MapKey {
    fn number(key: Self::Borrowed<'_>) -> u64;
}
