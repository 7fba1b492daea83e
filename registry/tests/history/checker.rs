// SPDX-License-Identifier: Apache-2.0

//! Tests of the linearizability checker, with valid and invalid histories.

use crate::linearizability::{
    LinearizabilityViolation, ObservedRead, RegisterWrite, Span, check, were_together,
};

/// Parses a list of `value: begin-end` separated by commas.
fn parse<T>(text: &str, make: fn(Span, u32) -> T) -> Vec<T> {
    let parse = |entry: &str| {
        let (value, span) = entry.split_once(':')?;
        let (begin, end) = span.split_once('-')?;
        let number = |text: &str| text.trim().parse().ok();
        let span = Span {
            begin: number(begin)?,
            end: number(end)?,
        };
        Some(make(span, value.trim().parse().ok()?))
    };
    let entries = text.split(',').filter(|entry| !entry.trim().is_empty());
    entries
        .map(|entry| parse(entry).expect("value: begin-end"))
        .collect()
}

/// Returns the first violation in a history.
fn violation(writes: &str, reads: &str) -> Option<LinearizabilityViolation> {
    let writes = parse(writes, |span, value| RegisterWrite { span, value });
    let reads = parse(reads, |span, value| ObservedRead { span, value });
    check(&writes, &reads).err().map(|(violation, _)| violation)
}

/// Version 1 is the initial value, 2 is written from 10 to 20, and 3 from 30 to 40.
const WRITES: &str = "1: 0-0, 2: 10-20, 3: 30-40";

#[test]
fn linearizable_histories_are_accepted() {
    for reads in [
        "",
        "1: 1-2, 1: 3-4, 2: 21-22, 3: 41-42",
        // During a write, concurrent lookups may return either value.
        "1: 11-19, 2: 12-18, 1: 13-17",
        "1: 5-15, 2: 16-17",
        // The lookup begins before the write is complete, and ends long after it.
        "1: 19-60",
        "3: 1-31",
        "2: 11-12, 2: 21-29, 2: 35-36, 3: 37-38",
    ] {
        assert_eq!(violation(WRITES, reads), None, "{reads}");
    }
}

#[test]
fn stale_lookups_are_rejected() {
    for reads in ["1: 21-22", "1: 1-2, 1: 25-50", "2: 41-42", "1: 41-42"] {
        assert_eq!(
            violation(WRITES, reads),
            Some(LinearizabilityViolation::Stale),
            "{reads}"
        );
    }
    // The third value was complete before the second, which precedes it in the order of the store.
    assert_eq!(
        violation("1: 0-0, 2: 10-90, 3: 30-40", "1: 50-60"),
        Some(LinearizabilityViolation::Stale)
    );
}

#[test]
fn early_lookups_are_rejected() {
    for reads in ["2: 1-9", "3: 21-29", "3: 1-2"] {
        assert_eq!(
            violation(WRITES, reads),
            Some(LinearizabilityViolation::Early),
            "{reads}"
        );
    }
}

#[test]
fn non_monotonic_lookups_are_rejected() {
    for reads in ["2: 11-12, 1: 13-14", "3: 31-32, 2: 33-34, 3: 35-36"] {
        assert_eq!(
            violation(WRITES, reads),
            Some(LinearizabilityViolation::NotMonotonic),
            "{reads}"
        );
    }
}

#[test]
fn unwritten_values_are_rejected() {
    assert_eq!(
        violation(WRITES, "4: 1-50"),
        Some(LinearizabilityViolation::Unknown)
    );
}

#[test]
fn repeated_values_are_accepted_in_either_period() {
    let writes = "0: 0-0, 1: 10-20, 0: 30-40, 2: 50-60";
    assert_eq!(violation(writes, "0: 1-2, 0: 32-45, 1: 22-25"), None);
    assert_eq!(
        violation(writes, "0: 21-29"),
        Some(LinearizabilityViolation::Stale)
    );
    assert_eq!(
        violation(writes, "0: 61-62"),
        Some(LinearizabilityViolation::Stale)
    );
}

#[test]
fn inconsistent_reads_are_rejected() {
    let parse = |text| parse(text, |span, value| RegisterWrite { span, value });
    let (first, second) = (parse("1: 0-0, 2: 10-20"), parse("1: 0-0, 2: 30-40"));
    let registers = [&first[..], &second[..]];
    let span = |begin, end| Span { begin, end };
    assert!(were_together(&registers, span(1, 50), &[2, 1]));
    assert!(were_together(&registers, span(15, 50), &[1, 1]));
    // The second write began after the first one was complete.
    assert!(!were_together(&registers, span(1, 50), &[1, 2]));
    assert!(!were_together(&registers, span(21, 25), &[1, 1]));
    assert!(!were_together(&registers, span(21, 25), &[2, 2]));
}

/// Compares the checker with a search over all orders, for every history of two lookups with few
/// tickets. All tickets are different.
#[test]
fn the_checker_agrees_with_an_exhaustive_search() {
    let writes = parse("1: 0-0, 2: 2-8, 3: 6-12", |span, value| RegisterWrite {
        span,
        value,
    });
    let reads = |first: u64| -> Vec<ObservedRead<u32>> {
        let spans = (first..16).step_by(4).flat_map(|begin| {
            (begin + 4..18)
                .step_by(4)
                .map(move |end| Span { begin, end })
        });
        spans
            .flat_map(|span| (1..=3).map(move |value| ObservedRead { span, value }))
            .collect()
    };
    let (mut valid, mut invalid) = (0, 0);
    for first in &reads(1) {
        for second in &reads(3) {
            let pair = [*first, *second];
            let expected = has_an_order(&writes, &pair);
            assert_eq!(check(&writes, &pair).is_ok(), expected, "{pair:?}");
            if expected {
                valid += 1;
            } else {
                invalid += 1;
            }
        }
    }
    assert!(
        valid > 50 && invalid > 50,
        "{valid} valid, {invalid} invalid"
    );
}

/// Returns whether each operation can be assigned a point within its span that explains the
/// results. The points are the tickets, and two more between each two tickets.
fn has_an_order(writes: &[RegisterWrite<u32>], reads: &[ObservedRead<u32>; 2]) -> bool {
    let points = |span: Span| 3 * span.begin..=3 * span.end;
    points(writes[1].span).any(|second| {
        let mut thirds = points(writes[2].span).filter(|third| *third > second);
        thirds.any(|third| {
            reads.iter().all(|read| {
                points(read.span).any(|point| {
                    let value = 1 + u32::from(second < point) + u32::from(third < point);
                    value == read.value
                })
            })
        })
    })
}
