// SPDX-License-Identifier: Apache-2.0

//! Equality of a value with the value that was read, and with its view: floats are compared by
//! their bits, and lists and maps by their elements.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arrow::datatypes::IntervalMonthDayNano;
use bytes::Bytes;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use kalamtable_rows::{
    AnyValue, Date, Decimal, ListItems, MapEntries, OwnedElement, OwnedValue, TimeOfDay, Timestamp,
    Unit, Uuid,
};

/// A value that can be compared with a value that was read, and with a view.
pub(crate) trait Same: OwnedValue {
    fn is_same(&self, other: &Self) -> bool;

    fn equals_view(&self, view: &<Self as OwnedValue>::View<'_>) -> bool;
}

/// Like [`Same`], for elements.
pub(crate) trait SameElement: OwnedElement {
    fn is_same(&self, other: &Self) -> bool;

    fn equals_view(&self, view: &<Self as OwnedElement>::View<'_>) -> bool;
}

impl<T: Same> SameElement for T {
    fn is_same(&self, other: &T) -> bool {
        Same::is_same(self, other)
    }

    fn equals_view(&self, view: &<T as OwnedValue>::View<'_>) -> bool {
        Same::equals_view(self, view)
    }
}

impl<T: Same> SameElement for Option<T> {
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Some(value), Some(other)) => value.is_same(other),
            (None, None) => true,
            _ => false,
        }
    }

    fn equals_view(&self, view: &<Self as OwnedElement>::View<'_>) -> bool {
        match (self, view) {
            (Some(value), Some(view)) => value.equals_view(view),
            (None, None) => true,
            _ => false,
        }
    }
}

/// Types whose view is the value.
macro_rules! plain {
    ($([$($param:tt)*] $ty:ty $(, by $bits:ident)?);* $(;)?) => {$(
        impl<$($param)*> Same for $ty {
            fn is_same(&self, other: &Self) -> bool {
                self$(.$bits())? == other$(.$bits())?
            }

            fn equals_view(&self, view: &Self) -> bool {
                Same::is_same(self, view)
            }
        }
    )*};
}

plain!(
    [] bool;
    [] i8; [] i16; [] i32; [] i64; [] i128;
    [] u8; [] u16; [] u32; [] u64; [] u128;
    [] f32, by to_bits; [] f64, by to_bits;
    [const P: u8, const S: u8] Decimal<P, S>;
    [] rust_decimal::Decimal;
    [] IntervalMonthDayNano; [] Duration; [] TimeDelta; [] jiff::SignedDuration;
    [] Uuid;
    [] Date; [] NaiveDate; [] jiff::civil::Date;
    [U: Unit] TimeOfDay<U>; [] NaiveTime; [] jiff::civil::Time;
    [U: Unit] Timestamp<U>; [] SystemTime; [] DateTime<Utc>; [] jiff::Timestamp;
    [] NaiveDateTime; [] jiff::civil::DateTime;
    [] crate::types::Status;
);

/// Types whose view is the target of `Deref`.
macro_rules! seen_behind {
    ($($ty:ty),* $(,)?) => {$(
        impl Same for $ty {
            fn is_same(&self, other: &Self) -> bool {
                self == other
            }

            fn equals_view(&self, view: &<Self as OwnedValue>::View<'_>) -> bool {
                self[..] == view[..]
            }
        }
    )*};
}

seen_behind!(
    String,
    Box<str>,
    Arc<str>,
    Cow<'static, str>,
    Bytes,
    Box<[u8]>,
    Arc<[u8]>,
    Cow<'static, [u8]>,
);

fn json_text(json: &serde_json::Value) -> String {
    json.to_string()
}

impl Same for serde_json::Value {
    fn is_same(&self, other: &Self) -> bool {
        // The text distinguishes the signs of zero.
        self == other && json_text(self) == json_text(other)
    }

    fn equals_view(&self, view: &&str) -> bool {
        json_text(self) == *view
    }
}

impl Same for AnyValue {
    fn is_same(&self, other: &Self) -> bool {
        self == other
    }

    fn equals_view(&self, view: &<Self as OwnedValue>::View<'_>) -> bool {
        *self.array() == view.array()
    }
}

impl Same for crate::types::Name {
    fn is_same(&self, other: &Self) -> bool {
        self == other
    }

    fn equals_view(&self, view: &&str) -> bool {
        self.0 == *view
    }
}

impl Same for crate::types::Point {
    fn is_same(&self, other: &Self) -> bool {
        Same::is_same(&self.x, &other.x)
            && SameElement::is_same(&self.label, &other.label)
            && SameElement::is_same(&self.tags, &other.tags)
    }

    fn equals_view(&self, view: &<Self as OwnedValue>::View<'_>) -> bool {
        Same::equals_view(&self.x, &view.x)
            && SameElement::equals_view(&self.label, &view.label)
            && SameElement::equals_view(&self.tags, &view.tags)
    }
}

fn are_same<E: SameElement>(list: &[E], other: &[E]) -> bool {
    let mut pairs = list.iter().zip(other);
    list.len() == other.len() && pairs.all(|(element, other)| element.is_same(other))
}

fn equal_views<E: SameElement>(list: &[E], view: &ListItems<'_, E>) -> bool {
    let mut pairs = list.iter().zip(view.iter());
    list.len() == view.len()
        && pairs.all(|(element, view)| view.is_ok_and(|view| element.equals_view(&view)))
}

impl<E: SameElement> Same for Vec<E> {
    fn is_same(&self, other: &Self) -> bool {
        are_same(self, other)
    }

    fn equals_view(&self, view: &ListItems<'_, E>) -> bool {
        equal_views(self, view)
    }
}

impl<E: SameElement, const N: usize> Same for [E; N] {
    fn is_same(&self, other: &Self) -> bool {
        are_same(self, other)
    }

    fn equals_view(&self, view: &ListItems<'_, E>) -> bool {
        equal_views(self, view)
    }
}

impl<const N: usize> Same for Box<[f32; N]> {
    fn is_same(&self, other: &Self) -> bool {
        are_same(&self[..], &other[..])
    }

    fn equals_view(&self, view: &ListItems<'_, f32>) -> bool {
        equal_views(&self[..], view)
    }
}

impl<K: Same + Ord, E: SameElement> Same for BTreeMap<K, E> {
    fn is_same(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self
                .iter()
                .zip(other)
                .all(|((key, value), (other, found))| {
                    Same::is_same(key, other) && value.is_same(found)
                })
    }

    fn equals_view(&self, view: &MapEntries<'_, K, E>) -> bool {
        // Views return the entries in the order of the map.
        self.len() == view.len()
            && self.iter().zip(view.iter()).all(|((key, value), entry)| {
                entry.is_ok_and(|(seen, found)| {
                    Same::equals_view(key, &seen) && value.equals_view(&found)
                })
            })
    }
}

impl<K: Same + Hash + Eq, E: SameElement> Same for HashMap<K, E> {
    fn is_same(&self, other: &Self) -> bool {
        let is_there =
            |(key, value): (&K, &E)| other.get(key).is_some_and(|found| value.is_same(found));
        self.len() == other.len() && self.iter().all(is_there)
    }

    fn equals_view(&self, view: &MapEntries<'_, K, E>) -> bool {
        let is_there = |(key, value): (&K, &E)| {
            let mut found = view.iter().flatten();
            found.any(|(seen, found)| Same::equals_view(key, &seen) && value.equals_view(&found))
        };
        self.len() == view.len() && self.iter().all(is_there)
    }
}
