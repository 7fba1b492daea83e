// SPDX-License-Identifier: Apache-2.0

//! Enables the features that builds of the workspace share, and contains no code. Members that
//! depend on DataFusion have it as a development dependency, so that `-p member` and `--workspace`
//! share one build of DataFusion.
