// SPDX-License-Identifier: Apache-2.0

//! [`Metrics`]: named counters and gauges, as the rows of `system.stats`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

use super::locks;
use super::stats::Stat;

/// Named counters and gauges. Clones share them.
///
/// ```
/// use kalamtable::system::Metrics;
///
/// let metrics = Metrics::default();
/// let flushes = metrics.counter("flushes");
/// flushes.add(2);
/// assert_eq!(metrics.get("flushes"), Some("2".to_string()));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Metrics(Arc<RwLock<BTreeMap<String, Metric>>>);

enum Metric {
    Counter(Counter),
    Gauge(Box<dyn Fn() -> i64 + Send + Sync>),
}

impl Metrics {
    /// Returns the counter with this name. If the name is unused or belongs to a gauge, a counter
    /// that starts at zero takes the name.
    pub fn counter(&self, name: impl Into<String>) -> Counter {
        let name = name.into();
        let mut metrics = locks::write(&self.0);
        match metrics.get(&name) {
            Some(Metric::Counter(counter)) => counter.clone(),
            _ => {
                let counter = Counter::default();
                metrics.insert(name, Metric::Counter(counter.clone()));
                counter
            }
        }
    }

    /// Sets the gauge with this name. Each scan of `system.stats` calls `read`, which must not use
    /// these metrics: a lock is held.
    pub fn gauge(&self, name: impl Into<String>, read: impl Fn() -> i64 + Send + Sync + 'static) {
        let mut metrics = locks::write(&self.0);
        metrics.insert(name.into(), Metric::Gauge(Box::new(read)));
    }

    /// Returns the current value of a metric as in `system.stats`, or `None` if it does not exist.
    pub fn get(&self, name: &str) -> Option<String> {
        let metrics = locks::read(&self.0);
        metrics.get(name).map(Metric::value)
    }

    pub(super) fn rows(&self) -> Vec<Stat> {
        let metrics = locks::read(&self.0);
        metrics
            .iter()
            .map(|(name, metric)| Stat {
                metric_name: name.clone(),
                metric_value: metric.value(),
            })
            .collect()
    }
}

impl Metric {
    fn value(&self) -> String {
        match self {
            Metric::Counter(counter) => counter.get().to_string(),
            Metric::Gauge(read) => read().to_string(),
        }
    }
}

impl fmt::Debug for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Metric::Counter(counter) => counter.fmt(f),
            Metric::Gauge(_) => f.write_str("Gauge"),
        }
    }
}

/// A count that only increases. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Counter(Arc<AtomicU64>);

impl Counter {
    /// Adds `amount`.
    pub fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    /// Returns the current count.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
