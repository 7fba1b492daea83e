// SPDX-License-Identifier: Apache-2.0

//! [`KalamTableOptions`]: the options of this library in a session.

use datafusion::common::config::{ConfigExtension, ConfigOptions};
use datafusion::common::extensions_options;

extensions_options! {
    /// The options of this library in a session, which SQL changes with `SET kalamtable.<option>`.
    ///
    /// [`enable_dml`](crate::enable_dml) adds them to a session. A server sets them itself with
    /// `SessionConfig::with_option_extension`.
    pub struct KalamTableOptions {
        /// Whether `INSERT` and `UPDATE` round a value that its column cannot hold, such as 2.7 in
        /// a column of type `int`. By default they reject it.
        pub allow_lossy_casts: bool, default = false
    }
}

impl ConfigExtension for KalamTableOptions {
    const PREFIX: &'static str = "kalamtable";
}

/// Returns whether statements of the session round values.
pub(crate) fn allows_lossy_casts(options: &ConfigOptions) -> bool {
    let own = options.extensions.get::<KalamTableOptions>();
    own.is_some_and(|own| own.allow_lossy_casts)
}
