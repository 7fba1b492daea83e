// SPDX-License-Identifier: Apache-2.0

//! [`NextId`]: ids that no column, nested field or dropped column has ever had.

use crate::definition::{MAX_ID, MIN_ID};

/// Hands out ids above every one it was shown, so that two hints of one run never clash.
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

    /// Notes an id in use or reserved. One that is no valid id is not in anyone's way.
    pub(crate) fn observe(&mut self, id: i128) {
        if id <= i128::from(MAX_ID) {
            self.next = self.next.max(id.saturating_add(1));
        }
    }

    /// Notes the ids of the nested fields of a type, which need not be well formed.
    pub(crate) fn observe_type(&mut self, ty: &str) {
        for (index, part) in ty.split('\'').enumerate() {
            // Odd parts are labels and zones.
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

    /// An id that is free, and not handed out again; none if the largest one is in use.
    pub(crate) fn fresh(&mut self) -> Option<i32> {
        let id = i32::try_from(self.next).ok().filter(|id| *id <= MAX_ID)?;
        self.next += 1;
        Some(id)
    }

    /// What a help line says about the next free id.
    pub(crate) fn help(&mut self) -> String {
        match self.fresh() {
            Some(id) => format!("the next free id is {id}"),
            None => format!("{MAX_ID} is in use: choose an id below it that was never used"),
        }
    }
}
