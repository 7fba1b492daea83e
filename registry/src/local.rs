//! [`Copies`]: what a thread has seen last of some tables, each checked by one load of a clock. No lock, no
//! map, and nothing is written that other threads read.

use std::cell::{OnceCell, RefCell};
use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};

use crate::clocks::Stamp;
use crate::counters::{Count, Tally};
use crate::snapshot::TableSnapshot;
use crate::sync::{COPIES, thread_local};

/// What a copy is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// The number of the registry.
    pub(crate) registry: u64,
    /// A table's id, or the hash of a name.
    pub(crate) key: u64,
    pub(crate) is_name: bool,
}

#[derive(Default)]
struct Copy {
    entry: Option<Entry>,
    /// What was looked for in vain the last time: it takes the place if it is looked for again.
    rival: Option<Key>,
}

struct Entry {
    key: Key,
    /// What the clock showed before the snapshot was read.
    stamp: Stamp,
    snapshot: Arc<TableSnapshot>,
    /// The schema behind a count of the thread's own.
    schema: SchemaRef,
    tally: Tally,
}

thread_local! {
    static COPIES_OF_THREAD: OnceCell<Box<[RefCell<Copy>]>> = const { OnceCell::new() };
}

/// What is lent of a copy.
pub(crate) struct Lent<'a> {
    pub(crate) snapshot: &'a TableSnapshot,
    pub(crate) schema: &'a SchemaRef,
}

/// What `read` makes of the thread's copy, if it has one that `is_same` and
/// `is_current`; else `read` itself.
pub(crate) fn with_copy<F, R>(
    key: Key,
    count: Count,
    is_same: impl FnOnce(&TableSnapshot) -> bool,
    is_current: impl FnOnce(Stamp) -> bool,
    read: F,
) -> Result<R, F>
where
    F: FnOnce(Lent<'_>) -> R,
{
    let mut read = Some(read);
    let found = COPIES_OF_THREAD.try_with(|copies| {
        let copy = copies.get()?.get(place(key))?.try_borrow().ok()?;
        let entry = copy.entry.as_ref()?;
        if entry.key != key || !is_current(entry.stamp) || !is_same(&entry.snapshot) {
            return None;
        }
        entry.snapshot.visit();
        entry.tally.add(count);
        let lent = Lent {
            snapshot: &entry.snapshot,
            schema: &entry.schema,
        };
        Some(read.take()?(lent))
    });
    match (found, read) {
        (Ok(Some(made)), _) => Ok(made),
        (_, Some(read)) => Err(read),
        (_, None) => unreachable!("what has read has returned"),
    }
}

/// Whether a copy of this should be kept: its place is free or has become old, or it was looked for in vain
/// here before. A thread that goes through more tables than it has places for reads the shared map, and
/// leaves their counts of references alone.
pub(crate) fn wants(key: Key) -> bool {
    let wants = COPIES_OF_THREAD.try_with(|copies| {
        let copies = copies.get_or_init(|| (0..COPIES).map(|_| RefCell::default()).collect());
        let mut copy = copies.get(place(key))?.try_borrow_mut().ok()?;
        let is_free = copy.entry.as_ref().is_none_or(|entry| entry.key == key);
        let is_wanted = is_free || copy.rival == Some(key);
        copy.rival = Some(key);
        Some(is_wanted)
    });
    matches!(wants, Ok(Some(true)))
}

/// Keeps a copy of what was read after the clock showed `stamp`.
pub(crate) fn keep(
    key: Key,
    stamp: Stamp,
    snapshot: &Arc<TableSnapshot>,
    tally: impl FnOnce() -> Tally,
) {
    // A thread that ends keeps nothing.
    let _ = COPIES_OF_THREAD.try_with(|copies| {
        let copies = copies.get_or_init(|| (0..COPIES).map(|_| RefCell::default()).collect());
        // In use: by whoever looks up another table while it reads this one.
        let Some(Ok(mut copy)) = copies.get(place(key)).map(RefCell::try_borrow_mut) else {
            return;
        };
        let before = copy.entry.take();
        let tally = match before {
            Some(entry) if entry.key.registry == key.registry => entry.tally,
            _ => tally(),
        };
        copy.entry = Some(Entry {
            key,
            stamp,
            snapshot: Arc::clone(snapshot),
            schema: Arc::new(Schema::clone(snapshot.schema())),
            tally,
        });
    });
}

fn place(key: Key) -> usize {
    // Names in the other half: their hashes are as good as any. Ids are dense, and are taken as they are.
    let half = COPIES / 2;
    (key.key as usize & (half - 1)) + if key.is_name { half } else { 0 }
}
