// SPDX-License-Identifier: Apache-2.0

//! [`Actor`]: for whom a session speaks.

use std::fmt;
use std::sync::Arc;

use datafusion::execution::config::SessionConfig;

/// Names a user.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(Arc<str>);

impl UserId {
    /// The user of that name; none if it is empty, which is what a lost name looks like.
    pub fn new(name: &str) -> Option<Self> {
        (!name.is_empty()).then(|| UserId(name.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What somebody may do, each more than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Nobody who is known.
    Anonymous,
    /// A person.
    User,
    /// A program that serves persons.
    Service,
    /// Who administers the server.
    Dba,
    /// The server itself.
    System,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 5] = [
        Role::Anonymous,
        Role::User,
        Role::Service,
        Role::Dba,
        Role::System,
    ];

    /// The role as `system.users` has it.
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

/// For whom a session speaks. Its server says so once it knows, with
/// [`SessionConfig::with_extension`]; a session that has none speaks for nobody.
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
    /// Who it is.
    pub user: UserId,
    /// What they may do.
    pub role: Role,
    /// Whose rows they read and write, if not their own: [`Role::Dba`] and [`Role::System`] may.
    pub acting_as: Option<UserId>,
    /// Whether queries see deleted rows, too: what a server that keeps copies in step asks for.
    pub with_deleted: bool,
}

impl Actor {
    /// Somebody who acts for themselves.
    pub fn new(user: UserId, role: Role) -> Self {
        Actor {
            user,
            role,
            acting_as: None,
            with_deleted: false,
        }
    }

    /// The same one, who reads and writes the rows of `user`.
    #[must_use]
    pub fn acting_as(mut self, user: UserId) -> Self {
        self.acting_as = Some(user);
        self
    }

    /// The same one, whose queries see deleted rows, too.
    #[must_use]
    pub fn with_deleted(mut self) -> Self {
        self.with_deleted = true;
        self
    }

    pub(super) fn of(session: &SessionConfig) -> Option<Arc<Actor>> {
        session.get_extension::<Actor>()
    }

    /// Whom they act as, if not themselves.
    pub(super) fn other_user(&self) -> Option<&UserId> {
        self.acting_as
            .as_ref()
            .filter(|acting_as| **acting_as != self.user)
    }
}

/// As `EXPLAIN` shows it: `user=bob by=root` for one who acts as another.
impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.other_user() {
            Some(other) => write!(f, "user={} by={}", Plain(other), Plain(&self.user)),
            None => write!(f, "user={}", Plain(&self.user)),
        }
    }
}

/// A name that can't be taken for more than one: in quotes, unless it is of letters and digits.
struct Plain<'a>(&'a UserId);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.as_str();
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '@');
        match name.chars().all(is_plain) {
            true => f.write_str(name),
            false => write!(f, "{name:?}"),
        }
    }
}
