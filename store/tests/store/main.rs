// SPDX-License-Identifier: Apache-2.0

//! Tests of the public interface: behaviour, comparison with a reference store, chosen schedules,
//! races, killed processes and damaged objects.

mod behaviour;
mod damage;
mod kill;
mod race;
mod schedules;
mod scripted;
mod tables;
mod twin;
