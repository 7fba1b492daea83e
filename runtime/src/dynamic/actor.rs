// SPDX-License-Identifier: Apache-2.0

//! [`Actor`]: the user and role of a session.

use std::fmt;
use std::sync::Arc;

use datafusion::execution::config::SessionConfig;

/// The id of a user.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(Arc<str>);

impl UserId {
    /// Creates an id from a name. Returns `None` if the name is empty, since an empty name usually
    /// results from a missing value.
    pub fn new(name: &str) -> Option<Self> {
        (!name.is_empty()).then(|| UserId(name.into()))
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The role of a user. Each role includes the permissions of the previous ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// A user who is not signed in.
    Anonymous,
    /// A signed-in person.
    User,
    /// A program that acts on behalf of people.
    Service,
    /// An administrator of the server.
    Dba,
    /// The server itself.
    System,
}

impl Role {
    /// All roles, in ascending order.
    pub const ALL: [Role; 5] = [
        Role::Anonymous,
        Role::User,
        Role::Service,
        Role::Dba,
        Role::System,
    ];

    /// Returns the name of the role in `system.users`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Anonymous => "anonymous",
            Role::User => "user",
            Role::Service => "service",
            Role::Dba => "dba",
            Role::System => "system",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The user of a session, and the user's role.
///
/// The server sets it with [`SessionConfig::with_extension`] once the user is authenticated. A
/// session without an actor is anonymous.
///
/// ```
/// use std::sync::Arc;
///
/// use datafusion::prelude::{SessionConfig, SessionContext};
/// use kalamtable_runtime::{Actor, Role, UserId};
///
/// let ann = UserId::new("ann").ok_or("a user without a name")?;
/// let config = SessionConfig::new().with_extension(Arc::new(Actor::new(ann, Role::User)));
/// let session = SessionContext::new_with_config(config);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Actor {
    /// The user.
    pub user: UserId,
    /// The role of the user.
    pub role: Role,
    /// The user whose rows the session reads and writes, or `None` if it is `user`. Another user
    /// requires [`Role::Dba`] or [`Role::System`].
    pub acting_as: Option<UserId>,
    /// Whether queries also return deleted rows, as replication needs them.
    pub with_deleted: bool,
}

impl Actor {
    /// Creates an actor who reads and writes their own rows.
    pub fn new(user: UserId, role: Role) -> Self {
        Actor {
            user,
            role,
            acting_as: None,
            with_deleted: false,
        }
    }

    /// Makes the actor read and write the rows of `user`.
    #[must_use]
    pub fn acting_as(mut self, user: UserId) -> Self {
        self.acting_as = Some(user);
        self
    }

    /// Makes queries return deleted rows as well.
    #[must_use]
    pub fn with_deleted(mut self) -> Self {
        self.with_deleted = true;
        self
    }

    pub(crate) fn of(session: &SessionConfig) -> Option<Arc<Actor>> {
        session.get_extension::<Actor>()
    }

    /// Returns the user that the actor acts as, if it is another one.
    pub(super) fn other_user(&self) -> Option<&UserId> {
        self.acting_as
            .as_ref()
            .filter(|acting_as| **acting_as != self.user)
    }
}

/// Formats the actor for `EXPLAIN`: `user=bob by=root` if `root` acts as `bob`.
impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.other_user() {
            Some(other) => write!(f, "user={} by={}", Plain(other), Plain(&self.user)),
            None => write!(f, "user={}", Plain(&self.user)),
        }
    }
}

/// Formats a name unambiguously: in quotes unless it consists of letters, digits and `_-.@`.
struct Plain<'a>(&'a UserId);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.as_str();
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '@');
        if name.chars().all(is_plain) {
            f.write_str(name)
        } else {
            write!(f, "{name:?}")
        }
    }
}
