// SPDX-License-Identifier: Apache-2.0

//! [`Metrics`]: named counters and gauges, as the rows of `system.stats`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::stats::Stat;

/// Named counters and gauges. A clone shows the same ones.
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
    /// The counter of that name; made at zero if there is none, or if the name was a gauge's.
    pub fn counter(&self, name: impl Into<String>) -> Counter {
        let name = name.into();
        let mut metrics = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match metrics.get(&name) {
            Some(Metric::Counter(counter)) => counter.clone(),
            _ => {
                let counter = Counter::default();
                metrics.insert(name, Metric::Counter(counter.clone()));
                counter
            }
        }
    }

    /// Sets the gauge of that name: `read` is called whenever `system.stats` is read, and must not
    /// use these metrics itself.
    pub fn gauge(&self, name: impl Into<String>, read: impl Fn() -> i64 + Send + Sync + 'static) {
        let mut metrics = self.0.write().unwrap_or_else(PoisonError::into_inner);
        metrics.insert(name.into(), Metric::Gauge(Box::new(read)));
    }

    /// The present value of one metric, as `system.stats` shows it.
    pub fn get(&self, name: &str) -> Option<String> {
        let metrics = self.0.read().unwrap_or_else(PoisonError::into_inner);
        metrics.get(name).map(Metric::value)
    }

    pub(super) fn rows(&self) -> Vec<Stat> {
        let metrics = self.0.read().unwrap_or_else(PoisonError::into_inner);
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

/// A count that only grows. A clone counts the same.
#[derive(Clone, Debug, Default)]
pub struct Counter(Arc<AtomicU64>);

impl Counter {
    /// Counts `amount` more.
    pub fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    /// The present count.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
