// SPDX-License-Identifier: Apache-2.0

//! Random operations, faults and crashes, compared with a vector of entries.

use proptest::prelude::Rng;
use proptest::test_runner::TestRng;

use crate::driver::Driver;
use crate::simulated::{Fault, chance, seeded};

/// The environment variable with the number of steps.
const STEPS: &str = "KALAMTABLE_STORAGE_STEPS";
const DEFAULT_STEPS: u64 = 200_000;
/// The number of steps per log.
const STEPS_OF_LOG: u64 = 1000;

#[test]
fn random_operations_match_the_model() {
    let steps = std::env::var(STEPS).map_or(DEFAULT_STEPS, |steps| steps.parse().unwrap());
    let mut torn_bytes = 0;
    let mut entries = 0;
    for seed in 0..steps.div_ceil(STEPS_OF_LOG) {
        let mut random = seeded(seed);
        let mut driver = Driver::new(seed + 1);
        driver.folder.set_short_writes(chance(&mut random, 3));
        driver.reopen(false);
        for _ in 0..STEPS_OF_LOG {
            step(&mut driver, &mut random);
        }
        driver.crash(true);
        driver.reopen(false);
        torn_bytes += driver.torn_bytes;
        entries += driver.model.last();
    }
    println!("{entries} entries, and {torn_bytes} bytes of torn tails");
}

fn step(driver: &mut Driver, random: &mut TestRng) {
    if !driver.is_usable() && chance(random, 4) {
        let loses_power = chance(random, 2);
        driver.crash(loses_power);
        driver.open(chance(random, 2));
        return;
    }
    match random.next_u32() % 200 {
        0..100 => driver.append(payload(random)),
        100..170 => {
            // Mostly one of the last entries.
            let back = random.next_u32() as usize % 4;
            let count = driver.ticket_count();
            if count > 0 {
                driver.wait(count.saturating_sub(1 + back));
            }
        }
        170..176 => {
            let last = driver.model.last();
            let distance = random.next_u32() % 20;
            driver.truncate_before((last + 5).saturating_sub(u64::from(distance)));
        }
        176..180 => driver.read(),
        180..184 => {
            driver.crash(false);
            driver.open(chance(random, 2));
        }
        184..190 => {
            driver.crash(true);
            driver.open(chance(random, 2));
        }
        190..194 => {
            // The fault may occur in the recovery after a crash.
            let call = 1 + u64::from(random.next_u32() % 12);
            let fault = Fault::ALL[random.next_u32() as usize % 4];
            driver.folder.fail_at(call, fault);
        }
        194..196 => {
            let call = 1 + u64::from(random.next_u32() % 12);
            let fault = Fault::ALL[random.next_u32() as usize % 4];
            driver.crash(chance(random, 2));
            driver.folder.fail_at(call, fault);
            driver.open(chance(random, 2));
        }
        196..198 => {
            let free = random.next_u32() as usize % 3000;
            let used = driver.folder.used_bytes();
            driver.folder.set_capacity(Some(used + free));
        }
        _ => driver.folder.set_capacity(None),
    }
}

fn payload(random: &mut TestRng) -> Vec<u8> {
    let bytes = match random.next_u32() % 20 {
        0 => 0,
        1..15 => random.next_u32() % 60,
        15..19 => random.next_u32() % 700,
        _ => random.next_u32() % 3000,
    };
    if chance(random, 10) {
        return vec![0; bytes as usize];
    }
    let mut payload = vec![0; bytes as usize];
    random.fill_bytes(&mut payload);
    payload
}
