// SPDX-License-Identifier: Apache-2.0

//! [`Fingerprint`]: a hash that is equal for equal definitions.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::definition::TableDefinition;

/// The SHA-256 hash of the canonical text of a definition. `Display` writes it in hexadecimal.
///
/// It does not depend on the formatting of the file, its TOML comments or the order of its keys. It
/// does depend on the order of the columns and on the `comment` values of the definition. It does
/// not depend on the names of Rust variants, `variants`, and on earlier names, `renamed_from`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Returns the 32 bytes of the hash.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl TableDefinition {
    /// Returns the hash of [`to_toml`](TableDefinition::to_toml).
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
