// SPDX-License-Identifier: Apache-2.0

//! [`is_provided_definition`]: recognizes the system tables of this library by their fingerprints,
//! for programs that do not link the library.

use crate::definition::TableDefinition;

/// The name and the fingerprint of each system table. A test of the crate `kalamtable` compares
/// them with its tables.
const SYSTEM_TABLES: [(&str, &str); 8] = [
    (
        "system.audit_logs",
        "137b2f09dc7ff3dcf45aaa991514e0081abc5ff580350ccfd37e95e201752345",
    ),
    (
        "system.jobs",
        "3ca1bc916701c7239656bba788068a6eb3ffabd900a254df40c65be6f4a906d2",
    ),
    (
        "system.live_queries",
        "29c83d233f8297b71592cccb30ccf8346aa56f3602f0c551179d3ab41e026f6c",
    ),
    (
        "system.namespaces",
        "e631afa31acb6ce2ef411ad84cd6fd7cd275795516fe9839cd10f28fd2e7123b",
    ),
    (
        "system.stats",
        "3557985d1d712228b6a98261cce90dbdc16b0d25be86ebda84114f666b1f3aa5",
    ),
    (
        "system.storages",
        "68e67c3d819b2d7cc67cc10b90030956153be4c2bd0f9be4a6f44a9c04c2d393",
    ),
    (
        "system.tables",
        "7b7e432dd8935b33a31a04cf98df97b30decf3a6f6a91d2614a7c62baa4e319b",
    ),
    (
        "system.users",
        "164320c0e478620ac527f6d4ff7faa39eb6ef0742095eb2697dd40a6ce8603d6",
    ),
];

/// Returns whether the definition is the one of a system table of this library.
///
/// Only such a definition may have the name of a system table.
#[doc(hidden)]
pub fn is_provided_definition(definition: &TableDefinition) -> bool {
    let name = definition.name().to_string();
    let mut tables = SYSTEM_TABLES.iter();
    tables.any(|(provided, fingerprint)| {
        *provided == name && definition.fingerprint().to_string() == *fingerprint
    })
}
