// SPDX-License-Identifier: Apache-2.0

//! [`Registries`]: the schema registries in the system tables, and their counters as rows of
//! `system.stats`.

use std::sync::{Arc, RwLock};

use futures::stream::{self, StreamExt};
use kalamtable_provider::{BoxError, RowStream, Rows, ScanRequest, TableSource};
use kalamtable_registry::{SchemaRegistry, Stats};

use super::locks;
use super::metrics::Metrics;
use super::plan_caches::PlanCaches;
use super::stats::Stat;

/// The registries in the system tables. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Registries(Arc<RwLock<Vec<SchemaRegistry>>>);

impl Registries {
    pub(super) fn add(&self, registry: &SchemaRegistry) {
        let mut registries = locks::write(&self.0);
        registries.push(registry.clone());
    }

    pub(super) fn all(&self) -> Vec<SchemaRegistry> {
        locks::read(&self.0).clone()
    }
}

/// The source of `system.stats`: the metrics of the server, and the sums of the counters of all
/// registries and of all caches of plans.
#[derive(Debug)]
pub(super) struct StatsSource {
    pub(super) metrics: Metrics,
    pub(super) registries: Registries,
    pub(super) plan_caches: PlanCaches,
}

impl TableSource for StatsSource {
    type Row = Stat;

    fn scan(&self, _request: &ScanRequest<Stat>) -> Result<Rows<Stat>, BoxError> {
        let mut rows = self.metrics.rows();
        rows.extend(self.plan_caches.rows());
        let registries = self.registries.all();
        if registries.is_empty() {
            return Ok(rows.into());
        }
        let of_registries = stream::once(registry_rows(registries));
        Ok(RowStream::new(stream::iter([Ok(rows)]).chain(of_registries)).into())
    }
}

async fn registry_rows(registries: Vec<SchemaRegistry>) -> Result<Vec<Stat>, BoxError> {
    let mut sums: Vec<(String, u64)> = Vec::new();
    for registry in &registries {
        let tables = registry.store().count().await? as u64;
        for (name, value) in [("tables".to_string(), tables)]
            .into_iter()
            .chain(counters(&registry.stats()))
        {
            match sums.iter_mut().find(|(other, _)| *other == name) {
                Some((_, sum)) => *sum += value,
                None => sums.push((name, value)),
            }
        }
    }
    let rows = sums.into_iter().map(|(name, value)| Stat {
        metric_name: format!("registry_{name}"),
        metric_value: value.to_string(),
    });
    Ok(rows.collect())
}

/// Returns the counters of a registry, without the prefix of their names in `system.stats`.
fn counters(stats: &Stats) -> impl Iterator<Item = (String, u64)> {
    let sum = |counts: &[(_, u64)]| counts.iter().map(|(_, count)| count).sum();
    let totals = [
        (
            "snapshots_resident",
            (stats.tables_resident + stats.versions_resident) as u64,
        ),
        ("names_resident", stats.names_resident as u64),
        ("resident_bytes", stats.bytes_resident as u64),
        ("shared_bytes", stats.bytes_shared as u64),
        ("pinned_bytes", stats.bytes_pinned as u64),
        ("fixed_bytes", stats.bytes_fixed as u64),
        ("hits", sum(&stats.hits)),
        ("misses", sum(&stats.misses)),
        ("loads", stats.loads),
        ("load_failures", stats.load_failures),
        ("evictions", stats.evictions),
        ("invalidations", stats.invalidations),
        ("epoch", stats.schema_changes),
        ("sequence", stats.sequence.0),
    ];
    let totals = totals.map(|(name, value)| (name.to_string(), value));
    let of = |counts: &[(kalamtable_registry::Artefact, u64)], what: &str| {
        let named = counts
            .iter()
            .map(|(artefact, count)| (format!("{}_{what}", artefact.name()), *count));
        named.collect::<Vec<_>>()
    };
    let (hits, misses) = (of(&stats.hits, "hits"), of(&stats.misses, "misses"));
    totals.into_iter().chain(hits).chain(misses)
}
