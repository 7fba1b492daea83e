// SPDX-License-Identifier: Apache-2.0

//! [`StringInterner`]: one allocation for all equal strings. It is used for namespaces and for the
//! names of row types, of which a server has few.

use std::collections::HashSet;
use std::mem::size_of;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use kalamtable_model::Shared;

use crate::heap_size;
use crate::metrics::RegistryMetrics;
use crate::sync::bookkeeping::{Mutex, lock};

pub(crate) struct StringInterner {
    strings: Mutex<InternedStrings>,
    metrics: Arc<RegistryMetrics>,
}

struct InternedStrings {
    strings: HashSet<Arc<str>>,
    /// The number of strings at which unused ones are removed.
    sweep_at: usize,
}

impl StringInterner {
    pub(crate) fn new(metrics: Arc<RegistryMetrics>) -> Self {
        StringInterner {
            strings: Mutex::new(InternedStrings {
                strings: HashSet::new(),
                sweep_at: 64,
            }),
            metrics,
        }
    }

    /// Returns the same string, in the allocation of the first equal one. Static strings are
    /// returned unchanged.
    pub(crate) fn intern(&self, text: &Shared<str>) -> Shared<str> {
        match text {
            Shared::Counted(text) => Shared::Counted(self.intern_counted(text)),
            Shared::Static(_) => text.clone(),
        }
    }

    fn intern_counted(&self, text: &Arc<str>) -> Arc<str> {
        let shared_bytes = &self.metrics.shared_bytes;
        let mut interned = lock(&self.strings);
        if let Some(found) = interned.strings.get(text) {
            return Arc::clone(found);
        }
        if interned.strings.len() >= interned.sweep_at {
            interned.strings.retain(|text| {
                let is_used = Arc::strong_count(text) > 1;
                if !is_used {
                    shared_bytes.fetch_sub(bytes(text), Ordering::Relaxed);
                }
                is_used
            });
            interned.sweep_at = (2 * interned.strings.len()).max(64);
        }
        interned.strings.insert(Arc::clone(text));
        shared_bytes.fetch_add(bytes(text), Ordering::Relaxed);
        Arc::clone(text)
    }
}

/// The bytes of a string and of its entry in the set.
fn bytes(text: &str) -> usize {
    heap_size::allocation(heap_size::ARC_BYTES + text.len()) + 2 * size_of::<Arc<str>>()
}
