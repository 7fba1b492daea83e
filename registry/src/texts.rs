// SPDX-License-Identifier: Apache-2.0

//! [`Texts`]: one allocation for all equal texts: namespaces and names of row types, of which there are few.

use std::collections::HashSet;
use std::mem::size_of;
use std::sync::atomic::Ordering;
// Not a mutex of `sync.rs`: nothing that a model checker looks at happens while it is held.
use std::sync::{Arc, Mutex, PoisonError};

use kalamtable_model::Shared;

use crate::ledger::Ledger;
use crate::weigh;

pub(crate) struct Texts {
    interned: Mutex<Interned>,
    ledger: Arc<Ledger>,
}

struct Interned {
    texts: HashSet<Arc<str>>,
    /// How many there may be before those are forgotten that nobody else has.
    sweep_at: usize,
}

impl Texts {
    pub(crate) fn new(ledger: Arc<Ledger>) -> Self {
        Texts {
            interned: Mutex::new(Interned {
                texts: HashSet::new(),
                sweep_at: 64,
            }),
            ledger,
        }
    }

    /// The same text, in the allocation of the first that was equal.
    pub(crate) fn intern(&self, text: &Shared<str>) -> Shared<str> {
        let Shared::Counted(text) = text else {
            return text.clone();
        };
        let (interned, added, swept) = self.intern_counted(text);
        // Without the lock, so that the comment above is true.
        if added > 0 {
            self.ledger.shared.fetch_add(added, Ordering::Relaxed);
        }
        if swept > 0 {
            self.ledger.shared.fetch_sub(swept, Ordering::Relaxed);
        }
        Shared::Counted(interned)
    }

    /// The text, and how many bytes more and fewer there are for it.
    fn intern_counted(&self, text: &Arc<str>) -> (Arc<str>, usize, usize) {
        let mut interned = self.interned.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = interned.texts.get(text) {
            return (Arc::clone(found), 0, 0);
        }
        let mut swept = 0;
        if interned.texts.len() >= interned.sweep_at {
            interned.texts.retain(|text| {
                let is_used = Arc::strong_count(text) > 1;
                swept += if is_used { 0 } else { bytes(text) };
                is_used
            });
            interned.sweep_at = (2 * interned.texts.len()).max(64);
        }
        interned.texts.insert(Arc::clone(text));
        (Arc::clone(text), bytes(text), swept)
    }
}

/// What a text takes, with its place in the set.
fn bytes(text: &str) -> usize {
    weigh::allocation(weigh::ARC_BYTES + text.len()) + 2 * size_of::<Arc<str>>()
}
