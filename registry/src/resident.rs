// SPDX-License-Identifier: Apache-2.0

//! [`ResidentItem`]: an item that occupies memory and can be evicted, its size, and the keys of the
//! maps that hold such items.

use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use foldhash::fast::FixedState;
use kalamtable_model::TableName;
use kalamtable_store::TableId;

use crate::heap_size;
use crate::map_key::{DenseKey, MapKey};
use crate::name::{HashedNameRef, NameRef};
use crate::sieve::{Evictable, Sieve, SieveKey};
use crate::snapshot::TableSnapshot;

/// An item that occupies memory and can be evicted.
#[derive(Clone, Debug)]
pub(crate) enum ResidentItem {
    /// The current version of a table, and its name.
    Table(Arc<TableSnapshot>),
    /// An older version of a table.
    Version(Arc<TableSnapshot>),
    /// The absence of a table with this id.
    AbsentTable(TableId),
    /// The absence of a table with this name.
    AbsentName(Box<TableName>),
}

impl ResidentItem {
    pub(crate) fn bytes(&self) -> usize {
        match self {
            ResidentItem::Table(snapshot) => TABLE_ENTRY_BYTES + snapshot.bytes(),
            ResidentItem::Version(snapshot) => VERSION_ENTRY_BYTES + snapshot.bytes(),
            ResidentItem::AbsentTable(_) => ABSENT_TABLE_BYTES,
            ResidentItem::AbsentName(name) => absent_name_bytes(name),
        }
    }

    pub(crate) fn snapshot(&self) -> Option<&Arc<TableSnapshot>> {
        match self {
            ResidentItem::Table(snapshot) | ResidentItem::Version(snapshot) => Some(snapshot),
            ResidentItem::AbsentTable(_) | ResidentItem::AbsentName(_) => None,
        }
    }
}

impl Evictable for ResidentItem {
    /// Absence never counts as visited: loading it again is cheap.
    fn take_visited(&self) -> bool {
        self.snapshot()
            .is_some_and(|snapshot| snapshot.take_visited())
    }
}

// ---- sizes ----

/// The bytes that a hash map uses per value in addition to the value: a pointer, metadata, and
/// unused capacity. `tests/memory` checks this number with a counting allocator.
const MAP_ENTRY_BYTES: usize = 26;

/// The bytes that the map of tables by id uses per value. At most half of its slots are unused.
const ID_SLOT_BYTES: usize = 16;

const SIEVE_ENTRY_BYTES: usize = Sieve::<ResidentItem>::ENTRY_BYTES;

/// The bytes of a resident table in addition to its snapshot: the entries of two maps and of the
/// sieve.
const TABLE_ENTRY_BYTES: usize = ID_SLOT_BYTES + MAP_ENTRY_BYTES + SIEVE_ENTRY_BYTES;

const VERSION_ENTRY_BYTES: usize = MAP_ENTRY_BYTES + SIEVE_ENTRY_BYTES;

const ABSENT_TABLE_BYTES: usize = MAP_ENTRY_BYTES
    + (heap_size::ARC_BYTES + size_of::<AbsentTable>()).next_multiple_of(16)
    + SIEVE_ENTRY_BYTES;

fn absent_name_bytes(name: &TableName) -> usize {
    let strings = [&name.namespace, &name.table]
        .map(|text| heap_size::allocation(heap_size::ARC_BYTES + text.len()));
    MAP_ENTRY_BYTES
        + heap_size::allocation(heap_size::ARC_BYTES + size_of::<AbsentName>())
        + heap_size::allocation(size_of::<TableName>())
        + SIEVE_ENTRY_BYTES
        + strings.iter().sum::<usize>()
}

// ---- keys ----

/// The cached absence of a table id.
pub(crate) struct AbsentTable {
    pub(crate) id: TableId,
    pub(crate) sieve_key: SieveKey,
}

/// The cached absence of a table name.
pub(crate) struct AbsentName {
    pub(crate) hash: u64,
    pub(crate) name: TableName,
    pub(crate) sieve_key: SieveKey,
}

/// The id of a table.
pub(crate) enum TableIdKey {}

/// The current name of a table.
pub(crate) enum TableNameKey {}

/// The id of a table, and the number of a version.
pub(crate) enum VersionKey {}

/// An id that no table has.
pub(crate) enum AbsentTableKey {}

/// A name that no table has.
pub(crate) enum AbsentNameKey {}

impl MapKey for TableIdKey {
    type Value = TableSnapshot;
    type Borrowed<'a> = TableId;

    #[inline]
    fn of(snapshot: &TableSnapshot) -> TableId {
        snapshot.id()
    }

    fn hash(id: TableId) -> u64 {
        hash_number(id)
    }

    #[inline]
    fn is_of(id: TableId, snapshot: &TableSnapshot) -> bool {
        snapshot.id() == id
    }
}

impl DenseKey for TableIdKey {
    #[inline]
    fn number(id: TableId) -> u64 {
        id.0
    }
}

impl MapKey for TableNameKey {
    type Value = TableSnapshot;
    type Borrowed<'a> = HashedNameRef<'a>;

    #[inline]
    fn of(snapshot: &TableSnapshot) -> HashedNameRef<'_> {
        snapshot.hashed_name()
    }

    #[inline]
    fn hash(name: HashedNameRef<'_>) -> u64 {
        name.hash
    }

    #[inline]
    fn is_of(name: HashedNameRef<'_>, snapshot: &TableSnapshot) -> bool {
        snapshot.has_name(name)
    }
}

impl MapKey for VersionKey {
    type Value = TableSnapshot;
    type Borrowed<'a> = (TableId, u32);

    #[inline]
    fn of(snapshot: &TableSnapshot) -> (TableId, u32) {
        (snapshot.id(), snapshot.version())
    }

    fn hash(key: (TableId, u32)) -> u64 {
        hash_number(key)
    }

    #[inline]
    fn is_of(key: (TableId, u32), snapshot: &TableSnapshot) -> bool {
        VersionKey::of(snapshot) == key
    }
}

impl MapKey for AbsentTableKey {
    type Value = AbsentTable;
    type Borrowed<'a> = TableId;

    fn of(absent: &AbsentTable) -> TableId {
        absent.id
    }

    fn hash(id: TableId) -> u64 {
        hash_number(id)
    }

    #[inline]
    fn is_of(id: TableId, absent: &AbsentTable) -> bool {
        absent.id == id
    }
}

impl MapKey for AbsentNameKey {
    type Value = AbsentName;
    type Borrowed<'a> = HashedNameRef<'a>;

    fn of(absent: &AbsentName) -> HashedNameRef<'_> {
        HashedNameRef {
            hash: absent.hash,
            name: NameRef::from(&absent.name),
        }
    }

    #[inline]
    fn hash(name: HashedNameRef<'_>) -> u64 {
        name.hash
    }

    #[inline]
    fn is_of(name: HashedNameRef<'_>, absent: &AbsentName) -> bool {
        AbsentNameKey::of(absent) == name
    }
}

fn hash_number(number: impl Hash) -> u64 {
    FixedState::default().hash_one(number)
}
