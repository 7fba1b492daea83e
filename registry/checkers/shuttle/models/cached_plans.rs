// SPDX-License-Identifier: Apache-2.0

//! The protocol of a cache of plans: a plan holds the snapshots of its tables, and runs only if
//! they are current. The crate `plans` follows it; here, a plan is one snapshot.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use kalamtable_model::TableDefinition;
use shuttle::rand::{Rng, thread_rng};
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::sync::Mutex;

use super::tables::table;
use super::unreliable_store::UnreliableStore;
use crate::options::RegistryOptions;
use crate::registry::SchemaRegistry;
use crate::snapshot::TableSnapshot;
use crate::sync::block_on;

/// The time at which a plan is compared with the registry.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Validation {
    /// Each time before it runs.
    Hit,
    /// Only before it is cached, as a faulty twin does: a schema change may complete afterwards.
    Fill,
}

struct PlanWorld {
    registry: SchemaRegistry,
    plan: Mutex<Option<Arc<TableSnapshot>>>,
    validation: Validation,
    /// The version after the last complete schema change. An atomic of the standard library:
    /// reading it is not a step of the model.
    complete: AtomicU32,
}

impl PlanWorld {
    /// Runs the statement, and returns the version that it reads.
    fn run(&self) -> u32 {
        let cached = self.plan.lock().unwrap().clone();
        if let Some(plan) = cached
            && (self.validation == Validation::Fill || self.registry.is_current(&plan))
        {
            return plan.version();
        }
        let found = block_on(self.registry.find(("app", "a")));
        let plan = found.unwrap().expect("the table exists");
        if self.validation == Validation::Hit || self.registry.is_current(&plan) {
            *self.plan.lock().unwrap() = Some(Arc::clone(&plan));
        }
        plan.version()
    }

    fn alter(&self) {
        let current = block_on(self.registry.find(("app", "a")));
        let current = current.unwrap().expect("the table exists");
        let mut parts = table("a", 1).parts().clone();
        parts.comment = Some(current.version().to_string().into());
        let next = TableDefinition::from_checked(parts);
        let altered = block_on(self.registry.alter(&current, next));
        let altered = altered.expect("no other thread alters the table");
        self.complete.fetch_max(altered.version(), Ordering::SeqCst);
    }
}

fn check_with(validation: Validation, scheduler: impl Scheduler + 'static) {
    let mut config = shuttle::Config::default();
    config.stack_size = 0x40000;
    config.silence_warnings = true;
    let runner = shuttle::Runner::new(scheduler, config);
    runner.run(move || {
        let options = RegistryOptions {
            budget_bytes: [0, 1 << 20][thread_rng().gen_range(0..2)],
            clocks: 1,
            shadow: false,
        };
        let store = Arc::new(UnreliableStore::reliable());
        let registry = block_on(SchemaRegistry::open(store, options)).unwrap();
        block_on(registry.create(table("a", 1))).unwrap();
        let world = Arc::new(PlanWorld {
            registry,
            plan: Mutex::new(None),
            validation,
            complete: AtomicU32::new(1),
        });
        let runners = (0..2).map(|_| {
            let world = Arc::clone(&world);
            shuttle::thread::spawn(move || {
                // A schema change has many more steps than a cache hit.
                for _ in 0..40 {
                    shuttle::thread::yield_now();
                    let least = world.complete.load(Ordering::SeqCst);
                    let version = world.run();
                    assert!(
                        version >= least,
                        "stale plan: version {version}, complete {least}"
                    );
                }
            })
        });
        let changer = {
            let world = Arc::clone(&world);
            shuttle::thread::spawn(move || {
                for _ in 0..3 {
                    world.alter();
                    shuttle::thread::yield_now();
                }
            })
        };
        let threads: Vec<_> = runners.chain([changer]).collect();
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

#[test]
fn plans_include_earlier_schema_changes() {
    for depth in [2, 3, 5] {
        check_with(
            Validation::Hit,
            PctScheduler::new_from_seed(3, depth, 2_000),
        );
    }
    check_with(Validation::Hit, RandomScheduler::new_from_seed(3, 4_000));
}

#[test]
#[should_panic(expected = "stale plan")]
fn twin_validates_plans_when_they_are_cached() {
    check_with(Validation::Fill, RandomScheduler::new_from_seed(3, 1_000));
}
