// SPDX-License-Identifier: Apache-2.0

//! Nothing but dependencies: a development dependency of every member that depends on DataFusion,
//! so that `-p member` and `--workspace` share one build of it.
