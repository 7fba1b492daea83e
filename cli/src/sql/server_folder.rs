// SPDX-License-Identifier: Apache-2.0

//! [`open_server`]: the tables of a server, from its folder, for inspection.

use std::iter::successors;
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
    pub(crate) user: Option<UserId>,
}

/// The user of a session without `--user`. User tables are empty unless a user has this name.
const NO_USER: &str = "kalamtable sql";

impl ServerFolder {
    /// Returns the configuration of a session that reads the tables.
    pub(crate) fn session_config(&self) -> SessionConfig {
        let user = self.user.clone().or_else(|| UserId::new(NO_USER));
        let actor = user.map(|user| Arc::new(Actor::new(user, Role::System)));
        match actor {
            Some(actor) => SessionConfig::new().with_extension(actor),
            None => SessionConfig::new(),
        }
    }
}

/// Opens the tables of a server. The server may be running; its later changes of rows are not
/// visible. Statements that write fail.
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
        let texts = successors(Some(&*error), |error| (*error).source()).map(ToString::to_string);
        let texts: Vec<String> = texts.collect();
        format!("{}: {}", folder.display(), texts.join(": "))
    })
}
