// SPDX-License-Identifier: Apache-2.0

//! Whether what was looked up could have been: each look-up as if it were made at one moment between its
//! beginning and its end.
//!
//! What is looked up is a register, a table or a name, whose values come one after the other in an order that
//! the store knows. So a history is linearizable if and only if each look-up (a) is not older than an
//! alteration that was over when it began, (b) not newer than what had begun when it ended, and (c) not older
//! than another look-up that was over when it began.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;

/// When something began and ended: tickets that are drawn one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) begin: u64,
    pub(crate) end: u64,
}

/// What was found, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look<V> {
    pub(crate) span: Span,
    pub(crate) value: V,
}

/// That a register got a value, and when that was asked for and acknowledged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event<V> {
    pub(crate) span: Span,
    pub(crate) value: V,
}

/// What cannot have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Violation {
    /// A value that nobody ever wrote.
    Unknown,
    /// (a)
    Old,
    /// (b)
    Early,
    /// (c)
    WentBack,
}

/// Checks the look-ups of one register against its values, which are in the order in which they came; the
/// first one was there from the beginning. Values may come again, and are then judged leniently: (c) is of
/// those that came once.
pub(crate) fn check<V>(events: &[Event<V>], looks: &[Look<V>]) -> Result<(), (Violation, Look<V>)>
where
    V: Copy + Debug + Eq + Hash,
{
    let mut places: HashMap<V, Vec<usize>> = HashMap::new();
    for (place, event) in events.iter().enumerate() {
        places.entry(event.value).or_default().push(place);
    }
    // When the first of all later values was acknowledged: from then on a value is old.
    let mut old_from = vec![u64::MAX; events.len()];
    for place in (1..events.len()).rev() {
        old_from[place - 1] = old_from[place].min(events[place].span.end);
    }

    let mut unique: Vec<(Look<V>, usize)> = Vec::new();
    for look in looks {
        let Some(candidates) = places.get(&look.value) else {
            return Err((Violation::Unknown, *look));
        };
        let mut begun = candidates
            .iter()
            .filter(|place| events[**place].span.begin < look.span.end)
            .peekable();
        if begun.peek().is_none() {
            return Err((Violation::Early, *look));
        }
        if !begun.any(|place| old_from[*place] > look.span.begin) {
            return Err((Violation::Old, *look));
        }
        if let [place] = candidates[..] {
            unique.push((*look, place));
        }
    }

    // The newest value of the look-ups that were over, in the order of their ends.
    let mut ended = unique.clone();
    ended.sort_unstable_by_key(|(look, _)| look.span.end);
    unique.sort_unstable_by_key(|(look, _)| look.span.begin);
    let (mut over, mut newest) = (ended.iter().peekable(), 0);
    for (look, place) in &unique {
        while let Some((_, before)) = over.next_if(|(other, _)| other.span.end < look.span.begin) {
            newest = newest.max(*before);
        }
        if *place < newest {
            return Err((Violation::WentBack, *look));
        }
    }
    Ok(())
}

/// Whether values of several registers, each of which comes once, can have been there together at some
/// moment of a span.
pub(crate) fn were_together<V: Copy + Eq>(
    registers: &[&[Event<V>]],
    span: Span,
    values: &[V],
) -> bool {
    let (mut from, mut until) = (span.begin, span.end);
    for (events, value) in registers.iter().zip(values) {
        let Some(place) = events.iter().position(|event| event.value == *value) else {
            return false;
        };
        let later = events[place + 1..].iter().map(|event| event.span.end);
        from = from.max(events[place].span.begin);
        until = until.min(later.min().unwrap_or(u64::MAX));
    }
    from < until
}
