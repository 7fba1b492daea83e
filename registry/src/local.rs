// SPDX-License-Identifier: Apache-2.0

//! Copies: what a thread has seen last of some tables, each checked by one load of a clock. No lock, no
//! map, and nothing is written that other threads read.

use std::cell::{Cell, OnceCell, RefCell};
use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};

use crate::clocks::Stamp;
use crate::counters::{Count, Tally};
use crate::snapshot::TableSnapshot;
use crate::sync::{COPIES, thread_local};

/// What a copy is of. Tables and names have places of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// The number of the registry.
    pub(crate) registry: u32,
    /// A table's id, or the hash of a name.
    pub(crate) key: u64,
}

/// What the clocks showed before a snapshot was read: the table's, and that of the name by which it was
/// looked up, or the table's again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamps {
    pub(crate) table: Stamp,
    pub(crate) asked: Stamp,
}

/// A place for a copy: one line of a processor's cache.
#[derive(Default)]
#[repr(align(64))]
struct Copy(RefCell<Option<Entry>>);

struct Entry {
    registry: u32,
    /// The lower half of the key that was looked for here in vain the last time: it takes the place if it is
    /// looked for again.
    rival: Cell<u32>,
    key: u64,
    stamps: Stamps,
    snapshot: Arc<TableSnapshot>,
    /// The schema behind a count of the thread's own.
    schema: SchemaRef,
    tally: Tally,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Table,
    Name,
}

thread_local! {
    static TABLES: OnceCell<Box<[Copy]>> = const { OnceCell::new() };
    static NAMES: OnceCell<Box<[Copy]>> = const { OnceCell::new() };
}

/// What is lent of a table.
pub(crate) struct Lent<'a> {
    pub(crate) snapshot: &'a TableSnapshot,
    pub(crate) schema: &'a SchemaRef,
}

/// Why there was no copy to read.
pub(crate) struct NoCopy<F> {
    /// What was to read it.
    pub(crate) read: F,
    /// Whether one should be kept: the place is free, or what was there has become old, or this was looked
    /// for in vain before. A thread that goes through more tables than it has places for leaves their
    /// counts of references alone.
    pub(crate) is_wanted: bool,
}

/// What `read` makes of the thread's copy, if it has one that `is_current`.
#[inline]
pub(crate) fn with_copy<F, R>(
    kind: Kind,
    key: Key,
    count: Count,
    is_current: impl FnOnce(&TableSnapshot, Stamps) -> bool,
    read: F,
) -> Result<R, NoCopy<F>>
where
    F: FnOnce(Lent<'_>) -> R,
{
    let mut read = Some(read);
    let mut is_wanted = false;
    let look = |copies: &OnceCell<Box<[Copy]>>| {
        let Some(copy) = copies.get().and_then(|copies| copies.get(place(key))) else {
            is_wanted = true;
            return None;
        };
        // Else it is about to be replaced, by whoever called this.
        let entry = copy.0.try_borrow().ok()?;
        match entry.as_ref() {
            Some(entry) if entry.key == key.key && entry.registry == key.registry => {
                if is_current(&entry.snapshot, entry.stamps) {
                    entry.snapshot.visit();
                    entry.tally.add(count);
                    let lent = Lent {
                        snapshot: &entry.snapshot,
                        schema: &entry.schema,
                    };
                    return read.take().map(|read| read(lent));
                }
                is_wanted = true;
            }
            Some(entry) => {
                let rival = key.key as u32;
                is_wanted = entry.rival.replace(rival) == rival;
            }
            None => is_wanted = true,
        }
        None
    };
    let found = match kind {
        Kind::Table => TABLES.try_with(look),
        Kind::Name => NAMES.try_with(look),
    };
    match (found, read) {
        (Ok(Some(made)), _) => Ok(made),
        (_, Some(read)) => Err(NoCopy { read, is_wanted }),
        (_, None) => unreachable!("what was read was returned"),
    }
}

/// Keeps a copy of what was read after the clocks showed these stamps.
pub(crate) fn keep(
    kind: Kind,
    key: Key,
    stamps: Stamps,
    snapshot: &Arc<TableSnapshot>,
    tally: impl FnOnce() -> Tally,
) {
    let put = |copies: &OnceCell<Box<[Copy]>>| {
        let copies = copies.get_or_init(|| (0..COPIES).map(|_| Copy::default()).collect());
        // In use by whoever looks this up while it reads another table that has the place.
        let Some(Ok(mut entry)) = copies.get(place(key)).map(|copy| copy.0.try_borrow_mut()) else {
            return;
        };
        let tally = match entry.take() {
            Some(before) if before.registry == key.registry => before.tally,
            _ => tally(),
        };
        *entry = Some(Entry {
            registry: key.registry,
            rival: Cell::new(0),
            key: key.key,
            stamps,
            snapshot: Arc::clone(snapshot),
            schema: Arc::new(Schema::clone(snapshot.schema())),
            tally,
        });
    };
    // A thread that ends keeps nothing.
    let _ = match kind {
        Kind::Table => TABLES.try_with(put),
        Kind::Name => NAMES.try_with(put),
    };
}

/// Ids are dense, and hashes as good as any: both are taken as they are.
fn place(key: Key) -> usize {
    key.key as usize & (COPIES - 1)
}
