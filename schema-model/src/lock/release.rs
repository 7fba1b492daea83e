// SPDX-License-Identifier: Apache-2.0

//! [`ReleaseContext`]: the date and the release for which a lock is checked.

use semver::Version;

use super::header::Expiry;
use crate::canonical::{date_text, quoted};

/// The number of days after which a suggested entry expires.
const SUGGESTED_DAYS: i64 = 90;

/// The date and the release of the project, by which acknowledgments expire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseContext {
    /// The current date, as the number of days since 1970-01-01.
    pub today: i64,
    /// The release that is prepared, if it is known.
    release: Option<Version>,
}

impl ReleaseContext {
    /// Creates a context without a release. `today` is a number of days since 1970-01-01.
    pub fn new(today: i64) -> Self {
        ReleaseContext {
            today,
            release: None,
        }
    }

    /// Sets the release that is prepared, such as `2.6.0`.
    ///
    /// # Errors
    /// Fails if the text is not a version of Semantic Versioning.
    pub fn with_release(mut self, release: &str) -> Result<Self, ReleaseError> {
        let version = Version::parse(release).map_err(|source| ReleaseError {
            release: release.to_string(),
            source,
        })?;
        self.release = Some(version);
        Ok(self)
    }

    /// Returns whether an acknowledgment with this expiry is valid, or `None` if the release has to
    /// be known.
    pub(super) fn is_valid(&self, expiry: &Expiry) -> Option<bool> {
        match expiry {
            Expiry::Day(day) => Some(self.today <= *day),
            Expiry::Release(last) => self.release.as_ref().map(|release| release <= last),
        }
    }

    /// Returns the value of `expires` that help suggests: the release that is prepared, or a date
    /// 90 days from the current one if the release is not known.
    pub(super) fn suggested_expiry(&self) -> String {
        match &self.release {
            Some(release) => quoted(&release.to_string()),
            None => date_text(self.today.saturating_add(SUGGESTED_DAYS)),
        }
    }

    /// Returns the release that is prepared, or `None` if it is not known.
    pub fn release(&self) -> Option<String> {
        self.release.as_ref().map(Version::to_string)
    }
}

/// The reason why a text is not a release.
#[derive(Debug, thiserror::Error)]
#[error("`{release}` is not a release such as `2.6.0`: {source}")]
pub struct ReleaseError {
    release: String,
    source: semver::Error,
}
