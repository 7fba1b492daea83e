// SPDX-License-Identifier: Apache-2.0

//! [`TableLayout`]: the columns, keys and Arrow schemas of a table.
//!
//! Tables with equal columns and keys share one layout, so that thousands of tenants with equal
//! tables need the memory of one schema.

use std::borrow::Cow;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use arrow_schema::{ArrowError, FieldRef, Schema, SchemaRef};
use kalamtable_model::{Column, PrimaryKey, Shared, TableDefinition, TableKind};

use crate::append_only_map::AppendOnlyMap;
use crate::counters::{Artefact, RegistryCounter};
use crate::heap_size;
use crate::intern_pool::InternPool;
use crate::metrics::RegistryMetrics;
use crate::string_interner::StringInterner;
use crate::sync::RandomState;
use crate::sync::bookkeeping::AtomicUsize;

/// The maximum number of cached projections per layout.
///
/// Further projections are computed at every lookup, and counted as cache misses. Without a limit,
/// clients could fill the memory with queries for different lists of columns.
const MAX_PROJECTIONS: usize = 512;

/// The part of a table that does not depend on its name, version, comment and reserved ids.
pub(crate) struct TableLayout {
    kind: TableKind,
    primary_key: PrimaryKey,
    unique_keys: Shared<[Shared<[usize]>]>,
    columns: Shared<[Column]>,
    schema: SchemaRef,
    with_system_columns: OnceLock<SchemaRef>,
    /// Projections of the schema with the system columns, by column indices.
    projections: AppendOnlyMap<Box<[usize]>, SchemaRef>,
    bytes: AtomicUsize,
    metrics: Arc<RegistryMetrics>,
}

impl TableLayout {
    /// Returns the query schema, which has one field per column.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Returns the query schema followed by the system columns, and whether this call has created
    /// it.
    pub(crate) fn schema_with_system_columns(&self) -> (&SchemaRef, bool) {
        if self.kind.system_columns().is_empty() {
            return (&self.schema, false);
        }
        let counters = &self.metrics.counters;
        if let Some(schema) = self.with_system_columns.get() {
            counters.increment(RegistryCounter::Hit(Artefact::SystemColumns));
            return (schema, false);
        }
        counters.increment(RegistryCounter::Miss(Artefact::SystemColumns));
        let mut is_created = false;
        let schema = self.with_system_columns.get_or_init(|| {
            is_created = true;
            let schema = with_system_columns(&self.schema, self.kind);
            self.charge(heap_size::schema(&schema));
            schema
        });
        (schema, is_created)
    }

    /// Returns the schema with the system columns, projected to `columns`, and whether this call
    /// has added the projection to the cache.
    pub(crate) fn projected(
        &self,
        columns: &[usize],
    ) -> Result<(Cow<'_, SchemaRef>, bool), ArrowError> {
        let counters = &self.metrics.counters;
        if let Some(schema) = self.projections.get(columns) {
            counters.increment(RegistryCounter::Hit(Artefact::Projection));
            return Ok((Cow::Borrowed(schema), false));
        }
        counters.increment(RegistryCounter::Miss(Artefact::Projection));
        let (all, _) = self.schema_with_system_columns();
        let schema = Arc::new(all.project(columns)?);
        if self.projections.len() >= MAX_PROJECTIONS {
            return Ok((Cow::Owned(schema), false));
        }
        let bytes = heap_size::allocation(AppendOnlyMap::<Box<[usize]>, SchemaRef>::ENTRY_BYTES)
            + heap_size::allocation(size_of_val(columns))
            + heap_size::schema(&schema);
        Ok(match self.projections.try_insert(columns.into(), schema) {
            Ok(schema) => {
                self.charge(bytes);
                (Cow::Borrowed(schema), true)
            }
            Err(schema) => (Cow::Borrowed(schema), false),
        })
    }

    /// Returns the bytes of the layout.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Replaces the parts of `definition`, which has this layout, with shared ones.
    fn share(&self, definition: &TableDefinition, strings: &StringInterner) -> TableDefinition {
        let mut parts = definition.parts().clone();
        parts.name.namespace = strings.intern(&parts.name.namespace);
        parts.row = strings.intern(&parts.row);
        parts.columns = self.columns.clone();
        parts.unique_keys = self.unique_keys.clone();
        if let PrimaryKey::Columns(columns) = &self.primary_key {
            parts.primary_key = PrimaryKey::Columns(columns.clone());
        }
        if parts.reserved.ids.is_empty() {
            parts.reserved.ids = Shared::Static(&[]);
        }
        if parts.reserved.names.is_empty() {
            parts.reserved.names = Shared::Static(&[]);
        }
        // Each part was replaced with an equal one, so the definition remains valid.
        TableDefinition::from_checked(parts)
    }

    fn matches(&self, definition: &TableDefinition) -> bool {
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
        self.metrics
            .shared_bytes
            .fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Drop for TableLayout {
    fn drop(&mut self) {
        let bytes = self.bytes.load(Ordering::Relaxed);
        self.metrics
            .shared_bytes
            .fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// Returns a query schema followed by the fields of the system columns of a table kind.
pub(crate) fn with_system_columns(schema: &Schema, kind: TableKind) -> SchemaRef {
    let fields = schema.fields().iter().cloned();
    let fields: Vec<FieldRef> = fields
        .chain(kind.system_query_fields().iter().cloned())
        .collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

/// The layouts and strings that the snapshots of a registry use.
pub(crate) struct LayoutPool {
    layouts: InternPool<TableLayout>,
    strings: StringInterner,
    hasher: RandomState,
    metrics: Arc<RegistryMetrics>,
}

impl LayoutPool {
    pub(crate) fn new(metrics: Arc<RegistryMetrics>) -> Self {
        LayoutPool {
            layouts: InternPool::new(),
            strings: StringInterner::new(Arc::clone(&metrics)),
            hasher: RandomState::default(),
            metrics,
        }
    }

    /// Returns the layout of a table, and its definition with every part shared that other tables
    /// have too.
    pub(crate) fn intern(
        &self,
        definition: &TableDefinition,
    ) -> (Arc<TableLayout>, TableDefinition) {
        let layout = self.layouts.intern(
            self.hash(definition),
            |layout| layout.matches(definition),
            || self.create_layout(definition),
        );
        let definition = layout.share(definition, &self.strings);
        (layout, definition)
    }

    fn create_layout(&self, definition: &TableDefinition) -> TableLayout {
        let schema = definition.query_schema();
        let bytes = heap_size::allocation(heap_size::ARC_BYTES + size_of::<TableLayout>())
            + InternPool::<TableLayout>::ENTRY_BYTES
            + heap_size::columns(definition)
            + heap_size::schema(&schema)
            + heap_size::fields(schema.fields());
        self.metrics
            .shared_bytes
            .fetch_add(bytes, Ordering::Relaxed);
        TableLayout {
            kind: definition.kind(),
            primary_key: definition.primary_key().clone(),
            unique_keys: definition.parts().unique_keys.clone(),
            columns: definition.parts().columns.clone(),
            schema: Arc::new(schema),
            with_system_columns: OnceLock::new(),
            projections: AppendOnlyMap::default(),
            bytes: AtomicUsize::new(bytes),
            metrics: Arc::clone(&self.metrics),
        }
    }

    fn hash(&self, definition: &TableDefinition) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        definition.kind().hash(&mut hasher);
        definition.key_columns().hash(&mut hasher);
        for column in definition.columns() {
            (column.id, &column.name, &column.ty, column.nullable).hash(&mut hasher);
        }
        hasher.finish()
    }
}
