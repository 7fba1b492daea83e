// SPDX-License-Identifier: Apache-2.0

//! The rules for definitions, for their evolution and for the lock. The ids of rules never change.

mod any;
mod declaration;
mod definition;
mod evolution;
mod fixture;
mod lock;
mod severity;

pub use self::any::AnyRule;
pub use self::definition::Rule;
pub use self::evolution::EvolutionRule;
pub use self::fixture::Fixture;
pub use self::lock::LockRule;
pub use self::severity::Severity;
