// SPDX-License-Identifier: Apache-2.0

//! The checker of histories, on histories that are good and on some that are not.

use crate::checker::{Event, Look, Span, Violation, check, were_together};

/// `value: begin-end`, one after the other.
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

fn judge(events: &str, looks: &str) -> Option<Violation> {
    let events = parse(events, |span, value| Event { span, value });
    let looks = parse(looks, |span, value| Look { span, value });
    check(&events, &looks).err().map(|(violation, _)| violation)
}

/// Version 1 from the beginning, 2 written from 10 to 20, 3 from 30 to 40.
const WRITES: &str = "1: 0-0, 2: 10-20, 3: 30-40";

#[test]
fn histories_that_can_have_been_are_good() {
    for looks in [
        "",
        "1: 1-2, 1: 3-4, 2: 21-22, 3: 41-42",
        // While it is written both may be found, by look-ups that overlap.
        "1: 11-19, 2: 12-18, 1: 13-17",
        "1: 5-15, 2: 16-17",
        // It began before the alteration was over, and ended long after.
        "1: 19-60",
        "3: 1-31",
        "2: 11-12, 2: 21-29, 2: 35-36, 3: 37-38",
    ] {
        assert_eq!(judge(WRITES, looks), None, "{looks}");
    }
}

#[test]
fn look_ups_that_are_older_than_what_was_acknowledged_are_found() {
    for looks in ["1: 21-22", "1: 1-2, 1: 25-50", "2: 41-42", "1: 41-42"] {
        assert_eq!(judge(WRITES, looks), Some(Violation::Old), "{looks}");
    }
    // The third was acknowledged before the second, which came first.
    assert_eq!(
        judge("1: 0-0, 2: 10-90, 3: 30-40", "1: 50-60"),
        Some(Violation::Old)
    );
}

#[test]
fn look_ups_that_are_newer_than_what_was_asked_for_are_found() {
    for looks in ["2: 1-9", "3: 21-29", "3: 1-2"] {
        assert_eq!(judge(WRITES, looks), Some(Violation::Early), "{looks}");
    }
}

#[test]
fn look_ups_that_go_back_are_found() {
    for looks in ["2: 11-12, 1: 13-14", "3: 31-32, 2: 33-34, 3: 35-36"] {
        assert_eq!(judge(WRITES, looks), Some(Violation::WentBack), "{looks}");
    }
}

#[test]
fn values_that_nobody_wrote_are_found() {
    assert_eq!(judge(WRITES, "4: 1-50"), Some(Violation::Unknown));
}

#[test]
fn a_value_that_comes_again_is_good_in_either_time() {
    let writes = "0: 0-0, 1: 10-20, 0: 30-40, 2: 50-60";
    assert_eq!(judge(writes, "0: 1-2, 0: 32-45, 1: 22-25"), None);
    assert_eq!(judge(writes, "0: 21-29"), Some(Violation::Old));
    assert_eq!(judge(writes, "0: 61-62"), Some(Violation::Old));
}

#[test]
fn versions_that_were_never_there_together_are_found() {
    let parse = |text| parse(text, |span, value| Event { span, value });
    let (first, second) = (parse("1: 0-0, 2: 10-20"), parse("1: 0-0, 2: 30-40"));
    let registers = [&first[..], &second[..]];
    let span = |begin, end| Span { begin, end };
    assert!(were_together(&registers, span(1, 50), &[2, 1]));
    assert!(were_together(&registers, span(15, 50), &[1, 1]));
    // When the second was asked for the first was acknowledged.
    assert!(!were_together(&registers, span(1, 50), &[1, 2]));
    assert!(!were_together(&registers, span(21, 25), &[1, 1]));
    assert!(!were_together(&registers, span(21, 25), &[2, 2]));
}

/// Of every history of two look-ups in a small world, the checker says what trying all orders says. No two
/// tickets are equal.
#[test]
fn the_checker_agrees_with_trying_every_order() {
    let events = parse("1: 0-0, 2: 2-8, 3: 6-12", |span, value| Event {
        span,
        value,
    });
    let looks = |first: u64| -> Vec<Look<u32>> {
        let spans = (first..16).step_by(4).flat_map(|begin| {
            (begin + 4..18)
                .step_by(4)
                .map(move |end| Span { begin, end })
        });
        spans
            .flat_map(|span| (1..=3).map(move |value| Look { span, value }))
            .collect()
    };
    let (mut good, mut bad) = (0, 0);
    for first in &looks(1) {
        for second in &looks(3) {
            let pair = [*first, *second];
            let expected = has_an_order(&events, &pair);
            assert_eq!(check(&events, &pair).is_ok(), expected, "{pair:?}");
            match expected {
                true => good += 1,
                false => bad += 1,
            }
        }
    }
    assert!(good > 50 && bad > 50, "{good} good, {bad} bad");
}

/// Whether there are moments for all of it, each within its span: tickets, and two moments between any two.
fn has_an_order(events: &[Event<u32>], looks: &[Look<u32>; 2]) -> bool {
    let moments = |span: Span| 3 * span.begin..=3 * span.end;
    moments(events[1].span).any(|second| {
        let mut thirds = moments(events[2].span).filter(|third| *third > second);
        thirds.any(|third| {
            looks.iter().all(|look| {
                moments(look.span).any(|moment| {
                    let value = 1 + u32::from(second < moment) + u32::from(third < moment);
                    value == look.value
                })
            })
        })
    })
}
