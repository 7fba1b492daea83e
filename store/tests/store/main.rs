// SPDX-License-Identifier: Apache-2.0

//! The stores, from outside: behaviour, a twin, schedules, races, kills and damage.

mod behaviour;
mod damage;
mod kill;
mod race;
mod schedules;
mod scripted;
mod tables;
mod twin;
