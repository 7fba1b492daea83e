// SPDX-License-Identifier: Apache-2.0

//! Snapshots of several tables, all of one moment.

use std::sync::Arc;

use kalamtable_store::{Sequence, TableId};

use crate::clocks::{Clock, Stamp};
use crate::error::Error;
use crate::name::NameRef;
use crate::registry::{SchemaRegistry, Shared};
use crate::slots::Known;
use crate::snapshot::TableSnapshot;
use crate::sync::yield_now;

#[derive(Clone, Copy)]
enum Wanted<'a> {
    Table(TableId),
    Name(NameRef<'a>),
}

impl SchemaRegistry {
    /// The present versions of several tables, in this order, all of one moment: at some time during the
    /// call these were the present ones together.
    ///
    /// No alteration waits for it. It is asked again if one came between; while alterations of these very
    /// tables follow each other faster than they can be looked up, it goes on.
    ///
    /// # Errors
    /// If one has to be read, and the store cannot be.
    pub async fn get_all(&self, ids: &[TableId]) -> Result<Vec<Known>, Error> {
        let wanted: Vec<Wanted<'_>> = ids.iter().copied().map(Wanted::Table).collect();
        self.shared.moment(&wanted).await
    }

    /// The present versions of the tables that have these names, as [`get_all`](Self::get_all).
    ///
    /// # Errors
    /// If one has to be read, and the store cannot be.
    pub async fn find_all(&self, names: &[NameRef<'_>]) -> Result<Vec<Known>, Error> {
        let wanted: Vec<Wanted<'_>> = names.iter().copied().map(Wanted::Name).collect();
        self.shared.moment(&wanted).await
    }
}

impl SchemaRegistry {
    /// One of several snapshots that was not the present version of its table any more when another of them
    /// became that of its own; none if there was a moment at which all of them were the present ones.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn find_inconsistent<'a>(
        &self,
        snapshots: &'a [Arc<TableSnapshot>],
    ) -> Result<Option<&'a Arc<TableSnapshot>>, Error> {
        // What was the present version when it was looked up, and still is, has been so ever since.
        if snapshots.iter().all(|snapshot| self.is_current(snapshot)) {
            return Ok(None);
        }
        let last = snapshots.iter().map(|snapshot| snapshot.sequence()).max();
        for snapshot in snapshots {
            let ended = self.end(snapshot).await?;
            if ended.is_some() && ended <= last {
                return Ok(Some(snapshot));
            }
        }
        Ok(None)
    }

    /// The change that a version was succeeded or dropped by.
    async fn end(&self, snapshot: &TableSnapshot) -> Result<Option<Sequence>, Error> {
        let (id, version) = (snapshot.id(), snapshot.version());
        let history = self.store().history(id).await?;
        if let Some(next) = history.iter().find(|stored| stored.version() > version) {
            return Ok(Some(next.sequence));
        }
        if self.store().get(id).await?.is_some() {
            return Ok(None);
        }
        let changes = self.store().changes_since(snapshot.sequence()).await?;
        let dropped = changes.iter().find(|change| change.table == id);
        Ok(dropped.map(|change| change.sequence))
    }
}

/// Something that was found, and when.
struct Found<'a> {
    wanted: Wanted<'a>,
    known: Known,
    clock: Clock,
    /// What its clock showed when it was the present version.
    stamp: Stamp,
}

impl Shared {
    async fn moment(&self, wanted: &[Wanted<'_>]) -> Result<Vec<Known>, Error> {
        loop {
            let mut found = Vec::with_capacity(wanted.len());
            for wanted in wanted {
                found.push(self.find_present(*wanted).await?);
            }
            // Each was the present version when it was found, and versions never come back: if each still is,
            // all were when the last was found.
            let mut is_moment = true;
            for found in &found {
                is_moment &= self.is_still_present(found).await?;
            }
            if is_moment {
                return Ok(found.into_iter().map(|found| found.known).collect());
            }
            yield_now();
        }
    }

    async fn find_present<'a>(&self, wanted: Wanted<'a>) -> Result<Found<'a>, Error> {
        let clock = match wanted {
            Wanted::Table(id) => self.slots.table_clock(id),
            Wanted::Name(name) => self.slots.name_clock(self.slots.hashed(name)),
        };
        loop {
            let known = match wanted {
                Wanted::Table(id) => self.get(id).await?,
                Wanted::Name(name) => self.find(name).await?,
            };
            let stamp = self.slots.read_clock(clock);
            if stamp.is_settled() && self.is_present(wanted, &known).await? {
                return Ok(Found {
                    wanted,
                    known,
                    clock,
                    stamp,
                });
            }
            // Whoever is publishing may need this processor to get on.
            yield_now();
        }
    }

    async fn is_still_present(&self, found: &Found<'_>) -> Result<bool, Error> {
        let stamp = self.slots.read_clock(found.clock);
        // What is absent may have been there in between, and that was an alteration.
        if found.known.is_none() && (!stamp.is_settled() || stamp.epoch() != found.stamp.epoch()) {
            return Ok(false);
        }
        self.is_present(found.wanted, &found.known).await
    }

    async fn is_present(&self, wanted: Wanted<'_>, known: &Known) -> Result<bool, Error> {
        let id_and_version = |known: &Known| {
            let snapshot = known.as_ref()?;
            Some((snapshot.id(), snapshot.version()))
        };
        let published = match wanted {
            Wanted::Table(id) => self.slots.with_table(id, |slot| slot.map(id_and_version)),
            Wanted::Name(name) => {
                let name = self.slots.hashed(name);
                self.slots.with_name(name, |slot| slot.map(id_and_version))
            }
        };
        if let Some(published) = published {
            return Ok(published == id_and_version(known));
        }
        // Evicted already: the store knows.
        let id = match wanted {
            Wanted::Table(id) => Some(id),
            Wanted::Name(name) => self.store.find(&name.to_name()).await?,
        };
        let stored = match id {
            Some(id) => self.store.get(id).await?,
            None => None,
        };
        Ok(stored.map(|stored| (stored.id, stored.version())) == id_and_version(known))
    }
}
