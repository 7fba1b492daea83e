// SPDX-License-Identifier: Apache-2.0

//! The macro that declares an enum of rules.

/// Declares an enum of rules in the order of their ids: variant, id, name and reason.
macro_rules! rules {
    (
        $(#[doc = $doc:literal])+
        $name:ident
        $($rule:ident $id:literal $kebab:literal $why:literal)*
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = concat!("`", $id, "` `", $kebab, "`: ", $why)] $rule,)*
        }

        impl $name {
            /// All rules in the order of their ids.
            pub const ALL: &[$name] = &[$($name::$rule),*];

            /// Returns the id, `KT` and four digits. It never changes and is never reused.
            pub const fn id(self) -> &'static str {
                match self { $($name::$rule => $id),* }
            }

            /// Returns the name in kebab case.
            pub const fn name(self) -> &'static str {
                match self { $($name::$rule => $kebab),* }
            }

            /// Returns the reason for the rule, in one sentence.
            pub const fn why(self) -> &'static str {
                match self { $($name::$rule => $why),* }
            }
        }
    };
}

pub(super) use rules;
