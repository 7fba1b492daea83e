//! [`Texts`]: one allocation for all equal texts: namespaces and names of row types, of which there are few.

use std::collections::HashSet;
use std::mem::size_of;
use std::sync::atomic::Ordering;
// Not one of `sync.rs`: nothing that a model checker looks at happens while it is held.
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
        let mut interned = self.interned.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = interned.texts.get(text) {
            return Shared::Counted(Arc::clone(found));
        }
        if interned.texts.len() >= interned.sweep_at {
            let before: usize = interned.texts.iter().map(|text| bytes(text)).sum();
            interned.texts.retain(|text| Arc::strong_count(text) > 1);
            let after: usize = interned.texts.iter().map(|text| bytes(text)).sum();
            self.ledger
                .shared
                .fetch_sub(before - after, Ordering::Relaxed);
            interned.sweep_at = (2 * interned.texts.len()).max(64);
        }
        self.ledger.shared.fetch_add(bytes(text), Ordering::Relaxed);
        interned.texts.insert(Arc::clone(text));
        Shared::Counted(Arc::clone(text))
    }
}

/// What a text takes, with its place in the set.
fn bytes(text: &str) -> usize {
    weigh::allocation(weigh::ARC_BYTES + text.len()) + 2 * size_of::<Arc<str>>()
}
