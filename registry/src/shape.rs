// SPDX-License-Identifier: Apache-2.0

//! [`Shape`]: what follows from a table's columns, whatever the table is called. Tables of one shape share
//! it, so that thousands of tenants pay for one schema.

use std::borrow::Cow;
use std::hash::{BuildHasher, Hash, Hasher};

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use arrow_schema::{ArrowError, FieldRef, Schema, SchemaRef};
use kalamtable_model::{Column, PrimaryKey, Shared, TableDefinition, TableKind};

use crate::append_only_map::AppendOnlyMap;
use crate::counters::{Artefact, Count};
use crate::ledger::Ledger;
use crate::pool::{ENTRY_BYTES, Pool};
use crate::sync::{AtomicUsize, RandomState};
use crate::texts::Texts;
use crate::weigh;

/// How many projections of one shape are remembered. More are made anew each time, and counted as misses:
/// there are as many as there are lists of columns, and who asks is not to be trusted.
const PROJECTIONS: usize = 512;

/// What follows from a table's columns.
pub(crate) struct Shape {
    kind: TableKind,
    primary_key: PrimaryKey,
    unique_keys: Shared<[Shared<[usize]>]>,
    columns: Shared<[Column]>,
    schema: SchemaRef,
    /// Those of `schema`, held here so that they stay in their pool.
    fields: Box<[Arc<PooledField>]>,
    system: OnceLock<SchemaRef>,
    /// Of the schema with the system columns.
    projections: AppendOnlyMap<Box<[usize]>, SchemaRef>,
    /// What is held here, and is not a field.
    bytes: AtomicUsize,
    ledger: Arc<Ledger>,
}

impl Shape {
    /// One field a column.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The same, and behind them the fields of the columns that the system adds; and whether it was made now.
    pub(crate) fn schema_with_system_columns(&self) -> (&SchemaRef, bool) {
        if self.kind.system_columns().is_empty() {
            return (&self.schema, false);
        }
        if let Some(schema) = self.system.get() {
            self.ledger
                .counters
                .add(Count::Hit(Artefact::SystemColumns));
            return (schema, false);
        }
        self.ledger
            .counters
            .add(Count::Miss(Artefact::SystemColumns));
        let mut is_new = false;
        let schema = self.system.get_or_init(|| {
            is_new = true;
            let schema = with_system_columns(&self.schema, self.kind);
            self.charge(weigh::schema(&schema));
            schema
        });
        (schema, is_new)
    }

    /// The fields of these columns, in this order, of the schema with the system columns; and whether it was
    /// made now, to be remembered.
    pub(crate) fn projected(
        &self,
        columns: &[usize],
    ) -> Result<(Cow<'_, SchemaRef>, bool), ArrowError> {
        if let Some(schema) = self.projections.get(columns) {
            self.ledger.counters.add(Count::Hit(Artefact::Projection));
            return Ok((Cow::Borrowed(schema), false));
        }
        self.ledger.counters.add(Count::Miss(Artefact::Projection));
        let (all, _) = self.schema_with_system_columns();
        let schema = Arc::new(all.project(columns)?);
        if self.projections.len() >= PROJECTIONS {
            return Ok((Cow::Owned(schema), false));
        }
        let bytes = weigh::allocation(AppendOnlyMap::<Box<[usize]>, SchemaRef>::ENTRY_BYTES)
            + weigh::allocation(size_of_val(columns))
            + weigh::schema(&schema);
        Ok(match self.projections.try_insert(columns.into(), schema) {
            Ok(schema) => {
                self.charge(bytes);
                (Cow::Borrowed(schema), true)
            }
            Err(schema) => (Cow::Borrowed(schema), false),
        })
    }

    /// What is held here and in fields that no other shape has.
    pub(crate) fn bytes(&self) -> usize {
        let own = self
            .fields
            .iter()
            .filter(|field| Arc::strong_count(field) == 1);
        self.bytes.load(Ordering::Relaxed) + own.map(|field| field.bytes).sum::<usize>()
    }

    /// `definition`, which is of this shape, with what others have too in the same place as theirs.
    fn sharing(&self, definition: &TableDefinition, texts: &Texts) -> TableDefinition {
        let mut parts = definition.parts().clone();
        parts.name.namespace = texts.intern(&parts.name.namespace);
        parts.row = texts.intern(&parts.row);
        parts.columns = self.columns.clone();
        parts.unique_keys = self.unique_keys.clone();
        if let PrimaryKey::Columns(columns) = &self.primary_key {
            parts.primary_key = PrimaryKey::Columns(columns.clone());
        }
        // Equal parts of a checked definition.
        TableDefinition::from_checked(parts)
    }

