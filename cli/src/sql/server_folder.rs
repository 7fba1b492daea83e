// SPDX-License-Identifier: Apache-2.0

//! [`open_server`]: the tables of a server, from its folder, for inspection.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::prelude::SessionConfig;
use kalamtable::registry::{RegistryOptions, SchemaRegistry};
use kalamtable::storage::HybridStorage;
use kalamtable::store::{LogOptions, ObjectStoreLog};
use kalamtable::{Actor, DynamicTables, Role, UserId};

/// The folder of a server, and the user whose rows of user tables are shown.
#[derive(Clone, Debug)]
pub(crate) struct ServerFolder {
    pub(crate) path: PathBuf,
    pub(crate) user: Option<String>,
}

/// The user of a session without `--user`. The name is not one of a person, so that user tables are
/// empty.
const NO_USER: &str = "kalamtable sql";

impl ServerFolder {
    /// Returns the configuration of a session that reads the tables.
    pub(crate) fn session_config(&self) -> SessionConfig {
        let config = SessionConfig::new();
        match UserId::new(self.user.as_deref().unwrap_or(NO_USER)) {
            Some(user) => config.with_extension(Arc::new(Actor::new(user, Role::System))),
            None => config,
        }
    }
}

/// Opens the tables of a server. The server may be running; later changes of it are not visible.
/// Statements that write fail.
///
/// # Errors
/// Fails with a message if a file or folder is missing, damaged or cannot be read.
pub(crate) async fn open_server(folder: &Path) -> Result<DynamicTables, String> {
    let (definitions, rows) = (folder.join("definitions"), folder.join("rows"));
    for part in [&definitions, &rows] {
        if !part.is_dir() {
            return Err(format!(
                "{} is not the folder of a server: it has no folder `{}`",
                folder.display(),
                part.file_name().unwrap_or_default().display()
            ));
        }
    }
    let open = async {
        let store = ObjectStoreLog::open_folder(&definitions, LogOptions::default()).await?;
        let registry = SchemaRegistry::open(Arc::new(store), RegistryOptions::default()).await?;
        let rows = HybridStorage::open_read_only(&rows)?;
        Ok(DynamicTables::new(registry, Arc::new(rows)))
    };
    let opened: Result<DynamicTables, Box<dyn std::error::Error>> = open.await;
    opened.map_err(|error| {
        let mut text = format!("{}: {error}", folder.display());
        let mut cause = error.source();
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        text
    })
}
