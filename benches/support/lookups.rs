// SPDX-License-Identifier: Apache-2.0

//! Measures lookups in one and in two threads, in nanoseconds per lookup.

use std::sync::Barrier;
use std::time::Instant;

/// A lookup method. `run` takes the number of the thread and the number of lookups, performs them
/// in a loop, and returns a value that depends on the results, so that the loop is not optimized
/// away.
pub(crate) struct Contender<'a> {
    pub(crate) name: &'static str,
    pub(crate) run: Box<dyn Fn(usize, usize) -> usize + Sync + 'a>,
}

pub(crate) fn contender<'a>(
    name: &'static str,
    run: impl Fn(usize, usize) -> usize + Sync + 'a,
) -> Contender<'a> {
    Contender {
        name,
        run: Box::new(run),
    }
}

const ROUNDS: usize = 7;

/// Returns the nanoseconds per lookup and thread for each contender: the median of several rounds,
/// in each of which the contenders take turns.
pub(crate) fn measure(contenders: &[Contender<'_>], threads: usize, lookups: usize) -> Vec<f64> {
    let mut rounds: Vec<Vec<f64>> = vec![Vec::new(); contenders.len()];
    for round in 0..=ROUNDS {
        for (contender, times) in contenders.iter().zip(&mut rounds) {
            let time = once(contender, threads, lookups);
            // The first round fills caches.
            if round > 0 {
                times.push(time);
            }
        }
    }
    rounds
        .iter()
        .map(|times| crate::figures::median(times.iter().copied()))
        .collect()
}

fn once(contender: &Contender<'_>, threads: usize, lookups: usize) -> f64 {
    let start = Barrier::new(threads);
    let times = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|thread| {
                let start = &start;
                scope.spawn(move || {
                    // Creates the thread's cache and counters before the timed part.
                    std::hint::black_box((contender.run)(thread, lookups / 10 + 1));
                    start.wait();
                    let begin = Instant::now();
                    std::hint::black_box((contender.run)(thread, lookups));
                    begin.elapsed().as_secs_f64() / lookups as f64 * 1e9
                })
            })
            .collect();
        let joined = threads
            .into_iter()
            .map(|thread| thread.join().expect("the thread does not panic"));
        joined.collect::<Vec<f64>>()
    });
    times.iter().sum::<f64>() / times.len() as f64
}

/// Prints the times with one and with two threads, and their ratios to the first contender's.
pub(crate) fn compare(title: &str, lookups: usize, contenders: &[Contender<'_>]) {
    let (one, two) = (
        measure(contenders, 1, lookups),
        measure(contenders, 2, lookups),
    );
    println!("{title}");
    println!(
        "  {:<34} {:>10} {:>10} {:>8} {:>8}",
        "ns", "1 thread", "2 threads", "to 1st", "2 to 1"
    );
    for ((contender, one_thread), two_threads) in contenders.iter().zip(&one).zip(&two) {
        println!(
            "  {:<34} {one_thread:>10.2} {two_threads:>10.2} {:>7.2}x {:>7.2}x",
            contender.name,
            one_thread / one[0],
            two_threads / one_thread,
        );
    }
    println!();
}

/// Random numbers below `count`, with a different sequence per thread.
pub(crate) struct Shuffled(u64, u64);

impl Shuffled {
    pub(crate) fn new(thread: usize, count: usize) -> Self {
        Shuffled(0x9E37_79B9_7F4A_7C15 ^ (thread as u64 + 1), count as u64)
    }
}

impl Iterator for Shuffled {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        // Maps the upper half to the range without a division.
        Some(((self.0 >> 32) * self.1) >> 32)
    }
}
