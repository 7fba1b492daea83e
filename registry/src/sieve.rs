// SPDX-License-Identifier: Apache-2.0

//! [`Sieve`]: what is resident, what it weighs, and what goes first when that is too much.
//!
//! Entries stand in the order in which they came. A hand goes from the oldest to the newest: an entry that
//! was visited since it passed last is left alone, another one goes. Yazhuo Zhang et al., "SIEVE is
//! Simpler than LRU", NSDI 2024.

use std::sync::Arc;

use kalamtable_model::TableName;
use kalamtable_store::TableId;

use crate::snapshot::TableSnapshot;

/// An entry's place: a number and, so that it is not taken for that of an entry that came later, how many
/// entries have been there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Node(pub(crate) u64);

impl Node {
    pub(crate) const NONE: Node = Node(u64::MAX);

    fn new(index: u32, generation: u32) -> Self {
        Node(u64::from(generation) << 32 | u64::from(index))
    }

    fn index(self) -> usize {
        self.0 as u32 as usize
    }

    fn generation(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

/// What an entry is of.
#[derive(Clone, Debug)]
pub(crate) enum Resident {
    /// The present version of a table, and its name.
    Table(Arc<TableSnapshot>),
    /// Another version of a table.
    Version(Arc<TableSnapshot>),
    /// That there is no such table.
    NoTable(TableId),
    /// That there is no table of that name.
    NoName(Box<TableName>),
}

impl Resident {
    /// Whether it was visited since it was asked last. What is known to be absent never counts as visited:
    /// to learn it again costs little.
    fn take_visit(&self) -> bool {
        match self {
            Resident::Table(snapshot) | Resident::Version(snapshot) => snapshot.take_visit(),
            Resident::NoTable(_) | Resident::NoName(_) => false,
        }
    }
}

#[derive(Debug)]
struct Entry {
    generation: u32,
    /// The entries that came before and after it, or itself at an end.
    older: u32,
    newer: u32,
    bytes: usize,
    /// None if the place is free; `newer` is then the next free one.
    resident: Option<Resident>,
}

const NOWHERE: u32 = u32::MAX;

/// One place in so many is kept free for entries to come: twice as many places as entries would be much of
/// what is charged for a small table.
const SPARE: usize = 8;

#[derive(Debug)]
pub(crate) struct Sieve {
    entries: Vec<Entry>,
    free: u32,
    oldest: u32,
    newest: u32,
    /// What is looked at next when something has to go.
    hand: u32,
    len: usize,
    bytes: usize,
}

impl Sieve {
    pub(crate) fn new() -> Self {
        Sieve {
            entries: Vec::new(),
            free: NOWHERE,
            oldest: NOWHERE,
            newest: NOWHERE,
            hand: NOWHERE,
            len: 0,
            bytes: 0,
        }
    }

    /// What an entry takes in here, with its part of the places that are kept for others.
    pub(crate) const ENTRY_BYTES: usize = size_of::<Entry>() + size_of::<Entry>() / SPARE;

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The part of the bytes that is in snapshots. Goes through all entries.
    pub(crate) fn snapshot_bytes(&self) -> usize {
        let residents = self
            .entries
            .iter()
            .filter_map(|entry| entry.resident.as_ref());
        residents
            .map(|resident| match resident {
                Resident::Table(snapshot) | Resident::Version(snapshot) => snapshot.bytes(),
                Resident::NoTable(_) | Resident::NoName(_) => 0,
            })
            .sum()
    }

    /// Adds the newest entry.
    pub(crate) fn insert(&mut self, resident: Resident, bytes: usize) -> Node {
        let index = match self.free {
            NOWHERE => {
                let index = match u32::try_from(self.entries.len()) {
                    Ok(index) if index != NOWHERE => index,
                    // Four billion entries: two hundred gigabytes before any of their contents.
                    _ => return Node::NONE,
                };
                if self.entries.len() == self.entries.capacity() {
                    let spare = (self.entries.len() / SPARE).max(64);
                    self.entries.reserve_exact(spare);
                }
                self.entries.push(Entry {
                    generation: 0,
                    older: NOWHERE,
                    newer: NOWHERE,
                    bytes: 0,
                    resident: None,
                });
                index
            }
            free => {
                self.free = self.entries[free as usize].newer;
                free
            }
        };
        let older = self.newest;
        let entry = &mut self.entries[index as usize];
        (entry.older, entry.newer) = (older, NOWHERE);
        (entry.bytes, entry.resident) = (bytes, Some(resident));
        let node = Node::new(index, entry.generation);
        match older {
            NOWHERE => self.oldest = index,
            older => self.entries[older as usize].newer = index,
        }
        self.newest = index;
        self.len += 1;
        self.bytes += bytes;
        node
    }

    /// Puts something else in an entry's place, or makes it the newest if the entry is gone. What was there
    /// is returned, and its node is that of no entry any more.
    pub(crate) fn replace(
        &mut self,
        node: Node,
        resident: Resident,
        bytes: usize,
    ) -> (Node, Option<Resident>) {
        let Some(entry) = self.entry(node) else {
            return (self.insert(resident, bytes), None);
        };
        let before = std::mem::replace(&mut entry.bytes, bytes);
        let gone = entry.resident.replace(resident);
        entry.generation = entry.generation.wrapping_add(1);
        let node = Node::new(node.index() as u32, entry.generation);
        self.bytes = self.bytes - before + bytes;
        (node, gone)
    }

    /// Weighs an entry anew, if it is there.
    pub(crate) fn weigh(&mut self, node: Node, weigh: impl FnOnce(&Resident) -> usize) {
        if let Some(entry) = self.entry(node)
            && let Some(resident) = &entry.resident
        {
            let bytes = weigh(resident);
            let before = std::mem::replace(&mut entry.bytes, bytes);
            self.bytes = self.bytes - before + bytes;
        }
    }

    /// Takes an entry out, if it is there.
    pub(crate) fn remove(&mut self, node: Node) -> Option<Resident> {
        self.entry(node)?;
        self.unlink(node.index() as u32)
    }

    /// Takes out what has to go first, with its place and what it weighed.
    pub(crate) fn evict(&mut self) -> Option<(Node, Resident, usize)> {
        // Twice round: the first time all may have been visited.
        for _ in 0..=2 * self.len {
            let index = match self.hand {
                NOWHERE => self.oldest,
                hand => hand,
            };
            let entry = self.entries.get(index as usize)?;
            if entry.resident.as_ref().is_some_and(Resident::take_visit) {
                self.hand = entry.newer;
                continue;
            }
            let (node, bytes) = (Node::new(index, entry.generation), entry.bytes);
            return Some((node, self.unlink(index)?, bytes));
        }
        None
    }

    /// Takes everything out.
    pub(crate) fn clear(&mut self) -> Vec<Resident> {
        let mut gone = Vec::with_capacity(self.len);
        while self.oldest != NOWHERE {
            gone.extend(self.unlink(self.oldest));
        }
        gone
    }

    fn entry(&mut self, node: Node) -> Option<&mut Entry> {
        let entry = self.entries.get_mut(node.index())?;
        (entry.generation == node.generation() && entry.resident.is_some()).then_some(entry)
    }

    fn unlink(&mut self, index: u32) -> Option<Resident> {
        let free = self.free;
        let entry = self.entries.get_mut(index as usize)?;
        let (older, newer) = (entry.older, entry.newer);
        let resident = entry.resident.take();
        let bytes = std::mem::take(&mut entry.bytes);
        entry.newer = free;
        entry.generation = entry.generation.wrapping_add(1);
        self.free = index;
        match older {
            NOWHERE => self.oldest = newer,
            older => self.entries[older as usize].newer = newer,
        }
        match newer {
            NOWHERE => self.newest = older,
            newer => self.entries[newer as usize].older = older,
        }
        if self.hand == index {
            self.hand = newer;
        }
        self.len -= 1;
        self.bytes -= bytes;
        resident
    }
}
