// SPDX-License-Identifier: Apache-2.0

//! A linearizability checker for lookups: each lookup must appear to take effect at one point
//! between its beginning and its end.
//!
//! The object of a lookup is a register: a table or a name. The store knows the order of its
//! values. A history is therefore linearizable if and only if each lookup is (a) not older than a
//! write that was complete when it began, (b) not newer than the last write that had begun when it
//! ended, and (c) not older than another lookup that was complete when it began.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;

/// The tickets that were drawn at the beginning and at the end of an operation. Tickets are unique,
/// and increase complete time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) begin: u64,
    pub(crate) end: u64,
}

/// The result of a lookup.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ObservedRead<V> {
    pub(crate) span: Span,
    pub(crate) value: V,
}

/// A write of a register.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RegisterWrite<V> {
    pub(crate) span: Span,
    pub(crate) value: V,
}

/// The reason for which a lookup is not linearizable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinearizabilityViolation {
    /// The value was never written.
    Unknown,
    /// Rule (a) is violated.
    Stale,
    /// Rule (b) is violated.
    Early,
    /// Rule (c) is violated.
    NotMonotonic,
}

/// Checks the lookups of one register against its writes, which are in the order of the store. The
/// first write is the initial value. If a value was written more than once, rule (c) is not checked
/// for it.
pub(crate) fn check<V>(
    writes: &[RegisterWrite<V>],
    reads: &[ObservedRead<V>],
) -> Result<(), (LinearizabilityViolation, ObservedRead<V>)>
where
    V: Copy + Debug + Eq + Hash,
{
    let mut positions: HashMap<V, Vec<usize>> = HashMap::new();
    for (position, write) in writes.iter().enumerate() {
        positions.entry(write.value).or_default().push(position);
    }
    // The end of the first later write that was complete. From then on, the value is stale.
    let mut stale_from = vec![u64::MAX; writes.len()];
    for position in (1..writes.len()).rev() {
        stale_from[position - 1] = stale_from[position].min(writes[position].span.end);
    }

    let mut unique: Vec<(ObservedRead<V>, usize)> = Vec::new();
    for read in reads {
        let Some(candidates) = positions.get(&read.value) else {
            return Err((LinearizabilityViolation::Unknown, *read));
        };
        let mut begun = candidates
            .iter()
            .filter(|position| writes[**position].span.begin < read.span.end)
            .peekable();
        if begun.peek().is_none() {
            return Err((LinearizabilityViolation::Early, *read));
        }
        if !begun.any(|position| stale_from[*position] > read.span.begin) {
            return Err((LinearizabilityViolation::Stale, *read));
        }
        if let [position] = candidates[..] {
            unique.push((*read, position));
        }
    }

    // Visits the lookups in the order of their beginnings, and tracks the newest value of the
    // complete ones.
    let mut ended = unique.clone();
    ended.sort_unstable_by_key(|(read, _)| read.span.end);
    unique.sort_unstable_by_key(|(read, _)| read.span.begin);
    let (mut complete, mut newest) = (ended.iter().peekable(), 0);
    for (read, position) in &unique {
        while let Some((_, previous)) =
            complete.next_if(|(other, _)| other.span.end < read.span.begin)
        {
            newest = newest.max(*previous);
        }
        if *position < newest {
            return Err((LinearizabilityViolation::NotMonotonic, *read));
        }
    }
    Ok(())
}

/// Returns whether several registers can have had these values at the same point of a span. Each
/// value was written once.
pub(crate) fn were_together<V: Copy + Eq>(
    registers: &[&[RegisterWrite<V>]],
    span: Span,
    values: &[V],
) -> bool {
    let (mut from, mut until) = (span.begin, span.end);
    for (writes, value) in registers.iter().zip(values) {
        let Some(position) = writes.iter().position(|write| write.value == *value) else {
            return false;
        };
        let later = writes[position + 1..].iter().map(|write| write.span.end);
        from = from.max(writes[position].span.begin);
        until = until.min(later.min().unwrap_or(u64::MAX));
    }
    from < until
}
