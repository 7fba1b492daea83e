// SPDX-License-Identifier: Apache-2.0

//! [`Fingerprint`]: whether two definitions say the same.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::definition::TableDefinition;

/// The SHA-256 of a definition's canonical text, in hexadecimal when displayed.
///
/// It does not depend on how the file was formatted, on its TOML comments or on the order of its
/// keys. The order of columns, and the comments that the definition itself holds, are part of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl TableDefinition {
    /// The fingerprint of [`to_toml`](TableDefinition::to_toml).
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(Sha256::digest(self.to_toml().as_bytes()).into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
