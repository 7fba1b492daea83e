// SPDX-License-Identifier: Apache-2.0

//! [`Names`]: which tables a registry has. DataFusion asks for them from where it cannot wait.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use kalamtable_model::TableKind;
use kalamtable_registry::SchemaRegistry;

use super::wait::wait;

/// The names of a registry's dynamic tables, listed anew when something was altered.
pub(super) struct Names {
    registry: SchemaRegistry,
    listed: Mutex<Option<Listed>>,
}

#[derive(Clone)]
struct Listed {
    /// The registry's count of alterations before the names were read.
    alterations: u64,
    names: Arc<ByNamespace>,
}

type ByNamespace = BTreeMap<String, BTreeSet<String>>;

impl Names {
    pub(super) fn new(registry: SchemaRegistry) -> Self {
        Names {
            registry,
            listed: Mutex::new(None),
        }
    }

    pub(super) fn namespaces(&self) -> Vec<String> {
        self.current().keys().cloned().collect()
    }

    pub(super) fn has_namespace(&self, namespace: &str) -> bool {
        // The names that were listed last say yes at once: an empty namespace does no harm.
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
        let is_there = self
            .registry
            .with_name((namespace, table), |_| ())
            .is_some();
        is_there
            || self
                .current()
                .get(namespace)
                .is_some_and(|tables| tables.contains(table))
    }

    fn listed(&self) -> Option<Listed> {
        let listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        listed.clone()
    }

    fn current(&self) -> Arc<ByNamespace> {
        let alterations = self.registry.schema_changes();
        let listed = self.listed();
        if let Some(listed) = &listed
            && listed.alterations == alterations
        {
            return Arc::clone(&listed.names);
        }
        let Ok(tables) = wait(Box::pin(self.registry.store().list())) else {
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
        *listed = Some(Listed {
            alterations,
            names: Arc::clone(&names),
        });
        names
    }
}