    fn is_of(&self, definition: &TableDefinition) -> bool {
        self.kind == definition.kind()
            && self.key_columns() == definition.key_columns()
            && *self.unique_keys == *definition.unique_keys()
            && *self.columns == *definition.columns()
    }

    fn key_columns(&self) -> &[usize] {
        match &self.primary_key {
            PrimaryKey::Columns(columns) => columns,
            PrimaryKey::None { .. } => &[],
        }
    }

    fn charge(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.ledger.shared.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Drop for Shape {
    fn drop(&mut self) {
        let bytes = self.bytes.load(Ordering::Relaxed);
        self.ledger.shared.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// The schema with the fields of the columns that the system adds to tables of a kind behind its own.
pub(crate) fn with_system_columns(schema: &Schema, kind: TableKind) -> SchemaRef {
    let fields = schema.fields().iter().cloned();
    let fields: Vec<FieldRef> = fields.chain(kind.system_fields().iter().cloned()).collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

/// A field that several schemas share.
struct PooledField {
    field: FieldRef,
    bytes: usize,
    ledger: Arc<Ledger>,
}

impl Drop for PooledField {
    fn drop(&mut self) {
        self.ledger.shared.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// The shapes and fields in use.
pub(crate) struct Shapes {
    shapes: Pool<Shape>,
    fields: Pool<PooledField>,
    texts: Texts,
    state: RandomState,
    ledger: Arc<Ledger>,
}

impl Shapes {
    pub(crate) fn new(ledger: Arc<Ledger>) -> Self {
        Shapes {
            shapes: Pool::new(),
            fields: Pool::new(),
            texts: Texts::new(Arc::clone(&ledger)),
            state: RandomState::default(),
            ledger,
        }
    }

    /// The shape of a table, and its definition, with what other tables have too in the same place as theirs.
    pub(crate) fn of(&self, definition: &TableDefinition) -> (Arc<Shape>, TableDefinition) {
        let hash = self.hash(definition);
        let shape = self.shapes.intern(
            hash,
            |shape| shape.is_of(definition),
            || self.make(definition),
        );
        let shared = shape.sharing(definition, &self.texts);
        (shape, shared)
    }

    fn make(&self, definition: &TableDefinition) -> Shape {
        let built = definition.arrow_schema();
        let fields = built.fields().iter().map(|field| self.field(field));
        let fields: Box<[Arc<PooledField>]> = fields.collect();
        let schema = Schema::new_with_metadata(
            fields
                .iter()
                .map(|pooled| pooled.field.clone())
                .collect::<Vec<_>>(),
            built.metadata().clone(),
        );
        let bytes = weigh::allocation(weigh::ARC_BYTES + size_of::<Shape>())
            + ENTRY_BYTES
            + weigh::columns(definition)
            + weigh::allocation(size_of_val(&*fields))
            + weigh::schema(&schema);
        self.ledger.shared.fetch_add(bytes, Ordering::Relaxed);
        Shape {
            kind: definition.kind(),
            primary_key: definition.primary_key().clone(),
            unique_keys: definition.parts().unique_keys.clone(),
            columns: definition.parts().columns.clone(),
            schema: Arc::new(schema),
            fields,
            system: OnceLock::new(),
            projections: AppendOnlyMap::default(),
            bytes: AtomicUsize::new(bytes),
            ledger: Arc::clone(&self.ledger),
        }
    }

    fn field(&self, field: &FieldRef) -> Arc<PooledField> {
        let hash = self.state.hash_one(field);
        self.fields.intern(
            hash,
            |pooled| pooled.field == *field,
            || {
                let bytes = weigh::field(field)
                    + weigh::allocation(weigh::ARC_BYTES + size_of::<PooledField>())
                    + ENTRY_BYTES;
                self.ledger.shared.fetch_add(bytes, Ordering::Relaxed);
                PooledField {
                    field: Arc::clone(field),
                    bytes,
                    ledger: Arc::clone(&self.ledger),
                }
            },
        )
    }

    fn hash(&self, definition: &TableDefinition) -> u64 {
        let mut hasher = self.state.build_hasher();
        definition.kind().hash(&mut hasher);
        definition.key_columns().hash(&mut hasher);
        for column in definition.columns() {
            (column.id, &column.name, &column.ty, column.nullable).hash(&mut hasher);
        }
        hasher.finish()
    }
}
