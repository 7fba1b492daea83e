// SPDX-License-Identifier: Apache-2.0

//! [`TableSnapshot`]: one version of a table, and everything that was made of it.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use arrow_schema::{ArrowError, SchemaRef};
use kalamtable_model::{TableDefinition, TableName};
use kalamtable_store::{Sequence, StoredTable, TableId, UnixMicros};
use once_cell::sync::OnceCell;

use crate::clocks::{Epoch, Stamp};
use crate::counters::{Artefact, Count};
use crate::ledger::Ledger;
use crate::shape::Shape;
use crate::sieve::Node;
use crate::sync::{AtomicBool, AtomicU64, AtomicUsize};
use crate::weigh;

/// One version of a table, and everything that was made of it: its Arrow schemas, and what other crates
/// keep with [`extension`](Self::extension).
///
/// It never changes, and can be held for as long as one likes: after the table was altered, dropped or
/// evicted it says what it said before. What is made of a snapshot later is made of the same version.
// In this order: what every look-up reads stands together, and apart from the counts of the `Arc` in front.
#[repr(C)]
pub struct TableSnapshot {
    definition: TableDefinition,
    sequence: Sequence,
    changed_at: UnixMicros,
    created_at: UnixMicros,
    ledger: Arc<Ledger>,
    settle: Weak<dyn Settle>,
    /// What is held here; what is shared with other tables is charged there.
    bytes: AtomicUsize,
    node: AtomicU64,
    id: TableId,
    /// What the table's clock showed when this had been published.
    published: AtomicU64,
    extensions: OnceCell<Box<Extension>>,
    shape: Arc<Shape>,
    /// Whether it was read since the last time that something was evicted near it. It is written only
    /// when it is clear: a hot table's line stays with all who read it.
    is_visited: AtomicBool,
}

/// A clock that shows this has moved more often than it can.
const UNPUBLISHED: u64 = u64::MAX;

/// Who is told when a snapshot has become larger.
pub(crate) trait Settle: Send + Sync {
    fn settle(&self, snapshot: &TableSnapshot);
}

struct Extension {
    value: Box<dyn Any + Send + Sync>,
    next: OnceCell<Box<Extension>>,
}

impl TableSnapshot {
    /// The snapshot of a version as it is stored, with its definition as it is shared.
    pub(crate) fn new(
        stored: &StoredTable,
        definition: TableDefinition,
        shape: Arc<Shape>,
        ledger: Arc<Ledger>,
        settle: Weak<dyn Settle>,
    ) -> Self {
        let bytes = weigh::allocation(weigh::ARC_BYTES + size_of::<TableSnapshot>())
            + weigh::definition(&definition);
        ledger.live.fetch_add(bytes, Ordering::Relaxed);
        TableSnapshot {
            definition,
            id: stored.id,
            sequence: stored.sequence,
            changed_at: stored.changed_at,
            created_at: stored.created_at,
            shape,
            extensions: OnceCell::new(),
            bytes: AtomicUsize::new(bytes),
            published: AtomicU64::new(UNPUBLISHED),
            node: AtomicU64::new(Node::NONE.0),
            is_visited: AtomicBool::new(false),
            ledger,
            settle,
        }
    }

    /// Which table it is, whatever it is called.
    pub fn id(&self) -> TableId {
        self.id
    }

    /// `namespace.table`.
    pub fn name(&self) -> &TableName {
        self.definition.name()
    }

    /// The version of the definition, from 1.
    pub fn version(&self) -> u32 {
        self.definition.version()
    }

    /// The table's epoch when this was published as its present version; none if it never was.
    pub fn epoch(&self) -> Option<Epoch> {
        self.published().map(Stamp::epoch)
    }

    /// The change of the store that made this version.
    pub fn sequence(&self) -> Sequence {
        self.sequence
    }

    /// When this version was made.
    pub fn changed_at(&self) -> UnixMicros {
        self.changed_at
    }

    /// When the table was made.
    pub fn created_at(&self) -> UnixMicros {
        self.created_at
    }

    /// What the table is.
    pub fn definition(&self) -> &TableDefinition {
        &self.definition
    }

    /// The Arrow schema: one field a column, in order.
    pub fn schema(&self) -> &SchemaRef {
        self.shape.schema()
    }

    /// The Arrow schema, and behind it the columns that the system adds to tables of this kind.
    pub fn schema_with_system_columns(&self) -> &SchemaRef {
        let (schema, is_new) = self.shape.schema_with_system_columns();
        if is_new {
            self.settle();
        }
        schema
    }

