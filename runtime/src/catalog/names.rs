// SPDX-License-Identifier: Apache-2.0

//! [`RegisteredNames`]: the names of the tables in a registry, for the catalog methods that are not
//! async.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use kalamtable_model::TableKind;
use kalamtable_registry::SchemaRegistry;

use super::block_on::block_on;

/// The names of the dynamic tables of a registry. The list is read again after each schema change.
pub(super) struct RegisteredNames {
    registry: SchemaRegistry,
    listed: Mutex<Option<ListedNames>>,
}

#[derive(Clone)]
struct ListedNames {
    /// The number of schema changes in the registry before the names were read.
    schema_changes: u64,
    names: Arc<ByNamespace>,
}

type ByNamespace = BTreeMap<String, BTreeSet<String>>;

impl RegisteredNames {
    pub(super) fn new(registry: SchemaRegistry) -> Self {
        RegisteredNames {
            registry,
            listed: Mutex::new(None),
        }
    }

    pub(super) fn namespaces(&self) -> Vec<String> {
        self.current().keys().cloned().collect()
    }

    pub(super) fn has_namespace(&self, namespace: &str) -> bool {
        // The cached names are checked first. If they are outdated, the namespace may be empty,
        // which is harmless.
        let listed = self.listed().map(|listed| listed.names);
        listed.is_some_and(|names| names.contains_key(namespace))
            || self.current().contains_key(namespace)
    }

    pub(super) fn tables(&self, namespace: &str) -> Vec<String> {
        let names = self.current();
        let tables = names.get(namespace).into_iter().flatten();
        tables.cloned().collect()
    }

    pub(super) fn has_table(&self, namespace: &str, table: &str) -> bool {
        let is_cached = self
            .registry
            .with_name((namespace, table), |_| ())
            .is_some();
        is_cached
            || self
                .current()
                .get(namespace)
                .is_some_and(|tables| tables.contains(table))
    }

    fn listed(&self) -> Option<ListedNames> {
        let listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        listed.clone()
    }

    fn current(&self) -> Arc<ByNamespace> {
        let schema_changes = self.registry.schema_changes();
        let listed = self.listed();
        if let Some(listed) = &listed
            && listed.schema_changes == schema_changes
        {
            return Arc::clone(&listed.names);
        }
        let Ok(tables) = block_on(Box::pin(self.registry.store().list())) else {
            return listed.map(|listed| listed.names).unwrap_or_default();
        };
        let mut names = ByNamespace::new();
        for table in tables {
            let kind = table.definition.kind();
            if matches!(
                kind,
                TableKind::User | TableKind::Shared | TableKind::Stream
            ) {
                let name = table.definition.name();
                let tables = names.entry(name.namespace.to_string()).or_default();
                tables.insert(name.table.to_string());
            }
        }
        let names = Arc::new(names);
        let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        *listed = Some(ListedNames {
            schema_changes,
            names: Arc::clone(&names),
        });
        names
    }
}
