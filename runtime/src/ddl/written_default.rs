// SPDX-License-Identifier: Apache-2.0

//! [`WrittenDefault`]: a default as a statement writes it.

use kalamtable_model::RawValue;

/// A default as a statement writes it.
#[derive(Clone, Debug)]
pub(super) struct WrittenDefault {
    pub(super) value: RawValue,
    /// The expression, for messages.
    pub(super) text: String,
}
