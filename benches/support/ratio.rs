// SPDX-License-Identifier: Apache-2.0

//! Compares the times of two implementations, which take turns in one process, as a ratio.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::figures::{median, show};

const ROUNDS: usize = 15;
/// The target duration of one implementation in one round.
const ROUND: Duration = Duration::from_millis(60);

/// Measures both implementations in turn, and prints the median of baseline / candidate. Above 1,
/// the candidate is faster.
pub(crate) fn compare<A, B>(
    title: &str,
    (baseline_name, mut baseline): (&str, impl FnMut() -> A),
    (candidate_name, mut candidate): (&str, impl FnMut() -> B),
) {
    compare_with_input(
        title,
        (baseline_name, || (), |()| baseline()),
        (candidate_name, || (), |()| candidate()),
    );
}

/// Compares two implementations that consume an input. The inputs are created outside of the timed
/// part.
pub(crate) fn compare_with_input<I, A, J, B>(
    title: &str,
    (baseline_name, mut baseline_input, mut baseline): (
        &str,
        impl FnMut() -> I,
        impl FnMut(I) -> A,
    ),
    (candidate_name, mut candidate_input, mut candidate): (
        &str,
        impl FnMut() -> J,
        impl FnMut(J) -> B,
    ),
) {
    let mut baseline = |runs| time(&mut baseline_input, &mut baseline, runs);
    let mut candidate = |runs| time(&mut candidate_input, &mut candidate, runs);
    let baseline_runs = runs_per_round(&mut baseline);
    let candidate_runs = runs_per_round(&mut candidate);
    let mut rounds: Vec<(f64, f64)> = (0..ROUNDS)
        .map(|round| {
            // The first implementation finds the caches in the state that the other one has left:
            // they alternate.
            if round % 2 == 0 {
                let first = baseline(baseline_runs);
                (first, candidate(candidate_runs))
            } else {
                let first = candidate(candidate_runs);
                (baseline(baseline_runs), first)
            }
        })
        .collect();
    let baseline_time = median(rounds.iter().map(|(baseline, _)| *baseline));
    let candidate_time = median(rounds.iter().map(|(_, candidate)| *candidate));
    rounds.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    let ratio = |(baseline, candidate): (f64, f64)| baseline / candidate;
    println!(
        "{title}: {:.2}x ({:.2} to {:.2}); {baseline_name} {}, {candidate_name} {}",
        ratio(rounds[ROUNDS / 2]),
        ratio(rounds[0]),
        ratio(rounds[ROUNDS - 1]),
        show(baseline_time),
        show(candidate_time),
    );
}

/// Returns the number of runs that fill a round.
fn runs_per_round(time: &mut impl FnMut(u32) -> f64) -> u32 {
    time(1);
    let once = Duration::from_secs_f64(time(1).max(1e-9));
    (ROUND.as_secs_f64() / once.as_secs_f64())
        .ceil()
        .clamp(1.0, 1e6) as u32
}

/// Returns the seconds per run.
fn time<I, T>(input: &mut impl FnMut() -> I, work: &mut impl FnMut(I) -> T, runs: u32) -> f64 {
    let mut total = Duration::ZERO;
    for _ in 0..runs {
        let input = black_box(input());
        let begin = Instant::now();
        black_box(work(input));
        total += begin.elapsed();
    }
    total.as_secs_f64() / f64::from(runs)
}
