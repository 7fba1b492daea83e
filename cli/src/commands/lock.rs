// SPDX-License-Identifier: Apache-2.0

//! stub

use crate::command_error::CommandError;
use crate::report::{CommandReport, ReportOptions};

/// Stub
#[derive(Debug, clap::Args)]
pub(crate) struct LockArguments {
    #[command(flatten)]
    pub(crate) report: ReportOptions,
}

pub(crate) fn lock(_: &LockArguments) -> Result<CommandReport, CommandError> {
    Err(CommandError::new("stub"))
}
