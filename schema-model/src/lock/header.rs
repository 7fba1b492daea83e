// SPDX-License-Identifier: Apache-2.0

//! [`LockHeader`]: the settings of a lock, which are edited by hand.

use crate::verdict::{Direction, Level};

/// The settings of a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LockHeader {
    /// The levels at which changes are reported, in the order of [`Level::ALL`].
    pub levels: Vec<Level>,
    /// The versions that must be able to read each other's data.
    pub direction: Direction,
}