    /// The schema of these columns, in this order, with repeats: positions in
    /// [`schema_with_system_columns`](Self::schema_with_system_columns), of which the first ones are
    /// those of [`schema`](Self::schema). Remembered, and then lent.
    ///
    /// # Errors
    /// If there is no column at a position.
    pub fn projected_schema(&self, columns: &[usize]) -> Result<Cow<'_, SchemaRef>, ArrowError> {
        let (schema, is_new) = self.shape.projected(columns)?;
        if is_new {
            self.settle();
        }
        Ok(schema)
    }

    /// Something that is made of this version once, and lives as long: `make` is called if there is no
    /// `T` yet. Of two threads that make one at the same time both get the first.
    ///
    /// What it weighs is said with [`charge`](Self::charge). It must not point back to the snapshot, and
    /// must not use the registry when it is dropped: that can happen while the registry is changing.
    pub fn extension<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> &T {
        let mut place = &self.extensions;
        while let Some(extension) = place.get() {
            if let Some(found) = extension.value.downcast_ref::<T>() {
                return found;
            }
            place = &extension.next;
        }
        let mut made = Box::new(Extension {
            value: Box::new(make()),
            next: OnceCell::new(),
        });
        loop {
            let found = match place.try_insert(made) {
                Ok(inserted) => match inserted.value.downcast_ref::<T>() {
                    Some(value) => return value,
                    None => unreachable!("it is of the type that it was made of"),
                },
                Err((found, ours)) => {
                    made = ours;
                    found
                }
            };
            // Another thread was faster, and perhaps with another type.
            match found.value.downcast_ref::<T>() {
                Some(value) => return value,
                None => place = &found.next,
            }
        }
    }

    /// Says that what was made of this version has grown by so many bytes. Others may be evicted for it, or
    /// this one.
    pub fn charge(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.ledger.live.fetch_add(bytes, Ordering::Relaxed);
        self.settle();
    }

    /// Makes room for what this, or what it shares with others, has grown by.
    fn settle(&self) {
        if let Some(registry) = self.settle.upgrade() {
            registry.settle(self);
        }
    }

    /// Counts a look-up of something that was made of this version: whether it was there.
    pub fn record_lookup(&self, artefact: Artefact, is_hit: bool) {
        let counters = &self.ledger.counters;
        match is_hit {
            true => counters.add(Count::Hit(artefact)),
            false => counters.add(Count::Miss(artefact)),
        }
    }

    /// The bytes of this version alone; what it shares with tables of the same shape is not among them.
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// What the table's clock showed when this had been published; none if it never was.
    pub(crate) fn published(&self) -> Option<Stamp> {
        let stamp = self.published.load(Ordering::Relaxed);
        (stamp != UNPUBLISHED).then_some(Stamp::from_u64(stamp))
    }

    pub(crate) fn set_published(&self, stamp: Stamp) {
        self.published.store(stamp.as_u64(), Ordering::Relaxed);
    }

    /// Its place among what is resident.
    pub(crate) fn node(&self) -> Node {
        Node(self.node.load(Ordering::Relaxed))
    }

    pub(crate) fn set_node(&self, node: Node) {
        self.node.store(node.0, Ordering::Relaxed);
    }

    /// The bytes that are shared with no other snapshot, though they could be.
    pub(crate) fn shape_bytes(&self) -> usize {
        match Arc::strong_count(&self.shape) {
            1 => self.shape.bytes(),
            _ => 0,
        }
    }

    pub(crate) fn visit(&self) {
        if !self.is_visited.load(Ordering::Relaxed) {
            self.is_visited.store(true, Ordering::Relaxed);
        }
    }

    /// Whether it was visited since it was asked last.
    pub(crate) fn take_visit(&self) -> bool {
        let is_visited = self.is_visited.load(Ordering::Relaxed);
        if is_visited {
            self.is_visited.store(false, Ordering::Relaxed);
        }
        is_visited
    }
}

impl Drop for TableSnapshot {
    fn drop(&mut self) {
        let bytes = self.bytes.load(Ordering::Relaxed);
        self.ledger.live.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl fmt::Debug for TableSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableSnapshot")
            .field("id", &self.id)
            .field("name", &self.name().to_string())
            .field("version", &self.version())
            .field("epoch", &self.epoch())
            .finish_non_exhaustive()
    }
}
