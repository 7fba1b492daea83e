// SPDX-License-Identifier: Apache-2.0

//! stub

use crate::command_error::CommandError;
use crate::report::{CommandReport, ReportOptions};

/// Stub
#[derive(Debug, clap::Args)]
pub(crate) struct DiffArguments {
    #[command(flatten)]
    pub(crate) report: ReportOptions,
}

pub(crate) fn diff(_: &DiffArguments) -> Result<CommandReport, CommandError> {
    Err(CommandError::new("stub"))
}
