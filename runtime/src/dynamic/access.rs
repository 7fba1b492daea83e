// SPDX-License-Identifier: Apache-2.0

//! Access control: the roles that may read and write a table, and the owner of the rows.

use kalamtable_model::{AccessLevel, TableDefinition, TableKind};
use kalamtable_provider::Access;

use super::actor::{Actor, Role, UserId};
use crate::error::Error;

/// Returns the owner of the rows that `actor` accesses, or `None` if the rows of the table have no
/// owner.
///
/// # Errors
/// Fails with [`Error::NoUser`], [`Error::AccessDenied`] or [`Error::ActingAs`].
pub(crate) fn check(
    table: &TableDefinition,
    actor: Option<&Actor>,
    access: Access,
) -> Result<Option<UserId>, Error> {
    let role = actor.map_or(Role::Anonymous, |actor| actor.role);
    if let Some(actor) = actor
        && let Some(other) = actor.other_user()
        && actor.role < Role::Dba
    {
        return Err(Error::ActingAs {
            table: table.name().clone(),
            user: actor.user.clone(),
            role: actor.role,
            other: other.clone(),
        });
    }
    if table.kind() == TableKind::User {
        let actor = actor.filter(|actor| actor.role > Role::Anonymous);
        let Some(actor) = actor else {
            return Err(Error::NoUser {
                table: table.name().clone(),
            });
        };
        return Ok(Some(actor.other_user().unwrap_or(&actor.user).clone()));
    }
    let (needed, kind) = needed(table, access);
    if role >= needed {
        return Ok(None);
    }
    Err(Error::AccessDenied {
        table: table.name().clone(),
        kind,
        access: access.to_string(),
        role,
        needed,
    })
}

/// Returns the lowest role that has access, and the access level or kind that requires it.
fn needed(table: &TableDefinition, access: Access) -> (Role, &'static str) {
    let level = match table.kind() {
        TableKind::Shared => table.access_level().unwrap_or_default(),
        TableKind::Stream => return (Role::User, "stream"),
        // These tables have no dynamic rows, so that only the server itself can have a reason for
        // access.
        TableKind::System | TableKind::View | TableKind::User => return (Role::System, "system"),
    };
    let needed = match (level, access) {
        (AccessLevel::Public, Access::Read) => Role::Anonymous,
        (AccessLevel::Public, Access::Write) => Role::Service,
        (AccessLevel::Private, _) => Role::Service,
        (AccessLevel::Restricted, Access::Read) => Role::Service,
        (AccessLevel::Restricted, Access::Write) => Role::Dba,
        (AccessLevel::Dba, _) => Role::Dba,
    };
    (needed, level.as_str())
}
