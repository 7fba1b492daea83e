// SPDX-License-Identifier: Apache-2.0

//! [`NextId`]: ids that no column, nested field or dropped column uses.

use crate::definition::{MAX_ID, MIN_ID};

/// Allocates ids above all observed ids, so that the suggestions of one run never conflict.
#[derive(Clone, Debug)]
pub(crate) struct NextId {
    next: i128,
}

impl NextId {
    pub(crate) fn new() -> Self {
        NextId {
            next: i128::from(MIN_ID),
        }
    }

    /// Marks an id as used. Ids above the maximum are ignored.
    pub(crate) fn observe(&mut self, id: i128) {
        if id <= i128::from(MAX_ID) {
            self.next = self.next.max(id.saturating_add(1));
        }
    }

    /// Marks the ids in the text of a type as used, even if the text is invalid.
    pub(crate) fn observe_type(&mut self, ty: &str) {
        for (index, part) in ty.split('\'').enumerate() {
            // Odd parts are in quotes: labels and zones.
            if index % 2 == 1 {
                continue;
            }
            for after in part.split('#').skip(1) {
                let end = after
                    .find(|c: char| !c.is_ascii_digit())
                    .unwrap_or(after.len());
                if let Some(Ok(id)) = after.get(..end).map(str::parse) {
                    self.observe(id);
                }
            }
        }
    }

    /// Allocates an id, or returns `None` if the maximum id is in use.
    pub(crate) fn fresh(&mut self) -> Option<i32> {
        let id = i32::try_from(self.next).ok().filter(|id| *id <= MAX_ID)?;
        self.next += 1;
        Some(id)
    }

    /// Allocates an id and returns help that suggests it.
    pub(crate) fn help(&mut self) -> String {
        match self.fresh() {
            Some(id) => format!("the next free id is {id}"),
            None => format!("{MAX_ID} is in use: choose a lower id that was never used"),
        }
    }
}
